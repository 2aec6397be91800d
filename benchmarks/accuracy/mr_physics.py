"""Signal of tissue from T1, T2 and proton density: the steady-state solutions of the Bloch equations.

Times in ms, signals relative to proton density 1. All functions take and return arrays of one shape.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def spoiled_gradient_echo(t1: Array, t2_star: Array, pd: Array, *, tr: float, te: float, flip_degrees: float) -> Array:
    """Spoiled gradient echo (SPGR, FLASH, T1-FFE): the Ernst equation.

    >>> t1 = np.array([1000.0])
    >>> ernst = np.degrees(np.arccos(np.exp(-10 / t1)))[0]  # the angle of the largest signal
    >>> best = spoiled_gradient_echo(t1, t1, np.ones(1), tr=10, te=0, flip_degrees=ernst)
    >>> bool(best > spoiled_gradient_echo(t1, t1, np.ones(1), tr=10, te=0, flip_degrees=ernst + 2))
    True
    """
    alpha = np.radians(flip_degrees)
    e1 = np.exp(-tr / t1)
    return pd * np.sin(alpha) * (1 - e1) / (1 - e1 * np.cos(alpha)) * np.exp(-te / t2_star)


def inversion_prepared_gradient_echo(
    t1: Array,
    t2_star: Array,
    pd: Array,
    *,
    tr: float,
    ti: float,
    echo_spacing: float,
    te: float,
    flip_degrees: float,
    readouts: int,
    inversion_efficiency: float = 0.96,
) -> Array:
    """MPRAGE (3D-TFE): inversion, delay, a train of `readouts` small pulses, delay; `ti` is to the train's middle.

    Longitudinal magnetisation is an affine map of itself over each period; its fixed point is the steady state.
    """
    alpha = np.radians(flip_degrees)
    half = readouts // 2
    before = ti - half * echo_spacing
    after = tr - before - readouts * echo_spacing
    if before < 0 or after < 0:
        raise ValueError(f"TI {ti} ms and TR {tr} ms leave no room for {readouts} readouts of {echo_spacing} ms.")
    e1 = np.exp(-echo_spacing / t1)
    decay = np.cos(alpha) * e1
    driven = (1 - e1) / (1 - decay)
    one = np.ones_like(t1)
    steps = [(-inversion_efficiency * one, 0 * one), (np.exp(-before / t1), 1 - np.exp(-before / t1))]
    slope, offset = one, 0 * one
    for a, b in steps:
        slope, offset = a * slope, a * offset + b
    at_centre_slope, at_centre_offset = decay**half * slope, decay**half * (offset - driven) + driven
    rest = readouts - half
    slope, offset = decay**rest * at_centre_slope, decay**rest * (at_centre_offset - driven) + driven
    recovery = np.exp(-after / t1)
    slope, offset = recovery * slope, recovery * offset + 1 - recovery
    start = offset / (1 - slope)
    return pd * np.abs(at_centre_slope * start + at_centre_offset) * np.sin(alpha) * np.exp(-te / t2_star)


def spin_echo(t1: Array, t2: Array, pd: Array, *, tr: float, te: float) -> Array:
    """Spin echo: saturation recovery and T2 decay."""
    return pd * (1 - np.exp(-tr / t1)) * np.exp(-te / t2)


def flair(t1: Array, t2: Array, pd: Array, *, tr: float, ti: float, te: float, train_ms: float) -> Array:
    """Inversion-recovery turbo spin echo, magnitude: the echo train ends saturated, `train_ms` after excitation."""
    recovered = 1 - 2 * np.exp(-ti / t1) + np.exp(-(tr - train_ms) / t1)
    return pd * np.abs(recovered) * np.exp(-te / t2)


def null_ti(t1: float, *, tr: float, train_ms: float) -> float:
    """Inversion time at which a tissue of `t1` gives no FLAIR signal.

    >>> ti = null_ti(4300.0, tr=9000, train_ms=400)
    >>> float(np.round(flair(np.array([4300.0]), np.ones(1), np.ones(1), tr=9000, ti=ti, te=0, train_ms=400), 9)[0])
    0.0
    """
    return float(-t1 * np.log((1 + np.exp(-(tr - train_ms) / t1)) / 2))
