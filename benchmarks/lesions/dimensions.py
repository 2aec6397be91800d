"""2D beside 3D FLAIR of one simulated person: how far apart their volumes are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

from lesion_cases import CALIBRATION, STRATA, TURNED

from neurolupus.imaging.wmh_calibration import calibration

Row = dict[str, Any]
KINDS = ("at 0.2", "operating point", "sum of p")


@dataclass(frozen=True, slots=True)
class Pair:
    """A simulated person with both FLAIRs: 3D and 2D volumes of each of KINDS; the lesser contrast of the two."""

    name: str
    group: str
    contrast: float
    volumes_ml: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Apart:
    """Over persons, in percent: the mean size of the difference, its 95 % limits, and the mean difference."""

    size: float
    low: float
    high: float
    signed: float


def apart(three: float, two: float) -> float:
    """Percent of their mean by which 2D is above 3D."""
    return 200 * (two - three) / max(two + three, 1e-9)


def means(persons: Sequence[Pair]) -> Iterator[Apart]:
    """Of each of KINDS."""
    for volumes in zip(*(p.volumes_ml for p in persons), strict=True):
        percents = [apart(three, two) for three, two in volumes]
        sizes = [abs(percent) for percent in percents]
        half = 1.96 * stdev(sizes) / len(sizes) ** 0.5
        yield Apart(mean(sizes), mean(sizes) - half, mean(sizes) + half, mean(percents))


def pairs(rows: Sequence[Row]) -> list[Pair]:
    """Of every person who was scanned with both, by the network."""
    point = calibration().operating_point
    of = [r for r in rows if r["method"] == "network" and r["group"] in (*STRATA, CALIBRATION, TURNED)]
    contrasts = {r["case"]: r["contrast"] for r in of}

    def volumes(case: str) -> tuple[float, float, float]:
        by = {r["threshold"]: r for r in of if r["case"] == case}
        return by[0.2]["found_ml"], by[point]["found_ml"], by[point]["expected_ml"]

    found = []
    for three, group in {r["case"]: r["group"] for r in of if "_3d_" in r["case"]}.items():
        two = three.replace("_3d_", "_2d_")
        if two in contrasts:
            both = tuple(zip(volumes(three), volumes(two), strict=True))
            found.append(Pair(three.replace("_3d", ""), group, min(contrasts[three], contrasts[two]), both))
    return found
