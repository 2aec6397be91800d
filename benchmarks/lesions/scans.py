"""A case as the WMH step sees it: aligned and corrected by neurolupus itself, kept on disk; truth beside it."""

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from lesion_cases import Case
from numpy.typing import NDArray

from neurolupus.imaging.bias import bias_field
from neurolupus.imaging.brain import HeadMap, map_head
from neurolupus.imaging.grid import bounding_box, crop, resample
from neurolupus.imaging.masks import first_intracranial_mask, intracranial_mask, is_skull_stripped
from neurolupus.imaging.registration import register_rigid
from neurolupus.records.scan import ScanPair
from neurolupus.records.volume import Image, Mask, Volume

ROOT = Path(__file__).resolve().parents[2]
SIMULATOR = ROOT / "benchmarks" / "accuracy"
PAINTER = ROOT / "training" / "wmh"
MARGIN = (20, 20, 20)


@dataclass(frozen=True, slots=True, eq=False)
class LesionScan:
    """A pair on one grid, corrected, and what is true of it.

    Parameters
    ----------
    t1w : Volume
    flair : (I, J, K) float32 array
    mask : (I, J, K) bool array
        Intracranial, as found.
    head : HeadMap
    truth : (I, J, K) bool array
        Voxels at least half lesion.
    known : (I, J, K) bool array
        False where a healed lesion was: nothing there is counted.
    truth_ml : float
        The lesions' volume, parts of voxels counted.
    """

    t1w: Volume
    flair: Image
    mask: Mask
    head: HeadMap
    truth: Mask
    known: Mask
    truth_ml: float


def lesion_scan(case: Case, data: Path, cache: Path) -> LesionScan:
    """The scan of a case, made now if it is not kept."""
    told = (case.kind, case.source, sorted(case.options.items()), _code(case.kind))
    key = hashlib.sha256(repr(told).encode()).hexdigest()
    stored = cache / f"{case.name}-{key[:10]}.npz"
    if not stored.exists():
        cache.mkdir(parents=True, exist_ok=True)
        made = {"simulated": _simulated, "real": _real, "healed": _healed}[case.kind](case, data)
        fresh = stored.with_suffix(".part")
        with fresh.open("wb") as file:
            np.savez(
                file, t1w=made.t1w.data.astype(np.float32), affine=made.t1w.affine, flair=made.flair, mask=made.mask,
                head=made.head.probabilities.astype(np.float16), head_image=made.head.grid.data,
                head_affine=made.head.grid.affine, truth=made.truth, known=made.known, truth_ml=made.truth_ml,
            )  # fmt: skip
        fresh.replace(stored)
    with np.load(stored) as kept:
        head = HeadMap(kept["head"].astype(np.float32), Volume(kept["head_image"], kept["head_affine"]))
        return LesionScan(
            Volume(kept["t1w"], kept["affine"]), kept["flair"], kept["mask"], head, kept["truth"], kept["known"],
            float(kept["truth_ml"]),
        )  # fmt: skip


SOURCES = {
    "simulated": (
        "simulator", "anatomy", "rendering", "imperfections", "protocols", "tissue_properties", "mr_physics",
        "lesion_painting", "truth",
    ),
    "healed": ("real", "painting", "lesion_masks"),
    "real": (),
}  # fmt: skip


def _code(kind: str) -> str:
    """The text of what makes a scan; the cache holds as long as it does."""
    folder = PAINTER if kind == "healed" else SIMULATOR
    return "".join((folder / f"{name}.py").read_text() for name in SOURCES[kind])


def _simulated(case: Case, data: Path) -> LesionScan:
    sys.path.append(str(SIMULATOR))
    from simulator import simulate

    options = dict(case.options)
    masks = sorted((data / "ms-lesions" / "lesion-masks").glob("*.nii.gz"))
    turn = options.get("person_seed", options["seed"]) % len(masks)
    options["lesion_mask_path"] = masks[turn:] + masks[:turn]
    made = simulate(data / "head-label-maps" / f"{case.source}.nii.gz", **options)
    seen = as_seen(made.pair)
    ml = float(made.wmh.sum(dtype=np.float64)) * made.pair.t1w.voxel_volume_ml
    return _cropped(*seen, made.wmh_mask, np.ones(made.wmh.shape, bool), ml)


def _real(case: Case, data: Path) -> LesionScan:
    sys.path.append(str(SIMULATOR))
    from real_scans import read_lesion_pair

    pair, lesions = read_lesion_pair(data, case.source)
    ml = float(lesions.sum()) * pair.t1w.voxel_volume_ml
    return _cropped(*as_seen(pair), lesions, np.ones(lesions.shape, bool), ml)


def _healed(case: Case, data: Path) -> LesionScan:
    sys.path.insert(0, str(PAINTER))
    from lesion_masks import masks_to_paint
    from real import expert_scan, healed_scan, unlabelled_scan

    if case.source.startswith("xs"):
        scan = expert_scan(data, case.source)
    else:
        participant, session = case.source.removeprefix("sub-").split("_ses-")
        scan = unlabelled_scan(data, participant, session)
    rng = np.random.default_rng([31, case.options.get("seed", 0), sum(map(ord, case.source))])
    made = healed_scan(scan, case.options["load_ml"], 0.4, masks_to_paint(data), rng)
    head = made.head()
    ml = float(made.truth.sum(dtype=np.float64)) * made.t1w.voxel_volume_ml
    return LesionScan(
        made.t1w, made.flair, made.brain(head), head, np.asarray(made.truth >= 0.5), ~made.ignore, ml
    )  # fmt: skip


def as_seen(pair: ScanPair) -> tuple[Volume, Image, Mask, HeadMap]:
    """T1w and FLAIR on one grid, both corrected, the intracranial mask and the head map: the steps of measure_scan."""
    assert pair.flair is not None
    head = map_head(pair.t1w, threads=1)
    first = first_intracranial_mask(head, pair.t1w)
    stripped = is_skull_stripped(pair.t1w, first)
    t1w = pair.t1w.with_data((pair.t1w.data / bias_field(pair.t1w, first, threads=1)).astype(np.float32))
    mask = intracranial_mask(head, t1w)
    if stripped:
        mask = mask & (pair.t1w.data != 0)
    found = register_rigid(t1w, pair.flair, mask).flair_to_t1w_ras
    flair = np.maximum(resample(pair.flair, t1w, onto_to_moving=np.linalg.inv(found)), 0)
    return t1w, (flair / bias_field(t1w.with_data(flair), mask, threads=1)).astype(np.float32), mask, head


def _cropped(
    t1w: Volume, flair: Image, mask: Mask, head: HeadMap, truth: NDArray[np.bool_], known: Mask, ml: float
) -> LesionScan:
    box = bounding_box(mask | truth, MARGIN)
    return LesionScan(crop(t1w, box), flair[box], mask[box], head, truth[box], known[box], ml)
