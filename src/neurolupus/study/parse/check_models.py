"""Faults of `outcomes:`, `models:`, `subgroups:`, `sensitivity:` and `safety:`."""

from __future__ import annotations

from neurolupus.records.document import Place
from neurolupus.study.parse.check_measurement_error import check_measurement_error
from neurolupus.study.parse.check_variables import check_condition
from neurolupus.study.parse.lookup import TERM_KINDS, Lookup
from neurolupus.study.schema.extras import Sensitivity
from neurolupus.study.schema.models import ChangeModel, Cox, FineGray, KaplanMeier, Linear, Logistic, Model, Multinomial
from neurolupus.study.schema.outcomes import BinaryOutcome, Change, NominalOutcome, TimeToEvent


def check_outcomes(lookup: Lookup) -> None:
    """Levels and components that are named and not there; a column of the wrong type."""
    for outcome in lookup.study.outcomes.values():
        place: Place = ("outcomes", outcome.name)
        if isinstance(outcome, NominalOutcome):
            if outcome.reference:
                values = [level.value for level in outcome.levels]
                lookup.known(outcome.reference, values, "level", (*place, "reference"))
            if len(outcome.levels) < 2:
                lookup.fault((*place, "levels"), " has one level; at least two are needed")
        elif isinstance(outcome, BinaryOutcome):
            if outcome.levels and len(outcome.levels) != 2:
                lookup.fault((*place, "levels"), f" has {len(outcome.levels)} levels; two are needed, no and yes")
            column = outcome.column or outcome.name
            if column in lookup.fields:
                lookup.field(column, (*place, "column"), ("binary",))
        elif isinstance(outcome, TimeToEvent):
            for pair in outcome.competing.items():
                for name in pair:
                    lookup.known(name, outcome.components, "component", (*place, "competing"))
            for code in set(outcome.codes) & set(outcome.censored):
                lookup.fault((*place, "censored"), f": {code!r} means both censored and {outcome.codes[code]}")
            if len(outcome.codes) < len(outcome.components):
                lookup.fault((*place, "components"), " have the same code twice")
        elif isinstance(outcome, Change):
            for key in ("before", "after"):
                if getattr(outcome, key) in lookup.fields:
                    lookup.field(getattr(outcome, key), (*place, key), ("continuous",))


def check_models(lookup: Lookup) -> None:
    """Outcomes, terms, cohorts, contrasts that lead nowhere or do not fit the model."""
    for model in lookup.study.models.values():
        place: Place = ("models", model.name)
        lookup.cohorts(model.cohort, (*place, "cohort"))
        _check_outcome(lookup, model, place)
        if isinstance(model, (Multinomial, Logistic, Cox, FineGray)):
            lookup.terms(model.terms, (*place, "terms"))
        if isinstance(model, Cox):
            _check_cox(lookup, model, place)
        if isinstance(model, KaplanMeier):
            if model.by not in lookup.study.groups:
                lookup.field(model.by, (*place, "by"), ("binary", "nominal", "ordinal"))
            _check_landmark(lookup, model, place)
        if isinstance(model, Linear):
            _check_linear(lookup, model, place)
        if isinstance(model, ChangeModel):
            lookup.group(model.by, (*place, "by"))


def _check_outcome(lookup: Lookup, model: Model, place: Place) -> None:
    if isinstance(model, Multinomial):
        lookup.outcome(model.outcome, (*place, "outcome"), "nominal")
    elif isinstance(model, Logistic):
        if model.outcome in lookup.fields and model.outcome not in lookup.study.outcomes:
            lookup.field(model.outcome, (*place, "outcome"), ("binary",))
        else:
            lookup.outcome(model.outcome, (*place, "outcome"), "binary")
    elif isinstance(model, (KaplanMeier, Cox, FineGray)):
        is_found = lookup.outcome(model.outcome, (*place, "outcome"), "time_to_event")
        if is_found and isinstance(model, FineGray):
            outcome = lookup.study.outcomes[model.outcome]
            assert isinstance(outcome, TimeToEvent)
            for name in (model.cause, *model.competing):
                lookup.known(name, outcome.components, f"component of {outcome.name}", (*place, "cause"))
            if len(outcome.components) < 2:
                lookup.fault(place, f": outcome {outcome.name!r} needs two components, one to compete with the other")
    elif isinstance(model, ChangeModel):
        for number, name in enumerate(model.outcomes):
            lookup.outcome(name, lookup.item((*place, "outcomes"), number), "change")
    else:
        for number, name in enumerate(model.outcomes):
            lookup.field(name, lookup.item((*place, "outcomes"), number), ("continuous",))


