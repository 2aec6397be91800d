"""Balance of two arms before and after matching or weighting, over any baseline columns."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Vector, complete_vector, complete_weights
from neurolupus.stats.estimate import Notes
from neurolupus.stats.smd import Denominator, smd_binary, smd_continuous, smd_nominal

Kind = Literal["continuous", "binary", "nominal"]


@dataclass(frozen=True, slots=True, eq=False)
class BalanceColumn:
    """One baseline column; missing cells are left out of its row and counted.

    Attributes
    ----------
    values : (n,) array
        Numbers, 0 and 1, or levels.
    levels : tuple
        Of nominal columns.
    in_score : bool
        Whether the propensity score knows it.
    """

    name: str
    values: ArrayLike
    kind: Kind = "continuous"
    levels: tuple[Hashable, ...] = ()
    in_score: bool = True


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """One column before and after.

    Attributes
    ----------
    smd_before, smd_after : float or None
        Standardised mean differences, both over the denominator of the full cohort; None where that is zero.
    ratio_before, ratio_after : float or None
        Variance of the exposed over that of the controls, continuous columns only.
    """

    name: str
    kind: Kind
    in_score: bool
    smd_before: float | None
    smd_after: float | None
    ratio_before: float | None
    ratio_after: float | None
    denominator: Denominator
    n: int
    n_missing: int


@dataclass(frozen=True, slots=True)
class BalanceTable:
    """Every column before and after, in the order given.

    Attributes
    ----------
    n, n_after : int
        Rows, and rows with weight.
    largest_before, largest_after : float
        Largest |SMD|.
    """

    rows: tuple[BalanceRow, ...]
    warn_smd: float
    largest_before: float
    largest_after: float
    method: str
    n: int
    n_after: int
    n_dropped: int
    notes: Notes

    def love_rows(self) -> tuple[BalanceRow, ...]:
        """The rows as a love plot has them: the largest |SMD| before on top."""
        return tuple(sorted(self.rows, key=lambda row: -abs(row.smd_before or 0.0)))


def balance_table(
    columns: Sequence[BalanceColumn],
    treated: ArrayLike,
    weights: ArrayLike,
    *,
    denominator: Denominator = "full_cohort_sd",
    warn_smd: float = 0.1,
    variance_ratio: tuple[float, float] = (0.5, 2.0),
) -> BalanceTable:
    """How alike two arms are in every column, before and after matching or weighting.

    Parameters
    ----------
    columns : sequence of BalanceColumn
    treated : (n,) array
        0 or 1, the full cohort.
    weights : (n,) float array
        Of `Matching` (0: not matched) or `PropensityWeights`.
    denominator : str
        Of the unmatched, unweighted cohort, and kept for after: otherwise a smaller SD would look like imbalance.
    warn_smd : float
        A larger |SMD| after is said in the notes.
    variance_ratio : (float, float)
        A ratio of variances outside is said in the notes.

    Raises
    ------
    StatsError
        An arm is empty in a column, before or after, or a value does not fit its kind; the column is named.

    References
    ----------
    .. [1] Austin (2009), Stat Med 28:3083, doi:10.1002/sim.3697.
    .. [2] Stuart (2010), Stat Sci 25:1, doi:10.1214/09-STS313.

    Examples
    --------
    >>> age = BalanceColumn("age", [30.0, 40, 50, 30, 40, 90])
    >>> balance_table([age], [1, 1, 1, 0, 0, 0], [1.0, 1, 0, 1, 1, 0]).rows[0].smd_after
    0.0
    """
    arm = complete_vector(treated, "treated") != 0
    w = complete_weights(weights, len(arm))
    assert w is not None
    rows = tuple(_row(column, arm, w, denominator) for column in columns)
    missing = [f"{row.name} ({row.n_missing})" for row in rows if row.n_missing]
    notes = (f"Missing values were left out of their own rows: {', '.join(missing)}.",) if missing else ()
    return BalanceTable(
        rows=rows,
        warn_smd=warn_smd,
        largest_before=max((abs(row.smd_before) for row in rows if row.smd_before is not None), default=0.0),
        largest_after=max((abs(row.smd_after) for row in rows if row.smd_after is not None), default=0.0),
        method=f"standardised mean differences over the {denominator.replace('_', ' ')} before matching or weighting",
        n=len(arm),
        n_after=int(np.count_nonzero(w)),
        n_dropped=int(np.count_nonzero(w == 0)),
        notes=(*notes, *_notes(rows, warn_smd, variance_ratio)),
    )


def _row(column: BalanceColumn, arm: NDArray[np.bool_], w: Vector, denominator: Denominator) -> BalanceRow:
    values = pd.Series(column.values)
    there = values.notna().to_numpy()
    if len(values) != len(arm):
        raise StatsError(f"{column.name} has {len(values)} values for {len(arm)} patients; one for each is needed.")
    x, t, v = values.to_numpy()[there], arm[there], w[there]
    after: float | None
    ratio: float | None
    try:
        if column.kind == "nominal":
            before = smd_nominal(x, t, column.levels, denominator=denominator)
            after, ratio = _nominal_after(x, t, v, column.levels, denominator), None
        else:
            one = smd_binary if column.kind == "binary" else smd_continuous
            before = one(x, t, denominator=denominator)
            used = v > 0
            done = one(
                x[used], t[used], weights=v[used], denominator=denominator, reference_values=x, reference_treated=t
            )
            after, ratio = done.smd, done.variance_ratio
    except StatsError as error:
        raise StatsError(f"Balance of {column.name}: {error}") from error
    return BalanceRow(
        name=column.name,
        kind=column.kind,
        in_score=column.in_score,
        smd_before=before.smd,
        smd_after=after,
        ratio_before=_or_none(before.variance_ratio),
        ratio_after=_or_none(ratio),
        denominator=denominator,
        n=int(there.sum()),
        n_missing=int((~there).sum()),
    )


def _or_none(ratio: float | None) -> float | None:
    return None if ratio is None or np.isnan(ratio) else ratio  # an arm of one has no variance


def _nominal_after(
    x: NDArray[np.object_], t: NDArray[np.bool_], w: Vector, levels: Sequence[Hashable], denominator: Denominator
) -> float:
    """Distance of the weighted shares of levels by the covariance of the unweighted cohort (Yang and Dalton)."""
    for name, rows in (("exposed", t), ("control", ~t)):
        if not w[rows].sum() > 0:
            raise StatsError(f"No {name} patient has a weight; both arms are needed after matching or weighting.")
    used = [level for level in levels if (x == level).any()][1:]
    if not used:
        return 0.0
    is_level = np.column_stack([x == level for level in used]).astype(float)
    shares = {"treated_sd": is_level[t].mean(0), "control_sd": is_level[~t].mean(0), "full_cohort_sd": is_level.mean(0)}
    covariances = {name: np.diag(p) - np.outer(p, p) for name, p in shares.items()}
    covariances["pooled_sd"] = (covariances["treated_sd"] + covariances["control_sd"]) / 2
    apart = np.average(is_level[t], 0, w[t]) - np.average(is_level[~t], 0, w[~t])
    return float(np.sqrt(apart @ np.linalg.pinv(covariances[denominator]) @ apart))


def _notes(rows: Sequence[BalanceRow], warn_smd: float, ratio: tuple[float, float]) -> Notes:
    told = []
    off = [row for row in rows if row.smd_after is not None and abs(row.smd_after) > warn_smd]
    if off:
        names = ", ".join(f"{row.name} ({row.smd_after:.2f})" for row in off)
        told.append(f"{len(off)} of {len(rows)} baseline columns are not balanced (|SMD| > {warn_smd:g}): {names}.")
    far = [row for row in rows if row.ratio_after is not None and not ratio[0] <= row.ratio_after <= ratio[1]]
    if far:
        names = ", ".join(f"{row.name} ({row.ratio_after:.2f})" for row in far)
        told.append(f"Ratio of variances outside {ratio[0]:g} to {ratio[1]:g}: {names}.")
    flat = [row.name for row in rows if row.smd_before is None or row.smd_after is None]
    if flat:
        told.append(f"No standardised difference, as the denominator is zero: {', '.join(flat)}.")
    return tuple(told)
