"""Atlas to head: the affine map that brings the head atlas, which lies in MNI space, onto a measured head."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurolupus.imaging.atlas import HeadAtlas, read_atlas
from neurolupus.imaging.brain import HeadMap
from neurolupus.imaging.lookup import Lookup, Points
from neurolupus.records.volume import Affine, Image

# Classes as both sides have them; each is one image of the fit, so no brightness enters it.
GROUPS = (
    ("csf",),
    ("ventricle",),
    ("cortex",),
    ("deep_gm",),
    ("cerebral_wm",),
    ("cerebellar_gm", "infratentorial_wm"),
)
LEVELS = ((8.0, 8.0, 6), (4.0, 4.0, 12))  # smoothing, distance of points in mm, steps: broad first, for turned heads
ENOUGH = 1e-6  # of the squared error: steps that gain less end a level
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


def in_mni(voxels: NDArray[np.int_], affine: Affine, fit: AtlasFit) -> Floats:
    """Voxels of the head's image in MNI mm, (n, 3).

    Parameters
    ----------
    voxels : (n, 3) int array
    affine : (4, 4) float array
        Voxel indices to RAS+ mm of the head.
    fit : AtlasFit
    """
    matrix = fit.head_to_mni @ affine
    return np.asarray(voxels.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3], np.float64)


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
    theta = _first_guess(read_atlas(), head)
    overlap = 0.0
    ours = _head_maps(head)
    for sigma_mm, apart_mm, steps in LEVELS:
        points, wanted = _template(sigma_mm, apart_mm)
        smooth = _smooth(ours, sigma_mm, head.grid.voxel_size_mm[0])
        theta, overlap = _descend(smooth, head.grid.affine, points, wanted, theta, steps)
    matrix = np.eye(4)
    matrix[:3] = theta
    if abs(float(np.linalg.det(matrix[:3, :3]))) < 0.1:
        return AtlasFit(np.eye(4), 0.0)
    return AtlasFit(np.linalg.inv(matrix).astype(np.float64), overlap)


@lru_cache(maxsize=len(LEVELS))
def _template(sigma_mm: float, apart_mm: float) -> tuple[Points, Floats]:
    """Points over the atlas's brain and a rim around it, (n, 3) mm; what its smoothed maps say there, (n, groups)."""
    atlas = read_atlas()
    maps = _atlas_maps(atlas)
    near = ndimage.binary_dilation(sum(maps) > 0.3, iterations=5)
    step = round(apart_mm / abs(float(atlas.affine[0, 0])))
    sparse = np.zeros_like(near)
    sparse[::step, ::step, ::step] = near[::step, ::step, ::step]
    points = np.asarray(np.argwhere(sparse) @ atlas.affine[:3, :3].T + atlas.affine[:3, 3])
    return points, _at(Lookup.of(_smooth(maps, sigma_mm, 2.0), atlas.affine), points)


def _atlas_maps(atlas: HeadAtlas) -> list[Image]:
    shares = {name: share / np.float32(255) for name, share in zip(atlas.names, atlas.shares, strict=True)}
    return [np.sum([shares[name] for name in group], axis=0) for group in GROUPS]


def _head_maps(head: HeadMap) -> list[Image]:
    return [head.of(*group) for group in GROUPS]


def _smooth(maps: list[Image], sigma_mm: float, voxel_mm: float) -> list[Image]:
    return [np.asarray(ndimage.gaussian_filter(one, sigma_mm / voxel_mm, mode="constant")) for one in maps]


def _first_guess(atlas: HeadAtlas, head: HeadMap) -> Floats:
    """Centres of mass together and volumes alike, (3, 4) from MNI to the head's mm; no rotation."""
    theirs, ours = np.sum(_atlas_maps(atlas)[2:], axis=0), np.sum(_head_maps(head)[2:], axis=0)
    scale = (ours.sum() * abs(np.linalg.det(head.grid.affine[:3, :3])) / (theirs.sum() * 8.0)) ** (1 / 3)
    centre_of = [
        affine[:3, :3] @ np.array(ndimage.center_of_mass(one)) + affine[:3, 3]
        for one, affine in ((theirs, atlas.affine), (ours, head.grid.affine))
    ]
    return np.hstack([np.eye(3) * scale, (centre_of[1] - scale * centre_of[0])[:, None]])


def _at(maps: Lookup, points: Points) -> Floats:
    """What the maps say at points in mm, (N, C); zero off their grid."""
    found, inside = maps.at(points)
    found[~inside] = 0
    return found


def _descend(
    maps: list[Image], affine: Affine, points: Points, wanted: Floats, theta: Floats, steps: int
) -> tuple[Floats, float]:
    """Levenberg's steps from `theta`; the best (3, 4) map, and the overlap there."""
    values, both = Lookup.of(maps, affine), Lookup.of(maps, affine, gradient=True)
    groups = wanted.shape[1]
    unit = np.concatenate([np.full(3, 1 / 60.0), [1.0]])  # a turn of 1 mm at 60 mm weighs as a shift of 1 mm
    design = np.hstack([points, np.ones((len(points), 1))]) * unit
    pairs = (design[:, :, None] * design[:, None, :]).reshape(len(points), 16)
    damping, value = 1e-2, _at(values, points @ theta[:, :3].T + theta[:, 3])
    left = float(((wanted - value) ** 2).sum())
    for _ in range(steps):
        slopes = _at(both, points @ theta[:, :3].T + theta[:, 3])[:, groups:].reshape(len(points), groups, 3)
        # the Jacobian of a map is slope x design: the products of both kinds are summed over maps before points
        turns = np.einsum("nga,ngb->nab", slopes, slopes).reshape(len(points), 9)
        normal = (turns.T @ pairs).reshape(3, 3, 4, 4).transpose(0, 2, 1, 3).reshape(12, 12)
        right = (np.einsum("nga,ng->na", slopes, wanted - value).T @ design).ravel()
        gained = 0.0
        for _ in range(6):
            change = np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-9), right).reshape(3, 4) * unit
            tried = _at(values, points @ (theta + change)[:, :3].T + (theta + change)[:, 3])
            after = float(((wanted - tried) ** 2).sum())
            if after < left:
                theta, value, damping = theta + change, tried, damping / 4
                gained, left = left - after, after
                break
            damping *= 4
        if gained <= ENOUGH * left:
            break
    return theta, 2 * float(np.minimum(wanted, value).sum() / max(float((wanted + value).sum()), 1e-9))
