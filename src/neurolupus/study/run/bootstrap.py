"""Patients drawn again with replacement, matched and analysed again: intervals that hold the matching's chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.sensitivity import Bootstrap, bootstrap_rematch
from neurolupus.study.results import Cell, Column, MethodsPart, ResultNumber, ResultTable, Row
from neurolupus.study.run.cohorts import cohorts_of
from neurolupus.study.run.context import Context
from neurolupus.study.run.estimates import NamedEstimate, model_estimates
from neurolupus.study.run.part import Part, cautions, number
from neurolupus.study.schema import FULL
from neurolupus.study.schema.extras import Sensitivity
from neurolupus.study.schema.models import Model


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
    if spec.bootstrap.of:
        models = [replace(model, cohort=(spec.bootstrap.of,)) for model in models]
    main = [e for e in _estimates(context, models) if e.estimate is not None]
    if not main:
        raise StatsError("No estimate of an exposure is among the models rerun; name a model that has one.")
    paths = [e.path for e in main]

    def values(one: Context) -> list[float]:
        found = {e.path: e.estimate for e in _estimates(one, models)}
        return [np.nan if (e := found.get(path)) is None else e.value for path in paths]

    drawn = bootstrap_rematch(
        len(context.full.frame),
        lambda rows: _resampled(context, models, rows),
        values,
        paths,
        np.random.default_rng([study.study.seed, 37]),
        replicates=spec.bootstrap.replicates,
        level=study.study.level,
    )
    cohorts = {cohort for model in models for cohort in model.cohort}
    again = {
        "matched": "the score estimated and pairs formed" if cohorts & set(study.match) else "",
        "weighted": "the score and the weights estimated" if cohorts & set(study.weights) else "",
    }
    how = " and ".join(key for key, told in again.items() if told)
    table, numbers = _table(context, spec, f"Resampled{f' and {how} again' if how else ''} ({title})", main, drawn)
    done = ", ".join(told for told in again.values() if told)
    words = MethodsPart(
        f"Patients were resampled {spec.bootstrap.replicates} times{f', {done} in each sample' if done else ''}; "
        "percentile intervals are given."
    )
    return Part((table,), tuple(numbers), cautions(f"Sensitivity: {title}", drawn.notes), (words,))


def _estimates(context: Context, models: list[Model]) -> list[NamedEstimate]:
    return [e for model in models for e in model_estimates(context, model, exposure_only=True)]


def _resampled(context: Context, models: list[Model], rows: NDArray[np.intp]) -> Context:
    """The study in the patients drawn, its cohorts made again."""
    frame = context.full.frame.iloc[rows].reset_index(drop=True)
    one = replace(context, cohorts={FULL: replace(context.full, frame=frame)})
    again, _ = cohorts_of(one, {c for model in models for c in model.cohort if c != FULL})
    return replace(one, cohorts={**one.cohorts, **again})


def _table(
    context: Context, spec: Sensitivity, title: str, main: list[NamedEstimate], drawn: Bootstrap
) -> tuple[ResultTable, list[ResultNumber]]:
    printer, rows, numbers = context.printer, [], []
    for j, (e, again) in enumerate(zip(main, drawn.estimates, strict=True)):
        assert e.estimate is not None
        again = replace(again, value=e.estimate.value)
        used = int(np.isfinite(drawn.values[:, j]).sum())
        show = printer.ratio if e.is_ratio else printer.difference
        cohort = e.path.split(".")[1]
        where = context.cohorts[cohort].label if cohort in context.cohorts else cohort
        cells = (
            Cell(f"{e.label}, {where}"), Cell(show(e.estimate), e.estimate.value), Cell(show(again), e.estimate.value),
            Cell(printer.plain(e.estimate.se, 3), e.estimate.se), Cell(printer.plain(again.se, 3), again.se),
            Cell(str(used), used),
        )  # fmt: skip
        rows.append(Row(cells))
        path = f"sensitivity.{spec.name}.{e.path}"
        shown = again.exponentiated() if e.is_ratio else again
        scale = "ratio" if e.is_ratio else "linear"
        for what, value in (("ci_low", shown.ci_low), ("ci_high", shown.ci_high)):
            numbers.append(number(f"{path}.{what}", value, scale, drawn.method, used))
        numbers.append(number(f"{path}.se", again.se, "log" if e.is_ratio else scale, drawn.method, used))
    ci = context.printer.ci
    columns = (
        Column("", "text"), Column(f"main analysis ({ci})"), Column(f"bootstrap ({ci})"), Column("SE, main"),
        Column("SE, bootstrap"), Column("samples"),
    )  # fmt: skip
    note = "The estimate is that of the main analysis; bootstrap limits are percentiles. SE of ratios on the log scale."
    key = context.block_id("sensitivity", spec.name)
    return ResultTable(key, title, columns, tuple(rows), (note,)), numbers
