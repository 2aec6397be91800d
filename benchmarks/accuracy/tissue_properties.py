"""T1, T2 and proton density of every label at 1.5 and 3 T, as ranges that a seed chooses from.

Sources: brain T1 and T2, Bojorquez et al. (2017) Magn Reson Imaging 35:69 (the ranges that studies report at 3 T) and
Stanisz et al. (2005) Magn Reson Med 54:507 (1.5 T beside 3 T; muscle, blood, optic nerve, cord); deep nuclei ordered by
iron as in Gelman et al. (2001) Magn Reson Med 45:71; fat and marrow, de Bazelaire et al. (2004) Radiology 230:652.
Where studies disagree the middle is ours; the spread covers the disagreement, and no case depends on one value.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Tissue:
    """Relaxation times in ms at 1.5 T and 3 T, proton density relative to water, relative spread between people."""

    t1: tuple[float, float]
    t2: tuple[float, float]
    pd: float
    spread: float = 0.04


CORTEX = Tissue((1080, 1400), (95, 90), 0.82, 0.025)
WHITE = Tissue((640, 830), (76, 70), 0.70, 0.02)
FLUID = Tissue((4000, 4200), (1800, 1600), 1.00, 0.05)
LESION = Tissue((1000, 1250), (122, 114), 0.80, 0.08)
FAT = Tissue((310, 370), (75, 70), 0.60, 0.10)  # chemical shift and faster T2* cost signal: less than its protons
MUSCLE = Tissue((1000, 1350), (40, 38), 0.75, 0.10)
BLOOD = Tissue((1440, 1900), (150, 80), 0.80, 0.30)
BONE = Tissue((500, 600), (1.5, 1.2), 0.15, 0.40)
MARROW = Tissue((480, 540), (50, 48), 0.70, 0.25)
DURA = Tissue((900, 1100), (28, 25), 0.60, 0.20)
SKIN = Tissue((850, 1050), (32, 30), 0.75, 0.15)

FAT_LABEL, DURA_LABEL, AIR_LABEL = 1001, 1002, 0  # our own numbers, made in anatomy.py
LESION_LABEL = 25

TISSUES: dict[int, Tissue] = {
    3: CORTEX,
    42: CORTEX,
    8: Tissue((1020, 1330), (93, 87), 0.81),
    47: Tissue((1020, 1330), (93, 87), 0.81),
    10: Tissue((850, 1090), (84, 78), 0.76, 0.03),
    49: Tissue((850, 1090), (84, 78), 0.76, 0.03),
    11: Tissue((1000, 1280), (90, 80), 0.80),
    50: Tissue((1000, 1280), (90, 80), 0.80),
    12: Tissue((940, 1190), (86, 74), 0.79),
    51: Tissue((940, 1190), (86, 74), 0.79),
    13: Tissue((770, 960), (72, 58), 0.73),
    52: Tissue((770, 960), (72, 58), 0.73),
    17: Tissue((1060, 1370), (102, 96), 0.83),
    53: Tissue((1060, 1370), (102, 96), 0.83),
    18: Tissue((1060, 1360), (102, 95), 0.83),
    54: Tissue((1060, 1360), (102, 95), 0.83),
    26: Tissue((1010, 1290), (92, 82), 0.80),
    58: Tissue((1010, 1290), (92, 82), 0.80),
    2: WHITE,
    41: WHITE,
    7: Tissue((670, 860), (80, 74), 0.71, 0.03),
    46: Tissue((670, 860), (80, 74), 0.71, 0.03),
    16: Tissue((700, 890), (80, 72), 0.72, 0.03),
    28: Tissue((730, 930), (78, 70), 0.73),
    60: Tissue((730, 930), (78, 70), 0.73),
    85: Tissue((740, 960), (80, 74), 0.72),
    30: WHITE,
    62: WHITE,
    25: LESION,
    57: LESION,
    502: BLOOD,
    506: Tissue((3600, 3900), (900, 800), 1.0, 0.10),
    507: MUSCLE,
    508: MUSCLE,
    509: Tissue((900, 1100), (75, 65), 0.85, 0.15),
    511: SKIN,
    512: Tissue((745, 950), (76, 72), 0.72),
    514: BLOOD,
    515: BONE,
    516: MARROW,
    530: Tissue((815, 1060), (78, 75), 0.74),
    FAT_LABEL: FAT,
    DURA_LABEL: DURA,
}
TISSUES.update(dict.fromkeys((24, 4, 5, 14, 15, 43, 44, 72, 136, 137, 163, 164, 599), FLUID))
PAIRED = {42: 3, 47: 8, 49: 10, 50: 11, 51: 12, 52: 13, 53: 17, 54: 18, 58: 26, 41: 2, 46: 7, 60: 28, 62: 30, 57: 25}
SHARED = dict.fromkeys((4, 5, 14, 15, 43, 44, 72, 136, 137, 163, 164, 599), 24)


def draw_properties(field_t: float, rng: np.random.Generator) -> dict[int, tuple[float, float, float]]:
    """T1, T2 (ms) and proton density of every label for one person; left and right are alike within 1 %."""
    column = 0 if field_t < 2.5 else 1
    drawn: dict[int, tuple[float, float, float]] = {}
    brain_t1 = float(np.exp(0.03 * rng.standard_normal()))  # age moves all brain tissue together
    for label, tissue in TISSUES.items():
        if label in SHARED or label in PAIRED:
            continue
        wander = np.exp(tissue.spread * rng.standard_normal(3) * (1.0, 1.0, 0.3))
        common = brain_t1 if label < 100 and label not in (24, 25) else 1.0
        drawn[label] = (
            tissue.t1[column] * common * float(wander[0]),
            tissue.t2[column] * float(wander[1]),
            tissue.pd * float(wander[2]),
        )
    for right, left in PAIRED.items():
        t1, t2, pd = drawn[left]
        drawn[right] = (t1 * float(np.exp(0.005 * rng.standard_normal())), t2, pd)
    for label, source in SHARED.items():
        drawn[label] = drawn[source]
    return drawn


def as_arrays(properties: dict[int, tuple[float, float, float]]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Labels (n,), and T1, T2 and proton density (3, n)."""
    labels = np.array(sorted(properties), np.int64)
    return labels, np.array([properties[int(label)] for label in labels]).T
