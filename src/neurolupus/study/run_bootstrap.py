"""Patients drawn again with replacement, matched and analysed again: intervals that hold the matching's chance."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.study.results import Cell, Column, MethodsPart, ResultNumber, ResultTable, Row
from neurolupus.study.run_cohorts import cohorts_of
from neurolupus.study.run_context import Context
from neurolupus.study.run_estimates import NamedEstimate, model_estimates
from neurolupus.study.run_part import Part, cautions, number
from neurolupus.study.schema import FULL
from neurolupus.study.schema_extras import Sensitivity
from neurolupus.study.schema_models import Model


@dataclass(frozen=True, slots=True, eq=False)
class _Replicates:
    """Values of every estimate in every replicate, (replicates, estimates); NaN where it failed."""

    values: NDArray[np.float64]
    failed: int


def bootstrap_part(context: Context, spec: Sensitivity, title: str) -> Part:
    """Percentile intervals of the exposure's estimates over resampled, rematched cohorts.

    Raises
    ------
    StatsError
        The main analysis cannot be done, or nearly all replicates failed.
    """
    assert spec.bootstrap is not None
    study = context.study
    models = [study.models[name] for name in spec.rerun if name in study.models]
    main = [
        e for model in models for e in model_estimates(context, model, exposure_only=True) if e.estimate is not None
    ]
    if not main:
        raise StatsError("No estimate of an exposure is among the models rerun; name a model that has one.")
    drawn = _replicates(context, models, [e.path for e in main], spec.bootstrap.replicates)
    where = f"Sensitivity: {title}"
    if np.isfinite(drawn.values).sum(axis=0).min() < max(20, spec.bootstrap.replicates // 10):
        raise StatsError(f"{drawn.failed} of {spec.bootstrap.replicates} resampled cohorts could not be analysed.")
    table, numbers = _table(context, spec, title, main, drawn)
    told = [
        "The bootstrap of a matched estimate is an approximation (Abadie and Imbens 2008); without replacement it "
        "covers well."
    ]
    if drawn.failed:
        told.append(
            f"{drawn.failed} of {spec.bootstrap.replicates} resampled cohorts could not be analysed and were left out."
        )
    words = MethodsPart(
        f"Patients were resampled {spec.bootstrap.replicates} times, the score estimated and pairs formed in each "
        "sample; percentile intervals are given."
    )
    return Part((table,), tuple(numbers), cautions(where, told), (words,))


def _replicates(context: Context, models: list[Model], paths: list[str], count: int) -> _Replicates:
    full = context.full.frame
    needed = {c for model in models for c in model.cohort if c != FULL}
    values = np.full((count, len(paths)), np.nan)
    failed = 0
    for i, rng in enumerate(np.random.default_rng([context.study.study.seed, 37]).spawn(count)):
        frame = full.iloc[rng.integers(0, len(full), len(full))].reset_index(drop=True)
        one = replace(context, cohorts={FULL: replace(context.full, frame=frame)})
        try:
            again, _ = cohorts_of(one, needed)
            one = replace(one, cohorts={**one.cohorts, **again})
            found = {e.path: e for model in models for e in model_estimates(one, model, exposure_only=True)}
        except StatsError:
            failed += 1
            continue
        for j, path in enumerate(paths):
            estimate = found[path].estimate if path in found else None
            values[i, j] = np.nan if estimate is None else estimate.value
    values[~np.isfinite(values)] = np.nan
    return _Replicates(values, failed)


def _table(
    context: Context, spec: Sensitivity, title: str, main: list[NamedEstimate], drawn: _Replicates
) -> tuple[ResultTable, list[ResultNumber]]:
    assert spec.bootstrap is not None
    printer, rows, numbers = context.printer, [], []
    tail = 100 * (1 - context.study.study.level) / 2
    for j, e in enumerate(main):
        values = drawn.values[:, j][np.isfinite(drawn.values[:, j])]
        low, high = (float(x) for x in np.percentile(values, [tail, 100 - tail]))
        assert e.estimate is not None
        again = replace(e.estimate, ci_low=low, ci_high=high, se=float(values.std(ddof=1)))
        show = printer.ratio if e.is_ratio else printer.difference
        cohort = e.path.split(".")[1]
        where = context.cohorts[cohort].label if cohort in context.cohorts else cohort
        cells = (
            Cell(f"{e.label}, {where}"), Cell(show(e.estimate), e.estimate.value), Cell(show(again), e.estimate.value),
            Cell(printer.plain(e.estimate.se, 3), e.estimate.se), Cell(printer.plain(again.se, 3), again.se),
            Cell(str(len(values)), len(values)),
        )  # fmt: skip
        rows.append(Row(cells))
        path = f"sensitivity.{spec.name}.{e.path}"
        shown = again.exponentiated() if e.is_ratio else again
        for what, value in (("ci_low", shown.ci_low), ("ci_high", shown.ci_high), ("se", again.se)):
            numbers.append(
                number(f"{path}.{what}", value, "ratio" if e.is_ratio else "linear", "bootstrap", len(values))
            )
    columns = (
        Column("", "text"), Column("main analysis (95 % CI)"), Column("bootstrap (95 % CI)"), Column("SE", span="main"),
        Column("SE", span="bootstrap"), Column("samples"),
    )  # fmt: skip
    note = "The estimate is that of the main analysis; bootstrap limits are percentiles. SE of ratios on the log scale."
    key = context.block_id("sensitivity", spec.name)
    return ResultTable(key, f"Resampled and matched again ({title})", columns, tuple(rows), (note,)), numbers
