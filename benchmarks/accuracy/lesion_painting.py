"""Other patients' lesion masks painted into the white matter of a labelled head, up to a wanted load."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from truth import TRANSPLANTED, LabelledHead, heal

CEREBRAL_WHITE = (2, 41)
CORTEX = (3, 42)
THALAMUS = (10, 49)
# landmarks of the MNI152 brain in mm, read off the ICBM152 2009a template: edges of the cortex, height of the thalami
MNI_LEFT, MNI_RIGHT, MNI_BACK, MNI_FRONT, MNI_THALAMUS, MNI_TOP = -69.0, 69.0, -104.0, 71.0, 8.0, 78.0
SMALLEST_VOXELS = 3


def paint_lesions(head: LabelledHead, masks: Sequence[Path], load_ml: float, rng: np.random.Generator) -> LabelledHead:
    """The head without its own lesions and with `load_ml` of painted ones (label 25), within 1 %.

    Masks are taken in the order given, mirrored at random, until they hold the load; lesions of their union are then
    drawn at random. If all masks together hold too little, lesions grow into the white matter around them.
    """
    labels = heal(head.labels)
    white = np.isin(labels, CEREBRAL_WHITE)
    wanted = round(load_ml / head.voxel_ml)
    union = np.zeros(labels.shape, bool)
    for path in masks:
        union |= warp_to_head(path, head, mirrored=bool(rng.integers(2))) & white
        if union.sum() >= 1.3 * wanted:
            break
    while union.sum() < wanted:
        grown = ndimage.binary_dilation(union) & white
        if grown.sum() == union.sum():
            raise ValueError(f"{head.name} has no room for {load_ml} ml of lesions.")
        union = grown
    labels[choose_lesions(union, wanted, rng)] = TRANSPLANTED
    return replace(head, labels=labels)


def warp_to_head(path: Path, head: LabelledHead, *, mirrored: bool) -> NDArray[np.bool_]:
    """A mask in MNI-like space on the grid of the head, by scaling each axis between landmarks."""
    image = nib.load(path)
    inverse = np.linalg.inv(image.affine)
    scale, shift = landmarks_to_mni(head)
    if mirrored:
        scale, shift = scale * (-1, 1, 1), shift * (-1, 1, 1)
    to_mni = np.eye(4)
    to_mni[:3, :3], to_mni[:3, 3] = np.diag(scale), shift
    index = inverse @ to_mni @ head.affine
    mask = ndimage.affine_transform(
        np.asarray(image.dataobj, np.float32) > 0, index[:3, :3], index[:3, 3], head.labels.shape, np.float32, order=1
    )
    return np.asarray(mask > 0.5)


def landmarks_to_mni(head: LabelledHead) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale and shift of x, y, z that bring the head's cortex and thalami to those of the template."""
    cortex = points_mm(head, CORTEX)
    low, high = np.percentile(cortex, (0.5, 99.5), axis=0)
    thalamus = points_mm(head, THALAMUS)[:, 2].mean()
    low[2] = thalamus
    mni_low = np.array([MNI_LEFT, MNI_BACK, MNI_THALAMUS])
    mni_high = np.array([MNI_RIGHT, MNI_FRONT, MNI_TOP])
    scale = (mni_high - mni_low) / (high - low)
    return scale, mni_low - scale * low


def points_mm(head: LabelledHead, labels: tuple[int, ...]) -> NDArray[np.float64]:
    """RAS points (n, 3) of the voxels of some labels."""
    index = np.argwhere(np.isin(head.labels, labels))
    return np.asarray(index @ head.affine[:3, :3].T + head.affine[:3, 3])


def choose_lesions(union: NDArray[np.bool_], wanted: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """A random subset of the connected components with exactly `wanted` voxels; the last is trimmed from outside."""
    labelled, count = ndimage.label(union, np.ones((3, 3, 3)))
    sizes = np.bincount(labelled.ravel(), minlength=count + 1)
    chosen = np.zeros(count + 1, bool)
    total = 0
    order = rng.permutation(np.arange(1, count + 1))
    for number in order:
        if SMALLEST_VOXELS <= sizes[number] <= wanted - total:
            chosen[number] = True
            total += int(sizes[number])
    painted = chosen[labelled]
    rest = [number for number in order if not chosen[number] and sizes[number] > wanted - total]
    if total < wanted and rest:
        voxels = np.argwhere(labelled == rest[0])
        nearest = np.argsort(((voxels - voxels[rng.integers(len(voxels))]) ** 2).sum(1), kind="stable")
        painted[tuple(voxels[nearest[: wanted - total]].T)] = True
    return np.asarray(painted)
