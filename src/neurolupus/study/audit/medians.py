"""Rows of medians: a rank test needs the values themselves, but two approximations tell what p can hardly be."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scipy import special

from neurolupus.errors import StatsError
from neurolupus.stats.tests import welch_t_from_summary
from neurolupus.study.audit.cells import QuantileCell
from neurolupus.study.audit.printed import PrintedP
from neurolupus.study.audit.published import PublishedRow, PublishedTable
from neurolupus.study.audit.results import Check, Recomputed, Size, Verdict

# Two approximations of a rank test differ by less than this many standard errors from it in skewed data as papers
# print them; a printed p further away than that from both cannot be believed.
IMPLAUSIBLE_Z = 2.5
_SE_OF_MEDIAN = math.sqrt(math.pi / 2)  # of a mean's standard error, for normal values


def check_medians(row: PublishedRow, table: PublishedTable) -> Iterator[Check]:
    """The row's p-value, against what its medians and quartiles make plausible."""
    cells = [cell for cell in row.cells if isinstance(cell, QuantileCell)]
    if row.p_value is None or len(cells) != len(row.cells):
        return
    published = f"{row.text}, p {row.p_value.text if row.p_value.text[:1] in '<>' else '= ' + row.p_value.text}"
    told = f"Printed {row.written.values!r}, read as {row.written.read_as!r}. " if row.written.read_as else ""
    if len(cells) != 2:
        note = told + f"{len(cells)} arms; the approximations are for two."
        yield Check(table.title, row.name, "p-value", published, "cannot be recomputed", note=note, line=row.line)
        return
    found = tuple(_approximations(cells, row.sizes, is_deciles=row.written.kind == "p10_p90"))
    implausible = bool(found) and all(_is_far(row.p_value, one.value) for one in found)
    verdict: Verdict = "disagrees" if implausible else "cannot be recomputed"
    size: Size = ("conclusion" if _crosses(row.p_value, found) else "number") if implausible else ""
    note = told + (
        "Approximate: medians and quartiles so far apart, or so near, hardly go with this p-value."
        if implausible
        else "A rank test needs the patients' own values; what the medians and quartiles make likely is compatible."
    )
    yield Check(table.title, row.name, "p-value", published, verdict, found, size, note, row.line)


def _approximations(cells: list[QuantileCell], sizes: tuple[int, ...], *, is_deciles: bool) -> Iterator[Recomputed]:
    """Welch's t from means and SDs estimated after Wan (2014), and z of the medians.

    References
    ----------
    .. [1] Wan et al. (2014), BMC Med Res Methodol 14:135, doi:10.1186/1471-2288-14-135, scenario C3.
    """
    if min(sizes) < 2:
        return
    means, sds = [], []
    for cell, n in zip(cells, sizes, strict=True):
        share = 0.9 if is_deciles else (0.75 * n - 0.125) / (n + 0.25)
        sds.append((cell.high.value - cell.low.value) / (2 * float(special.ndtri(share))))
        means.append((cell.low.value + cell.mid.value + cell.high.value) / 3)
    if min(sds) <= 0:
        return
    try:
        p = welch_t_from_summary(means[0], sds[0], sizes[0], means[1], sds[1], sizes[1]).p_value
    except StatsError:  # one person
        return
    yield Recomputed("Welch's t of means and SDs estimated from the quartiles", p, p, p, fits=False)
    se = _SE_OF_MEDIAN * math.sqrt(sum(sd**2 / n for sd, n in zip(sds, sizes, strict=True)))
    p = float(2 * special.ndtr(-abs(cells[0].mid.value - cells[1].mid.value) / se))
    yield Recomputed("z of the medians", p, p, p, fits=False)


def _is_far(p_value: PrintedP, approximate: float) -> bool:
    """More than `IMPLAUSIBLE_Z` standard errors from everything that is printed so."""
    z = _z(approximate)
    return z > _z(p_value.low) + IMPLAUSIBLE_Z or z < _z(p_value.high) - IMPLAUSIBLE_Z


def _z(p: float) -> float:
    return math.inf if p <= 0 else float(-special.ndtri(min(p, 1.0) / 2))


def _crosses(p_value: PrintedP, found: tuple[Recomputed, ...]) -> bool:
    printed = p_value.is_significant
    return printed is not None and all((one.value < 0.05) != printed for one in found)
