"""Adjusted differences between groups by linear regression: contrasts, ratios, corrected p-values, diagnostics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.contrasts import Contrast, ContrastResult, adjusted_contrasts
from neurolupus.stats.design import Design
from neurolupus.stats.estimate import Estimate
from neurolupus.stats.multiplicity import adjust
from neurolupus.stats.power import minimum_detectable_effect
from neurolupus.stats.regression import LinearFit, linear_regression
from neurolupus.study.results import Cell, Column, MethodsPart, ResultNumber, ResultTable, Row
from neurolupus.study.run_context import Cohort, Context, among, group_rows, level_label, numbers_of
from neurolupus.study.run_linear_checks import additivity_notes, diagnostics_blocks
from neurolupus.study.run_linear_fit import OneFit, described
from neurolupus.study.run_part import Part, cautions, estimate_numbers, joined, number
from neurolupus.study.run_terms import back_factor, is_log, model_terms, transformed
from neurolupus.study.schema_design import Group
from neurolupus.study.schema_models import Linear

MAIN = "unadjusted"


def linear_part(context: Context, model: Linear) -> Part:
    """Every outcome, contrast and adjustment set of a linear model, cohort by cohort."""
    parts = [_cohort_part(context, model, context.cohort(name)) for name in model.cohort]
    words = MethodsPart(_methods(context, model), ("mackinnon1985",) if "hc3" in model.se else ())
    return joined(parts) + Part(methods=(words,))


def _methods(context: Context, model: Linear) -> str:
    sets = model.adjust or {MAIN: ()}
    told = "; ".join(
        f"{name}: {', '.join(context.label(t) for t in terms)}" if terms else name for name, terms in sets.items()
    )
    how = "one model of all groups" if model.contrast_model == "joint" else "one model of the two groups per contrast"
    logs = [context.label(o) for o in model.outcomes if is_log(context.fields[o])]
    text = f"Group differences were estimated by linear regression ({how}), adjusted for ({told})"
    text += f"; {', '.join(logs)} entered as logarithms, zeros as half the detection limit" if logs else ""
    text += (
        "; heteroscedasticity-consistent (HC3) errors are given beside the classical ones" if "hc3" in model.se else ""
    )
    return text + "."


def contrasts_of(model: Linear, group: Group) -> tuple[tuple[str, str], ...]:
    """Pairs of levels compared: as declared, else each level against the reference."""
    if model.contrasts:
        return tuple((pair[0], pair[1]) for pair in model.contrasts)
    return tuple((level, group.reference) for level in group.others)


def _cohort_part(context: Context, model: Linear, cohort: Cohort) -> Part:
    group = context.group(model.by)
    sets = model.adjust or {MAIN: ()}
    made = [_set_part(context, model, cohort, group, name, terms) for name, terms in sets.items()]
    return joined(made)


def _set_part(context: Context, model: Linear, cohort: Cohort, group: Group, name: str, terms: Sequence[str]) -> Part:
    fits = [
        one
        for pair in contrasts_of(model, group)
        for outcome in model.outcomes
        for one in [fit_contrast(context, model, cohort, group, outcome, pair, terms)]
    ]
    table = _table(context, model, cohort, group, name, terms, fits)
    numbers = tuple(n for one in fits for n in _numbers(context, model, cohort, name, one))
    corrected = _corrected_numbers(context, model, cohort, name, fits)
    told = [note for one in fits for note in one.notes]
    told += additivity_notes(context, model, fits)
    told += _size_notes(context, model, fits, terms)
    is_first = name == next(iter(model.adjust or {MAIN: ()}))
    extra = diagnostics_blocks(context, model, cohort, fits) if is_first else ()
    zeros = _without_zeros(context, model, cohort, group, name, terms, fits) if is_first else Part()
    precision = _precision_table(context, model, cohort, group, name, fits)
    return Part((table, *precision, *extra), (*numbers, *corrected), cautions(table.title, told)) + zeros


def fit_contrast(
    context: Context, model: Linear, cohort: Cohort, group: Group, outcome: str, pair: tuple[str, str],
    terms: Sequence[str], *, leave_out_zeros: bool = False,
) -> OneFit:  # fmt: skip
    """One outcome, one contrast."""
    entry = context.fields[outcome]
    frame, weights = cohort.frame, cohort.weights
    kept = frame[group.name].notna().to_numpy()
    if leave_out_zeros:
        kept = kept & (numbers_of(frame, outcome) != 0)
    frame, weights = frame.loc[kept], None if weights is None else weights[kept]
    sides = tuple(described(context, entry, frame, group_rows(frame, group, level)) for level in pair)
    blank = OneFit(outcome, pair, (sides[0], sides[1]))
    try:
        found = transformed(numbers_of(frame, outcome), entry)
        table = frame.assign(**{outcome: found.values})
        spec = Contrast(f"{pair[0]} - {pair[1]}", _levels(group, pair[0]), _levels(group, pair[1]))
        in_pair = among(table[group.name].to_numpy(dtype=object), spec.levels + spec.against)
        if model.contrast_model == "pairwise_subset" or weights is not None:
            table, weights = table.loc[in_pair], None if weights is None else weights[in_pair]
        made = model_terms(context, table, list(terms), also_complete=[outcome, group.name])
        rows = made.design.rows
        y = table[outcome].to_numpy(np.float64)[rows]
        levels = table[group.name].to_numpy(dtype=object)[rows]
        dropped = int(in_pair.sum()) - int(among(levels, spec.levels + spec.against).sum())
        if weights is not None:
            result, fit, notes = _weighted(y, levels, spec, made.design.matrix, made.design.names, weights[rows])
        else:
            whole = adjusted_contrasts(
                y, levels, [spec], made.design.matrix, made.design.names, model=model.contrast_model,
                per_group=model.per_group_min, level=context.study.study.level,
            )  # fmt: skip
            result, fit, notes = whole.results[0], whole.fits[0], whole.notes
            if model.contrast_model == "joint" and model.correction != "none":
                result = _jointly(context, model, group, y, levels, made.design, pair) or result
    except StatsError as error:
        return blank.failed(f"{entry.label}, {_pair_words(group, pair)}: {str(error).partition(chr(10))[0]}")
    told = [f"{entry.label}: {note}" for note in found.notes]
    words = [note for note in (*notes, made.dropped_words) if note and not _is_size_note(note)]
    told += [f"{_pair_words(group, pair)}: {note}" for note in words]
    return blank.done(result, fit, dropped, tuple(told), found.zeros)


def _jointly(
    context: Context, model: Linear, group: Group, y: NDArray[np.float64], levels: NDArray[np.object_], design: Design,
    pair: tuple[str, str],
) -> ContrastResult | None:  # fmt: skip
    """A contrast with its p-value corrected among all contrasts of the joint model."""
    pairs = contrasts_of(model, group)
    specs = [Contrast(f"{a} - {b}", _levels(group, a), _levels(group, b)) for a, b in pairs]
    whole = adjusted_contrasts(
        y, levels, specs, design.matrix, design.names, model="joint", adjustment=model.correction,
        level=context.study.study.level,
    )  # fmt: skip
    return whole.results[pairs.index(pair)]


def _weighted(
    y: NDArray[np.float64], levels: NDArray[np.object_], spec: Contrast, x: NDArray[np.float64],
    names: Sequence[str], weights: NDArray[np.float64],
) -> tuple[ContrastResult, LinearFit, tuple[str, ...]]:  # fmt: skip
    """A contrast in a weighted cohort; its errors are the robust ones."""
    high, low = among(levels, spec.levels), among(levels, spec.against)
    rows = high | low
    design = np.column_stack([np.ones(int(rows.sum())), high[rows].astype(float), x[rows]])
    fit = linear_regression(y[rows], design, ["intercept", spec.name, *names], weights=weights[rows])
    robust = fit.estimate(spec.name, hc3=True)
    mde = minimum_detectable_effect(robust.se, df=fit.df_residual)
    sizes = (int(high.sum()), int(low.sum()))
    result = ContrastResult(spec, robust, robust, robust.p_value, "none", mde, fit.n, sizes)
    return result, fit, (*fit.notes, "Weighted: both errors are the robust HC3 ones.")


def _is_size_note(note: str) -> bool:
    """Patients per term are said once for all outcomes, by `_size_notes`."""
    return "per term" in note


def _levels(group: Group, level: str) -> tuple[str, ...]:
    return group.merge[level].levels if level in group.merge else (level,)


def _pair_words(group: Group, pair: tuple[str, str]) -> str:
    return f"{level_label(group, pair[0])} vs {level_label(group, pair[1])}"


@dataclass(frozen=True, slots=True)
class _Corrected:
    holm: tuple[float | None, ...]
    bh: tuple[float | None, ...]


def _corrected(model: Linear, fits: Sequence[OneFit]) -> _Corrected:
    """Holm's and Benjamini and Hochberg's p over all comparisons of one table; None where there is none."""
    at = [i for i, one in enumerate(fits) if one.result is not None]
    p = [one.result.estimate.p_value for one in fits if one.result is not None]
    made = []
    for method in ("holm", "benjamini_hochberg"):
        column: list[float | None] = [None] * len(fits)
        for i, value in zip(at, adjust(p, method) if p else [], strict=True):
            column[i] = float(value)
        made.append(tuple(column))
    return _Corrected(made[0], made[1])


def _table(
    context: Context, model: Linear, cohort: Cohort, group: Group, name: str, terms: Sequence[str],
    fits: Sequence[OneFit],
) -> ResultTable:  # fmt: skip
    printer = context.printer
    corrected = _corrected(model, fits)
    columns = [
        Column("", "text"),
        Column("first group"),
        Column("second group"),
        Column("n"),
        Column("B (95 % CI)"),
        Column("p"),
    ]
    ratios = any(is_log(context.fields[o]) and context.fields[o].variable for o in model.outcomes)
    if ratios:
        columns.append(Column("ratio (95 % CI)"))
    if model.correction != "none":
        columns.append(Column(f"p ({model.correction.capitalize()})"))
    for key, title in (("holm", "p, Holm"), ("benjamini_hochberg", "p, BH")):
        if key in model.report:
            columns.append(Column(title))
    rows: list[Row] = []
    for i, one in enumerate(fits):
        if i == 0 or fits[i - 1].pair != one.pair:
            sizes = [int(group_rows(cohort.frame, group, level).sum()) for level in one.pair]
            words = " vs ".join(
                f"{level_label(group, level)} (n = {size})" for level, size in zip(one.pair, sizes, strict=True)
            )
            rows.append(Row((Cell(words),), is_heading=True))
        entry = context.fields[one.outcome]
        label = entry.label + (f", {entry.unit}" if entry.unit else "")
        cells = [Cell(label), Cell(one.sides[0]), Cell(one.sides[1])]
        if one.result is None:
            rows.append(Row((*cells, *(Cell("–") for _ in columns[3:])), 1))
            continue
        result = one.result
        digits = _digits(entry.digits, result.estimate, is_log(entry))
        cells += [
            Cell(str(result.n), result.n),
            Cell(printer.difference(result.estimate, digits), result.estimate.value),
        ]
        cells.append(printer.p_cell(result.estimate.p_value))
        if ratios:
            cells.append(
                printer.ratio_cell(_natural(result.estimate, back_factor(entry))) if is_log(entry) else Cell("")
            )
        if model.correction != "none":
            cells.append(printer.p_cell(result.p_adjusted))
        if "holm" in model.report:
            cells.append(printer.p_cell(corrected.holm[i]))
        if "benjamini_hochberg" in model.report:
            cells.append(printer.p_cell(corrected.bh[i]))
        rows.append(Row(tuple(cells), 1))
    title = model.label or f"Adjusted differences, {model.name}"
    where = f", {cohort.label}" if len(model.cohort) > 1 else ""
    return ResultTable(
        context.block_id(model.name, cohort.name, name),
        f"{title}: {name} adjustment{where}{context.suffix}"
        if terms
        else f"{title}: unadjusted{where}{context.suffix}",
        tuple(columns),
        tuple(rows),
        _notes(context, model, terms, fits),
    )


def _precision_table(
    context: Context, model: Linear, cohort: Cohort, group: Group, name: str, fits: Sequence[OneFit]
) -> tuple[ResultTable, ...]:
    """HC3 errors and minimum detectable effects, where the file asks for them."""
    hc3, mde = "hc3" in model.se, "mde80" in model.report
    if not hc3 and not mde:
        return ()
    printer = context.printer
    columns = [Column("", "text")]
    columns += [Column("SE, classical"), Column("SE, HC3"), Column("B (95 % CI), HC3"), Column("p, HC3")] if hc3 else []
    columns += [Column("MDE80")] if mde else []
    rows: list[Row] = []
    for i, one in enumerate(fits):
        if i == 0 or fits[i - 1].pair != one.pair:
            rows.append(Row((Cell(_pair_words(group, one.pair)),), is_heading=True))
        entry = context.fields[one.outcome]
        cells = [Cell(entry.label + (f", {entry.unit}" if entry.unit else ""))]
        if one.result is None:
            rows.append(Row((*cells, *(Cell("–") for _ in columns[1:])), 1))
            continue
        robust = one.result.estimate_hc3
        digits = _digits(entry.digits, one.result.estimate, is_log(entry))
        if hc3:
            cells += [Cell(printer.plain(e.se, digits + 1), e.se) for e in (one.result.estimate, robust)]
            cells += [Cell(printer.difference(robust, digits), robust.value), printer.p_cell(robust.p_value)]
        if mde:
            cells.append(Cell(printer.plain(one.result.mde80, digits), one.result.mde80))
        rows.append(Row(tuple(cells), 1))
    notes = []
    if hc3:
        notes.append("HC3: errors that do not need a constant residual variance.")
    if mde:
        notes.append("MDE80: the true difference that a study of this precision finds with 80 % power at alpha 0.05.")
    title = f"{model.label or f'Adjusted differences, {model.name}'}: {name} adjustment, precision"
    where = f", {cohort.label}" if len(model.cohort) > 1 else ""
    key = context.block_id(model.name, cohort.name, name, "precision")
    return (ResultTable(key, title + where + context.suffix, tuple(columns), tuple(rows), tuple(notes)),)


def _digits(declared: int | None, estimate: Estimate, log: bool) -> int:
    if log:
        return 2
    if declared is not None:
        return declared + 1
    size = max(abs(estimate.ci_high - estimate.ci_low), 1e-9)
    return int(min(6, max(1, 2 - math.floor(math.log10(size)))))


def _natural(estimate: Estimate, factor: float) -> Estimate:
    """The estimate on the scale of natural logarithms."""
    from dataclasses import replace

    return replace(
        estimate, value=estimate.value * factor, ci_low=estimate.ci_low * factor, ci_high=estimate.ci_high * factor
    )


def _notes(context: Context, model: Linear, terms: Sequence[str], fits: Sequence[OneFit]) -> tuple[str, ...]:
    told = ["B: difference of adjusted means, first group minus second."]
    if terms:
        told.append(f"Adjusted for {', '.join(context.label(t) for t in terms)}.")
    subset = (
        "Each contrast is a model of its two groups alone, so slopes and residual variance differ between contrasts."
    )
    told.append(
        subset if model.contrast_model == "pairwise_subset" else "All contrasts come from one model of all groups."
    )
    logs = [context.fields[o] for o in model.outcomes if is_log(context.fields[o])]
    for entry in logs:
        assert entry.variable is not None
        how = entry.variable.transform
        scaled = f" of {how.scale:,.0f} × the volume" if how.scale != 1 else ""
        zeros = max((one.zeros for one in fits if one.outcome == entry.name), default=0)
        zero = f"; {zeros} zeros taken as half the detection limit" if zeros else ""
        told.append(f"{entry.label}: B is a difference of {how.fn} values{scaled}; the ratio is its exponential{zero}.")
    count = sum(one.result is not None for one in fits)
    if set(model.report) & {"holm", "benjamini_hochberg"}:
        told.append(f"Holm and Benjamini–Hochberg (BH) correct for the {count} comparisons of this table.")
    return tuple(told)


def _size_notes(context: Context, model: Linear, fits: Sequence[OneFit], terms: Sequence[str]) -> list[str]:
    told = []
    for one in fits:
        if one.result is None or one.fit is None:
            continue
        p = len(one.fit.names) - 1
        if one.result.n / p < model.terms_per_n_warn:
            group = context.group(model.by)
            told.append(
                f"{_pair_words(group, one.pair)}: {one.result.n} patients for {p} terms, fewer than "
                f"{model.terms_per_n_warn:g} per term ({one.result.n / p:.1f}); the model is overfitted."
            )
    return list(dict.fromkeys(told))


def _numbers(context: Context, model: Linear, cohort: Cohort, name: str, one: OneFit) -> list[ResultNumber]:
    path = context.path(model.name, cohort.name, name, f"{one.pair[0]}_vs_{one.pair[1]}", one.outcome)
    if one.result is None:
        return [number(f"{path}.difference", None, "linear", "linear regression", 0, notes=one.notes)]
    entry, result = context.fields[one.outcome], one.result
    method = one.fit.method if one.fit else "linear regression"
    unit = "log" if is_log(entry) else entry.unit
    made = [
        *estimate_numbers(path, result.estimate, "difference", method, result.n, one.n_dropped, ratio=False, unit=unit)
    ]
    made += estimate_numbers(
        f"{path}.hc3",
        result.estimate_hc3,
        "difference",
        f"{method}, HC3",
        result.n,
        one.n_dropped,
        ratio=False,
        unit=unit,
    )
    if is_log(entry):
        natural = _natural(result.estimate, back_factor(entry)).exponentiated()
        for what, value in (
            ("ratio", natural.value),
            ("ratio_ci_low", natural.ci_low),
            ("ratio_ci_high", natural.ci_high),
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
    corrected = _corrected(model, fits)
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
        fit_contrast(context, model, cohort, group, one.outcome, one.pair, terms, leave_out_zeros=True)
        for one in fits
        if one.zeros
    ]
    if not again:
        return Part()
    from dataclasses import replace

    table = _table(context, replace(model, report=(), correction="none"), cohort, group, name, terms, again)
    title = f"{table.title}, without patients whose value was zero"
    made = replace(table, id=f"{table.id}-without-zeros", title=title)
    numbers = tuple(n for one in again for n in _numbers(context, model, cohort, f"{name}.without_zeros", one))
    return Part((made,), numbers)
