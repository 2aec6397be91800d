"""Real scans: two with expert lesions, four without; all of them also healed and painted with others' lesions."""

from dataclasses import dataclass, replace
from pathlib import Path

import nibabel as nib
import numpy as np
from lesion_masks import transplant
from numpy.typing import NDArray
from painting import Canvas, paint_lesions
from scipy import ndimage

from cases import Case, brain_box, coarse_t1w, corrected, crop, onto_t1w
from neurolupus.imaging.brain import map_head
from neurolupus.imaging.filling import fill_lesions
from neurolupus.imaging.grid import largest_component
from neurolupus.imaging.masks import intracranial_mask
from neurolupus.imaging.registration import register_rigid
from neurolupus.imaging.wmh_units import mode, surest
from neurolupus.records.volume import Image, Mask, Volume

UNLABELLED = (("01", "1"), ("01", "2"), ("04", "1"), ("20", "2"))
BRIGHT = 1.12  # own lesions of unlabelled scans: brighter than this share of the grey matter's mode, in white matter
VARIANTS = ((0.0, 0.1), (0.4, 0.15), (1.0, 0.4), (2.0, 0.4), (8.0, 60.0), (35.0, 60.0))  # load, largest lesion; ml


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """A pair on one grid, bias-corrected, whole; `truth` is None where no expert drew."""

    name: str
    source: str
    t1w: Volume
    flair: Image
    mask: Mask
    truth: Mask | None
    flair_voxel_mm: tuple[float, float, float]


def read(path: Path) -> Volume:
    """An image in RAS order."""
    image = nib.as_closest_canonical(nib.load(path))
    return Volume(np.asarray(image.dataobj, np.float32), np.asarray(image.affine, np.float64))


def expert_scan(data: Path, patient: str) -> Scan:
    """A skull-stripped pair of ms-lesions: 1 mm, rigidly in MNI space, with consensus lesions."""
    stem = data / "ms-lesions" / f"sub-{patient}" / "anat" / f"sub-{patient}_space-MNI152rigid_"
    t1w, flair = read(Path(f"{stem}desc-brain_T1w.nii.gz")), read(Path(f"{stem}desc-brain_FLAIR.nii.gz"))
    truth = read(Path(f"{stem}label-lesion_mask.nii.gz")).data > 0
    mask = largest_component(t1w.data > 0)
    fixed = t1w.with_data(np.where(mask, corrected(t1w, mask), 0).astype(np.float32))
    return Scan(patient, patient, fixed, corrected(flair, mask), mask, truth, (1.0, 1.0, 1.0))


def unlabelled_scan(data: Path, participant: str, session: str) -> Scan:
    """A raw whole-head pair of ms-longitudinal, FLAIR registered as at run time."""
    stem = f"sub-{participant}_ses-{session}"
    anat = data / "ms-longitudinal" / f"sub-{participant}" / f"ses-{session}" / "anat"
    t1w, flair = read(anat / f"{stem}_T1w.nii.gz"), read(anat / f"{stem}_FLAIR.nii.gz")
    mask = intracranial_mask(map_head(t1w, threads=1), t1w)
    fixed = t1w.with_data(corrected(t1w, mask))
    moved = onto_t1w(flair, t1w, register_rigid(fixed, flair, mask).flair_to_t1w_ras)
    return Scan(
        stem, f"sub-{participant}", fixed, corrected(t1w.with_data(moved), mask), mask, None, flair.voxel_size_mm
    )


def as_case(scan: Scan) -> Case:
    """The scan with its expert lesions."""
    assert scan.truth is not None
    box = brain_box(scan.mask, scan.t1w.voxel_size_mm)
    return Case(
        scan.name, scan.source, "real", (), crop(scan.t1w, box), scan.flair[box], scan.truth[box].astype(np.float32),
        np.zeros(scan.truth[box].shape, bool), coarse_t1w(scan.t1w), max(scan.flair_voxel_mm),
    )  # fmt: skip


