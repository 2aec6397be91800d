"""Names settled: a group's column becomes the group, `matched` the one match, and what is left out the only choice."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

from neurolupus.study.parse.reader import Reader
from neurolupus.study.schema import StudyFile
from neurolupus.study.schema.design import Group, Table1, Weighting
from neurolupus.study.schema.extras import Sensitivity
from neurolupus.study.schema.simulate import SimulatedEffect, TermEffect

T = TypeVar("T")
_TERM_LISTS = (
    "terms",
    "each",
    "covariates",
    "exact",
    "strata",
    "evalue",
    "add",
    "remove",
    "of",
    "rows",
    "outcomes",
    "using",
    "with_",
    "without",
    "only",
)
_GROUP_NAMES = ("by", "exposure")
_COHORT_LISTS = ("cohort", "cohorts", "use")
_MATCHED = "matched"


def settled(study: StudyFile, reader: Reader) -> StudyFile:
    """The same study with every name in its one form; names that lead nowhere are left for `check_references`."""
    groups = {name: _group(group, reader) for name, group in study.groups.items()}
    names = _Names(replace(study, groups=groups))
    simulate = study.simulate
    if simulate:
        effects = {name: names.effect(effect) for name, effect in simulate.effects.items()}
        simulate = replace(simulate, effects=effects)
    return replace(
        study,
        groups=groups,
        table1=tuple(names.table(table) for table in study.table1),
        match={name: names.part(one) for name, one in study.match.items()},
        weights={name: names.weighting(one) for name, one in study.weights.items()},
        outcomes={name: names.outcome(one) for name, one in study.outcomes.items()},
        models={name: names.model(one) for name, one in study.models.items()},
        subgroups={name: names.part(one) for name, one in study.subgroups.items()},
        sensitivity={name: names.sensitivity(one) for name, one in study.sensitivity.items()},
        safety=names.part(study.safety) if study.safety else None,
        power=names.part(study.power) if study.power else None,
        simulate=simulate,
    )


class _Names:
    """What the names of one study stand for."""

    def __init__(self, study: StudyFile) -> None:
        variables = {*study.variables, *study.derived}
        self.groups = study.groups
        self.by_column = {
            group.column: name
            for name, group in study.groups.items()
            if group.column not in (*variables, *study.groups)
        }
        self.by_column |= {
            variable.column: name
            for name, variable in study.variables.items()
            if variable.column and variable.column not in (*variables, *study.groups)
        }
        self.only_group = next(iter(study.groups)) if len(study.groups) == 1 else ""
        self.match = study.match
        self.only_match = next(iter(study.match)) if len(study.match) == 1 else ""

    def part(self, one: T) -> T:
        """A part with its terms, its groups and its cohorts in their one form."""
        changes: dict[str, Any] = {}
        for field in fields(one):  # type: ignore[arg-type]
            value = getattr(one, field.name)
            if field.name in _TERM_LISTS and isinstance(value, tuple):
                changes[field.name] = tuple(self.term(word) for word in value)
            elif field.name in _GROUP_NAMES and value not in ("fixed", "time_varying"):
                changes[field.name] = self.term(value) if value else self.only_group
            elif field.name in _COHORT_LISTS:
                changes[field.name] = tuple(self.cohort(word) for word in value)
        return replace(one, **changes)  # type: ignore[type-var]

    def model(self, one: Any) -> Any:
        """A model; adjustment sets and cohorts of standard errors too."""
        changed = self.part(one)
        if hasattr(changed, "adjust") and isinstance(changed.adjust, dict):
            adjust = {key: tuple(self.term(word) for word in words) for key, words in changed.adjust.items()}
            changed = replace(changed, adjust=adjust)
        if isinstance(getattr(changed, "se", None), dict):
            changed = replace(changed, se={self.cohort(key): kind for key, kind in changed.se.items()})
        return changed

    def table(self, one: Table1) -> Table1:
        """A table; `by: [a, b]` becomes the group that has these levels."""
        if "|" in one.by:
            wanted = tuple(one.by.split("|"))
            owners = [name for name, group in self.groups.items() if set(wanted) <= set(level_names(group))]
            one = replace(one, by=owners[0] if owners else one.by, levels=wanted)
        return self.part(one)

    def weighting(self, one: Weighting) -> Weighting:
        """A weighting; its kind is its name, its exposure that of the match it takes the score from, when left out."""
        kind = one.kind or (one.name if one.name in ("iptw", "overlap") else None)
        from_ = self.cohort(one.from_) if one.from_ else "" if one.covariates else self.only_match
        source = self.match.get(from_)
        exposure = one.exposure or (source.exposure if source else "")
        return self.part(replace(one, kind=kind, from_=from_, exposure=exposure))  # type: ignore[arg-type]

    def sensitivity(self, one: Sensitivity) -> Sensitivity:
        """A sensitivity set; what it rematches is the only match when it is left out."""
        changed = self.part(one)
        if changed.rematch:
            covariates = self.part(changed.rematch.covariates)
            rematch = replace(changed.rematch, of=changed.rematch.of or self.only_match)
            changed = replace(changed, rematch=replace(rematch, covariates=covariates))
        if changed.bootstrap:
            changed = replace(changed, bootstrap=replace(changed.bootstrap, of=self.cohort(changed.bootstrap.of)))
        if changed.measurement_error:
            error = changed.measurement_error
            interval = (self.term(error.interval[0]), self.term(error.interval[1])) if error.interval else None
            error = replace(
                error, variable=self.term(error.variable), by=self.term(error.by), sdc=self.term(error.sdc),
                interval=interval,
            )  # fmt: skip
            changed = replace(changed, measurement_error=error)
        return replace(changed, instead_of=self.cohort(changed.instead_of))

    def effect(self, one: SimulatedEffect) -> SimulatedEffect:
        """An effect put in; its terms in their one form."""

        def terms(several: tuple[TermEffect, ...]) -> tuple[TermEffect, ...]:
            return tuple(
                replace(term, term=":".join(self.term(word) for word in term.term.split(":"))) for term in several
            )

        odds_ratios = {level: terms(several) for level, several in one.odds_ratios.items()}
        return replace(one, hazard_ratios=terms(one.hazard_ratios), b=terms(one.b), odds_ratios=odds_ratios)

    def outcome(self, one: Any) -> Any:
        """An outcome; the column of a variable is the variable."""
        keys = [key for key in ("column", "time", "event", "before", "after") if hasattr(one, key)]
        return replace(one, **{key: self.term(getattr(one, key)) for key in keys})

    def term(self, word: str) -> str:
        """A term; the column of a group is the group."""
        return self.by_column.get(word, word)

    def cohort(self, word: str) -> str:
        """A cohort; `matched` is the only match."""
        return self.only_match if word == _MATCHED and self.only_match else word


def level_names(group: Group) -> tuple[str, ...]:
    """The levels of a group, merged ones last."""
    return (*(level.value for level in group.levels), *group.merge)


def _group(group: Group, reader: Reader) -> Group:
    """A group with its column and its reference; two levels 0 and 1 where none are stated."""
    if not group.levels:
        reader.fault(("groups", group.name), f"groups.{group.name} lacks 'levels', such as {{0: Control, 1: Treated}}")
    reference = group.reference or (group.levels[0].value if group.levels else "")
    return replace(group, column=group.column or group.name, reference=reference)
