"""A labelled head made ready for rendering: half the voxel size, with fat, dura and the severity of lesions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from tissue_properties import DURA_LABEL, FAT_LABEL, LESION_LABEL
from truth import LESION_LABELS, SULCAL_CSF, LabelledHead

SOFT_TISSUE, SKIN, CORTICAL_BONE = 507, 511, 515
LATERAL_VENTRICLES = (4, 43)
WHITE = (2, 41)
NEIGHBOURS = [np.array([a, b, c]) for a in (0, 1) for b in (0, 1) for c in (0, 1)]
WEIGHTS = [3 ** (3 - int(n.sum())) for n in NEIGHBOURS]  # trilinear weights of a quarter-voxel shift, times 64
CANDIDATES = [0, 1, 2, 4]  # the voxel itself and its face neighbours: no other label can win


@dataclass(frozen=True, slots=True, eq=False)
class FineHead:
    """Index (into `numbers`) of the label of every half-size voxel, and how diseased white matter is.

    `severity` (coarse grid, `coarse_affine`) is 1 in the core of a full lesion, between 0 and 1 at rims, 0 elsewhere.
    """

    name: str
    index: NDArray[np.uint8]
    numbers: NDArray[np.int64]
    affine: NDArray[np.float64]
    severity: NDArray[np.float32]
    coarse_affine: NDArray[np.float64]

    def is_any(self, labels: tuple[int, ...] | NDArray[np.int64]) -> NDArray[np.bool_]:
        """Where the fine head has one of some labels."""
        return np.asarray(np.isin(self.numbers, labels)[self.index])


def prepare(head: LabelledHead, rng: np.random.Generator) -> FineHead:
    """The fine head of a person; `rng` decides fat, dura and how severe the lesions are."""
    labels, coarse_affine = crop(head.labels, head.affine)
    labels = np.where(fat(labels, rng), FAT_LABEL, labels)
    severity = lesion_severity(labels, rng)
    numbers, index = np.unique(labels, return_inverse=True)
    numbers = np.append(numbers, DURA_LABEL).astype(np.int64)
    fine = refine(index.reshape(labels.shape).astype(np.uint8))
    if rng.random() < 0.7:
        add_dura(fine, numbers)
    halve = np.diag([0.5, 0.5, 0.5, 1.0])
    halve[:3, 3] = -0.25
    return FineHead(head.name, fine, numbers, coarse_affine @ halve, severity, coarse_affine)


def crop(labels: NDArray[np.int16], affine: NDArray[np.float64]) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
    """The part that holds the head, with a margin of one voxel of air."""
    box = ndimage.find_objects((labels > 0).astype(np.uint8))[0]
    start = np.array([s.start for s in box])
    moved = affine.copy()
    moved[:3, 3] += affine[:3, :3] @ (start - 1)
    return np.pad(labels[box], 1), moved


def smooth_field(shape: tuple[int, ...], scale_voxels: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """A random field of zero mean and unit variance that varies over about `scale_voxels`."""
    coarse = [int(np.ceil(n / scale_voxels)) + 3 for n in shape]
    noise = rng.standard_normal(coarse).astype(np.float32)
    zoomed = ndimage.affine_transform(noise, np.eye(3) / scale_voxels, 0.5 + rng.random(3), shape, order=3)
    return np.asarray((zoomed - zoomed.mean()) / zoomed.std(), np.float32)


def fat(labels: NDArray[np.int16], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Where soft tissue is fat: a layer of varying thickness under the skin, and islands between the muscles."""
    from_skin = ndimage.distance_transform_edt(~np.isin(labels, (0, SKIN)))
    thickness = rng.uniform(2.5, 6.0) * np.exp(0.3 * smooth_field(labels.shape, 25, rng))
    islands = smooth_field(labels.shape, 7, rng) > rng.uniform(0.5, 1.2)
    return np.asarray((labels == SOFT_TISSUE) & ((from_skin < thickness) | islands))


def add_dura(fine: NDArray[np.uint8], numbers: NDArray[np.int64]) -> None:
    """Turn the innermost half voxel of the skull into dura, in place."""
    bone, fluid = int(np.flatnonzero(numbers == CORTICAL_BONE)[0]), int(np.flatnonzero(numbers == SULCAL_CSF)[0])
    beside = ndimage.binary_dilation(fine == fluid) & (fine == bone)
    fine[beside] = int(np.flatnonzero(numbers == DURA_LABEL)[0])


def lesion_severity(labels: NDArray[np.int16], rng: np.random.Generator) -> NDArray[np.float32]:
    """How far tissue has gone from white matter to lesion, (I, J, K) in 0 to 1.

    Each lesion has its own severity, less at its edge; a faint penumbra and the normal rim of the ventricles, which no
    rater would mark, extend into the white matter.
    """
    lesion = np.isin(labels, LESION_LABELS)
    white = np.isin(labels, WHITE)
    labelled, count = ndimage.label(lesion, np.ones((3, 3, 3)))
    level = np.append(0.0, rng.uniform(0.6, 1.0, count)).astype(np.float32)[labelled]
    depth = ndimage.gaussian_filter(lesion.astype(np.float32), 0.9)
    near = ndimage.gaussian_filter(lesion.astype(np.float32), 1.5)
    ventricle = ndimage.gaussian_filter(np.isin(labels, LATERAL_VENTRICLES).astype(np.float32), 1.0)
    core = level * np.clip(0.55 + 0.6 * depth, 0, 1)
    rim = rng.uniform(0, 0.25) * near + rng.uniform(0, 0.5) * ventricle
    return np.where(lesion, core, np.where(white, rim, 0)).astype(np.float32)


def refine(index: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Labels at half the voxel size: in each octant the label with the largest trilinear weight, ties to the voxel.

    Staircases become slopes; sheets of one voxel survive.
    """
    fine = index.repeat(2, 0).repeat(2, 1).repeat(2, 2)
    edge = ndimage.maximum_filter(index, 3) != ndimage.minimum_filter(index, 3)
    edge[[0, -1]] = edge[:, [0, -1]] = edge[:, :, [0, -1]] = False
    voxels = np.nonzero(edge)
    for octant in NEIGHBOURS:
        step = 2 * octant - 1
        near = [index[tuple(v + o for v, o in zip(voxels, n * step, strict=True))] for n in NEIGHBOURS]
        winner, most = near[0], np.zeros(len(near[0]), np.int16)
        for candidate in CANDIDATES:
            votes = np.zeros(len(winner), np.int16)
            for weight, neighbour in zip(WEIGHTS, near, strict=True):
                votes += np.where(neighbour == near[candidate], np.int16(weight), np.int16(0))
            better = votes > most
            winner, most = np.where(better, near[candidate], winner), np.where(better, votes, most)
        fine[tuple(2 * v + o for v, o in zip(voxels, octant, strict=True))] = winner
    return fine


__all__ = ["LESION_LABEL", "FineHead", "crop", "prepare", "refine", "smooth_field"]
