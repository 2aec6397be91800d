"""Faults of `simulate:` and `power:`."""

from __future__ import annotations

from itertools import pairwise

from neurolupus.records.document import Place
from neurolupus.study.grammar.sums import as_number
from neurolupus.study.parse.check_models import analyses
from neurolupus.study.parse.check_variables import check_condition
from neurolupus.study.parse.lookup import Lookup
from neurolupus.study.schema.columns import columns_of
from neurolupus.study.schema.outcomes import BinaryOutcome, Change, NominalOutcome, TimeToEvent
from neurolupus.study.schema.simulate import EVERYBODY, Simulate, SimulatedEffect, SimulatedVariable, TermEffect

FORMS = (
    "mean_sd",
    "median_iqr",
    "median_p10_p90",
    "quantiles",
    "poisson",
    "share",
    "counts",
    "labels",
    "value",
    "text",
)
_FORMS_OF = {
    "continuous": ("mean_sd", "median_iqr", "median_p10_p90", "quantiles", "poisson", "value", "counts"),
    "binary": ("share",),
    "nominal": ("counts",),
    "ordinal": ("counts",),
    "multilabel": ("labels",),
    "text": ("text", "counts"),
}
_BY_LEVEL = ("mean_sd", "median_iqr", "median_p10_p90", "quantiles", "poisson", "share", "counts", "missing")


def check_simulation(lookup: Lookup) -> None:
    """Group sizes, distributions, correlations and effects that fit the declared variables and outcomes."""
    simulate = lookup.study.simulate
    if simulate is None:
        return
    _check_sizes(lookup, simulate)
    known = tuple(dict.fromkeys((*lookup.study.variables, *columns_of(lookup.study), *simulate.variables)))
    for variable in simulate.variables.values():
        _check_variable(lookup, variable, known)
    labels = [one.name for one in lookup.fields.values() if one.origin == "label"]
    for number, correlation in enumerate(simulate.correlations):
        for name in (correlation.first, correlation.second):
            lookup.known(name, (*known, *labels), "variable or label", ("simulate", "correlations", number))
    for effect in simulate.effects.values():
        _check_effect(lookup, effect)


def _check_sizes(lookup: Lookup, simulate: Simulate) -> None:
    place: Place = ("simulate", "groups")
    if simulate.groups and lookup.study.groups:
        group = next(iter(lookup.study.groups.values()))
        for level in simulate.groups:
            lookup.known(level, (one.value for one in group.levels), f"level of {group.name}", place)
    total = sum(simulate.groups.values())
    if simulate.groups and simulate.n is not None and total != simulate.n:
        lookup.fault(("simulate", "n"), f" is {simulate.n}, and the groups have {total}")
    if any(size < 0 for size in simulate.groups.values()) or (simulate.n is not None and simulate.n < 1):
        lookup.fault(place, ": numbers of patients are needed")
    end = lookup.study.flow.end
    if simulate.screened and end and simulate.groups and total != end.n:
        lookup.fault(place, f" have {total} patients, and the flow ends with {end.n}; screened: true needs the same")


def _check_variable(lookup: Lookup, variable: SimulatedVariable, known: tuple[str, ...]) -> None:
    place: Place = ("simulate", "variables", variable.name)
    given = [form for form in FORMS if getattr(variable, form)]
    if len(given) > 1:
        lookup.fault(place, f" has {' and '.join(given)}; one is needed")
    field = lookup.fields.get(variable.name)
    if field and field.origin not in ("variable",):
        lookup.fault(place, f": {variable.name!r} is no column but follows from {field.parent or 'others'}")
    if field and field.origin == "variable" and given and given[0] not in _FORMS_OF.get(field.kind, FORMS):
        lookup.fault(place, f": {given[0]} does not fit {variable.name!r}, which is {field.kind}")
    groups = list(lookup.study.groups.values())
    levels = [level.value for level in groups[0].levels] if groups else []
    for form in _BY_LEVEL:
        keys = [key for key in getattr(variable, form) if key != EVERYBODY]
        for key in keys:
            lookup.known(key, levels, "level of the first group", (*place, form))
        for level in levels if keys else ():
            if level not in keys:
                lookup.fault((*place, form), f" says nothing of level {level!r}")
    if field and variable.counts:
        allowed = [level.value for level in field.levels] or list(variable.counts)
        for counts in variable.counts.values():
            for level in counts:
                if field.kind == "continuous" and as_number(level) is None:
                    lookup.fault((*place, "counts"), f": {variable.name!r} is continuous, and {level!r} is no number")
                elif field.kind not in ("text", "continuous"):
                    lookup.known(level, allowed, f"level of {variable.name}", (*place, "counts"))
    if field and variable.labels and field.variable:
        for label in variable.labels:
            vocabulary = (level.value for level in field.variable.vocabulary)
            lookup.known(label, vocabulary, f"label of {variable.name}", (*place, "labels"))
    for level, points in variable.quantiles.items():
        pairs = sorted(points.items())
        rises = all(a[1] < b[1] for a, b in pairwise(pairs))
        if len(pairs) != 3 or not rises or not all(0 < percent < 100 for percent, _ in pairs):
            lookup.fault((*place, "quantiles"), f" ({level}) need three percentages with rising values")
    for form in ("median_iqr", "median_p10_p90"):
        for numbers in getattr(variable, form).values():
            if not numbers[1] < numbers[0] < numbers[2]:
                lookup.fault((*place, form), f" is {list(numbers)}; the median comes first and lies between the others")
    if variable.value:
        for name in variable.value.names:
            lookup.known(name, known, "variable", (*place, "value"))
    for name in variable.only_if.names if variable.only_if else ():
        lookup.known(name, (*lookup.fields, *known), "variable", (*place, "only_if"))
    if variable.only_if:
        check_condition(lookup, variable.only_if.tree, (*place, "only_if"))


