"""What the network's scores mean, from scans of heads it never saw.

calibrate.py --tables OUT/tables --out wmh_network.json [--report FILE.json]; the tables are those of
benchmarks/lesions/run.py --scores-only. Constants are fitted on all simulated persons whose lesions stand out; how well
they hold for others is told by fitting on all persons but one and testing on that one, each in turn (--report). What a
lesion's surest voxel must reach is added by benchmarks/lesions/peak.py, which needs the scans themselves; how far
rescans differ, by noise.py.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from noise import noise
from numpy.typing import NDArray
from scipy import optimize, special
from score_bins import MIDDLES

FLOOR_ML = 0.1
PAPER = 0.2
SEEN_BY_EXPERTS = 0.15  # of grey matter's FLAIR above white matter's: the tenth percentile of what experts drew
Floats = NDArray[np.float64]
Table = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Constants:
    """See neurolupus.imaging.wmh_calibration.Calibration."""

    scale: float
    shift: float
    operating_point: float
    low: float
    high: float
    spread: tuple[float, float]

    def probabilities(self) -> Floats:
        """Of the middle of each bin of scores."""
        return np.asarray(special.expit(self.scale * MIDDLES + self.shift))

    def expected_ml(self, table: Table) -> float:
        """The sum of the probabilities."""
        return float(np.dot(self.probabilities(), table["voxels"]) * table["voxel_ml"])

    def found_ml(self, table: Table, threshold: float) -> float:
        """The volume of the mask at a threshold."""
        return float(np.sum(np.array(table["voxels"])[self.probabilities() >= threshold]) * table["voxel_ml"])

    def interval(self, expected_ml: float) -> tuple[float, float]:
        """As at run time."""
        high = max(self._limit(self.high, ml) for ml in (0.0, expected_ml))
        return max(0.0, self._limit(self.low, expected_ml)), max(0.0, high)

    def _limit(self, quantile: float, expected_ml: float) -> float:
        width = self.spread[0] + self.spread[1] / np.sqrt(expected_ml + FLOOR_ML)
        return float((expected_ml + FLOOR_ML) * np.exp(quantile * width) - FLOOR_ML)


def is_visible(table: Table) -> bool:
    """Whether the lesions are bright enough for an expert to draw them; no reader sees the others."""
    return table["contrast"] is None or table["contrast"] >= SEEN_BY_EXPERTS


def fit(tables: Sequence[Table]) -> Constants:
    """Scale and shift, operating point, interval."""
    scale, shift = _logistic(tables)
    first = Constants(scale, shift, 0.5, -1, 1, (1, 0))
    point = _best_threshold(tables, first)
    expected = np.array([first.expected_ml(t) for t in tables])
    true = np.array([t["true_ml"] for t in tables])
    error = np.log((true + FLOOR_ML) / (expected + FLOOR_ML))

    def cost(x: Floats) -> float:
        width = np.exp(x[0]) + np.exp(x[1]) / np.sqrt(expected + FLOOR_ML)
        return float(np.sum(np.log(width) + np.abs(error) / width))

    best = optimize.minimize(cost, np.log([0.2, 0.2]), method="Nelder-Mead").x
    a, b = (float(v) for v in np.exp(best))
    relative = np.sort(error / (a + b / np.sqrt(expected + FLOOR_ML)))
    n = len(relative)
    low = relative[max(0, int(np.floor(0.025 * (n + 1))) - 1)]  # split conformal: the outermost where n is small
    high = relative[min(n - 1, int(np.ceil(0.975 * (n + 1))) - 1)]
    return Constants(scale, shift, point, float(low), float(high), (a, b))


def _logistic(tables: Sequence[Table]) -> tuple[float, float]:
    """Scale and shift by maximum likelihood; a scan weighs by the root of its lesions, between voxels and scans."""

    def cost(x: Floats) -> float:
        total = 0.0
        scores = x[0] * MIDDLES + x[1]
        for table in tables:
            n, k = np.array(table["voxels"], float), np.array(table["lesion"], float)
            loss = np.dot(n, np.logaddexp(0, scores)) - np.dot(k, scores)
            total += loss * table["voxel_ml"] / np.sqrt(table["true_ml"] + 0.5)
        return total

    scale, shift = optimize.minimize(cost, [1.0, 0.0], method="Nelder-Mead").x
    return float(scale), float(shift)


def _best_threshold(tables: Sequence[Table], constants: Constants) -> float:
    """The threshold of the best mean Dice coefficient."""
    thresholds = np.arange(0.1, 0.71, 0.01)
    means = [np.mean([dice_at(t, constants, x) for t in tables if t["true_ml"] > 0]) for x in thresholds]
    return round(float(thresholds[int(np.argmax(means))]), 2)


def dice_at(table: Table, constants: Constants, threshold: float) -> float:
    """The Dice coefficient of the mask at a threshold."""
    taken = constants.probabilities() >= threshold
    n, k = np.array(table["voxels"]), np.array(table["lesion"])
    return float(2 * k[taken].sum() / max(1, n[taken].sum() + k.sum() + table["missed_outside"]))


def first_noise(tables: Sequence[Table], constants: Constants) -> dict[str, dict[str, float]]:
    """The noise of the few that were scanned again here, until noise.py puts that of more in its place."""
    groups: dict[str, dict[str, list[float]]] = {"2d": {}, "3d": {}}
    for table in tables:
        if table["pair"]:
            groups[table["flair"]].setdefault(table["pair"], []).append(constants.found_ml(table, PAPER))
    return {flair: noise(list(volumes.values())) for flair, volumes in groups.items()}


def existence(tables: Sequence[Table], constants: Constants) -> list[float]:
    """Logistic weights: is a found lesion one? From the logit of its surest voxel's probability.

    To be given tables of real brains: on simulated ones nearly everything found is a lesion.
    """
    logit, right = surest_voxels(tables, constants)

    def cost(x: Floats) -> float:
        z = x[0] + x[1] * logit
        return float(np.sum(np.logaddexp(0, z) - right * z))

    return [round(float(v), 4) for v in optimize.minimize(cost, [0.0, 1.0]).x]


def surest_voxels(tables: Sequence[Table], constants: Constants) -> tuple[Floats, Floats]:
    """The logit of every found lesion's surest voxel, and whether it is a lesion."""
    score, right = np.array([row for t in tables for row in t["found"]], float).reshape(-1, 2).T
    return constants.scale * score + constants.shift, right


