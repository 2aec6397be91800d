"""The rows of the table: what each method makes of a scan, judged, in the order of the page."""

import time
from typing import Any

import numpy as np
from judged import judge
from lesion_cases import all_cases
from methods import boosting, plain_rule, told_where
from numpy.typing import NDArray
from scans import LesionScan

from neurolupus.imaging.operating_point import at_operating_point, normal_white
from neurolupus.imaging.wmh_calibration import calibration

Row = dict[str, Any]
TOLD_WHERE = "best limit of the FLAIR, told where"
METHODS = ("network", "boosting", "plain rule", TOLD_WHERE)
UNASKED = ("expected_ml", "lesion_precision", "lesion_recall", "lesion_f1", "small_recall", "false_lesions")
PAPER = 0.2
HALF = 0.5  # the operating point of those that have none of their own


def judged_rows(method: str, scan: LesionScan, scores: NDArray[np.float32], seconds: float, told: Row) -> list[Row]:
    """A method's rows of one scan: at 0.2 and at its operating point; `scores` and `seconds` are the network's."""
    began = time.perf_counter()
    if method == TOLD_WHERE:
        return [_told_where(scan, told)] if (scan.truth & scan.known).any() else []
    if method == "network":
        probability, point = calibration().probability(scores), calibration().operating_point
    else:
        probability, point = (boosting if method == "boosting" else plain_rule)(scan), HALF
        seconds = time.perf_counter() - began
    found = {PAPER: probability >= PAPER, point: probability >= point}
    if method == "network":
        white = normal_white(scan.t1w, scan.flair, scan.mask, scan.head)
        found[point] = at_operating_point(probability, scan.flair, white, scan.t1w.voxel_size_mm)
    return [
        judge(
            scan.truth, mask, probability, scan.known, scan.t1w.voxel_volume_ml, scan.truth_ml,
            method=method, threshold=threshold, seconds=seconds, **told,
        ).row()
        for threshold, mask in found.items()
    ]  # fmt: skip


def _told_where(scan: LesionScan, told: Row) -> Row:
    """Its volume and Dice; to ask which lesions it found makes no sense."""
    found = told_where(scan)
    row = judge(
        scan.truth, found, found.astype(np.float32), scan.known, scan.t1w.voxel_volume_ml, scan.truth_ml,
        method=TOLD_WHERE, threshold=HALF, seconds=0.0, **told,
    ).row()  # fmt: skip
    return row | dict.fromkeys(UNASKED)


def replaced(rows: list[Row], anew: list[Row]) -> list[Row]:
    """The rows with those of the same case and method taken from `anew`, in the order of the page."""
    judged = {(row["case"], row["method"]) for row in anew}
    place = {case.name: number for number, case in enumerate(all_cases())}
    return sorted(
        [row for row in rows if row["case"] in place and (row["case"], row["method"]) not in judged] + anew,
        key=lambda row: (place[row["case"]], METHODS.index(row["method"]), row["threshold"]),
    )