def _check_cox(lookup: Lookup, model: Cox, place: Place) -> None:
    if bool(model.terms) == bool(model.each):
        lookup.fault(place, " needs either 'terms', one model of all, or 'each', a model for each")
    lookup.rows(model.each, (*place, "each"))
    for name in model.strata:
        lookup.field(name, (*place, "strata"), ("binary", "nominal", "ordinal"))
    for name in model.evalue:
        lookup.known(name, (*model.terms, *lookup.study.rows_of(model.each)), "term of this model", (*place, "evalue"))
    for cohort, kind in model.se.items():
        if cohort != "*":
            lookup.cohort(cohort, (*place, "se", cohort))
        if kind == "cluster_pair" and cohort not in (*lookup.study.match, "*"):
            lookup.fault((*place, "se"), f": cohort {cohort!r} has no pairs; cluster_pair needs a matched cohort")
    if model.exposure == "time_varying":
        groups = [name for name in (*model.terms, *model.each) if name in lookup.study.groups]
        if not any(lookup.study.groups[name].starts not in ("", "baseline") for name in groups):
            lookup.fault(
                (*place, "exposure"), " is time_varying, which needs a group with 'starts', a column, as a term"
            )
    _check_landmark(lookup, model, place)


def _check_landmark(lookup: Lookup, model: KaplanMeier | Cox, place: Place) -> None:
    if any(time <= 0 for time in model.landmark):
        lookup.fault((*place, "landmark"), f" is {list(model.landmark)}; times after time zero are needed")


def _check_linear(lookup: Lookup, model: Linear, place: Place) -> None:
    lookup.group(model.by, (*place, "by"))
    group = lookup.study.groups.get(model.by)
    for number, pair in enumerate(model.contrasts):
        where = lookup.item((*place, "contrasts"), number)
        if len(pair) != 2:
            lookup.fault(where, f" is {list(pair)}; two levels are needed, such as [inf, non]")
            continue
        for level in pair:
            lookup.level(model.by, level, where)
        if group:
            sides = [set(group.merge[one].levels) if one in group.merge else {one} for one in pair]
            if sides[0] & sides[1]:
                lookup.fault(where, f": {pair[0]!r} and {pair[1]!r} share patients")
    for name, terms in model.adjust.items():
        lookup.terms(terms, (*place, "adjust", name))
        if model.by in terms:
            lookup.fault((*place, "adjust", name), f": the group {model.by!r} cannot be among them")
        for outcome in set(terms) & set(model.outcomes):
            lookup.fault((*place, "adjust", name), f": {outcome!r} is an outcome of this model too")
    if model.correction == "tukey" and model.se[:1] == ("hc3",):
        lookup.fault(
            (*place, "correction"),
            " is tukey, which needs a constant residual variance; with hc3 errors write correction: holm, or "
            "se: [classical, hc3] for both side by side",
        )
    if model.correction != "none" and model.contrast_model != "joint":
        lookup.fault((*place, "correction"), f" is {model.correction}, which needs contrast_model: joint")


