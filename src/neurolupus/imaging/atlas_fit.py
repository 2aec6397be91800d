"""Atlas to head: the affine map that brings the head atlas, which lies in MNI space, onto a measured head."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurolupus.imaging.atlas import HeadAtlas, read_atlas
from neurolupus.imaging.brain import HeadMap
from neurolupus.records.volume import Affine

# Classes as both sides have them; each is one image of the fit, so no brightness enters it.
GROUPS = (
    ("csf",),
    ("ventricle",),
    ("cortex",),
    ("deep_gm",),
    ("cerebral_wm",),
    ("cerebellar_gm", "infratentorial_wm"),
)
LEVELS = ((8.0, 6), (4.0, 12))  # smoothing in mm, steps: broad first, for heads that are turned
POINTS_MM = 4.0
# The fourteen heads of the head atlas fit with 0.81 to 0.89; the same maps upside down or of noise with less than 0.5.
LEAST_OVERLAP = 0.6

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class AtlasFit:
    """Where a head lies in MNI space.

    Parameters
    ----------
    head_to_mni : (4, 4) float array
        RAS+ mm of the head to MNI mm.
    overlap : float
        Share of the smoothed classes that atlas and head have in common, 0 to 1.
    """

    head_to_mni: Affine
    overlap: float

    @property
    def is_good(self) -> bool:
        """Whether head and atlas fit well enough to tell sides and lobes."""
        return self.overlap >= LEAST_OVERLAP


def fit_atlas(head: HeadMap) -> AtlasFit:
    """The affine map of a head onto the atlas, from where eight classes lie in both.

    Parameters
    ----------
    head : HeadMap
        Its axes run roughly to the right, to the front and upwards, as those of every `Volume` do.

    Returns
    -------
    AtlasFit
        The least squares fit of six class maps by Levenberg's steps; the same head gives the same fit. Ask `is_good`
        before use: a head that is turned by more than about 30 degrees may not be found.
    """
    atlas = read_atlas()
    points = _points(atlas)
    theta = _first_guess(atlas, head)
    overlap = 0.0
    for sigma_mm, steps in LEVELS:
        wanted = _at(_smooth(_atlas_maps(atlas), sigma_mm, 2.0), atlas.affine, points)
        maps = _smooth(_head_maps(head), sigma_mm, head.grid.voxel_size_mm[0])
        theta, overlap = _descend(maps, head.grid.affine, points, wanted, theta, steps)
    matrix = np.eye(4)
    matrix[:3] = theta
    if abs(float(np.linalg.det(matrix[:3, :3]))) < 0.1:
        return AtlasFit(np.eye(4), 0.0)
    return AtlasFit(np.linalg.inv(matrix).astype(np.float64), overlap)


def _atlas_maps(atlas: HeadAtlas) -> list[Floats]:
    shares = dict(zip(atlas.names, atlas.shares, strict=True))
    return [sum((shares[name] / 255.0 for name in group), np.zeros(atlas.shares.shape[1:])) for group in GROUPS]


def _head_maps(head: HeadMap) -> list[Floats]:
    return [head.of(*group).astype(np.float64) for group in GROUPS]


def _smooth(maps: list[Floats], sigma_mm: float, voxel_mm: float) -> list[Floats]:
    return [np.asarray(ndimage.gaussian_filter(one, sigma_mm / voxel_mm, mode="constant")) for one in maps]


def _points(atlas: HeadAtlas) -> Floats:
    """Every second voxel of the atlas's brain and of a rim around it, (n, 3) mm."""
    brain = sum(_atlas_maps(atlas)) > 0.3
    near = ndimage.binary_dilation(brain, iterations=5)
    step = round(POINTS_MM / abs(float(atlas.affine[0, 0])))
    sparse = np.zeros_like(near)
    sparse[::step, ::step, ::step] = near[::step, ::step, ::step]
    return np.asarray(np.argwhere(sparse) @ atlas.affine[:3, :3].T + atlas.affine[:3, 3])


def _first_guess(atlas: HeadAtlas, head: HeadMap) -> Floats:
    """Centres of mass together and volumes alike, (3, 4) from MNI to the head's mm; no rotation."""
    theirs, ours = np.sum(_atlas_maps(atlas)[2:], axis=0), np.sum(_head_maps(head)[2:], axis=0)
    scale = (ours.sum() * abs(np.linalg.det(head.grid.affine[:3, :3])) / (theirs.sum() * 8.0)) ** (1 / 3)
    centre_of = [
        affine[:3, :3] @ np.array(ndimage.center_of_mass(one)) + affine[:3, 3]
        for one, affine in ((theirs, atlas.affine), (ours, head.grid.affine))
    ]
    return np.hstack([np.eye(3) * scale, (centre_of[1] - scale * centre_of[0])[:, None]])


def _at(maps: list[Floats], affine: Affine, points: Floats) -> Floats:
    """Values of maps at points in mm, (maps, n); zero outside."""
    inverse = np.linalg.inv(affine)
    where = inverse[:3, :3] @ points.T + inverse[:3, 3:]
    return np.array([ndimage.map_coordinates(one, where, order=1, mode="constant") for one in maps])


def _descend(
    maps: list[Floats], affine: Affine, points: Floats, wanted: Floats, theta: Floats, steps: int
) -> tuple[Floats, float]:
    """Levenberg's steps from `theta`; the best (3, 4) map, and the overlap there."""
    to_mm = np.linalg.inv(affine[:3, :3]).T  # gradients along voxels to gradients along mm
    slopes = [[np.asarray(slope) for slope in np.gradient(one)] for one in maps]
    design = np.hstack([points, np.ones((len(points), 1))])
    unit = np.concatenate([np.full(3, 1 / 60.0), [1.0]])  # a turn of 1 mm at 60 mm weighs as a shift of 1 mm
    damping, value = 1e-2, _at(maps, affine, points @ theta[:, :3].T + theta[:, 3])
    for _ in range(steps):
        error = wanted - value
        normal, right = np.zeros((12, 12)), np.zeros(12)
        moved = points @ theta[:, :3].T + theta[:, 3]
        for slope, residual in zip(slopes, error, strict=True):
            along = to_mm @ _at(slope, affine, moved)
            jacobian = (along.T[:, :, None] * (design * unit)[:, None, :]).reshape(len(points), 12)
            normal += jacobian.T @ jacobian
            right += jacobian.T @ residual
        for _ in range(6):
            change = np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-9), right).reshape(3, 4) * unit
            tried = _at(maps, affine, points @ (theta + change)[:, :3].T + (theta + change)[:, 3])
            if float(((wanted - tried) ** 2).sum()) < float((error**2).sum()):
                theta, value, damping = theta + change, tried, damping / 4
                break
            damping *= 4
        else:
            break
    return theta, 2 * float(np.minimum(wanted, value).sum() / max(float((wanted + value).sum()), 1e-9))
