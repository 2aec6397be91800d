"""neurolupus threshold: masks of random scans at several thresholds side by side, and the choice recorded."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from neurolupus.errors import UsageError
from neurolupus.records.measured import MeasuredScan
from neurolupus.report.html import ThresholdCase, threshold_case, write_threshold_page
from neurolupus.report.threshold import THRESHOLDS
from neurolupus.workflows.choice import CHOICE_FILE, read_choice
from neurolupus.workflows.finished import FinishedScan, finished_scans, read_finished_scan
from neurolupus.workflows.observer import Observer, Silent

PAGE = "wmh_threshold.html"


def make_threshold_page(
    out: Path,
    page: Path,
    *,
    count: int = 5,
    seed: int = 0,
    thresholds: Sequence[float] = THRESHOLDS,
    observer: Observer | None = None,
) -> tuple[str, ...]:
    """Write the threshold picker of random scans; their names, in the order shown.

    Parameters
    ----------
    out : Path
        A finished output of `measure`.
    page : Path
        The HTML file.
    count : int
        Scans to draw, of different participants where there are enough; all when there are fewer. Those whose map is
        a mask are passed over.
    seed : int
        The same seed draws the same scans.

    Raises
    ------
    UsageError
        No finished scan has a FLAIR, or none has a map of probabilities.
    """
    observer = observer or Silent()
    scans = finished_scans(out)
    drawn = draw_scans(scans, len(scans), seed)
    if not drawn:
        raise UsageError(
            f"{out} holds no finished scan with a FLAIR; the threshold is chosen on WMH probabilities.\n"
            "    Measure first: neurolupus measure BIDS_DIR OUT_DIR"
        )
    cases: list[ThresholdCase] = []
    shown: list[str] = []
    masks: list[str] = []
    for scan in drawn:
        if len(shown) == count:
            break
        measured = read_finished_scan(out, scan.scan_id)
        if _is_mask(measured):
            masks.append(scan.scan_id.stem)
            observer.say(f"{masks[-1]}: its map is a mask and looks alike at every threshold; left out.")
            continue
        observer.say(f"{scan.scan_id.stem} ...")
        cases.append(threshold_case(measured, thresholds))
        shown.append(scan.scan_id.stem)
    if not cases:
        raise UsageError(
            f"The maps of all {len(masks)} scans in {out} with a FLAIR are masks; a threshold is chosen on "
            "probabilities.\n    Measure with the model, or with a method that gives probabilities."
        )
    recorded = read_choice(out / CHOICE_FILE)
    write_threshold_page(page, cases, thresholds, current=recorded.wmh_threshold if recorded else 0.2)
    return tuple(shown)


def _is_mask(measured: MeasuredScan) -> bool:
    """Whether a map has nothing between no and yes: a rater's, or a mask of the user's own."""
    assert measured.wmh_probability is not None
    return bool(np.isin(measured.wmh_probability, (0, 1)).all())


def draw_scans(scans: Sequence[FinishedScan], count: int, seed: int) -> tuple[FinishedScan, ...]:
    """Random scans with a FLAIR and usable volumes; one per participant before a second of anybody."""
    able = [scan for scan in scans if scan.row.get("wmh_ml") is not None and scan.row.get("usable") is not False]
    rng = np.random.default_rng(seed)
    shuffled = [able[place] for place in rng.permutation(len(able))]
    firsts: list[FinishedScan] = []
    seconds: list[FinishedScan] = []
    seen = set()
    for scan in shuffled:
        (seconds if scan.scan_id.participant_id in seen else firsts).append(scan)
        seen.add(scan.scan_id.participant_id)
    return tuple((firsts + seconds)[:count])
