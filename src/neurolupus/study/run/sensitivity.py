"""Sensitivity analyses: models again in other patients, matches, weights, imputed tables, resamples, without error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from neurolupus.errors import StatsError
from neurolupus.study.derive import meanings_of
from neurolupus.study.grammar.evaluate import truth_of
from neurolupus.study.results import Cell, Column, MethodsPart, ResultTable, Row
from neurolupus.study.run.bootstrap import bootstrap_part
from neurolupus.study.run.cohorts import balance_of, cohorts_of, drawn_of
from neurolupus.study.run.context import Cohort, Context
from neurolupus.study.run.estimates import NamedEstimate, model_estimates
from neurolupus.study.run.impute import imputed_part
from neurolupus.study.run.measurement_error import corrected_part
from neurolupus.study.run.part import Part, cautions, joined
from neurolupus.study.run.subgroups import subgroups_part
from neurolupus.study.schema import FULL, StudyFile
from neurolupus.study.schema.design import Match
from neurolupus.study.schema.extras import Sensitivity, Subgroups
from neurolupus.study.schema.models import Cox, FineGray, Linear, Logistic, Model, Multinomial

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """One way in which a sensitivity analysis runs the models again."""

    key: str
    words: str
    context: Context
    models: tuple[Model, ...]
    notes: tuple[str, ...]
    subgroups: tuple[Subgroups, ...] = ()
    balance: Part = field(default_factory=Part)


@dataclass(frozen=True, slots=True)
class _Compared:
    """The estimates of the exposure in one variant; the main analysis has no words."""

    words: str
    estimates: tuple[NamedEstimate, ...]


def sensitivity_part(context: Context, say: Say) -> Part:
    """Every sensitivity analysis of the file; at the front a table that sets the exposure's estimates side by side."""
    from neurolupus.study.run.models import model_part, model_title

    parts: list[Part] = []
    compared: list[_Compared] = []
    for name, spec in context.study.sensitivity.items():
        title = spec.label or name.replace("_", " ")
        say(name)
        try:
            if spec.impute:
                parts.append(imputed_part(context, spec, title))
                continue
            if spec.bootstrap:
                parts.append(bootstrap_part(context, spec, title))
                continue
            if spec.measurement_error:
                made = corrected_part(context, spec, title)
                parts.append(made.part)
                compared += [_Compared(f"{title}, corrected", several) for several in made.exposures]
                continue
            for variant in _variants(context, spec, title):
                warnings = cautions(f"Sensitivity: {variant.words}", variant.notes)
                parts.append(Part(warnings=warnings, members=variant.context.members()) + variant.balance)
                for model in variant.models:
                    again = model_part(variant.context, replace(model, label=model_title(model)))
                    parts.append(replace(again, methods=()))  # told with the main analysis
                    estimates = _exposure(variant.context, model)
                    if estimates:
                        compared.append(_Compared(variant.words, estimates))
                for several in variant.subgroups:
                    parts.append(replace(subgroups_part(variant.context, several), methods=()))
        except StatsError as error:
            parts.append(Part(warnings=cautions(f"Sensitivity: {title}", [f"Not analysed. {error}"])))
    front = _side_by_side(context, compared)
    names = [spec.label or name.replace("_", " ") for name, spec in context.study.sensitivity.items()]
    words = MethodsPart(f"Sensitivity analyses: {'; '.join(_lower(name) for name in names)}.")
    return (Part((front,)) if front else Part()) + Part(methods=(words,)) + joined(parts)


def _lower(text: str) -> str:
    return text if text[:2].isupper() else f"{text[:1].lower()}{text[1:]}"


def _exposure(context: Context, model: Model) -> tuple[NamedEstimate, ...]:
    try:
        return model_estimates(context, model, exposure_only=True)
    except StatsError:
        return ()


def _variants(context: Context, spec: Sensitivity, title: str) -> Iterator[Variant]:
    """The ways in which a sensitivity analysis is run: one, or one for each of `use`."""
    names = [name for name in spec.rerun if name in context.study.models]
    models = tuple(_changed(context.study.models[name], spec) for name in names)
    kept, notes = _kept_rows(context, spec)
    study = _rematched(context.study, spec)
    frame = context.full.frame.loc[kept]
    made = replace(
        context, study=study, cohorts={FULL: replace(context.full, frame=frame)},
        prefix=f"sensitivity.{spec.name}.", suffix=f" ({title})",
    )  # fmt: skip
    needed = {c for model in models for c in model.cohort if c != FULL} | set(spec.use)
    subgroups = tuple(study.subgroups[name] for name in spec.rerun if name in study.subgroups)
    needed |= {c for several in subgroups for c in several.cohort if c != FULL}
    if spec.rematch is None:
        # sets that share a control cannot lose one of them alone: such a cohort is matched again
        ready = {
            c: _thinned(context.cohort(c), kept) for c in needed if c in study.match and not study.match[c].replace
        }
        made = replace(made, cohorts={**made.cohorts, **ready})
    drawn = drawn_of(made, needed - set(made.cohorts) - set(spec.use))
    told = [note for one in drawn for note in one.notes]
    made = replace(made, cohorts={**made.cohorts, **{one.cohort.name: one.cohort for one in drawn}})
    balance = balance_of(made, drawn) if spec.rematch else Part()
    if not spec.use:
        yield Variant(spec.name, title, made, models, (*notes, *told), subgroups, balance)
        return
    for use in spec.use:
        own, more = cohorts_of(made, {use} - set(made.cohorts))
        label = {**made.cohorts, **own}[use].label
        moved = tuple(replace(model, cohort=(use,)) for model in models)
        one = replace(
            made,
            cohorts={**made.cohorts, **own},
            prefix=f"sensitivity.{spec.name}.{use}.",
            suffix=f" ({title}: {label})",
        )
        parted = tuple(replace(several, cohort=(use,)) for several in subgroups)
        yield Variant(f"{spec.name}.{use}", f"{title}: {label}", one, moved, (*notes, *told, *more), parted)


