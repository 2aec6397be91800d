"""How far each value lies from the middle, in robust standard deviations: a few wild ones do not hide themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, median

# Iglewicz & Hoaglin (1993), How to Detect and Handle Outliers, ASQC, p. 11-13: scores beyond 3.5 are to be looked at
FAR = 3.5
FEWEST = 5
_MAD_TO_SD = 1.482602  # 1 / the third quartile of the normal distribution
_MEAN_TO_SD = 1.253314  # the root of pi / 2: where half of the values are alike, and the MAD is 0


def robust_z(values: Sequence[float]) -> tuple[float, ...] | None:
    """The modified z-score of each value; None for fewer than five, and where all are alike.

    Parameters
    ----------
    values : sequence of finite float

    References
    ----------
    .. [1] Iglewicz & Hoaglin (1993), How to Detect and Handle Outliers, ASQC Basic References vol. 16.

    Examples
    --------
    >>> [round(one, 2) for one in robust_z([1, 2, 3, 4, 100])]
    [-1.35, -0.67, 0.0, 0.67, 65.43]
    """
    if len(values) < FEWEST or not all(math.isfinite(one) for one in values):
        return None
    middle = median(values)
    distances = [abs(one - middle) for one in values]
    spread = _MAD_TO_SD * median(distances) or _MEAN_TO_SD * fmean(distances)
    return tuple((one - middle) / spread for one in values) if spread > 0 else None
