"""Faults of `measurement_error:`: a size that is not clear, levels without one, models that cannot be corrected."""

from __future__ import annotations

from neurolupus.records.document import Place
from neurolupus.study.parse.lookup import Lookup
from neurolupus.study.schema.extras import CHANGES, Sensitivity
from neurolupus.study.schema.fields import made_from
from neurolupus.study.schema.measurement_error import MeasurementError
from neurolupus.study.schema.models import Cox, Linear, Logistic, Model
from neurolupus.study.schema.simulate import EVERYBODY

_SIZES = ("error_sd", "reliability", "interval", "sdc")
_FEWEST = 20


def check_measurement_error(lookup: Lookup, one: Sensitivity, error: MeasurementError) -> None:
    """Keep a fault for everything in a correction that leads nowhere or cannot be."""
    place: Place = ("sensitivity", one.name, "measurement_error")
    with_it = [key for key in CHANGES if getattr(one, key)]
    if with_it:
        lookup.fault(place, f" and {', '.join(with_it)} stand together; give each a sensitivity analysis of its own")
    found = lookup.field(error.variable, (*place, "variable"), ("continuous",))
    given = [key for key in _SIZES if getattr(error, key)]
    if len(given) != 1:
        seen = f"has {' and '.join(given)}" if given else "does not say how large the error is"
        lookup.fault(place, f" {seen}; give exactly one of {', '.join(_SIZES)}")
    _check_levels(lookup, error, place)
    if error.interval and error.interval[0] == error.interval[1]:
        lookup.fault((*place, "interval"), f" has {error.interval[0]!r} twice; a lower and an upper limit are needed")
    if error.sdc and found is not None and found.variable is not None and found.variable.transform.fn == "sqrt":
        lookup.fault((*place, "sdc"), " cannot be carried to the scale of a square root; give error_sd or interval")
    if error.replicates < _FEWEST:
        lookup.fault((*place, "replicates"), f" is {error.replicates}; at least {_FEWEST} are needed")
    for number, name in enumerate(one.rerun):
        where = lookup.item(("sensitivity", one.name, "rerun"), number)
        if name in lookup.study.subgroups:
            lookup.fault(where, f": {name!r} is a set of subgroups, which is not corrected; name models")
        elif name in lookup.study.models:
            _check_model(lookup, lookup.study.models[name], error.variable, where)


def _check_levels(lookup: Lookup, error: MeasurementError, place: Place) -> None:
    for key in ("error_sd", "reliability"):
        sizes: dict[str, float] = getattr(error, key)
        if not sizes:
            continue
        where = (*place, key)
        if set(sizes) == {EVERYBODY}:
            if error.by:
                lookup.fault(where, f" is one number, and by: names {error.by!r}; give a number for each of its levels")
        elif not error.by:
            lookup.fault(where, " has levels; name their variable with by:")
        else:
            _check_named(lookup, error.by, sizes, (*place, "by"), where)
        values = list(sizes.values())
        if key == "error_sd" and (min(values) < 0 or not any(values)):
            lookup.fault(where, f" is {_shown(values)}; zero or more, not all zero, are needed")
        if key == "reliability" and (min(values) <= 0 or max(values) > 1 or min(values) == 1):
            lookup.fault(where, f" is {_shown(values)}; numbers above 0 and at most 1, not all 1, are needed")
    if error.by and not (error.error_sd or error.reliability):
        lookup.fault((*place, "by"), f" is {error.by!r}, and there is no error_sd or reliability by level")


def _check_named(lookup: Lookup, by: str, sizes: dict[str, float], where_by: Place, where: Place) -> None:
    found = lookup.field(by, where_by, ("binary", "nominal", "ordinal"))
    if found is None:
        return
    values = [level.value for level in found.levels]
    for level in sizes:
        lookup.known(level, values, f"level of {by}", where)
    lacking = [value for value in values if value not in sizes]
    if lacking:
        lookup.fault(where, f" says nothing about {', '.join(map(repr, lacking))} of {by}; give each level its number")


def _check_model(lookup: Lookup, model: Model, variable: str, place: Place) -> None:
    if isinstance(model, Linear):
        beside = [{*terms, model.by} for terms in model.adjust.values() if variable in terms]
        uses = {*model.outcomes, *(term for terms in model.adjust.values() for term in terms)}
    elif isinstance(model, Logistic) or (isinstance(model, Cox) and model.terms):
        uses = set(model.terms)
        beside = [uses]
    else:
        what = "a screen" if isinstance(model, Cox) else f"of type {model.TYPE}"
        lookup.fault(
            place, f": {model.name!r} is {what}; models of type linear, logistic and cox with terms are corrected"
        )
        return
    if isinstance(model, Cox) and model.exposure == "time_varying":
        lookup.fault(place, f": {model.name!r} has an exposure that varies in time, which is not corrected")
    if variable in lookup.fields and variable not in uses:
        lookup.fault(
            place, f": {model.name!r} has no term and no outcome {variable!r}; nothing there is measured with it"
        )
    for name in sorted({name for names in beside for name in names} - {variable, ""}):
        if variable in made_from(lookup.study, name):
            lookup.fault(
                place,
                f": {model.name!r} also has {name!r}, which is made from {variable!r} and would stay as "
                "measured; name a model without it",
            )


def _shown(values: list[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)
