"""How far two scans of one person differ in their volume of hyperintensities, and what a real change must exceed.

noise.py --rescans OUT/rescans.json --out wmh_network.json [--report FILE.json]; the rows are those of
benchmarks/lesions/rescans.py, made with the model that wmh_network.json belongs to. Replaces `noise`, of the
volume at 0.2, and `operating_noise`, of that at the operating point.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

PUBLISHED_CV = 0.03  # real rescans on one scanner, 3D FLAIR: Guo 2019, doi:10.3389/fnins.2019.00679; ours are simulated
REAL = 1.96 * np.sqrt(2)  # times the SD of one scan
Floats = NDArray[np.float64]


def noise(persons: Sequence[Sequence[float]]) -> dict[str, float]:
    """SD of repeat scans of one person, sqrt(floor² + (relative · volume)²), by restricted maximum likelihood.

    Parameters
    ----------
    persons : sequence of sequences of float
        Volumes of the scans of each person, ml; persons with one scan tell nothing.
    """
    repeated = [np.array(volumes) for volumes in persons if len(volumes) > 1]

    def cost(x: Floats) -> float:
        total = 0.0
        for volumes in repeated:
            sd2 = np.exp(2 * x[0]) + np.exp(2 * x[1]) * volumes.mean() ** 2
            total += 0.5 * (len(volumes) - 1) * np.log(sd2) + 0.5 * np.sum((volumes - volumes.mean()) ** 2) / sd2
        return total

    floor, relative = np.exp(optimize.minimize(cost, np.log([0.05, 0.05]), method="Nelder-Mead").x)
    return {"floor_ml": round(float(floor), 4), "relative": max(PUBLISHED_CV, round(float(relative), 4))}


def sd_ml(constants: dict[str, float], volume_ml: float) -> float:
    """As neurolupus.imaging.wmh_calibration.Noise."""
    return float(np.hypot(constants["floor_ml"], constants["relative"] * volume_ml))


def beyond(persons: Sequence[Sequence[float]]) -> tuple[int, int]:
    """Pairs of scans that differ by more than the limit fitted on all other persons, of all: 5 % are promised."""
    many = total = 0
    for number, volumes in enumerate(persons):
        constants = noise([*persons[:number], *persons[number + 1 :]])
        for first in range(len(volumes)):
            for second in range(first):
                pair = volumes[first], volumes[second]
                many += bool(abs(pair[0] - pair[1]) > REAL * sd_ml(constants, float(np.mean(pair))))
                total += 1
    return many, total


def uncertainty(persons: Sequence[Sequence[float]]) -> tuple[float, float]:
    """By what factors the limit may truly be smaller and larger, 95 %: a variance with as many degrees of freedom."""
    free = sum(len(volumes) - 1 for volumes in persons)
    low, high = np.sqrt(free / stats.chi2.ppf([0.975, 0.025], free))
    return round(float(low), 2), round(float(high), 2)


def volumes_of(rows: Sequence[dict[str, Any]], flair: str, column: str) -> list[list[float]]:
    """The volumes of each person that was scanned more than once."""
    people: dict[int, list[float]] = {}
    for row in rows:
        if row["flair"] == flair:
            people.setdefault(row["person"], []).append(float(row[column]))
    return [volumes for _, volumes in sorted(people.items()) if len(volumes) > 1]


def main() -> None:
    """See the top of the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rescans", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--report", type=Path)
    args = parser.parse_args()
    rows = json.loads(args.rescans.read_text())
    known = json.loads(args.out.read_text())
    report: dict[str, Any] = {}
    for name, column in (("noise", "wmh_ml"), ("operating_noise", "wmh_operating_ml")):
        people = {flair: volumes_of(rows, flair, column) for flair in ("2d", "3d")}
        known[name] = {flair: noise(persons) for flair, persons in people.items()}
        report[column] = {
            flair: {
                "persons": len(persons), "scans": sum(map(len, persons)), **known[name][flair],
                "beyond": beyond(persons), "true_between": uncertainty(persons),
            }
            for flair, persons in people.items()
        }  # fmt: skip
    fresh = args.out.with_suffix(".part")
    fresh.write_text(json.dumps(known, indent=1) + "\n")
    fresh.replace(args.out)
    print(json.dumps(report, indent=1))
    if args.report:
        args.report.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
