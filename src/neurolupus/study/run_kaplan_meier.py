"""Kaplan–Meier curves with numbers at risk, survival at stated times, and log-rank tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurolupus.stats.kaplan_meier import SurvivalCurve
from neurolupus.stats.logrank import LogRank
from neurolupus.study.run_context import Cohort


@dataclass(frozen=True, slots=True, eq=False)
class CurvesOf:
    """The curves of one cohort and the tests between them."""

    cohort: Cohort
    levels: tuple[str, ...]
    labels: tuple[str, ...]
    curves: tuple[SurvivalCurve, ...]
    times: tuple[NDArray[np.float64], ...]
    censored: tuple[NDArray[np.float64], ...]
    weights: tuple[NDArray[np.float64] | None, ...]
    test: LogRank | None
    by_pair: LogRank | None
    n: int
    n_dropped: int
    notes: tuple[str, ...]
