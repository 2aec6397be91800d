"""Infarct-like lesions: told by a core as dark as fluid, and kept apart from hyperintensities."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from neurolupus.imaging.grid import pieces_covered, widened
from neurolupus.imaging.volumes import voxel_volume_ml
from neurolupus.records.measured import Lesion
from neurolupus.records.volume import Affine, Labels, Mask, Probability

LENGTH_MM = 15.0  # infarcts > 1.5 cm were excluded by Inglese 2021, doi:10.1007/s00330-021-07970-2
CORE_SHARE = 0.2  # of the lesion; ours, so that a thin dark edge does not make an infarct
CORE_ML = 0.1  # contiguous; ours: a cavity of 6 mm
HALO_MM = 3.0  # faint voxels around an infarct that are nearer to it than to another lesion are its own
_TOUCHING = np.ones((3, 3, 3), bool)  # 26 neighbours
CUP_SHARE = 0.33  # of a cavity's surface; ours: where the rim meets cortex it is not seen as bright
TOUCH_SHARE = 0.1  # the same of a small cavity whose wall is bright; ours: fluid of a fissure met a lesion with 0.02
_CLOSING_MM = 3.0  # a cavity with an open rim still belongs to the rim
_REACH_MM = 12.0  # how far a cavity may stand out of its rim


@dataclass(frozen=True, slots=True, eq=False)
class Separated:
    """Lesions with infarct-like ones apart.

    Parameters
    ----------
    wmh_mask : Mask
        Hyperintensities without infarct-like lesions.
    probability : Probability
        Zero in infarct-like lesions and their halo.
    labels : Labels
        Infarct-like lesions hold their cores too.
    lesions : tuple of Lesion
        The volumes of infarct-like ones include their cores.
    """

    wmh_mask: Mask
    probability: Probability
    labels: Labels
    lesions: tuple[Lesion, ...]


def separate_infarcts(
    labels: Labels,
    lesions: Sequence[Lesion],
    probability: Probability,
    affine: Affine,
    core: Mask | None,
    rimmed: Mask | None = None,
) -> Separated:
    """Hyperintensities and infarct-like lesions, each by itself.

    Parameters
    ----------
    labels : (I, J, K) int array
        Components, as `label_lesions` numbers them; `lesions` describes them.
    probability : (I, J, K) float array
        WMH probability.
    affine : (4, 4) float array
    core : (I, J, K) bool array or None
        Fluid-dark voxels away from ventricles.
    rimmed : (I, J, K) bool array, optional
        Those in cavities with a bright wall, see `darkness.bright_walled`.

    Notes
    -----
    An infarct is neither WMH volume nor WMH count (STRIVE-2 [1]_ names it apart), so its expected volume is none
    either: the bright rim, the dark core and faint voxels within 3 mm are left out of all of them.

    References
    ----------
    .. [1] Duering et al. (2023), Lancet Neurol 22:602, doi:10.1016/S1474-4422(23)00131-X.
    """
    infarcts = [lesion for lesion in lesions if lesion.infarct_like]
    if not infarcts or core is None:
        return Separated(labels > 0, probability, labels, tuple(lesions))
    labels = labels.copy()
    boxes = ndimage.find_objects(labels)
    for lesion in infarcts:
        around, dark = enclosed_core(labels, lesion.label, boxes[lesion.label - 1], core, affine, rimmed)
        labels[around][dark & (labels[around] == 0)] = lesion.label
    voxels = np.bincount(labels.ravel(), minlength=len(lesions) + 1)
    found = tuple(
        replace(one, volume_ml=int(voxels[one.label]) * voxel_volume_ml(affine)) if one.infarct_like else one
        for one in lesions
    )
    infarct = np.isin(labels, [lesion.label for lesion in infarcts])
    others = (labels > 0) & ~infarct
    halo = halo_of(infarct, others, affine)
    return Separated(others, np.where(infarct | halo, 0, probability).astype(probability.dtype), labels, found)


def halo_of(infarct: Mask, others: Mask, affine: Affine) -> Mask:
    """What lies within `HALO_MM` of infarcts, nearer to them than to another lesion, and in neither, (I, J, K)."""
    if not infarct.any():
        return np.zeros(infarct.shape, np.bool_)
    size = np.linalg.norm(affine[:3, :3], axis=0)
    distance = np.asarray(ndimage.distance_transform_edt(~infarct, sampling=size))
    farther = np.asarray(ndimage.distance_transform_edt(~others, sampling=size)) if others.any() else np.inf
    halo: Mask = (distance <= HALO_MM) & (distance < farther) & ~infarct & ~others
    return halo


def with_drawn(apart: Separated, labels: Labels, lesions: Sequence[Lesion]) -> Separated:
    """Infarct-like lesions that a rater drew, beside those that are told by their cores.

    Parameters
    ----------
    apart : Separated
        In none of its maps are the voxels that were drawn.
    labels : (I, J, K) int array
        Components of what was drawn, as `label_lesions` numbers them; `lesions` describes them.

    Notes
    -----
    They are taken as they were drawn, of whatever length, and get no more voxels: the rater saw the core. Their numbers
    follow those of the others.
    """
    count = len(apart.lesions)
    numbered = np.where(labels > 0, labels + count, apart.labels).astype(apart.labels.dtype)
    drawn = tuple(replace(one, label=one.label + count, infarct_like=True) for one in lesions)
    return Separated(apart.wmh_mask, apart.probability, numbered, (*apart.lesions, *drawn))


def core_away_from(fluid_core: Mask, ventricles: Mask, labels: Labels, affine: Affine) -> Mask:
    """Fluid-dark voxels about lesions that touch no ventricle: those would be partial volume of the ventricle."""
    core = np.zeros_like(fluid_core)
    boxes = ndimage.find_objects((labels > 0).astype(np.int8))
    if not boxes:
        return core
    reach = np.maximum(np.round(_REACH_MM / np.linalg.norm(affine[:3, :3], axis=0)), 1).astype(int)
    box = widened(boxes[0], reach)
    core[box] = fluid_core[box] & ~ndimage.binary_dilation(ventricles[box], _TOUCHING)
    return core


def has_infarct_core(
    labels: Labels, label: int, box: tuple[slice, ...], core: Mask, affine: Affine, rimmed: Mask | None = None
) -> bool:
    """Whether fluid-dark voxels in the lesion, or enclosed by it, make a core of the size of `CORE_*`."""
    around, dark = enclosed_core(labels, label, box, core, affine, rimmed)
    if np.count_nonzero(dark) >= CORE_SHARE * np.count_nonzero(labels[around] == label):
        return True
    pieces, _ = ndimage.label(dark, _TOUCHING)
    largest = int(np.bincount(pieces.ravel())[1:].max(initial=0))
    return largest * voxel_volume_ml(affine) >= CORE_ML


def enclosed_core(
    labels: Labels, label: int, box: tuple[slice, ...], core: Mask, affine: Affine, rimmed: Mask | None = None
) -> tuple[tuple[slice, ...], Mask]:
    """A box around a lesion, and the fluid-dark voxels in it that the lesion holds, encloses, cups or borders on.

    Of a cavity that has a bright wall all the same (`rimmed`), less of it need be the lesion's; of one that is not
    small beside the lesion, any of it.
    """
    size = np.linalg.norm(affine[:3, :3], axis=0)
    radius, reach = (np.maximum(np.round(mm / size), 1).astype(int) for mm in (_CLOSING_MM, _REACH_MM))
    grown = widened(box, reach)
    own, dark = labels[grown] == label, core[grown]
    lesion = np.pad(own, [(int(r), int(r)) for r in radius])
    ball = sum((g / r) ** 2 for g, r in zip(np.ogrid[tuple(slice(-r, r + 1) for r in radius)], radius, strict=True))
    closed = ndimage.binary_fill_holes(ndimage.binary_closing(lesion, np.asarray(ball) <= 1.0))
    unpad = tuple(slice(int(r), n - int(r)) for r, n in zip(radius, lesion.shape, strict=True))
    taken = np.asarray(closed)[unpad] | pieces_covered(dark & ~own, own, CUP_SHARE)
    if rimmed is not None:
        beside = dark & rimmed[grown] & ~own
        taken |= pieces_covered(beside, own, TOUCH_SHARE) | _bordering(beside, own)
    return grown, dark & taken


def _bordering(dark: Mask, lesion: Mask) -> Mask:
    """Pieces of dark voxels that touch a lesion and have `CORE_SHARE` of its size."""
    pieces, count = ndimage.label(dark)
    touching = np.zeros(count + 1, bool)
    touching[pieces[ndimage.binary_dilation(lesion)]] = True
    touching &= np.bincount(pieces.ravel(), minlength=count + 1) >= CORE_SHARE * np.count_nonzero(lesion)
    touching[0] = False
    return np.asarray(touching[pieces])
