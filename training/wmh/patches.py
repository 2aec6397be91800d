"""Patches to train the WMH network on: cut from prepared cases, altered at random, with new small lesions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
import torch.nn.functional as F
from disturbances import brighten_cortex, brighten_midline, confuse, roughen, shaken, sliced
from implants import FAINT, Shapes, implant, paint, strengthen
from numpy.typing import NDArray
from scipy import ndimage

from neurolupus.imaging.wmh_input import ANATOMY

Floats = NDArray[np.float32]
SIDE = 80
WHITE = ANATOMY.index("cerebral_wm")
CORTEX, VENTRICLE, MIDLINE = (ANATOMY.index(name) for name in ("cortex", "ventricle", "right_left"))
BELOW = ANATOMY.index("infratentorial_wm")
WRONG = tuple(ANATOMY.index(name) for name in ("cortex", "deep_gm", "ventricle"))
THICK_MM = 2.0  # a FLAIR with thinner slices may be shown as if it had thick ones
RIGHT_LEFT = 0  # first axis: the one that may be mirrored
SHARES = MappingProxyType({"simulated": 0.45, "painted": 0.35, "real": 0.2})  # how often each kind of case is seen


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A case as the network sees it, kept small: images in 16 bits, shares of 255."""

    name: str
    source: str
    origin: str
    images: NDArray[np.float16]
    anatomy: NDArray[np.uint8]
    inside: NDArray[np.bool_]
    truth: NDArray[np.uint8]
    ignore: NDArray[np.bool_]
    white: float
    thickness_mm: float
    lesions: NDArray[np.intp]  # one voxel of each lesion
    places: NDArray[np.int16]  # voxels of the brain, some of them


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """What one step sees of a case."""

    images: Floats
    anatomy: Floats
    truth: Floats
    known: NDArray[np.bool_]