def _patient(table: Table) -> str:
    """Of a real brain; the sessions of one go together."""
    return str(table["source"]).partition("_")[0]


def confidence_left_out(tables: Sequence[Table], constants: Constants) -> list[list[float]]:
    """Shares of true lesions by confidence, of each real brain by weights fitted on all others: mean, share, number."""
    told: list[tuple[float, float]] = []
    for who in sorted({_patient(t) for t in tables}):
        one, weight = existence([t for t in tables if _patient(t) != who], constants)
        logit, right = surest_voxels([t for t in tables if _patient(t) == who], constants)
        told += zip(special.expit(one + weight * logit).tolist(), right.tolist(), strict=True)
    found = np.array(told)
    place = np.minimum((found[:, 0] * 5).astype(int), 4)
    return [
        [round(float(v), 3) for v in found[place == n].mean(axis=0)] + [int((place == n).sum())]
        for n in range(5)
        if (place == n).any()
    ]


def person_of(table: Table) -> str:
    """Scans of one person stay together: their errors are alike."""
    return str(table["person"] or table["case"])


def left_out(tables: Sequence[Table]) -> dict[str, Any]:
    """Each person judged by constants fitted on all others: limits that hold, and shares of lesion by probability."""
    limits, bins = [], np.zeros((10, 3))  # sum of probabilities, lesion, voxels
    for person in sorted({person_of(t) for t in tables}):
        constants = fit([t for t in tables if person_of(t) != person])
        p = constants.probabilities()
        place = np.minimum((p * 10).astype(int), 9)
        for table in (t for t in tables if person_of(t) == person):
            limits.append((table["true_ml"], *constants.interval(constants.expected_ml(table))))
            n, k = np.array(table["voxels"], float), np.array(table["lesion"], float)
            for column, values in enumerate((p * n, k, n)):
                bins[:, column] += np.bincount(place, values, 10)
    return {
        "inside": sum(low <= true <= high for true, low, high in limits),
        "tested": len(limits),
        "median_ratio_of_limits": float(np.median([(h + FLOOR_ML) / (low + FLOOR_ML) for _, low, h in limits])),
        "reliability": [[round(p / n, 3), round(k / n, 3), int(n)] for p, k, n in bins if n],
    }


def main() -> None:
    """See the top of the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--report", type=Path)
    args = parser.parse_args()
    every = [json.loads(p.read_text()) for p in sorted(args.tables.glob("*.json"))]
    simulated = [t for t in every if t["kind"] == "simulated" and t["calibrates"] and is_visible(t)]
    real = [t for t in every if t["kind"] != "simulated"]
    constants = fit(simulated)
    told = {
        "scale": round(constants.scale, 4), "shift": round(constants.shift, 4),
        "operating_point": constants.operating_point,
        "low": round(constants.low, 4), "high": round(constants.high, 4),
        "spread": [round(v, 4) for v in constants.spread], "noise": first_noise(simulated, constants),
        "operating_noise": first_noise(simulated, constants), "existence": existence(real, constants),
    }  # fmt: skip
    args.out.write_text(json.dumps(told, indent=1) + "\n")
    report: dict[str, Any] = {
        "persons": len({person_of(t) for t in simulated}),
        "left_out": left_out(simulated),
    }
    report["confidence"] = confidence_left_out(real, constants)
    report["real"] = [
        {"case": t["case"], "true_ml": t["true_ml"], "expected_ml": constants.expected_ml(t),
         "interval": constants.interval(constants.expected_ml(t)),
         "dice": {str(x): dice_at(t, constants, x) for x in (PAPER, constants.operating_point)}}
        for t in every
        if t["kind"] == "real"
    ]  # fmt: skip
    if args.report:
        args.report.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps({**told, **report}, indent=1))


if __name__ == "__main__":
    main()
