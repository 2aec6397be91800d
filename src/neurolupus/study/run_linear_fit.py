"""One outcome and one contrast of a linear model, fitted or refused."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from neurolupus.stats.contrasts import ContrastResult
from neurolupus.stats.describe import describe_continuous
from neurolupus.stats.formats import mean_sd, median_iqr, median_p10_p90
from neurolupus.stats.regression import LinearFit
from neurolupus.study.run_context import Context, Rows, numbers_of
from neurolupus.study.schema_fields import Field


@dataclass(frozen=True, slots=True, eq=False)
class OneFit:
    """A contrast of one outcome; `result` None where it could not be estimated.

    Attributes
    ----------
    outcome : str
    pair : (level, level)
    sides : (text, text)
        The outcome described in both groups.
    zeros : int
        Values taken as half the detection limit.
    """

    outcome: str
    pair: tuple[str, str]
    sides: tuple[str, str]
    result: ContrastResult | None = None
    fit: LinearFit | None = None
    n_dropped: int = 0
    notes: tuple[str, ...] = ()
    zeros: int = 0

    def done(
        self, result: ContrastResult, fit: LinearFit, n_dropped: int, notes: tuple[str, ...], zeros: int
    ) -> OneFit:
        """The same with its result."""
        return replace(self, result=result, fit=fit, n_dropped=n_dropped, notes=notes, zeros=zeros)

    def failed(self, note: str) -> OneFit:
        """The same with the reason why there is no result."""
        return replace(self, notes=(note,))


def described(context: Context, entry: Field, frame: pd.DataFrame, rows: Rows) -> str:
    """A numeric variable in some rows, as the variable says it is shown."""
    summary = describe_continuous(numbers_of(frame, entry.name)[rows], quantile_type=context.quantile_type)
    if not summary.n:
        return "–"
    digits = 1 if entry.digits is None else entry.digits
    printed = {"median_iqr": median_iqr, "median_p10_p90": median_p10_p90}.get(entry.show, mean_sd)
    return printed(summary, digits=digits, rounding=context.printer.rounding).replace("-", "−")
