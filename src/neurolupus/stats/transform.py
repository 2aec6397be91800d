"""A skewed outcome on the log scale: zeros become half the detection limit, coefficients become ratios."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Vector, complete_vector
from neurolupus.stats.estimate import Notes


@dataclass(frozen=True, slots=True, eq=False)
class LogTransformed:
    """Natural logarithms, and what was done to get them.

    Attributes
    ----------
    values : (n,) float array
        log(scale × x), zeros replaced.
    was_zero : (n,) bool array
        Rows whose zero was replaced; a sensitivity run leaves them out.
    n_zero : int
    detection_limit : float or None
        In the unit of the values given; None where no zero had to be replaced.
    limit_source : str
        `declared`, or `smallest positive value`.
    """

    values: Vector
    was_zero: NDArray[np.bool_]
    n_zero: int
    scale: float
    detection_limit: float | None
    limit_source: str
    notes: Notes = ()


def log_transform(values: ArrayLike, *, scale: float = 1.0, detection_limit: float | None = None) -> LogTransformed:
    """Natural logarithm of `scale` × values, zeros taken as half the detection limit and counted.

    Parameters
    ----------
    values : (n,) float array
        Complete and not negative; a lesion-free patient has 0.
    scale : float
        A factor before the logarithm; it moves the intercept only.
    detection_limit : float or None
        Smallest volume the method can see, in the unit of `values`; None takes the smallest positive value.

    Raises
    ------
    StatsError
        A value is negative, none is positive, or scale or limit are not.

    References
    ----------
    .. [1] Hornung and Reed (1990), Appl Occup Environ Hyg 5:46, doi:10.1080/1047322X.1990.10389587.

    Examples
    --------
    >>> found = log_transform([0.0, 2.0, 8.0])
    >>> found.n_zero, found.values.round(3).tolist()
    (1, [0.0, 0.693, 2.079])
    """
    x = complete_vector(values, "the outcome")
    for name, number in (("scale", scale), ("detection limit", detection_limit)):
        if number is not None and not number > 0:
            raise StatsError(f"The {name} is {number}; a positive number is needed for a logarithm.")
    if (x < 0).any() or not (x > 0).any():
        raise StatsError(
            f"Values run from {x.min():g} to {x.max():g}; a logarithm needs values of zero or more, some positive.\n"
            "    Leave the log transform out of this outcome."
        )
    zero = x == 0
    n_zero = int(zero.sum())
    if not n_zero:
        return LogTransformed(np.log(scale * x), zero, 0, scale, None, "no zeros")
    limit = float(x[x > 0].min()) if detection_limit is None else detection_limit
    source = "smallest positive value" if detection_limit is None else "declared"
    notes = [f"{n_zero} of {len(x)} values are zero and were taken as half the detection limit ({limit:g}, {source})."]
    below = int(((x > 0) & (x < limit)).sum())
    if below:
        notes.append(f"{below} positive values lie below the detection limit of {limit:g} and were left as they are.")
    logs = np.log(scale * np.where(zero, limit / 2, x))
    return LogTransformed(logs, zero, n_zero, scale, limit, source, tuple(notes))
