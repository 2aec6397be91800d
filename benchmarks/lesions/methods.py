"""The network, what it must beat (a plain threshold, boosted trees), and how far brightness alone could lead."""

import hashlib
import time
from functools import lru_cache
from pathlib import Path

import numpy as np
import onnxruntime
from boosting.judge import boosted_probability
from lesion_cases import Case
from numpy.typing import NDArray
from scans import LesionScan
from scipy import ndimage

from neurolupus.imaging.wmh import mean_score
from neurolupus.imaging.wmh_input import network_input
from neurolupus.imaging.wmh_units import mode, surest
from neurolupus.records.volume import Mask, Probability

STEEPNESS = 0.04  # of the grey matter's mode: how the plain rule's sharp limit becomes a probability
TOLD_WHERE_MM = 3.0  # around the true lesions


def plain_rule(scan: LesionScan) -> Probability:
    """White matter brighter than 1.2 times the grey matter's mode."""
    relative = scan.flair / mode(scan.flair[surest(scan.head.on(scan.t1w, "cortex"), scan.mask)])
    white = scan.head.on(scan.t1w, "cerebral_wm", "infratentorial_wm", "deep_gm")
    return np.where(scan.mask, white / (1 + np.exp(-(relative - 1.2) / STEEPNESS)), 0).astype(np.float32)


def boosting(scan: LesionScan) -> Probability:
    """The trees' probability."""
    return boosted_probability(scan.t1w, scan.flair, scan.mask, scan.head)


def told_where(scan: LesionScan) -> Mask:
    """No method but a measure of the scan: the FLAIR above the limit that agrees best with the truth, looked for only
    within 3 mm of the true lesions. Where this is low, lesions differ too little from what lies beside them."""
    near = (ndimage.distance_transform_edt(~scan.truth, sampling=scan.t1w.voxel_size_mm) <= TOLD_WHERE_MM) & scan.known
    bright = np.sort(scan.flair[near])[::-1]
    true = np.sort(scan.flair[scan.truth & scan.known])[::-1]
    taken = np.arange(1, len(bright) + 1)
    right = np.searchsorted(-true, -bright, side="right")
    best = np.argmax(2 * right / (taken + len(true)))
    found: Mask = near & (scan.flair >= bright[best])
    return found


@lru_cache(maxsize=4)
def _session(model: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.enable_cpu_mem_arena = 2, False
    return onnxruntime.InferenceSession(model.read_bytes(), options, providers=["CPUExecutionProvider"])


def model_for(case: Case, models: Path) -> Path:
    """The network that has not seen the case's patient; for simulated heads, which none has seen, the shipped one."""
    left_out = models / f"without_{case.source}.onnx"
    return left_out if case.source.startswith("xs") else models / "wmh_network.onnx"


def network_scores(case: Case, scan: LesionScan, models: Path, cache: Path) -> tuple[NDArray[np.float32], float]:
    """Uncalibrated scores on the scan's grid, low outside the mask, and the seconds they took; kept per model."""
    model = model_for(case, models)
    key = hashlib.sha256(model.read_bytes()).hexdigest()[:8]
    stored = cache / "scores" / f"{case.name}-{key}.npz"
    if not stored.exists():
        stored.parent.mkdir(parents=True, exist_ok=True)
        start = time.perf_counter()
        seen = network_input(scan.t1w, scan.flair, scan.mask, scan.head)
        score = np.where(seen.inside, mean_score(_session(model), seen), -20)
        on_scan = seen.back((score + 20) / 40, scan.t1w) * 40 - 20
        seconds = time.perf_counter() - start
        fresh = stored.with_suffix(".part")
        with fresh.open("wb") as file:
            np.savez(file, scores=np.where(scan.mask, on_scan, -20).astype(np.float16), seconds=seconds)
        fresh.replace(stored)
    with np.load(stored) as kept:
        return kept["scores"].astype(np.float32), float(kept["seconds"])
