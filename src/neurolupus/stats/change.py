"""Change in two arms: within each, between them, adjusted for baseline; and who was measured again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix, Vector, complete_vector
from neurolupus.stats.crosstabs import chi_square
from neurolupus.stats.describe import ContinuousSummary, QuantileType, describe_continuous
from neurolupus.stats.estimate import Estimate, Notes
from neurolupus.stats.paired import wilcoxon_signed_rank
from neurolupus.stats.ranks import mann_whitney
from neurolupus.stats.regression import LinearFit, linear_regression
from neurolupus.stats.tests import Comparison

UNEQUAL_SHARES = 0.2  # difference of the shares measured again from which it is said aloud


@dataclass(frozen=True, slots=True)
class ArmChange:
    """One arm: patients in it, pairs with both values, and their change (after - before)."""

    name: str
    n_arm: int
    n_pairs: int
    before: ContinuousSummary
    after: ContinuousSummary
    change: ContinuousSummary
    within: Comparison


@dataclass(frozen=True, slots=True, eq=False)
class ChangeAnalysis:
    """Change in two arms.

    Attributes
    ----------
    control, treated : ArmChange
    between : Comparison
        Rank-sum test of the changes, treated against control.
    adjusted, adjusted_hc3 : Estimate
        Difference of the value after, treated minus control, adjusted for the value before (and covariates).
    baseline_adjusted : LinearFit
        The model they come from.
    n, n_dropped : int
        Pairs used, and patients without one.
    """

    control: ArmChange
    treated: ArmChange
    between: Comparison
    adjusted: Estimate
    adjusted_hc3: Estimate
    baseline_adjusted: LinearFit
    method: str
    n: int
    n_dropped: int
    notes: Notes


def analyse_change(
    before: ArrayLike,
    after: ArrayLike,
    treated: ArrayLike,
    *,
    arm_names: tuple[str, str] = ("control", "treated"),
    covariates: ArrayLike | None = None,
    covariate_names: Sequence[str] = (),
    correction: bool = True,
    exact: bool | None = None,
    quantile_type: QuantileType = 7,
    level: float = 0.95,
) -> ChangeAnalysis:
    """Signed-rank tests within arms, rank-sum test between them, and the baseline-adjusted difference.

    Parameters
    ----------
    before, after : (n,) float arrays
        Of all patients; NaN is "not measured", and counted by arm: who was measured again is part of the result.
    treated : (n,) array
        0 or 1.
    arm_names : (control, treated)
    covariates : (n, q) float array or None
        Complete in the pairs; added to the baseline-adjusted model.
    correction, exact
        Of the rank tests, as in `mann_whitney` and `wilcoxon_signed_rank`.
    quantile_type : 7 or 6
        Of the quartiles, as in `describe_continuous`.

    Raises
    ------
    StatsError
        An arm has fewer than two pairs.

    References
    ----------
    .. [1] Vickers and Altman (2001), BMJ 323:1123, doi:10.1136/bmj.323.7321.1123 (adjust for baseline).
    """
    first, second = np.asarray(before, np.float64), np.asarray(after, np.float64)
    arm = complete_vector(treated, "the treatment") != 0
    if not len(first) == len(second) == len(arm):
        raise StatsError(
            f"There are {len(first)} values before, {len(second)} after and {len(arm)} arms; give one each."
        )
    paired = np.isfinite(first) & np.isfinite(second)
    arms = []
    for name, rows in zip(arm_names, (~arm, arm), strict=True):
        if int((rows & paired).sum()) < 2:
            raise StatsError(
                f"Arm {name} has {int((rows & paired).sum())} of {int(rows.sum())} patients measured before and after; "
                "two or more are needed.\n    Describe the change of the other arm alone."
            )
        arms.append(
            _arm(
                name, rows, paired, first, second,
                correction=correction, exact=exact, quantile_type=quantile_type,
            )
        )  # fmt: skip
    change = second - first
    between = mann_whitney(
        change[paired & arm], change[paired & ~arm], correction=correction, exact=exact, location=True
    )
    fit = _baseline_adjusted(first, second, arm, paired, covariates, covariate_names, level)
    return ChangeAnalysis(
        control=arms[0],
        treated=arms[1],
        between=between,
        adjusted=fit.estimate("treated"),
        adjusted_hc3=fit.estimate("treated", hc3=True),
        baseline_adjusted=fit,
        method=f"{between.method} of the changes; after on treatment and before by linear regression",
        n=int(paired.sum()),
        n_dropped=int((~paired).sum()),
        notes=(*remeasured_note(arms[0], arms[1]), *fit.notes),
    )


def remeasured_note(control: ArmChange, treated: ArmChange) -> Notes:
    """A warning where one arm was measured again far more than the other; empty where not.

    It is given from a difference of 20 percentage points, or a chi-square p-value below 0.05.
    """
    shares = [a.n_pairs / a.n_arm for a in (control, treated)]
    lost = [a.n_arm - a.n_pairs for a in (control, treated)]
    if not any(lost):
        return ()
    test = chi_square([[control.n_pairs, treated.n_pairs], lost])
    if abs(shares[0] - shares[1]) < UNEQUAL_SHARES and test.p_value >= 0.05:
        return ()
    told = ", ".join(
        f"{a.name} {a.n_pairs} of {a.n_arm} ({share:.0%})".replace("%", " %")
        for a, share in zip((treated, control), shares[::-1], strict=True)
    )
    return (
        f"Measured before and after: {told}. Those measured again were chosen by their course, and differently in the "
        "two arms: the comparison of changes between arms is not one of like with like.",
    )


def _arm(
    name: str,
    rows: NDArray[np.bool_],
    paired: NDArray[np.bool_],
    before: Vector,
    after: Vector,
    *,
    correction: bool,
    exact: bool | None,
    quantile_type: QuantileType,
) -> ArmChange:
    used = rows & paired
    return ArmChange(
        name=name,
        n_arm=int(rows.sum()),
        n_pairs=int(used.sum()),
        before=describe_continuous(before[used], quantile_type=quantile_type),
        after=describe_continuous(after[used], quantile_type=quantile_type),
        change=describe_continuous(after[used] - before[used], quantile_type=quantile_type),
        within=wilcoxon_signed_rank(before[used], after[used], correction=correction, exact=exact, location=True),
    )


def _baseline_adjusted(
    before: Vector,
    after: Vector,
    arm: NDArray[np.bool_],
    paired: NDArray[np.bool_],
    covariates: ArrayLike | None,
    names: Sequence[str],
    level: float,
) -> LinearFit:
    extra: Matrix = np.empty((len(before), 0)) if covariates is None else np.asarray(covariates, np.float64)
    design = np.column_stack([np.ones(len(before)), arm.astype(float), before, extra])[paired]
    all_names = ["intercept", "treated", "before", *names]
    return linear_regression(after[paired], design, all_names, n_dropped=int((~paired).sum()), level=level)
