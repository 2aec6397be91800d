"""2D and 3D FLAIR in one cohort: models of hyperintensities that do not know which was which."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from neurolupus.study.schema import FULL, StudyFile
from neurolupus.study.schema.fields import Field
from neurolupus.study.schema.models import Model
from neurolupus.study.schema.outcomes import Change
from neurolupus.study.schema.variables import DerivedVariable

FLAIR_DIM = "flair_dim"  # the column of volumes.tsv
DIMENSIONS = ("2D", "3D")
# Guo et al. (2019), Front Neurosci 13:679, doi:10.3389/fnins.2019.00679: the same patients, 2D against 3D FLAIR
_DIFFERENCE = (
    "volumes of one patient differ by 16 to 29 % (CV) between the two (Guo et al., Front Neurosci 2019;13:679)"
)


def protocol_notes(study: StudyFile, dimensions: Sequence[object]) -> Iterator[str]:
    """A note where both kinds of FLAIR are there and a model of hyperintensities takes no account of it.

    Parameters
    ----------
    dimensions : sequence
        The column `flair_dim` of the patients analysed.
    """
    counts = {kind: sum(str(one).strip().upper() == kind for one in dimensions) for kind in DIMENSIONS}
    if not all(counts.values()):
        return
    known = _names_of_protocol(study)
    blind = [name for name, one in study.models.items() if _has_lesions(study, one) and not _knows(study, one, known)]
    if not blind:
        return
    who = f"models {', '.join(blind)} take" if len(blind) > 1 else f"model {blind[0]} takes"
    declare = f"Declare {FLAIR_DIM}: {{type: nominal, levels: [2D, 3D], role: other}} in variables:, and add it"
    yield (
        f"{counts['2D']} FLAIR images are 2D and {counts['3D']} are 3D, and the {who} hyperintensities without "
        f"{FLAIR_DIM}; {_DIFFERENCE}. {f'Add {known[0]}' if known else declare} to the terms, or in a sensitivity "
        "analysis."
    )


def _names_of_protocol(study: StudyFile) -> tuple[str, ...]:
    """Every field that says which FLAIR it was: the column, its groups, and what is derived from it."""
    found = [one.name for one in study.variables.values() if (one.column or one.name) == FLAIR_DIM]
    found += [one.name for one in study.groups.values() if one.column == FLAIR_DIM]
    for field in study.fields.values():
        made = field.derivation
        named = made.is_.names if isinstance(made, DerivedVariable) and made.is_ else (field.parent,)
        if set(named) & {*found, FLAIR_DIM}:
            found.append(field.name)
    return tuple(dict.fromkeys(found))


def _has_lesions(study: StudyFile, model: Model) -> bool:
    """Whether an outcome or a term is about hyperintensities, by its name, column or label."""
    return any(_is_lesions(name, study.fields.get(name)) for name in (*_outcomes(study, model), *_terms(study, model)))


def _is_lesions(name: str, field: Field | None) -> bool:
    column = field.variable.column if field and field.variable else ""
    told = f"{name} {column} {field.parent} {field.label}" if field else name
    return any(word == "wmh" or word.startswith("hyperintens") for word in re.split(r"[^a-z]+", told.lower()))


def _outcomes(study: StudyFile, model: Model) -> Iterator[str]:
    for name in (getattr(model, "outcome", ""), *getattr(model, "outcomes", ())):
        outcome = study.outcomes.get(name)
        if isinstance(outcome, Change):
            yield from (outcome.before, outcome.after)
        yield from (name, getattr(outcome, "column", ""))


def _terms(study: StudyFile, model: Model) -> Iterator[str]:
    yield from getattr(model, "terms", ())
    yield from study.rows_of(getattr(model, "each", ()))
    yield from getattr(model, "strata", ())
    yield getattr(model, "by", "")
    adjust = getattr(model, "adjust", None)
    if isinstance(adjust, dict):
        yield from (name for names in adjust.values() for name in names)


def _knows(study: StudyFile, model: Model, known: Sequence[str]) -> bool:
    """Whether a model, all its matches, or a sensitivity analysis of it takes account of the protocol."""
    if set(_terms(study, model)) & set(known):
        return True
    matches = [study.match.get(name) for name in model.cohort if name != FULL]
    if FULL not in model.cohort and all(m is not None and {*m.covariates, *m.exact} & set(known) for m in matches):
        return True
    for one in study.sensitivity.values():
        conditions = {name for condition in (one.drop, one.keep) if condition for name in condition.names}
        if model.name in one.rerun and {*one.add, *conditions} & {*known, FLAIR_DIM}:
            return True
    return False