def read_prepared(path: Path) -> Prepared:
    """A case as `prepare.py` wrote it."""
    with np.load(path) as kept:
        name, source, origin, *_ = (str(t) for t in kept["text"])
        truth, ignore, inside = kept["truth"], kept["ignore"], kept["inside"]
        labels, _ = ndimage.label(truth >= 128, np.ones((3, 3, 3)))
        _, first = np.unique(labels.ravel(), return_index=True)
        lesions = np.stack(np.unravel_index(first[1:], labels.shape), 1) if len(first) > 1 else np.zeros((0, 3), int)
        grey, white = kept["units"]
        return Prepared(
            name, source, origin, kept["images"], kept["anatomy"], inside, truth, ignore, float(white / grey) - 1,
            float(kept["thickness"]), lesions, np.argwhere(inside)[::97].astype(np.int16),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often a patch shows lesions.

    Parameters
    ----------
    at_lesion : float
        Share of the patches that are cut about a lesion, where there are any.
    implanted : float
        Share of the patches that get new lesions.
    most : int
        New lesions in one patch at most.
    shares : Mapping
        Of the patches, how many come from each kind of case: "simulated", "painted", "real".
    """

    at_lesion: float
    implanted: float
    most: int
    shares: Mapping[str, float] = field(default_factory=lambda: SHARES)


MANY = Frequency(0.55, 0.5, 9)  # to learn what lesions look like
SOME = Frequency(0.45, 0.3, 5)  # between the two
FEW = Frequency(0.4, 0.15, 3)  # to learn how rare they are: most of what is a little bright is none
DRAWN = Frequency(0.4, 0.15, 3, MappingProxyType({"simulated": 0.25, "painted": 0.35, "real": 0.4}))  # as experts draw


class Sampler:
    """Draws patches; what is drawn depends on the random generator alone."""

    def __init__(self, cases: list[Prepared], shapes: Shapes, frequency: Frequency) -> None:
        self.cases, self.shapes, self.frequency = cases, shapes, frequency
        weight = np.array([frequency.shares[c.origin] for c in cases])
        for origin in frequency.shares:
            of = np.array([c.origin == origin for c in cases])
            weight[of] /= max(1, of.sum())
        self.weight = weight / weight.sum()

    def draw(self, rng: np.random.Generator) -> Patch:
        """One patch."""
        case = self.cases[int(rng.choice(len(self.cases), p=self.weight))]
        images, anatomy, truth, known = _cut(case, self.frequency.at_lesion, rng)
        if rng.random() < 0.35:
            images, anatomy, truth, known = _bent(images, anatomy, truth, known, rng)
        if rng.random() < 0.5:
            images, anatomy = np.flip(images, 1).copy(), np.flip(anatomy, 1).copy()
            truth, known = np.flip(truth, 0).copy(), np.flip(known, 0).copy()
        if case.origin != "real":
            if rng.random() < 0.5:
                strengthen(images, truth, rng)
            seen = ndimage.gaussian_filter(images[0], 0.7) >= case.white + FAINT
            known &= seen | (truth < 0.3)
            if rng.random() < 0.5:
                brighten_cortex(images, _doubled(anatomy[CORTEX]), truth, rng)
            if rng.random() < 0.3:
                midline, ventricle = _doubled(anatomy[MIDLINE]), _doubled(anatomy[VENTRICLE])
                brighten_midline(images, midline, ventricle, truth, rng)
        if rng.random() < self.frequency.implanted:
            room = _doubled(anatomy[WHITE] + 0.5 * anatomy[BELOW])
            fresh = implant(truth, room, self.shapes, rng, self.frequency.most)
            faint = paint(images, fresh, case.thickness_mm, rng)
            known |= ndimage.binary_dilation(fresh > 0.05, iterations=2)
            known &= ~faint
            truth = np.maximum(truth, fresh)
        if case.thickness_mm < THICK_MM and rng.random() < 0.35:
            images[0] = sliced(images[0], rng)
        if rng.random() < 0.5:
            confuse(anatomy, truth, (WHITE, BELOW), WRONG, rng)
        inside = images[1] != 0
        if rng.random() < 0.5:
            roughen(images, rng)
        if rng.random() < 0.12:
            images[0] = shaken(images[0], rng)
        if rng.random() < 0.06:
            images[1] = shaken(images[1], rng)
        _alter(images, case.white, inside, rng)
        return Patch(images, anatomy, truth, known)


def _doubled(anatomy: Floats) -> Floats:
    return anatomy.repeat(2, 0).repeat(2, 1).repeat(2, 2)


def _cut(
    case: Prepared, at_lesion: float, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    shape = np.array(case.truth.shape)
    if len(case.lesions) and rng.random() < at_lesion:
        centre = case.lesions[int(rng.integers(len(case.lesions)))]
    else:
        centre = case.places[int(rng.integers(len(case.places)))]
    start = centre - SIDE // 2 + rng.integers(-SIDE // 3, SIDE // 3 + 1, 3)
    start = np.clip(start, 0, shape - SIDE) // 2 * 2
    fine = tuple(slice(int(s), int(s) + SIDE) for s in start)
    coarse = tuple(slice(int(s) // 2, (int(s) + SIDE) // 2) for s in start)
    return (
        case.images[(slice(None), *fine)].astype(np.float32),
        case.anatomy[(slice(None), *coarse)].astype(np.float32) / 255,
        case.truth[fine].astype(np.float32) / 255,
        case.inside[fine] & ~case.ignore[fine],
    )


def _bent(
    images: Floats, anatomy: Floats, truth: Floats, known: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """Turned by up to some degrees and resized; what comes from outside the patch is unknown."""
    angles = np.deg2rad(rng.normal(0, 5, 3))
    matrix = np.eye(3)
    for axis, angle in enumerate(angles):
        a, b = [i for i in range(3) if i != axis]
        turn = np.eye(3)
        turn[a, a] = turn[b, b] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        matrix = matrix @ turn
    matrix = matrix @ np.diag(np.exp(rng.normal(-0.06, 0.08, 3)))
    theta = torch.from_numpy(np.concatenate([matrix, np.zeros((3, 1))], 1).astype(np.float32))[None]

    def moved(stack: Floats) -> Floats:
        grid = F.affine_grid(theta, [1, len(stack), *stack.shape[1:]], align_corners=False)
        return F.grid_sample(torch.from_numpy(stack)[None], grid, align_corners=False)[0].numpy()

    fine = moved(np.concatenate([images, truth[None], known[None].astype(np.float32)]))
    return fine[:2].copy(), moved(anatomy), fine[2].copy(), fine[3] > 0.99


def _alter(images: Floats, white: float, inside: NDArray[np.bool_], rng: np.random.Generator) -> None:
    """Other contrast, shading, blur and noise."""
    flair, t1w = images
    spread = np.exp(rng.normal(0, 0.12))
    flair[:] = flair * spread + rng.normal(0, 0.03)
    t1w[:] = (t1w - 1) * np.exp(rng.normal(0, 0.15)) + 1 + rng.normal(0, 0.06)
    for image, size in ((flair, 0.05), (t1w, 0.12)):
        if rng.random() < 0.5:
            knots = torch.from_numpy(rng.standard_normal((1, 1, *rng.integers(2, 6, 3))).astype(np.float32))
            field = F.interpolate(knots, image.shape, mode="trilinear", align_corners=True)[0, 0].numpy()
            image += np.float32(rng.uniform(0, size)) * field * (1 + np.abs(image))
    draw = rng.random()
    if draw < 0.2:
        sigma = rng.uniform(0.3, 0.9)
        flair[:] = ndimage.gaussian_filter(flair, sigma)
    elif draw < 0.35:
        axis = int(rng.integers(3))
        flair[:] = ndimage.gaussian_filter1d(flair, rng.uniform(0.5, 1.2), axis)
    elif draw < 0.5:  # sharper
        flair += rng.uniform(0.2, 1.0) * (flair - ndimage.gaussian_filter(flair, 1.0))
    for image, size in ((flair, 0.06), (t1w, 0.12)):
        if rng.random() < 0.5:
            noise = rng.standard_normal(image.shape, np.float32) * np.float32(rng.uniform(0, size))
            image += ndimage.gaussian_filter(noise, 0.5) * 2 if rng.random() < 0.4 else noise
    images *= inside
