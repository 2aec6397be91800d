"""Ordinary least squares with classical and heteroscedasticity-consistent (HC3) errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector, complete_matrix, complete_vector, complete_weights
from neurolupus.stats.estimate import Estimate, Notes, estimate_named
from neurolupus.stats.matrix_checks import check_full_rank, has_intercept, size_notes
from neurolupus.stats.newton import inverse_information
from neurolupus.stats.robust import cluster_sums, sandwich
from neurolupus.stats.wald import wald_estimate, wald_estimates


@dataclass(frozen=True, slots=True, eq=False)
class LinearFit:
    """A linear model.

    Attributes
    ----------
    estimates : tuple of Estimate
        One per column of the design, with classical errors and t limits.
    estimates_hc3 : tuple of Estimate
        The same coefficients with HC3 errors; NaN errors where a row has a leverage of 1.
    covariance, covariance_hc3 : (p, p) float arrays
    coefficients, residuals, fitted, leverages : float arrays
        (p,) and (n,).
    residual_sd : float
        Root of the residual sum of squares over `df_residual`.
    """

    estimates: tuple[Estimate, ...]
    estimates_hc3: tuple[Estimate, ...]
    method: str
    n: int
    n_dropped: int
    notes: Notes
    names: tuple[str, ...]
    coefficients: Vector
    covariance: Matrix
    covariance_hc3: Matrix
    residuals: Vector
    fitted: Vector
    leverages: Vector
    design: Matrix
    weights: Vector | None
    residual_sd: float
    df_residual: int
    r_squared: float
    r_squared_adjusted: float
    level: float

    def estimate(self, name: str, *, hc3: bool = False) -> Estimate:
        """The estimate of one column of the design.

        Raises
        ------
        StatsError
            There is no such column.
        """
        return estimate_named(self.estimates_hc3 if hc3 else self.estimates, name)

    def combination(
        self, name: str, weights: Vector, *, hc3: bool = False, cluster: ArrayLike | None = None
    ) -> Estimate:
        """A linear combination of the coefficients, weights (p,), with its error and t limits.

        With `cluster`, (n,) labels of matched sets or centres, the errors are robust and clustered, as R's
        `sandwich::vcovCL` has them for `lm` (HC1, with the factor for few clusters).

        Raises
        ------
        StatsError
            There are fewer than two clusters, or not one label per row.
        """
        covariance = self.covariance_hc3 if hc3 else self.covariance
        if cluster is not None:
            covariance = self._clustered(cluster)
        se = float(np.sqrt(weights @ covariance @ weights))
        return wald_estimate(name, float(weights @ self.coefficients), se, df=self.df_residual, level=self.level)

    def _clustered(self, cluster: ArrayLike) -> Matrix:
        w = np.ones(self.n) if self.weights is None else self.weights
        bread = inverse_information((self.design * w[:, None]).T @ self.design)
        scores = cluster_sums(self.design * (w * self.residuals)[:, None], cluster)
        few = len(scores) / (len(scores) - 1) * (self.n - 1) / self.df_residual
        return np.asarray(few * sandwich(bread, scores))


def linear_regression(
    outcome: ArrayLike,
    design: ArrayLike,
    names: Sequence[str],
    *,
    weights: ArrayLike | None = None,
    n_dropped: int = 0,
    level: float = 0.95,
) -> LinearFit:
    """Least-squares coefficients of a linear model, as R's `lm` with `sandwich::vcovHC(type = "HC3")`.

    Parameters
    ----------
    outcome : (n,) float array
    design : (n, p) float array
        With its column of ones, if there is to be an intercept.
    names : sequence of str
        One per column.
    weights : (n,) float array or None
        Precision weights: the variance of row i is the residual variance over its weight. With propensity weights
        trust the HC3 errors only. Rows of weight zero are left out.
    n_dropped : int
        Rows the caller left out, carried along.

    Raises
    ------
    StatsError
        Values are missing, a column is constant or a combination of others, or there are no more rows than columns.

    References
    ----------
    .. [1] MacKinnon and White (1985), J Econom 29:305, doi:10.1016/0304-4076(85)90158-7.

    Examples
    --------
    >>> x = np.column_stack([np.ones(4), [0.0, 1.0, 2.0, 3.0]])
    >>> fit = linear_regression([1.0, 3.1, 4.9, 7.0], x, ["intercept", "dose"])
    >>> round(fit.estimate("dose").value, 2)
    1.98
    """
    y = complete_vector(outcome, "the outcome")
    x = complete_matrix(design, names, len(y))
    w = complete_weights(weights, len(y))
    if w is not None:
        y, x, w = y[w > 0], x[w > 0], w[w > 0]
    n, p = x.shape
    check_full_rank(x, names)
    if n <= p:
        raise StatsError(
            f"{n} rows for {p} coefficients leave no residual; more rows are needed.\n    Take terms out of the model."
        )
    root = np.ones(n) if w is None else np.sqrt(w)
    q, r = np.linalg.qr(x * root[:, None])
    coefficients = np.linalg.solve(r, q.T @ (y * root))
    fitted = x @ coefficients
    residuals = y - fitted
    inverse = np.linalg.inv(r)
    bread = inverse @ inverse.T
    rss, df = float(np.sum((root * residuals) ** 2)), n - p
    hat = np.sum(q**2, axis=1)
    covariance, hc3 = bread * (rss / df), _hc3(x, root, residuals, hat, bread)
    intercept = has_intercept(x)
    r2 = 1 - rss / _total_squares(y, root, intercept)
    adjusted = 1 - (1 - r2) * (n - int(intercept)) / df
    notes = size_notes(n, p - int(intercept))
    if (hat > 1 - 1e-10).any():
        notes = (*notes, "A row alone determines a coefficient (leverage 1): HC3 errors do not exist.")
    return LinearFit(
        estimates=wald_estimates(names, coefficients, covariance, df=df, level=level),
        estimates_hc3=wald_estimates(names, coefficients, hc3, df=df, level=level),
        method=f"{'weighted' if w is not None else 'ordinary'} least squares",
        n=n,
        n_dropped=n_dropped,
        notes=notes,
        names=tuple(names),
        coefficients=coefficients,
        covariance=covariance,
        covariance_hc3=hc3,
        residuals=residuals,
        fitted=fitted,
        leverages=hat,
        design=x,
        weights=w,
        residual_sd=float(np.sqrt(rss / df)),
        df_residual=df,
        r_squared=r2,
        r_squared_adjusted=adjusted,
        level=level,
    )


def _hc3(x: Matrix, root: Vector, residuals: Vector, hat: Vector, bread: Matrix) -> Matrix:
    if (hat > 1 - 1e-10).any():
        return np.full_like(bread, np.nan)
    scores = x * (root**2 * residuals / (1 - hat))[:, None]
    return np.asarray(bread @ (scores.T @ scores) @ bread)


def _total_squares(y: Vector, root: Vector, intercept: bool) -> float:
    mean = float(np.sum(root**2 * y) / np.sum(root**2)) if intercept else 0.0
    return float(np.sum((root * (y - mean)) ** 2)) or float("nan")
