"""Adjusted differences between groups by linear regression: contrasts, ratios, corrected p-values, diagnostics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from neurolupus.study.results import MethodsPart, ResultNumber
from neurolupus.study.run.context import Cohort, Context, numbers_of
from neurolupus.study.run.linear_checks import additivity_notes, diagnostics_blocks
from neurolupus.study.run.linear_fit import OneFit, contrasts_of, fit_outcome, hc3_first, pair_words
from neurolupus.study.run.linear_tables import corrected_p, linear_table, natural, precision_table
from neurolupus.study.run.part import Part, cautions, estimate_numbers, joined, number
from neurolupus.study.run.terms import back_factor, entered_as, is_log, model_unit
from neurolupus.study.schema.design import Group
from neurolupus.study.schema.models import Linear

MAIN = "unadjusted"


def linear_part(context: Context, model: Linear) -> Part:
    """Every outcome, contrast and adjustment set of a linear model, cohort by cohort."""
    parts = [_cohort_part(context, model, context.cohort(name)) for name in model.cohort]
    sets = model.contrast_model != "joint" and any(context.cohort(name).pairs is not None for name in model.cohort)
    text = _methods(context, model)
    if sets:
        text += " In matched cohorts intervals and p-values are robust and clustered by matched set."
    words = MethodsPart(text, ("mackinnon1985",) if "hc3" in model.se else ())
    return joined(parts) + Part(methods=(words,))


def _methods(context: Context, model: Linear) -> str:
    sets = model.adjust or {MAIN: ()}
    told = "; ".join(
        f"{name}: {', '.join(context.label(t) for t in terms)}" if terms else name for name, terms in sets.items()
    )
    how = "one model of all groups" if model.contrast_model == "joint" else "one model of the two groups per contrast"
    entered = {o: entered_as(context.fields[o]) for o in model.outcomes}
    changed = [f"{context.label(o)} entered as {how}" for o, how in entered.items() if how]
    if any(_has_zeros_replaced(context, o) for o in model.outcomes):
        changed.append("zeros as half the detection limit")
    text = f"Group differences were estimated by linear regression ({how}), adjusted for ({told})"
    text += f"; {', '.join(changed)}" if changed else ""
    robust = "heteroscedasticity-consistent (HC3) errors"
    if hc3_first(model):
        text += f"; intervals and p-values are by {robust}"
    elif "hc3" in model.se:
        text += f"; {robust} are given beside the classical ones"
    return text + "."


def _has_zeros_replaced(context: Context, outcome: str) -> bool:
    entry = context.fields[outcome]
    if not is_log(entry) or entry.variable is None or entry.variable.transform.zero == "refuse":
        return False
    return bool((numbers_of(context.full.frame, outcome) == 0).any())


def _cohort_part(context: Context, model: Linear, cohort: Cohort) -> Part:
    group = context.group(model.by)
    sets = model.adjust or {MAIN: ()}
    made = [_set_part(context, model, cohort, group, name, terms) for name, terms in sets.items()]
    return joined(made)


def _set_part(context: Context, model: Linear, cohort: Cohort, group: Group, name: str, terms: Sequence[str]) -> Part:
    pairs = contrasts_of(model, group)
    by_outcome = [fit_outcome(context, model, cohort, outcome, pairs, terms) for outcome in model.outcomes]
    fits = [found[i] for i in range(len(pairs)) for found in by_outcome]
    table = linear_table(context, model, cohort, group, name, terms, fits)
    numbers = tuple(n for one in fits for n in _numbers(context, model, cohort, name, one))
    corrected = _corrected_numbers(context, model, cohort, name, fits)
    told = [note for one in fits for note in one.notes]
    told += additivity_notes(context, model, fits)
    told += _size_notes(context, model, fits, terms)
    if cohort.pairs is not None and any(one.result is not None and not one.by_set for one in fits):
        told.append("A joint model's errors take no account of the matched sets; those by set can differ.")
    is_first = name == next(iter(model.adjust or {MAIN: ()}))
    is_main = is_first and not context.prefix  # a sensitivity analysis repeats the estimates, not every check
    extra = diagnostics_blocks(context, model, cohort, fits) if is_main else ()
    zeros = _without_zeros(context, model, cohort, group, name, terms, fits) if is_main else Part()
    precision = () if context.prefix else precision_table(context, model, cohort, group, name, fits)
    return Part((table, *precision, *extra), (*numbers, *corrected), cautions(table.title, told)) + zeros


def _size_notes(context: Context, model: Linear, fits: Sequence[OneFit], terms: Sequence[str]) -> list[str]:
    told = []
    for one in fits:
        if one.result is None or one.fit is None:
            continue
        p = len(one.fit.names) - 1
        if one.result.n / p < model.terms_per_n_warn:
            group = context.group(model.by)
            told.append(
                f"{pair_words(group, one.pair)}: {one.result.n} patients for {p} terms, fewer than "
                f"{model.terms_per_n_warn:g} per term ({one.result.n / p:.1f}); the model is overfitted."
            )
    return list(dict.fromkeys(told))


def _numbers(context: Context, model: Linear, cohort: Cohort, name: str, one: OneFit) -> list[ResultNumber]:
    path = context.path(model.name, cohort.name, name, f"{one.pair[0]}_vs_{one.pair[1]}", one.outcome)
    if one.result is None:
        return [number(f"{path}.difference", None, "linear", "linear regression", 0, notes=one.notes)]
    entry, result = context.fields[one.outcome], one.result
    method = one.method
    unit = model_unit(entry)
    made = [
        *estimate_numbers(path, result.estimate, "difference", method, result.n, one.n_dropped, ratio=False, unit=unit)
    ]
    made += estimate_numbers(
        f"{path}.hc3",
        result.estimate_hc3,
        "difference",
        f"{one.fit.method if one.fit else method}, HC3",
        result.n,
        one.n_dropped,
        ratio=False,
        unit=unit,
    )
    if is_log(entry):
        back = natural(result.estimate, back_factor(entry)).exponentiated()
        for what, value in (
            ("ratio", back.value),
            ("ratio_ci_low", back.ci_low),
            ("ratio_ci_high", back.ci_high),
        ):
            made.append(number(f"{path}.{what}", value, "ratio", method, result.n, one.n_dropped))
    made.append(number(f"{path}.mde80", result.mde80, unit or "linear", "non-central t", result.n, one.n_dropped))
    if result.adjustment != "none":
        made.append(
            number(f"{path}.p_{result.adjustment}", result.p_adjusted, "probability", result.adjustment, result.n)
        )
    return made


def _corrected_numbers(
    context: Context, model: Linear, cohort: Cohort, name: str, fits: Sequence[OneFit]
) -> list[ResultNumber]:
    corrected = corrected_p(model, fits)
    made = []
    for i, one in enumerate(fits):
        path = context.path(model.name, cohort.name, name, f"{one.pair[0]}_vs_{one.pair[1]}", one.outcome)
        for key, values in (("holm", corrected.holm), ("benjamini_hochberg", corrected.bh)):
            if key in model.report and one.result is not None:
                made.append(number(f"{path}.p_{key}", values[i], "probability", key, one.result.n))
    return made


def _without_zeros(
    context: Context, model: Linear, cohort: Cohort, group: Group, name: str, terms: Sequence[str],
    fits: Sequence[OneFit],
) -> Part:  # fmt: skip
    """The log outcomes again without the patients whose value was zero."""
    again = [
        fit_outcome(context, model, cohort, one.outcome, [one.pair], terms, leave_out_zeros=True)[0]
        for one in fits
        if one.zeros
    ]
    if not again:
        return Part()
    plain = replace(model, report=(), correction="none")
    table = linear_table(context, plain, cohort, group, name, terms, again, without_zeros=True)
    title = f"{table.title}, without patients whose value was zero"
    made = replace(table, id=f"{table.id}-without-zeros", title=title)
    numbers = tuple(n for one in again for n in _numbers(context, model, cohort, f"{name}.without_zeros", one))
    return Part((made,), numbers)
