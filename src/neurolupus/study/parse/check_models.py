"""Faults of `outcomes:`, `models:`, `subgroups:`, `sensitivity:` and `safety:`."""

from __future__ import annotations

from neurolupus.records.document import Place
from neurolupus.study.parse.check_measurement_error import check_measurement_error
from neurolupus.study.parse.check_variables import check_condition
from neurolupus.study.parse.lookup import TERM_KINDS, Lookup
from neurolupus.study.schema.extras import CHANGES, Sensitivity
from neurolupus.study.schema.fields import flag_meanings
from neurolupus.study.schema.models import ChangeModel, Cox, FineGray, KaplanMeier, Linear, Logistic, Model, Multinomial
from neurolupus.study.schema.outcomes import BinaryOutcome, Change, NominalOutcome, TimeToEvent


def check_outcomes(lookup: Lookup) -> None:
    """Levels and components that are named and not there; a column of the wrong type."""
    read_as: dict[str, tuple[str, tuple[str, ...], str]] = {}
    for outcome in lookup.study.outcomes.values():
        place: Place = ("outcomes", outcome.name)
        if isinstance(outcome, (NominalOutcome, BinaryOutcome)):
            column = outcome.column or outcome.name
            here = (outcome.TYPE, tuple(level.value for level in outcome.levels), outcome.name)
            first = read_as.setdefault(column, here)
            if first[:2] != here[:2] and column not in lookup.fields:
                lookup.fault(
                    place, f": column {column!r} is read in another way by {first[2]!r}; make it a variable with levels"
                )
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
            found = lookup.field(column, (*place, "column"), ("binary",)) if column in lookup.fields else None
            for level in outcome.levels if found else ():
                known = flag_meanings(found.variable if found else None)
                lookup.known(level.value, known, f"value of {column}", (*place, "levels"))
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
            for cohort in model.cohort:
                if cohort in lookup.study.weights:
                    lookup.fault(
                        (*place, "cohort"), f": {cohort!r} is weighted, and changes are compared without weights"
                    )


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
    for key in ("evalue", "landmark"):
        if model.each and getattr(model, key):
            lookup.fault(
                (*place, key), " belongs to a model of 'terms', and this one has 'each'; give it its own model"
            )
    if model.each and model.exposure == "time_varying" and any(name not in lookup.study.groups for name in model.each):
        lookup.fault((*place, "each"), " has variables that are no group; with exposure: time_varying name groups only")
    for name in model.evalue if model.terms else ():
        if lookup.known(name, model.terms, "term of this model", (*place, "evalue")) and name in lookup.fields:
            count = len(lookup.fields[name].levels)
            if count > 2:
                lookup.fault((*place, "evalue"), f": {name!r} has {count} levels; an E-value is of one hazard ratio")
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
    weighted = [name for name in model.cohort if _has_weights(lookup, name)]
    n_contrasts = len(model.contrasts) or (len(group.others) if group else 0)
    if model.contrast_model == "joint" and weighted and n_contrasts > 1:
        lookup.fault(
            (*place, "contrast_model"),
            f" is joint, and cohort {weighted[0]!r} is weighted, where each contrast has a model of its own; "
            "give that cohort a model without joint",
        )
    if model.correction != "none" and model.contrast_model != "joint":
        lookup.fault((*place, "correction"), f" is {model.correction}, which needs contrast_model: joint")


def _has_weights(lookup: Lookup, cohort: str) -> bool:
    match = lookup.study.match.get(cohort)
    return cohort in lookup.study.weights or (match is not None and (match.ratio > 1 or match.replace))


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
    if one.bootstrap and one.bootstrap.of:
        made = (*lookup.study.match, *lookup.study.weights)
        lookup.known(one.bootstrap.of, made, "name in match: or weights:", (*place, "bootstrap", "of"))
    _check_alone(lookup, one, place)
    _check_terms_changed(lookup, one, place)
    if bool(one.instead_of) != bool(one.use):
        lookup.fault(place, ": 'instead_of' and 'use' belong together")
    if one.instead_of:
        lookup.cohort(one.instead_of, (*place, "instead_of"))
    lookup.cohorts(one.use, (*place, "use"))
    for number, name in enumerate(one.rerun):
        for use in one.use:
            if isinstance(lookup.study.models.get(name), ChangeModel) and use in lookup.study.weights:
                where = lookup.item((*place, "rerun"), number)
                lookup.fault(where, f": {name!r} compares changes, which is done without weights; {use!r} is weighted")
    if one.impute:
        for name in one.impute.using:
            lookup.field(name, (*place, "impute", "using"), (*TERM_KINDS,))
        if one.impute.m < 2:
            lookup.fault((*place, "impute", "m"), f" is {one.impute.m}; at least 2 completed tables are needed")
    if one.measurement_error:
        check_measurement_error(lookup, one, one.measurement_error)
    if not any(getattr(one, key) for key in (*CHANGES, "measurement_error")):
        lookup.fault(
            place,
            " changes nothing; give drop, keep, add, remove, rematch, use, impute, bootstrap or measurement_error",
        )


def _check_alone(lookup: Lookup, one: Sensitivity, place: Place) -> None:
    """Imputation and bootstrap go with no other change, and with models only: what would be ignored is refused."""
    for key in ("impute", "bootstrap"):
        if not getattr(one, key):
            continue
        others = [other for other in (*CHANGES, "expect_dropped") if other != key and getattr(one, other)]
        if others:
            lookup.fault(
                (*place, key), f" and {', '.join(others)} stand together; give each a sensitivity analysis of its own"
            )
        for number, name in enumerate(one.rerun):
            if name in lookup.study.subgroups:
                where = lookup.item((*place, "rerun"), number)
                lookup.fault(where, f": {name!r} is a set of subgroups, which {key} does not run again; name models")


def _check_terms_changed(lookup: Lookup, one: Sensitivity, place: Place) -> None:
    """Terms added or removed where there are none to add to, or that no model has."""
    if not (one.add or one.remove):
        return
    found: set[str] = set()
    for number, name in enumerate(one.rerun):
        model = lookup.study.models.get(name)
        where = lookup.item((*place, "rerun"), number)
        terms = terms_of(model) if model else None
        if (model or name in lookup.study.subgroups) and terms is None:
            key = "add" if one.add else "remove"
            lookup.fault(where, f": {name!r} has no list of terms to {key}{' to' if key == 'add' else ''}")
        found |= set(terms or ())
    for number, term in enumerate(one.remove):
        if found and term not in found:
            where = lookup.item((*place, "remove"), number)
            lookup.fault(where, f": {term!r} is a term of none of the models run again")


def terms_of(model: Model) -> tuple[str, ...] | None:
    """The terms that a sensitivity analysis can add to or take from; None where the model has no such list."""
    if isinstance(model, Linear):
        return tuple(term for terms in model.adjust.values() for term in terms)
    if isinstance(model, (Multinomial, Logistic, FineGray)) or (isinstance(model, Cox) and model.terms):
        return model.terms
    return None


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
