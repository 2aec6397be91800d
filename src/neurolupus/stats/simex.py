"""SIMEX: error is added to a measurement, the model fitted again, and the trend followed back to no error at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector
from neurolupus.stats.estimate import Estimate, Notes
from neurolupus.stats.extrapolation import Extrapolant, extrapolate, polynomial_weights
from neurolupus.stats.measurement_error import checked_error
from neurolupus.stats.wald import wald_estimate

STRENGTHS = (0.5, 1.0, 1.5, 2.0)  # Cook and Stefanski 1994, section 4
FEWEST = 20  # simulated data sets
MOST_FAILED = 0.1  # share of fits that may fail; more would choose among the simulated data
NOISY = 0.2  # Monte Carlo error over standard error from which more data sets are asked for

Refit = Callable[[Vector], Sequence[Estimate]]


@dataclass(frozen=True, slots=True, eq=False)
class Simex:
    """Estimates as they would be without measurement error.

    Attributes
    ----------
    naive, estimates : tuple of Estimate
        As fitted to the data, and corrected; the same names in the same order.
    strengths : (k,) float array
        Error variance added, in units of the error's own; the first is 0.
    curve : (k, p) float array
        Mean estimates at each.
    monte_carlo_se : (p,) float array
        What the choice of random numbers adds; NaN with a rational extrapolation.
    n_failed : int
        Simulated fits that had no finite estimate and were left out.
    """

    naive: tuple[Estimate, ...]
    estimates: tuple[Estimate, ...]
    method: str
    n: int
    n_dropped: int
    notes: Notes
    strengths: Vector
    curve: Matrix
    monte_carlo_se: Vector
    n_failed: int


def simex(
    refit: Refit,
    measured: ArrayLike,
    error_sd: ArrayLike,
    rng: np.random.Generator,
    *,
    extrapolant: Extrapolant = "quadratic",
    replicates: int = 200,
    strengths: Sequence[float] = STRENGTHS,
    df: float | None = None,
    n_dropped: int = 0,
    level: float = 0.95,
) -> Simex:
    """Estimates of a model corrected for classical error in one of its terms, by simulation and extrapolation.

    Parameters
    ----------
    refit : callable
        From values of the term (n,) to the estimates of the model, always the same names in the same order. It may
        raise `StatsError`; such data sets are left out and counted.
    measured : (n,) float array
        The term as it was measured, on the scale of the model.
    error_sd : (n,) float array
        SD of each value's error.
    rng : Generator
    extrapolant : str
        Of estimates and variances. Where a curve gives a quotient no stable end, as a flat one, a parabola is taken;
        of estimates the notes say so.
    replicates : int
        Simulated data sets at each strength; the same random numbers serve all strengths.
    df : float or None
        Degrees of freedom of t limits; None: normal ones.

    Raises
    ------
    StatsError
        The data cannot be fitted as they are, more than a tenth of the simulated fits fail, or the variance
        extrapolates to nothing.

    Notes
    -----
    The variance at no error is the extrapolation of the mean model variance less the variance of the estimates over
    the simulated data sets (Stefanski and Cook). Standard errors hold the error's SD to be known.

    References
    ----------
    .. [1] Cook and Stefanski (1994), J Am Stat Assoc 89:1314, doi:10.1080/01621459.1994.10476871.
    .. [2] Stefanski and Cook (1995), J Am Stat Assoc 90:1247, doi:10.1080/01621459.1995.10476629.
    """
    w, sd = checked_error(measured, error_sd)
    if replicates < FEWEST:
        raise StatsError(f"{replicates} simulated data sets were asked for; {FEWEST} or more are needed.")
    added = np.array(strengths, dtype=float)
    if not (added > 0).all():
        raise StatsError(f"Strengths are {added.tolist()}; numbers above 0 are needed.")
    naive = tuple(refit(w))
    names = [e.name for e in naive]
    start, start_variance = _numbers(naive, names)
    if not np.isfinite([*start, *start_variance]).all():
        lost = [e.name for e in naive if not np.isfinite([e.value, e.se]).all()]
        raise StatsError(
            f"{', '.join(lost)} {'have' if len(lost) > 1 else 'has'} no finite estimate or error as measured; there is "
            "nothing to correct.\n    Take terms that separate the outcome out of the model."
        )
    noise = rng.standard_normal((replicates, len(w))) * sd
    values = np.full((len(added), replicates, len(names)), np.nan)
    variances = values.copy()
    for k, strength in enumerate(added):
        for b in range(replicates):
            try:
                values[k, b], variances[k, b] = _numbers(refit(w + np.sqrt(strength) * noise[b]), names)
            except StatsError:
                continue  # counted below: its row stays NaN
    good = np.isfinite(values).all(axis=2) & np.isfinite(variances).all(axis=2)
    n_failed = int((~good).sum())
    if n_failed > MOST_FAILED * good.size:
        raise StatsError(
            f"{n_failed} of {good.size} simulated data sets could not be fitted; at most a tenth may fail.\n"
            "    Take terms out of the model, or look at the size of the error."
        )
    curve, spread = _curve(start, start_variance, values, variances, good)
    at = np.concatenate([[0.0], added])
    corrected, bent = _followed(at, curve, extrapolant)
    variance, _ = _followed(at, spread, extrapolant)
    if not (variance > 0).all():
        lost = [name for name, one in zip(names, variance, strict=True) if not one > 0]
        raise StatsError(
            f"The variance of {', '.join(lost)} extrapolates to nothing; no standard error can be given.\n"
            "    Raise replicates, use extrapolation: linear, or method: regression_calibration."
        )
    errors = np.sqrt(variance)
    estimates = tuple(
        wald_estimate(name, float(value), float(se), df=df, level=level)
        for name, value, se in zip(names, corrected, errors, strict=True)
    )
    chance = _monte_carlo(at, values, good, extrapolant)
    return Simex(
        naive=naive,
        estimates=estimates,
        method=f"SIMEX, {extrapolant} extrapolation, {replicates} data sets at each of {len(added)} strengths",
        n=len(w),
        n_dropped=n_dropped,
        notes=(*_bent(names, bent), *_notes(names, errors, chance, n_failed, good.size)),
        strengths=at,
        curve=curve,
        monte_carlo_se=chance,
        n_failed=n_failed,
    )


def _numbers(estimates: Sequence[Estimate], names: Sequence[str]) -> tuple[Vector, Vector]:
    """Values and squared errors; the names are checked."""
    if [e.name for e in estimates] != list(names):
        told = ", ".join(e.name for e in estimates)
        raise StatsError(f"A simulated fit has {told}, and the data have {', '.join(names)}; the same are needed.")
    return np.array([e.value for e in estimates]), np.array([e.se for e in estimates]) ** 2


def _curve(
    start: Vector, start_variance: Vector, values: Matrix, variances: Matrix, good: Matrix
) -> tuple[Matrix, Matrix]:
    """Mean estimates, and model variance less simulation variance, at every strength."""
    means, spread = [start], [start_variance]
    for k in range(len(values)):
        kept = values[k][good[k]]
        means.append(kept.mean(axis=0))
        spread.append(variances[k][good[k]].mean(axis=0) - kept.var(axis=0, ddof=1))
    return np.array(means), np.array(spread)


def _followed(at: Vector, curves: Matrix, extrapolant: Extrapolant) -> tuple[Vector, tuple[int, ...]]:
    """The ends of curves, and which took a parabola because a quotient has no stable end, as on a flat curve."""
    if extrapolant != "rational":
        return extrapolate(at, curves, extrapolant), ()
    ends, bent = [], []
    for j, column in enumerate(curves.T):
        try:
            ends.append(float(extrapolate(at, column[:, None], "rational")[0]))
        except StatsError:
            ends.append(float(extrapolate(at, column[:, None], "quadratic")[0]))
            bent.append(j)
    return np.array(ends), tuple(bent)


def _monte_carlo(at: Vector, values: Matrix, good: Matrix, extrapolant: Extrapolant) -> Vector:
    """Monte Carlo error of the corrected estimates: each data set alone gives one, their spread is seen."""
    if extrapolant == "rational":
        return np.full(values.shape[2], np.nan)
    whole = good.all(axis=0)
    one_each = np.tensordot(polynomial_weights(at, extrapolant)[1:], values[:, whole], axes=1)
    return np.asarray(one_each.std(axis=0, ddof=1) / np.sqrt(max(int(whole.sum()), 1)))


def _bent(names: Sequence[str], bent: Sequence[int]) -> Notes:
    if not bent:
        return ()
    told = ", ".join(names[j] for j in bent)
    return (f"The quotient has no stable end for {told}; a parabola was taken there.",)


def _notes(names: Sequence[str], errors: Vector, chance: Vector, n_failed: int, n_fits: int) -> Notes:
    told = []
    if n_failed:
        told.append(f"{n_failed} of {n_fits} simulated fits had no finite estimate and were left out.")
    noisy = [name for name, se, mc in zip(names, errors, chance, strict=True) if mc > NOISY * se]
    if noisy:
        told.append(
            f"The choice of random numbers moves the corrected {', '.join(noisy)} by more than a fifth of the standard "
            "error; raise replicates."
        )
    return tuple(told)
