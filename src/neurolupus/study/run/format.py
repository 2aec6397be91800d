"""How numbers of a study are printed: p-values by the file's rule, ratios and differences with their limits."""

from __future__ import annotations

import math
from dataclasses import dataclass

from neurolupus.stats.estimate import Estimate
from neurolupus.stats.formats import MISSING, Rounding, formatted, formatted_p
from neurolupus.study.results import Cell
from neurolupus.study.schema.design import PFormat

LARGEST = 1000.0  # ratios beyond are printed as such


@dataclass(frozen=True, slots=True)
class Printer:
    """The file's way to print.

    Attributes
    ----------
    p_format : PFormat
    alpha : float
        Smaller p-values are set in bold.
    level : float
        Of confidence intervals.
    """

    p_format: PFormat
    alpha: float = 0.05
    level: float = 0.95

    @property
    def percent(self) -> str:
        """`95 %`, the level of confidence intervals."""
        return f"{100 * self.level:g} %"

    @property
    def ci(self) -> str:
        """`95 % CI`, as headings name the intervals."""
        return f"{self.percent} CI"

    @property
    def rounding(self) -> Rounding:
        """How halves are rounded."""
        return self.p_format.round

    def p(self, value: float | None) -> str:
        """A p-value as the file wants it."""
        form = self.p_format
        return formatted_p(value, digits=form.digits, floor=form.floor, rounding=form.round)

    def p_said(self, value: float | None) -> str:
        """`p = 0.042`, `p < 0.001`."""
        text = self.p(value)
        return f"p < {text[1:]}" if text.startswith("<") else f"p = {text}"

    def p_cell(self, value: float | None, mark: str = "") -> Cell:
        """A p-value as a cell, bold below alpha; `mark` refers to a footnote."""
        strong = value is not None and value < self.alpha
        return Cell(self.p(value) + mark, value, strong)

    def plain(self, value: float | None, digits: int) -> str:
        """A number with its decimals and a real minus sign."""
        return formatted(value, digits, rounding=self.rounding).replace("-", "−")

    def ratio(self, estimate: Estimate, digits: int = 2) -> str:
        """`0.55 (0.30–0.99)` of an estimate on the log scale."""
        shown = estimate.exponentiated()
        return (
            f"{self._one(shown.value, digits)} ({self._one(shown.ci_low, digits)}–{self._one(shown.ci_high, digits)})"
        )

    def difference(self, estimate: Estimate, digits: int = 1) -> str:
        """`−11.5 (−23.5 to 0.6)`."""
        low, high = self.plain(estimate.ci_low, digits), self.plain(estimate.ci_high, digits)
        return f"{self.plain(estimate.value, digits)} ({low} to {high})"

    def ratio_cell(self, estimate: Estimate) -> Cell:
        """The ratio with its limits as a cell."""
        return Cell(self.ratio(estimate), estimate.exponentiated().value)

    def _one(self, value: float, digits: int) -> str:
        """A ratio: more decimals when it would round to zero, none when it is large."""
        if math.isnan(value):
            return MISSING
        if value > LARGEST:
            return "∞" if math.isinf(value) else f">{LARGEST:g}"
        if 0 < value < 0.5 * 10**-digits:
            return f"{value:.1g}" if value >= 1e-4 else "<0.0001"
        return formatted(value, 1 if value >= 100 else digits, rounding=self.rounding)


def percent(part: float, whole: float, digits: int = 1) -> str:
    """`12.5` of a part and a whole; an en dash of nothing."""
    return formatted(100 * part / whole if whole else None, digits)
