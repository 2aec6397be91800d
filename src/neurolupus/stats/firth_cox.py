"""Firth's penalised Cox regression: finite hazard ratios where a level has no event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector, complete_matrix, complete_vector, complete_weights
from neurolupus.stats.estimate import Estimate, Notes
from neurolupus.stats.matrix_checks import check_full_rank, size_notes
from neurolupus.stats.newton import Maximum, Point, inverse_information, maximise
from neurolupus.stats.wald import critical_value

Ties = Literal["breslow", "efron"]
LARGEST_STEP = 5.0  # standard deviations of a column
FARTHEST = 2.0**16  # standard errors from the estimate within which a profile limit is looked for


@dataclass(frozen=True, slots=True, eq=False)
class FirthCoxFit:
    """A penalised Cox model; estimates are log hazard ratios with profile limits.

    Attributes
    ----------
    covariance : (p, p) float array
        Inverse of the information at the estimate.
    log_likelihood, log_likelihood_null : float
        Penalised; the null model has all coefficients at zero.
    """

    estimates: tuple[Estimate, ...]
    method: str
    n: int
    n_dropped: int
    notes: Notes
    n_events: int
    names: tuple[str, ...]
    coefficients: Vector
    covariance: Matrix
    log_likelihood: float
    log_likelihood_null: float
    iterations: int
    level: float

    def estimate(self, name: str) -> Estimate:
        """The estimate of one column of the design.

        Raises
        ------
        StatsError
            There is no such column.
        """
        for entry in self.estimates:
            if entry.name == name:
                return entry
        raise StatsError(f"{name!r} is no coefficient of the model; there are {', '.join(self.names)}.")


def firth_cox(
    time: ArrayLike,
    event: ArrayLike,
    design: ArrayLike,
    names: Sequence[str],
    *,
    start: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    ties: Ties = "breslow",
    n_dropped: int = 0,
    level: float = 0.95,
) -> FirthCoxFit:
    """Log hazard ratios that maximise the partial likelihood penalised by Jeffreys' prior, with profile limits.

    Parameters
    ----------
    time : (n,) float array
        End of follow-up.
    event : (n,) array
        1 or True where the event happened then.
    design : (n, p) float array
        Without a column of ones.
    names : sequence of str
        One per column.
    start : (n,) float array or None
        Rows are at risk after `start` up to and with `time`; None is from the beginning.
    strata : (n,) array or None
        Each stratum has a baseline hazard of its own.
    weights : (n,) float array or None
        Counts; errors take them for such.
    ties : str
        `breslow`, as Heinze and Schemper, or `efron`.

    Raises
    ------
    StatsError
        There is no event, values are missing, a row ends before it starts, columns are constant or dependent.

    Notes
    -----
    Limits are where twice the fall of the profile penalised log likelihood reaches the chi-square quantile, p-values
    from the penalised likelihood ratio; the penalty is that of the full model also where one coefficient is held.

    References
    ----------
    .. [1] Heinze and Schemper (2001), Biometrics 57:114, doi:10.1111/j.0006-341X.2001.00114.x.

    Examples
    --------
    >>> x = [[0.0], [0], [0], [1], [1], [1]]
    >>> fit = firth_cox([1.0, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0], x, ["exposure"])  # no event in the exposed
    >>> bool(np.isfinite(fit.estimates[0].ci_low))
    True
    """
    if ties not in ("breslow", "efron"):
        raise StatsError(f"Ties {ties!r} are unknown; choose breslow or efron.")
    t, died, x, w, began, stratum = _checked(time, event, design, names, start, strata, weights)
    spread = x.std(axis=0)
    sets = _risk_sets(t, died, (x - x.mean(axis=0)) / spread, w, began, stratum, ties)
    p = x.shape[1]
    best = _fit(sets, np.zeros(p), np.ones(p, bool))
    covariance = inverse_information(best.at.information)
    estimates = tuple(_profiled(sets, best, covariance, j, names[j], float(spread[j]), level) for j in range(p))
    n_events = int(died.sum())
    notes: Notes = () if best.converged else ("The penalised fit did not converge. Do not use the estimates.",)
    if weights is not None and (w % 1 != 0).any():
        notes = (*notes, "Weights are no whole numbers, and the errors take them for counts.")
    return FirthCoxFit(
        estimates=estimates,
        method=f"Firth's penalised Cox regression, {ties.title()} ties, profile penalised likelihood limits",
        n=len(t),
        n_dropped=n_dropped,
        notes=(*notes, *size_notes(n_events, p, unit="events")),
        n_events=n_events,
        names=tuple(names),
        coefficients=best.coefficients / spread,
        covariance=covariance / np.outer(spread, spread),
        # the penalty of scaled columns differs by a constant
        log_likelihood=best.at.value + float(np.log(spread).sum()),
        log_likelihood_null=_penalised(np.zeros(p), sets).value + float(np.log(spread).sum()),
        iterations=best.iterations,
        level=level,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _RiskSets:
    """Rows sorted by stratum and time, and who is at risk at each of the m death terms.

    At risk are rows `first` up to `end` less, sorted by start (`by_start`), rows `late` up to `end`, less the share
    `gone` (m,) of the rows `first` up to `after` that die then (Efron). `deaths` (n,) is the weight of each row that
    dies, else 0; `death_weights` (m,) that of the terms; `outer` (n, p * p).
    """

    x: Matrix
    outer: Matrix
    w: Vector
    deaths: Vector
    by_start: NDArray[np.intp] | None
    first: NDArray[np.intp]
    after: NDArray[np.intp]
    late: NDArray[np.intp]
    end: NDArray[np.intp]
    gone: Vector
    death_weights: Vector

    def sums(self, values: Matrix) -> Matrix:
        """Sums, (m, columns), of `values` (n, columns) over those at risk."""
        sums = _between(values, self.first, self.end)
        if self.by_start is not None:
            sums = sums - _between(values[self.by_start], self.late, self.end)
        if self.gone.any():
            dying = values * (self.deaths > 0)[:, None]
            sums = sums - self.gone[:, None] * _between(dying, self.first, self.after)
        return sums


def _between(values: Matrix, first: NDArray[np.intp], end: NDArray[np.intp]) -> Matrix:
    """Sums of rows `first` up to, not with, `end`; summed from the last row, where risk sets are small."""
    below = np.vstack([np.cumsum(values[::-1], axis=0)[::-1], np.zeros((1, values.shape[1]))])
    return np.asarray(below[first] - below[end])


def _risk_sets(
    t: Vector, died: NDArray[np.bool_], x: Matrix, w: Vector, began: Vector, stratum: NDArray[np.intp], ties: Ties
) -> _RiskSets:
    order = np.lexsort((t, stratum))
    t, died, x, w, began, stratum = t[order], died[order], x[order], w[order], began[order], stratum[order]
    by_start = np.lexsort((began, stratum)) if np.isfinite(began).any() else None
    first, after, late, end, gone, weights = [], [], [], [], [], []
    for s in range(int(stratum.max()) + 1):
        low, high = (int(i) for i in np.searchsorted(stratum, [s, s + 1]))
        own, dead, starts = t[low:high], died[low:high], np.sort(began[low:high])
        for at in np.unique(own[dead]):
            i, k = int(np.searchsorted(own, at, side="left")), int(np.searchsorted(own, at, side="right"))
            count, weight = int(dead[i:k].sum()), float(w[low + i : low + k][dead[i:k]].sum())
            terms = count if ties == "efron" else 1
            first += [low + i] * terms
            after += [low + k] * terms
            late += [low + int(np.searchsorted(starts, at, side="left"))] * terms
            end += [high] * terms
            gone += [rank / count for rank in range(terms)]
            weights += [weight / terms] * terms
    outer = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    return _RiskSets(
        x, outer, w, np.where(died, w, 0.0), by_start, np.array(first), np.array(after), np.array(late),
        np.array(end), np.array(gone), np.array(weights),
    )  # fmt: skip


def _penalised(b: Vector, sets: _RiskSets) -> Point:
    """Penalised log likelihood, its gradient and the (unpenalised) information.

    The gradient of the penalty, half of the log determinant, is half of the sum over deaths of
    E[(x - μ)' V (x - μ) (x - μ)], V the inverse information, E and μ over the risk set.
    """
    p = len(b)
    eta = sets.x @ b
    top = float(eta.max())
    risk = sets.w * np.exp(eta - top)
    s0 = sets.sums(risk[:, None])[:, 0]
    if not (s0 > 0).all():
        return Point(-np.inf, np.zeros(p), np.full((p, p), np.nan))
    mean = sets.sums(risk[:, None] * sets.x) / s0[:, None]
    second = (sets.sums(risk[:, None] * sets.outer) / s0[:, None]).reshape(-1, p, p)
    spread = second - mean[:, :, None] * mean[:, None, :]
    d = sets.death_weights
    information = np.einsum("m,mij->ij", d, spread)
    sign, log_determinant = np.linalg.slogdet(information)
    if sign <= 0 or not np.isfinite(log_determinant):
        return Point(-np.inf, np.zeros(p), information)
    value = float(sets.deaths @ eta - d @ (np.log(s0) + top)) + 0.5 * float(log_determinant)
    inverse = inverse_information(information)
    q = np.einsum("ij,ij->i", sets.x @ inverse, sets.x)
    q_mean = sets.sums((risk * q)[:, None])[:, 0] / s0
    q_x = sets.sums((risk * q)[:, None] * sets.x) / s0[:, None]
    third = q_x - mean * q_mean[:, None] - 2 * np.einsum("mij,mj->mi", spread, mean @ inverse)
    gradient = sets.deaths @ sets.x - d @ mean + 0.5 * (d @ third)
    return Point(value, np.asarray(gradient), information)


def _fit(sets: _RiskSets, start: Vector, free: NDArray[np.bool_]) -> Maximum:
    """Maximum over the free coefficients; the others stay at `start`."""

    def evaluate(part: Vector) -> Point:
        b = start.copy()
        b[free] = part
        whole = _penalised(b, sets)
        return Point(whole.value, whole.gradient[free], whole.information[np.ix_(free, free)])

    if not free.any():
        return Maximum(start, _penalised(start, sets), 0, converged=True)
    found = maximise(evaluate, start[free], largest_step=LARGEST_STEP)
    b = start.copy()
    b[free] = found.coefficients
    if free.all():
        return Maximum(b, found.at, found.iterations, found.converged)
    return Maximum(b, _penalised(b, sets), found.iterations, found.converged)


def _profiled(
    sets: _RiskSets, best: Maximum, covariance: Matrix, j: int, name: str, spread: float, level: float
) -> Estimate:
    """Estimate of column j in its own unit, limits and p-value from the profile."""
    quantile = critical_value(level) ** 2
    centre, se = float(best.coefficients[j]), float(np.sqrt(covariance[j, j]))

    def fall(at: float) -> float:
        start = best.coefficients + covariance[:, j] / covariance[j, j] * (at - centre)
        start[j] = at
        free = np.arange(len(start)) != j
        return 2 * (best.at.value - _fit(sets, start, free).at.value)

    def limit(sign: float) -> float:
        inner, outer = 0.0, 2.0
        while fall(centre + sign * outer * se) < quantile:
            inner, outer = outer, outer * 2
            if outer > FARTHEST:
                return float(np.copysign(np.inf, sign))
        reach = optimize.brentq(lambda r: fall(centre + sign * r * se) - quantile, inner, outer, xtol=1e-10)
        return centre + sign * float(reach) * se

    statistic = max(0.0, fall(0.0))
    return Estimate(
        name, centre / spread, limit(-1.0) / spread, limit(1.0) / spread, se / spread, statistic,
        float(special.chdtrc(1, statistic)), level,
    )  # fmt: skip


def _checked(
    time: ArrayLike,
    event: ArrayLike,
    design: ArrayLike,
    names: Sequence[str],
    start: ArrayLike | None,
    strata: ArrayLike | None,
    weights: ArrayLike | None,
) -> tuple[Vector, NDArray[np.bool_], Matrix, Vector, Vector, NDArray[np.intp]]:
    """Times, events, design, weights, starts and strata of the rows with weight, checked."""
    t = complete_vector(time, "time")
    e = complete_vector(event, "event")
    x = complete_matrix(design, names, len(t))
    given = complete_weights(weights, len(t))
    w = np.ones(len(t)) if given is None else given
    began = np.full(len(t), -np.inf) if start is None else complete_vector(start, "start")
    codes = np.zeros(len(t), np.intp) if strata is None else pd.factorize(np.asarray(strata))[0].astype(np.intp)
    lengths = {"events": len(e), "starts": len(began), "strata": len(codes)}
    for what, length in lengths.items():
        if length != len(t):
            raise StatsError(f"There are {length} {what} for {len(t)} times; one per row is needed.")
    if (codes < 0).any():
        raise StatsError(f"The stratum is missing in {int((codes < 0).sum())} of {len(t)} rows; one is needed each.")
    if (t < 0).any():
        raise StatsError(
            f"{int((t < 0).sum())} times are negative (the first is {t[t < 0][0]:g}); times of zero or more are "
            "needed.\n    Check the dates they come from."
        )
    strange = e[(e != 0) & (e != 1)]
    if len(strange):
        raise StatsError(f"The event holds {strange[0]:g} ({len(strange)} of {len(e)} rows); 0 and 1 are needed.")
    if (began >= t).any():
        row = int(np.argmax(began >= t))
        raise StatsError(
            f"Row {row + 1} starts at {began[row]:g} and ends at {t[row]:g}; rows must end after they start "
            f"({int((began >= t).sum())} of {len(t)} do not).\n    Check the dates, or drop rows without follow-up."
        )
    kept = w > 0
    died = e == 1
    if not died[kept].any():
        raise StatsError(
            f"None of {int(kept.sum())} rows has the event; at least one is needed.\n"
            "    Check the event column and the filters before it."
        )
    check_full_rank(np.column_stack([np.ones(int(kept.sum())), x[kept]]), ["intercept", *names])
    return t[kept], died[kept], x[kept], w[kept], began[kept], codes[kept]
