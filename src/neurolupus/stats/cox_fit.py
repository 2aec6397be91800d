"""A fitted Cox model: its estimates, baseline hazard and residuals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector, complete_vector
from neurolupus.stats.cox_likelihood import PartialLikelihood, Ties
from neurolupus.stats.estimate import Estimate, Notes, estimate_named


@dataclass(frozen=True, slots=True)
class CoxTest:
    """One test of all coefficients at once."""

    method: str
    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True, slots=True, eq=False)
class BaselineHazard:
    """Cumulative hazard at the event times of each stratum, strata in their order; arrays (k,)."""

    time: Vector
    cumulative_hazard: Vector
    stratum: NDArray[np.intp]

    @property
    def survival(self) -> Vector:
        """Probability of no event until then, (k,)."""
        return np.asarray(np.exp(-self.cumulative_hazard))


@dataclass(frozen=True, slots=True, eq=False)
class CoxFit:
    """A fitted model; estimates are log hazard ratios.

    Attributes
    ----------
    covariance : (p, p) float array
        Of the estimates as reported: the inverse information, or its sandwich.
    model_covariance : (p, p) float array
        The inverse information.
    separated : tuple of str
        Columns whose coefficient has no finite estimate (a level without events); infinite, with NaN p-value.
    likelihood : PartialLikelihood
        At the estimate: residuals, hazard; rows sorted, covariates centred.
    means : (p,) float array
        What the covariates were centred at.
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
    model_covariance: Matrix
    log_likelihood: float
    log_likelihood_null: float
    separated: tuple[str, ...]
    iterations: int
    ties: Ties
    likelihood: PartialLikelihood
    means: Vector
    tests: tuple[CoxTest, ...]

    def estimate(self, name: str) -> Estimate:
        """The estimate of one column of the design.

        Raises
        ------
        StatsError
            There is no such column.
        """
        return estimate_named(self.estimates, name)

    def baseline_hazard(self, at: ArrayLike | None = None) -> BaselineHazard:
        """Cumulative hazard of somebody with the covariates `at` (p,); without it with covariates of zero.

        R's `basehaz(fit, centered = FALSE)`, at event times; Efron's ties taken apart as in the fit.

        Raises
        ------
        StatsError
            A coefficient has no finite estimate, or `at` does not hold one value per column.
        """
        if self.separated:
            raise StatsError(f"{', '.join(self.separated)} has no finite estimate; there is no hazard at zero.")
        values = np.zeros(len(self.names)) if at is None else complete_vector(at, "at")
        if len(values) != len(self.names):
            raise StatsError(
                f"There are {len(values)} covariate values for {', '.join(self.names)}; one each is needed."
            )
        here, sets = self.likelihood, self.likelihood.sets
        # any row tells how the risks were scaled
        ratio = float(here.risk[0] * np.exp((values - self.means - here.x[0]) @ self.coefficients))
        fresh = np.diff(sets.last, prepend=-1) > 0
        stratum = np.cumsum(fresh) - 1
        total = np.cumsum(here.hazard)
        before = (total - here.hazard)[fresh][stratum]
        return BaselineHazard(sets.event_time, (total - before) * ratio, stratum)

    def residuals(
        self,
        kind: Literal["martingale", "score", "dfbeta", "schoenfeld", "scaled_schoenfeld"],
    ) -> Matrix:
        """Residuals as R's `residuals.coxph`.

        (n,) or (n, p) in the order of the rows given; Schoenfeld's, (events, p), in the order of stratum and time.
        """
        at = self.likelihood
        if kind == "schoenfeld":
            return at.schoenfeld()
        if kind == "scaled_schoenfeld":
            return np.asarray(at.schoenfeld() @ self.model_covariance * len(at.sets.event_rows) + self.coefficients)
        if kind == "martingale":
            values = at.sets.event - at.risk * at.cumulative_hazard()
        else:
            values = at.score_residuals() * at.weights[:, None]
            values = values if kind == "score" else values @ self.model_covariance
        out = np.empty_like(values)
        out[at.sets.order] = values
        return out