def _kept_rows(context: Context, spec: Sensitivity) -> tuple[np.ndarray[tuple[int], np.dtype[np.bool_]], list[str]]:
    frame = context.full.frame
    kept = np.ones(len(frame), dtype=bool)
    notes = []
    meanings = meanings_of(context.study)
    if spec.drop:
        truth = truth_of(spec.drop, frame, meanings)
        kept &= ~truth.holds
        if truth.unknown.any():
            notes.append(f"{spec.drop.text}: not known for {int(truth.unknown.sum())} patients, who stay.")
    if spec.keep:
        truth = truth_of(spec.keep, frame, meanings)
        kept &= truth.holds
        if truth.unknown.any():
            notes.append(f"{spec.keep.text}: not known for {int(truth.unknown.sum())} patients, who are left out.")
    dropped = int((~kept).sum())
    if spec.drop or spec.keep:
        notes.append(f"{dropped} of {len(frame)} patients left out.")
    if spec.expect_dropped is not None and spec.expect_dropped != dropped:
        notes.append(f"{dropped} patients were left out, and {spec.expect_dropped} were expected.")
    return kept, notes


def _thinned(cohort: Cohort, kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Cohort:
    """A matched cohort without the sets that lost somebody."""
    stays = kept[cohort.frame.index.to_numpy()]
    assert cohort.pairs is not None
    broken = set(cohort.pairs[~stays].tolist())
    return cohort.taken(np.array([pair not in broken for pair in cohort.pairs.tolist()]))


def _changed(model: Model, spec: Sensitivity) -> Model:
    """A model with terms added and removed."""
    if not spec.add and not spec.remove:
        return model

    def terms(old: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(t for t in dict.fromkeys((*old, *spec.add)) if t not in spec.remove)

    if isinstance(model, Linear):
        return replace(model, adjust={name: terms(old) for name, old in (model.adjust or {"adjusted": ()}).items()})
    if isinstance(model, (Multinomial, Logistic, Cox, FineGray)) and model.terms:
        return replace(model, terms=terms(model.terms))
    return model


def _rematched(study: StudyFile, spec: Sensitivity) -> StudyFile:
    """The study with other covariates in a match."""
    if spec.rematch is None:
        return study
    name = spec.rematch.of or next(iter(study.match))
    old: Match = study.match[name]
    how = spec.rematch.covariates
    terms = how.only or tuple(c for c in dict.fromkeys((*old.covariates, *how.with_)) if c not in how.without)
    weights = {
        key: one if one.covariates else replace(one, from_=one.from_ or name) for key, one in study.weights.items()
    }
    return replace(study, match={**study.match, name: replace(old, covariates=terms)}, weights=weights)


def _side_by_side(context: Context, compared: list[_Compared]) -> ResultTable | None:
    """The exposure's estimates of the main analysis and of every variant."""
    printer = context.printer
    names = dict.fromkeys(e.path.partition(".")[0] for one in compared for e in one.estimates)
    rows: list[Row] = []
    for name in names:
        model = context.study.models[name]
        main = _Compared("main analysis", _exposure(context, model))
        found = [main, *(one for one in compared if one.estimates[0].path.startswith(f"{name}."))]
        rows.append(Row((Cell(model.label or name),), is_heading=True))
        for one in found:
            for e in one.estimates:
                cohort = e.path.split(".")[1]
                where = context.cohorts[cohort].label if cohort in context.cohorts else cohort
                text = "" if e.estimate is None else (
                    printer.ratio(e.estimate) if e.is_ratio else printer.difference(e.estimate, 2)
                )  # fmt: skip
                value = None if e.estimate is None else e.estimate.value
                cells = (Cell(one.words), Cell(where), Cell(e.label), Cell(str(e.n), e.n), Cell(text, value))
                rows.append(Row((*cells, printer.p_cell(e.p_value)), 1))
    if not rows:
        return None
    columns = (
        Column("", "text"), Column("cohort", "text"), Column("", "text"), Column("n"),
        Column(f"estimate ({context.printer.ci})"), Column("p"),
    )  # fmt: skip
    note = "Estimates of the exposure alone; hazard and odds ratios, or differences."
    return ResultTable("sensitivity", "Sensitivity analyses beside the main one", columns, tuple(rows), (note,))
