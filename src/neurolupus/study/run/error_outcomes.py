"""What measurement error in the outcome of a linear model costs: no bias, but precision and explained variance."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurolupus.errors import StatsError
from neurolupus.stats.measurement_error import OutcomeError, outcome_error
from neurolupus.study.results import Cell, Column, MethodsPart, ResultNumber, ResultTable, Row
from neurolupus.study.run.context import Cohort, Context, numbers_of
from neurolupus.study.run.error_models import ERROR
from neurolupus.study.run.linear_fit import OneFit, contrasts_of, fit_outcome, pair_words
from neurolupus.study.run.linear_tables import digits_of
from neurolupus.study.run.part import Part, cautions, first_line, number
from neurolupus.study.run.terms import is_log
from neurolupus.study.schema.extras import Sensitivity
from neurolupus.study.schema.models import Linear

UNADJUSTED = "unadjusted"


def outcome_part(context: Context, spec: Sensitivity, model: Linear, cohort: Cohort, title: str) -> Part:
    """Reliability, R² with and without the error, and standard errors with and without it, contrast by contrast."""
    error = spec.measurement_error
    assert error is not None
    told: list[str] = []
    found = list(_found(context, model, cohort, error.variable, told))
    if not found:
        return Part(warnings=cautions(f"Sensitivity: {title}", told))
    printer, entry = context.printer, context.fields[error.variable]
    rows: list[Row] = []
    numbers: list[ResultNumber] = []
    group = context.group(model.by)
    for i, (name, one, cost) in enumerate(found):
        assert one.result is not None
        if i == 0 or found[i - 1][0] != name:
            rows.append(Row((Cell(f"{name} adjustment" if name != UNADJUSTED else name),), is_heading=True))
        e = one.result.estimate
        digits = digits_of(entry.digits, e, is_log(entry))
        shares = (cost.reliability, cost.r_squared, cost.r_squared_corrected, cost.residual_share)
        rows.append(
            Row(
                (
                    Cell(pair_words(group, one.pair)), Cell(str(one.result.n), one.result.n),
                    Cell(printer.difference(e, digits), e.value),
                    *(Cell(printer.plain(share, 2), share) for share in shares),
                    Cell(printer.plain(e.se, digits + 1), e.se),
                    Cell(printer.plain(e.se * cost.se_factor, digits + 1), e.se * cost.se_factor),
                ),
                1,
            )
        )  # fmt: skip
        path = f"sensitivity.{spec.name}.{model.name}.{cohort.name}.{name}.{one.pair[0]}_vs_{one.pair[1]}.{one.outcome}"
        values = {
            "reliability": cost.reliability, "r_squared": cost.r_squared,
            "r_squared_corrected": cost.r_squared_corrected, "residual_share": cost.residual_share,
            "se_factor": cost.se_factor,
        }  # fmt: skip
        method = "error variance taken from residual and total variance"
        numbers += [
            number(f"{path}.{what}", value, "share", method, one.result.n, one.n_dropped)
            for what, value in values.items()
        ]
    columns = (
        Column("", "text"), Column("n"), Column(f"B ({context.printer.ci})"), Column("reliability"), Column("R²"),
        Column("R²,\ncorrected"), Column("error, share of\nresidual variance"), Column("SE"),
        Column("SE without\nerror"),
    )  # fmt: skip
    where = f", {cohort.label}" if len(model.cohort) > 1 else ""
    table = ResultTable(
        context.block_id("sensitivity", spec.name, model.name, cohort.name, "outcome"),
        f"{title}: {entry.label} as an outcome{where}",
        columns,
        tuple(rows),
        (
            "Random error in an outcome does not bias B: it is as in the main analysis and needs no correction. Error "
            "widens its interval and lowers R². Corrected R²: R² over the reliability.",
            "SE without error: what the same patients would have given, measured without error.",
        ),
    )
    words = MethodsPart(
        f"{entry.label} is an outcome: random error in it does not bias differences, and its share of the residual "
        "variance is told.",
        ("carroll2006",),
    )
    return Part((table,), tuple(numbers), cautions(f"Sensitivity: {title}", told), (words,))


def _found(
    context: Context, model: Linear, cohort: Cohort, outcome: str, told: list[str]
) -> Iterator[tuple[str, OneFit, OutcomeError]]:
    """Each set and contrast that was fitted, with what error does to it."""
    pairs = contrasts_of(model, context.group(model.by))
    for name, terms in (model.adjust or {UNADJUSTED: ()}).items():
        for one in fit_outcome(context, model, cohort, outcome, pairs, terms):
            if one.result is None or one.fit is None or one.rows is None:
                told += one.notes
                continue
            sizes = numbers_of(cohort.frame, ERROR)[one.rows]
            try:
                yield name, one, _cost(one, sizes)
            except StatsError as failed:
                told.append(f"{pair_words(context.group(model.by), one.pair)}, {name}: {first_line(failed)}")


def _cost(one: OneFit, sizes: np.ndarray[tuple[int], np.dtype[np.float64]]) -> OutcomeError:
    fit = one.fit
    assert fit is not None
    return outcome_error(
        fit.fitted + fit.residuals, sizes, residual_sd=fit.residual_sd, r_squared=fit.r_squared, weights=fit.weights
    )
