"""What calibration needs to know of a scan: how scores and truth go together, counted."""

from typing import Any

import numpy as np
from judged import components, judgeable
from lesion_cases import TURNED, Case
from numpy.typing import NDArray
from scans import LesionScan
from scipy import ndimage
from score_bins import EDGES

from neurolupus.imaging.wmh_units import surest, tissue_units

FIRST_LOOK = -0.95  # score above which voxels are joined to lesions here: a probability of 0.2


def table_of(case: Case, scan: LesionScan, scores: NDArray[np.float32]) -> dict[str, Any]:
    """Voxels and lesion voxels by score; the lesions found and whether each is one."""
    use = scan.known & (scores > -19)
    lesion = scan.truth & use
    all_counts, _ = np.histogram(np.clip(scores[use], EDGES[0], EDGES[-1] - 1e-3), EDGES)
    lesion_counts, _ = np.histogram(np.clip(scores[lesion], EDGES[0], EDGES[-1] - 1e-3), EDGES)
    bright = judgeable(scores > FIRST_LOOK, lesion, scan.known)
    labels, _, counts = components(bright, scan.t1w.voxel_volume_ml)
    peaks = ndimage.maximum(scores, labels, range(len(counts)))
    right = np.zeros(len(counts), bool)
    right[labels[lesion]] = True
    found = [[round(float(peaks[n]), 3), bool(right[n])] for n in np.flatnonzero(counts)]
    return {
        "case": case.name, "group": case.group, "source": case.source, "pair": case.pair,
        "flair": case.options.get("flair", "3d"), "kind": case.kind, "person": case.options.get("person_seed"),
        "calibrates": case.group != TURNED,
        "voxel_ml": scan.t1w.voxel_volume_ml, "true_ml": scan.truth_ml,
        "contrast": contrast(scan),
        "missed_outside": int((scan.truth & scan.known & ~use).sum()),
        "voxels": all_counts.tolist(), "lesion": lesion_counts.tolist(), "found": found,
    }  # fmt: skip


def contrast(scan: LesionScan) -> float | None:
    """How much brighter than white matter the lesions are on FLAIR, in units of grey matter's; None without lesions."""
    if not scan.truth.any():
        return None
    cortex, white = (surest(scan.head.on(scan.t1w, n), scan.mask) for n in ("cortex", "cerebral_wm"))
    units = tissue_units(scan.t1w.data, scan.flair, cortex, white)
    middle = float(np.median(scan.flair[scan.truth]))
    return round((middle - units.flair_white) / units.flair_grey, 3)
