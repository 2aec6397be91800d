"""Fine–Gray regression: subdistribution hazard ratios of one cause, other events competing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector, complete_matrix
from neurolupus.stats.cumulative_incidence import CENSORED, checked_competing
from neurolupus.stats.estimate import Estimate, Notes, estimate_named
from neurolupus.stats.fine_gray_sums import competing_rows, score_influence, weighted_likelihood
from neurolupus.stats.matrix_checks import check_full_rank, size_notes
from neurolupus.stats.newton import Maximum, inverse_information, maximise
from neurolupus.stats.robust import cluster_sums
from neurolupus.stats.wald import wald_estimates

SUSPICIOUS = 12.0  # |log ratio| across the range of a column from which no finite estimate is believed


@dataclass(frozen=True, slots=True, eq=False)
class FineGrayFit:
    """A Fine–Gray model; estimates are log subdistribution hazard ratios with robust errors.

    Attributes
    ----------
    covariance : (p, p) float array
        Robust; the estimation of the censoring weights is part of it.
    log_likelihood, log_likelihood_null : float
        Of the weighted partial likelihood; differences of two do not follow a chi-square.
    n_events, n_competing, n_censored : int
    """

    estimates: tuple[Estimate, ...]
    method: str
    n: int
    n_dropped: int
    notes: Notes
    n_events: int
    n_competing: int
    n_censored: int
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


def fine_gray(
    time: ArrayLike,
    status: ArrayLike,
    design: ArrayLike,
    names: Sequence[str],
    *,
    cause: int = 1,
    cluster: ArrayLike | None = None,
    censoring_groups: ArrayLike | None = None,
    n_dropped: int = 0,
    level: float = 0.95,
) -> FineGrayFit:
    """Log subdistribution hazard ratios by the weighted partial likelihood, ties as Breslow.

    Parameters
    ----------
    time, status, cause, n_dropped
        As in `cumulative_incidence`.
    design : (n, p) float array
        Without a column of ones.
    names : sequence of str
        One per column.
    cluster : (n,) array or None
        Matched pairs or centres; errors are then robust by cluster. R's `crr` has no such option.
    censoring_groups : (n,) array or None
        The censoring distribution is estimated in each group by itself (`cengroup` of `crr`); after the last
        follow-up of a group, where it is not known, patients of the group with a competing event leave, as in `crr`.

    Raises
    ------
    StatsError
        The cause never happens, values are missing, columns are constant or dependent.

    Notes
    -----
    Patients with a competing event stay at risk with weight G(t-) / G(T-), G the Kaplan–Meier estimate of staying
    uncensored. Estimates and errors equal those of R's `cmprsk::crr` run to convergence; with censoring groups
    only the estimates do (`crr` 2.2.11 gives two equal groups other errors than one).

    References
    ----------
    .. [1] Fine and Gray (1999), JASA 94:496, doi:10.1080/01621459.1999.10474144.
    .. [2] Zhou et al. (2012), Biostatistics 13:371, doi:10.1093/biostatistics/kxr032 (clusters).

    Examples
    --------
    >>> x = [[0.0], [1.0], [1.0], [0.0], [1.0], [0.0]]
    >>> fit = fine_gray([1.0, 2, 3, 4, 5, 6], [1, 2, 1, 1, 0, 1], x, ["exposure"])
    >>> fit.n_events
    4
    """
    t, codes = checked_competing(time, status)
    x = complete_matrix(design, names, len(t))
    _check_design(x, names, codes, cause)
    data = competing_rows(t, codes, x - x.mean(axis=0), cause, _groups(censoring_groups, len(t)))
    found = maximise(lambda b: weighted_likelihood(b, data), np.zeros(x.shape[1]))
    bread = inverse_information(found.at.information)
    influence = score_influence(found.coefficients, data)
    labels = None if cluster is None else np.asarray(cluster)
    if labels is not None and len(labels) == len(data.order):
        labels = labels[data.order]
    summed = influence if labels is None else cluster_sums(influence, labels)
    covariance = np.asarray(bread @ (summed.T @ summed) @ bread)
    n_events = int((codes == cause).sum())
    return FineGrayFit(
        estimates=wald_estimates(names, found.coefficients, covariance, level=level),
        method="Fine–Gray regression, robust errors" + ("" if cluster is None else " by cluster"),
        n=len(t),
        n_dropped=n_dropped,
        notes=(*_fit_notes(found, x, names), *size_notes(n_events, x.shape[1], unit="events of the cause")),
        n_events=n_events,
        n_competing=int(((codes != cause) & (codes != CENSORED)).sum()),
        n_censored=int((codes == CENSORED).sum()),
        names=tuple(names),
        coefficients=found.coefficients,
        covariance=covariance,
        log_likelihood=found.at.value,
        log_likelihood_null=weighted_likelihood(np.zeros(x.shape[1]), data).value,
        iterations=found.iterations,
        level=level,
    )


def _groups(groups: ArrayLike | None, n: int) -> NDArray[np.intp]:
    if groups is None:
        return np.zeros(n, np.intp)
    codes, _ = pd.factorize(np.asarray(groups))
    if len(codes) != n or (codes < 0).any():
        raise StatsError(
            f"There are {len(codes)} censoring groups, {int((codes < 0).sum())} of them missing, for {n} rows; one per "
            "row is needed."
        )
    return np.asarray(codes, dtype=np.intp)


def _check_design(x: Matrix, names: Sequence[str], codes: NDArray[np.int64], cause: int) -> None:
    if cause == CENSORED or not (codes == cause).any():
        raise StatsError(
            f"None of {len(codes)} rows has an event with status {cause}; at least one event of the cause is needed.\n"
            "    Check the coding of the status."
        )
    check_full_rank(np.column_stack([np.ones(len(x)), x]), ["intercept", *names])


def _fit_notes(found: Maximum, x: Matrix, names: Sequence[str]) -> Notes:
    reach = np.abs(found.coefficients) * np.ptp(x, axis=0)
    far = [name for name, r in zip(names, reach, strict=True) if r > SUSPICIOUS]
    if far:
        return (
            f"{', '.join(far)}: the estimate grows without limit, perhaps because a level has no event of the cause. "
            "Do not use it.",
        )
    return () if found.converged else ("The fit did not converge. Do not use the estimates.",)
