"""Robust covariance of maximum-likelihood coefficients: White's sandwich, by row or by cluster."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Matrix


def sandwich(covariance: Matrix, scores: Matrix, cluster: ArrayLike | None = None) -> Matrix:
    """Robust covariance A⁻¹ (Σ s sᵀ) A⁻¹, without a small-sample factor (R's `sandwich::sandwich`).

    Parameters
    ----------
    covariance : (p, p) float array
        Inverse of the information.
    scores : (n, p) float array
        Gradient of the log likelihood by row, weights included.
    cluster : (n,) array or None
        Rows of one cluster (a matched pair, a centre) are summed first.

    Raises
    ------
    StatsError
        There are fewer than two clusters, or not one label per row.
    """
    summed = scores if cluster is None else cluster_sums(scores, cluster)
    return np.asarray(covariance @ (summed.T @ summed) @ covariance)


def cluster_sums(scores: Matrix, cluster: ArrayLike) -> Matrix:
    """Scores summed within clusters, (clusters, p)."""
    codes, labels = pd.factorize(np.asarray(cluster))
    if len(codes) != len(scores) or (codes < 0).any() or len(labels) < 2:
        raise StatsError(
            f"{len(codes)} cluster labels with {len(labels)} different values for {len(scores)} rows; one label per "
            "row and two clusters or more are needed."
        )
    summed = np.zeros((len(labels), scores.shape[1]))
    np.add.at(summed, codes, scores)
    return summed
