"""Estimates of several imputed tables pooled by Rubin's rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector
from neurolupus.stats.estimate import Estimate, Notes
from neurolupus.stats.wald import wald_estimate


@dataclass(frozen=True, slots=True)
class PooledEstimate:
    """One estimate over all imputations.

    Attributes
    ----------
    estimate : Estimate
        t limits with `df` degrees of freedom.
    within, between : float
        Mean squared standard error, and variance of the estimates across imputations.
    df : float
        Barnard and Rubin's.
    fraction_missing : float
        Fraction of information missing, 0 to 1.
    """

    estimate: Estimate
    within: float
    between: float
    df: float
    fraction_missing: float


@dataclass(frozen=True, slots=True)
class Pooled:
    """All estimates of a model over m imputations."""

    pooled: tuple[PooledEstimate, ...]
    m: int
    method: str
    n: int
    n_dropped: int
    notes: Notes = ()

    @property
    def estimates(self) -> tuple[Estimate, ...]:
        """The pooled estimates alone."""
        return tuple(p.estimate for p in self.pooled)


def pool(fits: Sequence[Sequence[Estimate]], *, complete_df: float = np.inf, n: int, level: float = 0.95) -> Pooled:
    """Estimates of one model, fitted to each imputed table, pooled by Rubin's rules.

    Parameters
    ----------
    fits : sequence of sequences of Estimate
        One sequence per imputation, the same names in the same order, on the linear scale (log ratios).
    complete_df : float
        Degrees of freedom the model would have with complete data; infinite for maximum-likelihood models.
    n : int
        Rows of each imputed table.

    Raises
    ------
    StatsError
        There are fewer than two imputations, names differ between them, or an estimate or its error is not finite.

    References
    ----------
    .. [1] Rubin (1987), Multiple Imputation for Nonresponse in Surveys, chapter 3.
    .. [2] Barnard and Rubin (1999), Biometrika 86:948, doi:10.1093/biomet/86.4.948.

    Examples
    --------
    >>> fits = [[wald_estimate("age", value, 1.0)] for value in (0.9, 1.0, 1.1)]
    >>> round(pool(fits, n=100).estimates[0].se, 4)  # sqrt(1 + (1 + 1/3) 0.01)
    1.0066
    """
    if len(fits) < 2:
        raise StatsError(f"{len(fits)} imputation(s) were given; two or more are needed to pool.")
    names = [e.name for e in fits[0]]
    if any([e.name for e in fit] != names for fit in fits):
        raise StatsError("Imputations have models with different terms; the same terms in each are needed.")
    values = np.array([[e.value for e in fit] for fit in fits])
    errors = np.array([[e.se for e in fit] for fit in fits])
    _refuse_infinite(names, values, errors)
    pooled = tuple(_pool_one(name, values[:, j], errors[:, j], complete_df, level) for j, name in enumerate(names))
    worst = max(pooled, key=lambda p: p.fraction_missing, default=None)
    notes: Notes = ()
    if worst is not None and worst.fraction_missing * 100 > len(fits):
        notes = (
            f"{worst.estimate.name} lacks {worst.fraction_missing:.0%} of its information: ".replace("%", " %")
            + f"{len(fits)} imputations are few; take {int(np.ceil(worst.fraction_missing * 100))} or more.",
        )
    return Pooled(pooled, len(fits), f"{len(fits)} imputations pooled by Rubin's rules, Barnard–Rubin df", n, 0, notes)


def pool_scalar(values: ArrayLike, variances: ArrayLike, *, complete_df: float = np.inf) -> PooledEstimate:
    """One number with its squared standard errors over imputations, pooled as in `pool`."""
    return _pool_one("value", np.asarray(values, float), np.sqrt(np.asarray(variances, float)), complete_df, 0.95)


def _pool_one(name: str, values: Vector, errors: Vector, complete_df: float, level: float) -> PooledEstimate:
    m = len(values)
    within, between = float(np.mean(errors**2)), float(np.var(values, ddof=1))
    total = within + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total if total > 0 else 0.0
    df = _barnard_rubin(share, m, complete_df)
    estimate = wald_estimate(
        name, float(values.mean()), float(np.sqrt(total)), df=df if np.isfinite(df) else None, level=level
    )
    relative = share / (1 - share) if share < 1 else np.inf
    fraction = (relative + 2 / (df + 3)) / (relative + 1) if np.isfinite(relative) and share > 0 else share
    return PooledEstimate(estimate, within, between, df, float(fraction))


def _barnard_rubin(share: float, m: int, complete_df: float) -> float:
    old = np.inf if share <= 0 else (m - 1) / share**2
    if np.isinf(complete_df):
        return float(old)
    observed = (complete_df + 1) / (complete_df + 3) * complete_df * (1 - share)
    return float(observed if np.isinf(old) else old * observed / (old + observed))


def _refuse_infinite(names: Sequence[str], values: Matrix, errors: Matrix) -> None:
    bad = ~(np.isfinite(values) & np.isfinite(errors)).all(axis=0)
    if bad.any():
        told = ", ".join(name for name, b in zip(names, bad, strict=True) if b)
        raise StatsError(
            f"{told} has no finite estimate or error in some of {len(values)} imputations; finite ones are needed.\n"
            "    Take the term out, merge levels, or use a penalised model."
        )
