"""Cases as the network sees them, kept small on disk."""

from pathlib import Path

import numpy as np

from cases import Case, load_case
from neurolupus.imaging.grid import resample
from neurolupus.imaging.wmh_input import network_input


def prepared(path: Path, folder: Path) -> Path:
    """The prepared case of a case's file, made now if it is not there."""
    target = folder / path.name
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_prepared(load_case(path), target)
    return target


def write_prepared(case: Case, target: Path) -> None:
    """Images in 16 bits, shares of 255; written whole or not at all."""
    head = case.head()
    seen = network_input(case.t1w, case.flair, case.brain(head), head)
    truth = resample(case.t1w.with_data(case.truth), seen.grid)
    ignore = resample(case.t1w.with_data(case.ignore.astype(np.float32)), seen.grid) > 0.3
    fresh = target.with_suffix(".part")
    with fresh.open("wb") as file:
        np.savez(
            file,
            text=np.array([case.name, case.source, case.origin, *case.masks]),
            images=seen.images.astype(np.float16), anatomy=_bytes(seen.anatomy), inside=seen.inside,
            truth=_bytes(truth), ignore=ignore, affine=seen.grid.affine,
            units=np.array([seen.units.flair_grey, seen.units.flair_white]), thickness=case.flair_thickness_mm,
        )  # fmt: skip
    fresh.replace(target)


def _bytes(shares: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(shares, 0, 1) * 255).astype(np.uint8)
