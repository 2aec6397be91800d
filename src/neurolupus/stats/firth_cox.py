"""Firth's penalised Cox regression: finite hazard ratios where a level has no event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector, complete_matrix, complete_vector, complete_weights
from neurolupus.stats.estimate import Estimate, Notes, estimate_named
from neurolupus.stats.firth_cox_terms import DeathTerms, Ties, death_terms
from neurolupus.stats.matrix_checks import check_full_rank, size_notes
from neurolupus.stats.newton import Point, inverse_information
from neurolupus.stats.penalised import maximise_free, profile_estimate


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
        return estimate_named(self.estimates, name)


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
    sets = death_terms(t, died, (x - x.mean(axis=0)) / spread, w, began, stratum, ties)
    penalised = partial(_penalised, sets=sets)
    p = x.shape[1]
    best = maximise_free(penalised, np.zeros(p), np.ones(p, bool))
    covariance = inverse_information(best.at.information)
    estimates = tuple(profile_estimate(penalised, best, j, names[j], level, spread=float(spread[j])) for j in range(p))
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
        log_likelihood_null=penalised(np.zeros(p)).value + float(np.log(spread).sum()),
        iterations=best.iterations,
        level=level,
    )


def _penalised(b: Vector, sets: DeathTerms) -> Point:
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
