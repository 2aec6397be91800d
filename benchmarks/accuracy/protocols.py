"""Sequences: how a T1w and a FLAIR of one scanner turn T1, T2 and proton density into grey values."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import mr_physics
import numpy as np
from numpy.typing import NDArray
from tissue_properties import FAT_LABEL, as_arrays

T1wSequence = Literal["mprage", "spgr", "se2d"]
FlairSequence = Literal["3d", "2d"]
SkullContrast = Literal["physics", "random"]
Signal = dict[int, float]

FLUID_T1_MS = 4200.0
VESSELS = (502, 514)
MARROW = 516


@dataclass(frozen=True, slots=True)
class Protocol:
    """A sequence with its numbers chosen."""

    name: str
    signal: Callable[[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]
    settings: dict[str, float] = field(default_factory=dict)


def choose_t1w(sequence: T1wSequence, field_t: float, rng: np.random.Generator) -> Protocol:
    """A T1w protocol near those in use, its numbers drawn within what sites use."""
    if sequence == "mprage":
        numbers = {
            "tr": rng.uniform(2000, 2400),
            "ti": rng.uniform(880, 980) if field_t > 2 else rng.uniform(900, 1050),
            "echo_spacing": rng.uniform(6.5, 8.0),
            "te": rng.uniform(2.5, 4.0),
            "flip_degrees": rng.uniform(8, 10),
        }

        def mprage(t1: NDArray[np.float64], t2: NDArray[np.float64], pd: NDArray[np.float64]) -> NDArray[np.float64]:
            return mr_physics.inversion_prepared_gradient_echo(t1, 0.6 * t2, pd, readouts=176, **numbers)

        return Protocol("MPRAGE", mprage, numbers)
    if sequence == "spgr":
        numbers = {"tr": rng.uniform(9, 20), "te": rng.uniform(3, 5), "flip_degrees": rng.uniform(18, 27)}

        def spgr(t1: NDArray[np.float64], t2: NDArray[np.float64], pd: NDArray[np.float64]) -> NDArray[np.float64]:
            return mr_physics.spoiled_gradient_echo(t1, 0.6 * t2, pd, **numbers)

        return Protocol("SPGR", spgr, numbers)
    if sequence == "se2d":
        numbers = {"tr": rng.uniform(450, 650), "te": rng.uniform(9, 14)}

        def spin_echo(t1: NDArray[np.float64], t2: NDArray[np.float64], pd: NDArray[np.float64]) -> NDArray[np.float64]:
            return mr_physics.spin_echo(t1, t2, pd, **numbers)

        return Protocol("2D spin echo", spin_echo, numbers)
    raise ValueError(f"T1w sequence is {sequence!r}; choose mprage, spgr or se2d.")


def choose_flair(sequence: FlairSequence, rng: np.random.Generator) -> Protocol:
    """A FLAIR protocol: 3D with a long train at short repetition, or 2D with a long repetition; fluid nearly nulled."""
    three_d = sequence == "3d"
    numbers = {
        "tr": rng.uniform(4800, 7000) if three_d else rng.uniform(8500, 11000),
        "train_ms": rng.uniform(500, 700) if three_d else rng.uniform(180, 260),
        "te": rng.uniform(120, 150) if three_d else rng.uniform(105, 130),
    }
    ideal = mr_physics.null_ti(FLUID_T1_MS, tr=numbers["tr"], train_ms=numbers["train_ms"])
    numbers["ti"] = ideal * rng.uniform(0.97, 1.03)

    def inversion(t1: NDArray[np.float64], t2: NDArray[np.float64], pd: NDArray[np.float64]) -> NDArray[np.float64]:
        return mr_physics.flair(t1, t2, pd, **numbers)

    return Protocol(f"{sequence.upper()} FLAIR", inversion, numbers)


def signals(
    protocol: Protocol,
    properties: dict[int, tuple[float, float, float]],
    skull: SkullContrast,
    rng: np.random.Generator,
    *,
    fat_suppressed: float = 1.0,
    blood: tuple[float, float] = (0.2, 1.4),
) -> Signal:
    """Signal of each label, white matter = 1.

    Blood flows: vessels have `blood` (range) times the signal at rest. With random skulls every label outside the brain
    has any value up to 1.8 times white matter.
    """
    labels, (t1, t2, pd) = as_arrays(properties)
    values = protocol.signal(t1, t2, pd)
    values /= values[labels == 2][0]
    result = {int(label): float(value) for label, value in zip(labels, values, strict=True)}
    for label in VESSELS:
        result[label] *= rng.uniform(*blood)
    result[FAT_LABEL] *= fat_suppressed
    result[MARROW] *= 0.5 + 0.5 * fat_suppressed
    if skull == "random":
        for label in result:
            if label >= 500 and label != 599:
                result[label] = rng.uniform(0.0, 1.8)
    elif skull != "physics":
        raise ValueError(f"skull is {skull!r}; choose physics or random.")
    return result