def check_extras(lookup: Lookup) -> None:
    """Subgroups, sensitivity sets and the safety table."""
    for subgroups in lookup.study.subgroups.values():
        is_one = list(lookup.study.subgroups) == ["subgroups"] and "of" in lookup.reader.document.data["subgroups"]
        place: Place = ("subgroups",) if is_one else ("subgroups", subgroups.name)
        lookup.outcome(subgroups.outcome, (*place, "outcome"), "time_to_event")
        lookup.group(subgroups.exposure, (*place, "exposure"))
        lookup.cohorts(subgroups.cohort, (*place, "cohort"))
        for number, name in enumerate(subgroups.of):
            lookup.field(name, lookup.item((*place, "of"), number), ("binary", "nominal", "ordinal"))
    for one in lookup.study.sensitivity.values():
        _check_sensitivity(lookup, one)
    _check_safety(lookup)


def analyses(lookup: Lookup) -> tuple[str, ...]:
    """What can be run again: models and sets of subgroups."""
    return (*lookup.study.models, *lookup.study.subgroups)


def _check_sensitivity(lookup: Lookup, one: Sensitivity) -> None:
    place: Place = ("sensitivity", one.name)
    for number, name in enumerate(one.rerun):
        lookup.known(name, analyses(lookup), "model or set of subgroups", lookup.item((*place, "rerun"), number))
    for key in ("drop", "keep"):
        condition = getattr(one, key)
        if condition:
            check_condition(lookup, condition.tree, (*place, key))
    lookup.terms(one.add, (*place, "add"))
    lookup.terms(one.remove, (*place, "remove"))
    if one.rematch:
        where = (*place, "rematch")
        _check_match(lookup, one.rematch.of, where)
        match = lookup.study.match.get(one.rematch.of)
        covariates = one.rematch.covariates
        lookup.terms((*covariates.with_, *covariates.only), (*where, "covariates"))
        for name in covariates.without if match else ():
            lookup.known(name, match.covariates if match else (), "covariate of the match", (*where, "covariates"))
        if covariates.only and (covariates.with_ or covariates.without):
            lookup.fault((*where, "covariates"), ": give either 'only', or 'with' and 'without'")
    if one.bootstrap:
        _check_match(lookup, one.bootstrap.of, (*place, "bootstrap"))
    if bool(one.instead_of) != bool(one.use):
        lookup.fault(place, ": 'instead_of' and 'use' belong together")
    if one.instead_of:
        lookup.cohort(one.instead_of, (*place, "instead_of"))
    lookup.cohorts(one.use, (*place, "use"))
    if one.impute:
        for name in one.impute.using:
            lookup.field(name, (*place, "impute", "using"), (*TERM_KINDS,))
        if one.impute.m < 2:
            lookup.fault((*place, "impute", "m"), f" is {one.impute.m}; at least 2 completed tables are needed")
    if one.measurement_error:
        check_measurement_error(lookup, one, one.measurement_error)
    changes = (one.drop, one.keep, one.add, one.remove, one.rematch, one.use, one.impute, one.bootstrap)
    if not any((*changes, one.measurement_error)):
        lookup.fault(
            place,
            " changes nothing; give drop, keep, add, remove, rematch, use, impute, bootstrap or measurement_error",
        )


def _check_match(lookup: Lookup, name: str, place: Place) -> None:
    if name:
        lookup.known(name, lookup.study.match, "name in match:", place)
    else:
        lookup.fault(place, f" names no match and match: has {len(lookup.study.match)}; name one with 'of'")


def _check_safety(lookup: Lookup) -> None:
    safety = lookup.study.safety
    if safety is None:
        return
    lookup.group(safety.by, ("safety", "by"))
    if safety.syndromes:
        lookup.field(safety.syndromes, ("safety", "syndromes"), ("multilabel",))
    kinds = {
        "injections": ("continuous",),
        "stopping_reason": ("nominal", "text"),
        "cause_of_death": ("nominal", "text"),
    }
    for key, allowed in kinds.items():
        name = getattr(safety, key)
        if name in lookup.fields:
            lookup.field(name, ("safety", key), allowed)
    for number, name in enumerate(safety.events):
        if name in lookup.fields:
            lookup.field(name, lookup.item(("safety", "events"), number), ("binary", "continuous"))