def painted_case(scan: Scan, number: int, masks: list[Path], seed: int) -> Case:
    """The scan healed of what is bright in its white matter, with another load painted in.

    What was healed and 3 mm around it is ignored, except where a lesion was painted.
    """
    rng = np.random.default_rng((seed, 2, number, sum(map(ord, scan.name))))
    load, largest = VARIANTS[number % len(VARIANTS)]
    load *= float(np.exp(rng.uniform(-0.5, 0.5)))
    return replace(healed_scan(scan, load, largest, masks, rng, seed), name=f"{scan.name}-painted-{number}")


def healed_scan(
    scan: Scan, load: float, largest: float, masks: list[Path], rng: np.random.Generator, seed: int = 0
) -> Case:
    """The scan healed of what is bright in its white matter, with `load` ml painted, no lesion over `largest` ml."""
    box = brain_box(scan.mask, scan.t1w.voxel_size_mm)
    here = crop(scan.t1w, box)
    flair, mask = scan.flair[box], scan.mask[box]
    head = map_head(coarse_t1w(scan.t1w), threads=1)
    white, cortex = head.on(here, "cerebral_wm"), surest(head.on(here, "cortex"), mask)
    grey = mode(flair[cortex])
    if scan.truth is None:
        among = head.on(here, "cerebral_wm", "ventricle", "deep_gm") - head.on(here, "cortex", "csf", "outside")
        bright = _bright(flair / grey, white, among, here.voxel_size_mm) & mask
    else:
        bright = ndimage.binary_dilation(scan.truth[box], iterations=2)
    sure = surest(white, mask & ~bright)
    surely_white = np.where(sure, 1, np.where(bright, 0, white)).astype(np.float32)
    flair, t1w = (_filled(image, bright, surely_white, here, seed) for image in (flair, here.data))
    canvas = Canvas(
        t1w, flair, grey, mode(flair[sure]), mode(t1w[cortex]), mode(t1w[sure]), here.voxel_size_mm, scan.flair_voxel_mm
    )
    room = np.where(mask, np.maximum(white, bright & (ndimage.gaussian_filter(white, 2) > 0.3)), 0).astype(np.float32)
    lesions = transplant(masks, here, room, load, rng, largest_ml=largest)
    paint_lesions(canvas, lesions.share, rng)
    painted = ndimage.binary_dilation(lesions.share > 0.05, iterations=2)
    ignore = _within(bright, 3.0, here.voxel_size_mm) & ~painted
    whole = scan.t1w.data.astype(np.float32).copy()
    whole[box] = canvas.t1w
    return Case(
        f"{scan.name}-painted", scan.source, "painted", lesions.patients, here.with_data(canvas.t1w),
        canvas.flair, lesions.share, ignore, coarse_t1w(scan.t1w.with_data(whole)), max(scan.flair_voxel_mm),
    )  # fmt: skip


def _filled(image: Image, bright: Mask, white: Image, grid: Volume, seed: int) -> Image:
    """Healed: white matter where it was bright, with noise a little smoothed, as neighbouring voxels share it."""
    filled = fill_lesions(image, bright, white, grid.affine, rng_seed=seed)
    return np.where(bright, ndimage.gaussian_filter(filled, 0.6), filled).astype(np.float32)


def _bright(relative: Image, white: Image, among: Image, voxel_mm: tuple[float, float, float]) -> Mask:
    """What is clearly bright in or among white matter, and its rim."""
    deep = ndimage.gaussian_filter(among, [3.0 / v for v in voxel_mm]) > 0.1
    smooth = ndimage.gaussian_filter(relative, [0.6 / v for v in voxel_mm])
    core = deep & ((smooth > BRIGHT) | ((relative > BRIGHT + 0.05) & (white > 0.8)))
    rim = ndimage.binary_dilation(core, iterations=2) & (smooth > 1.0) & (among > -0.3)
    return np.asarray(core | rim)


def _within(mask: Mask, reach_mm: float, voxel_mm: tuple[float, float, float]) -> Mask:
    near: NDArray[np.float64] = ndimage.distance_transform_edt(~mask, sampling=voxel_mm)
    return np.asarray(near <= reach_mm) if mask.any() else mask