def _check_effect(lookup: Lookup, effect: SimulatedEffect) -> None:
    place: Place = ("simulate", "effects", effect.name)
    outcome = lookup.study.outcomes.get(effect.name)
    field = lookup.fields.get(effect.name)
    if outcome is None and (field is None or field.kind != "continuous"):
        names = (*lookup.study.outcomes, *(one.name for one in lookup.fields.values() if one.kind == "continuous"))
        lookup.known(effect.name, names, "outcome or continuous variable", place)
        return
    kinds: dict[type, tuple[str, ...]] = {
        TimeToEvent: ("rate", "shape", "hazard_ratios", "follow_up", "kinds"),
        NominalOutcome: ("shares", "odds_ratios"),
        BinaryOutcome: ("shares", "odds_ratios"),
        Change: ("mean_change", "sd", "measured"),
    }
    allowed = kinds[type(outcome)] if outcome else ("mean", "b", "sd", "correlated_with")
    for key in lookup.reader.document.data["simulate"]["effects"][effect.name] or {}:
        if key not in allowed and hasattr(effect, key):
            what = outcome.TYPE if outcome else "continuous variable"
            lookup.fault((*place, key), f" does not belong to a {what}; {', '.join(allowed)} do")
    terms: list[TermEffect] = [*effect.hazard_ratios, *effect.b]
    for several in effect.odds_ratios.values():
        terms += several
    for term in terms:
        for name in term.term.split(":"):
            lookup.known(name, lookup.fields, "variable, label or group", place)
        field = lookup.fields.get(term.term)
        if field and term.level:
            lookup.known(term.level, (level.value for level in field.levels), f"level of {term.term}", place)
        if field and not term.level and field.kind == "nominal" and len(field.levels) > 2:
            lookup.fault(place, f": {term.term!r} has several levels; give a number for each but the reference")
    ratios = [*effect.hazard_ratios, *(term for several in effect.odds_ratios.values() for term in several)]
    for term in ratios:
        if term.value <= 0:
            lookup.fault(place, f": the ratio of {term.term!r} is {term.value:g}; a positive number is needed")
    if isinstance(outcome, NominalOutcome):
        values = [level.value for level in outcome.levels]
        for level in (*effect.shares, *effect.odds_ratios):
            lookup.known(level, values, f"level of {outcome.name}", place)
        if effect.shares and set(effect.shares) != set(values):
            lookup.fault((*place, "shares"), f" are needed for {', '.join(values)}")
    if isinstance(outcome, TimeToEvent):
        for kind in effect.kinds:
            lookup.known(kind, outcome.components, f"component of {outcome.name}", (*place, "kinds"))


def check_power(lookup: Lookup) -> None:
    """Analyses and outcomes that are there; positive numbers."""
    power = lookup.study.power
    if power is None:
        return
    for number, name in enumerate(power.of):
        lookup.known(name, analyses(lookup), "model or set of subgroups", lookup.item(("power", "of"), number))
    lookup.group(power.exposure, ("power", "exposure"))
    if power.runs < 1:
        lookup.fault(("power", "runs"), f" is {power.runs}; at least 1 is needed")
    if not power.scenarios:
        lookup.fault(("power",), " lacks 'scenarios', such as {null: {OUTCOME: 1}}")
    for name, effects in power.scenarios.items():
        for outcome in effects:
            names = (*lookup.study.outcomes, *(one.name for one in lookup.fields.values() if one.kind == "continuous"))
            lookup.known(outcome, names, "outcome", ("power", "scenarios", name))
