"""What a voxel looks like to the WMH model: brightness, contrast with its surroundings and place, all in mm.

Only candidates are described: voxels that could be a hyperintensity at all. Everything wider than 2 mm is computed on
the 2 mm grid of the head map and read off at the candidates, so the cost depends little on the voxel size.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurolupus.errors import ImageContentError
from neurolupus.imaging.brain import CLASSES, INDEX, HeadMap
from neurolupus.imaging.grid import bounding_box, crop, resample
from neurolupus.records.volume import Image, Mask, Probability, Volume

Floats = NDArray[np.float32]

PARENCHYMA: Final = ("cortex", "deep_gm", "cerebral_wm", "cerebellar_gm", "infratentorial_wm")
BRIGHT: Final = 0.5  # candidates are brighter than this way from the white matter's to the grey matter's FLAIR mode
NEAR_WHITE: Final = 0.3  # and within some millimetres of this much white matter or deep grey matter
LEAST_CONTRAST: Final = 0.1  # of T1w white matter: a scan with less is not blown up to look as if it had more
_MARGIN_MM = 6.0
_WIDE_MARGIN_MM = 12.0
_DIRECTIONS: Final = np.array(
    [[x, y, z] for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1) if abs(x) + abs(y) + abs(z) in (1, 3)],
    np.float64,
)
_PLACES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {name: (name,) for name in ("cerebral_wm", "cortex", "deep_gm", "ventricle", "csf", "outside")}
    | {"infratentorial": ("infratentorial_wm", "cerebellar_gm")}
)
FEATURES: Final = (
    "flair",
    "flair_wm",
    "flair_1mm",
    "flair_2mm",
    "flair_4mm",
    "flair_8mm",
    "flair_minus_2mm",
    "flair_1mm_minus_4mm",
    "flair_2mm_minus_8mm",
    "flair_over_white_6mm",
    "flair_over_white_12mm",
    "flair_lowest_3mm",
    "flair_middle_3mm",
    "flair_highest_3mm",
    "flair_lowest_6mm",
    "flair_middle_6mm",
    "flair_highest_6mm",
    "flair_curvature_most",
    "flair_curvature_middle",
    "flair_curvature_least",
    "t1w",
    "t1w_1mm",
    "t1w_2mm",
    "t1w_8mm",
    "t1w_over_white_6mm",
    "white_contrast",
    "flair_noise",
    *(f"{place}_{reach}" for reach in ("here", "4mm", "10mm") for place in _PLACES),
    "right_left",
    "front",
    "depth",
    "flair_thickness_mm",
)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The voxels that could be hyperintense and what is known of each.

    Parameters
    ----------
    where : (3, n) int array
        Voxel indices on the grid of the T1w.
    table : (n, len(FEATURES)) float32 array
    """

    where: NDArray[np.intp]
    table: Floats


@dataclass(frozen=True, slots=True)
class Units:
    """The FLAIR and T1w intensities of normal tissue, in which a scan is measured."""

    flair_grey: float
    flair_white: float
    flair_spread: float
    t1w_grey: float
    t1w_white: float

    def t1w_scaled(self, t1w: Floats) -> Floats:
        """Cortex 0, white matter 1; clipped at 3 to either side."""
        contrast = max(self.t1w_white - self.t1w_grey, LEAST_CONTRAST * self.t1w_white)
        scaled = (t1w - np.float32(self.t1w_grey)) / np.float32(contrast)
        return np.clip(scaled, -3, 3).astype(np.float32)


def mode(values: Floats) -> float:
    """The commonest value: it holds still when lesions, partial volume or artefacts join; means do not."""
    low, high = np.percentile(values, (5, 95))
    if not high > low:
        return float(low)
    counts, edges = np.histogram(values, 128, (low, high))
    smooth = np.convolve(counts, np.hanning(15), "same")
    peak = int(smooth.argmax())
    return float((edges[peak] + edges[peak + 1]) / 2)


def surest(probability: Probability, among: Mask) -> Mask:
    """The surest voxels of a class, half as many as its expected volume: some are found in a vague map as well."""
    values = probability[among]
    wanted = int(values.sum(dtype=np.float64) / 2)
    if wanted == 0:
        return np.zeros(among.shape, np.bool_)
    limit = np.partition(values, -wanted)[-wanted]
    sure: Mask = among & (probability >= limit)
    return sure


def tissue_units(t1w: Image, flair: Image, cortex: Mask, white: Mask) -> Units:
    """The modes of cortex and white matter.

    Raises
    ------
    ImageContentError
        There is no cortex or no white matter to measure by.
    """
    if min(int(cortex.sum()), int(white.sum())) < 100:
        raise ImageContentError(
            f"{int(cortex.sum())} voxels are surely cortex and {int(white.sum())} surely white matter; at least 100 of "
            "each are needed to tell what is bright on FLAIR.\n"
            "    Look at the brain mask, and check that T1w and FLAIR are of the same head."
        )
    seen = flair[white]
    grey, bright = mode(flair[cortex]), mode(seen)
    lower = bright - float(np.percentile(seen, 16))  # lesions widen the upper side only
    t1w_grey, t1w_white = mode(t1w[cortex]), mode(t1w[white])
    if grey <= 0 or t1w_white <= 0:
        raise ImageContentError(
            f"Cortex has FLAIR {grey:.3g}, white matter T1w {t1w_white:.3g}; both must be positive.\n"
            "    Look at the images and at the brain mask: one of them is empty there."
        )
    return Units(grey, bright, max(lower, 1e-3 * grey), t1w_grey, t1w_white)


def describe_candidates(
    t1w: Volume, flair: Image, mask: Mask, head: HeadMap, *, flair_thickness_mm: float
) -> Candidates:
    """The candidate voxels of a scan and their features.

    Parameters
    ----------
    t1w : Volume
        Bias-corrected.
    flair : (I, J, K) float32 array
        Bias-corrected, on the grid of `t1w`.
    mask : (I, J, K) bool array
        Intracranial.
    head : HeadMap
    flair_thickness_mm : float
        The largest voxel edge of the FLAIR as it was taken.

    Raises
    ------
    ImageContentError
        See `tissue_units`.
    """
    box = bounding_box(mask, _voxels(_MARGIN_MM, t1w.voxel_size_mm))
    fine, inside = crop(t1w, box), mask[box]
    near = _Surroundings(fine, flair[box], inside, head)
    units = near.units
    bright = np.where(inside, flair[box] / np.float32(units.flair_grey), 0).astype(np.float32)
    np.clip(bright, 0, 4, out=bright)
    bright_1mm = _smooth(bright, 1.0, fine.voxel_size_mm)
    found = _candidates(bright_1mm, bright, inside, near.white_near(fine), units)
    index = np.argwhere(found).T
    columns: dict[str, Floats] = {}
    here = tuple(index)
    columns["flair"], columns["flair_1mm"] = bright[here], bright_1mm[here]
    columns["flair_wm"] = (bright[here] * units.flair_grey - units.flair_white) / np.float32(units.flair_spread)
    columns["t1w"] = units.t1w_scaled(fine.data[here])
    near.describe(fine, index, columns)
    columns |= _places(fine, index, bounding_box(inside))
    constants = {
        "white_contrast": units.flair_white / units.flair_grey,
        "flair_noise": units.flair_spread / units.flair_grey,
        "flair_thickness_mm": flair_thickness_mm,
    }
    columns |= {name: np.full(index.shape[1], value, np.float32) for name, value in constants.items()}
    table = np.stack([columns[name] for name in FEATURES], axis=1).astype(np.float32, copy=False)
    return Candidates(index + np.array([[s.start] for s in box]), table)


def _candidates(flair_1mm: Floats, flair: Floats, inside: Mask, white_near: Floats, units: Units) -> Mask:
    white = units.flair_white / units.flair_grey
    limit = np.float32(white + BRIGHT * max(1.0 - white, 0.05))
    found: Mask = inside & (white_near > NEAR_WHITE) & ((flair_1mm > limit) | (flair > limit + np.float32(0.1)))
    return found


class _Surroundings:
    """The scan and the anatomy on grids of 2 and 4 mm about the brain."""

    def __init__(self, fine: Volume, flair: Image, inside: Mask, head: HeadMap) -> None:
        weight = resample(fine.with_data(inside.astype(np.float32)), head.grid)
        box = bounding_box(weight > 0, _voxels(_WIDE_MARGIN_MM, head.grid.voxel_size_mm))
        self.grid = crop(head.grid, box)
        self.weight = weight[box]
        self.classes = {n: head.probabilities[INDEX[n]][box] for n in CLASSES}
        pre = [0.4 * np.sqrt(max(0.0, (self.grid.voxel_size_mm[0] / s) ** 2 - 1)) for s in fine.voxel_size_mm]
        raw_flair, raw_t1w = (
            resample(fine.with_data(ndimage.gaussian_filter(np.where(inside, i, 0), pre, truncate=2.5)), self.grid)
            / np.maximum(self.weight, 0.5)
            for i in (flair, fine.data)
        )
        cortex, white = (surest(self.classes[n], self.weight > 0.99) for n in ("cortex", "cerebral_wm"))
        self.units = tissue_units(raw_t1w, raw_flair, cortex, white)
        self.bright = np.clip(raw_flair / np.float32(self.units.flair_grey), 0, 4)
        self.tissue = self.units.t1w_scaled(raw_t1w)

    def white_near(self, onto: Volume) -> Floats:
        """How much white matter, deep grey matter and brain stem lies within some millimetres."""
        near = sum(self.classes[n] for n in ("cerebral_wm", "deep_gm", "infratentorial_wm"))
        return resample(self.grid.with_data(_smooth(np.asarray(near), 2.0, self.grid.voxel_size_mm)), onto)

    def describe(self, fine: Volume, index: NDArray[np.intp], columns: dict[str, Floats]) -> None:
        """Add the columns that look around the candidates."""
        to_grid = np.linalg.inv(self.grid.affine) @ fine.affine
        where = to_grid[:3, :3] @ index + to_grid[:3, 3:]
        near, far = _Reader(self.grid.shape, where), _Reader(_halved_shape(self.grid.shape), (where - 0.5) / 2)
        self._wider_means(near, far, columns)
        self._anatomy(near, far, columns)
        columns |= _rings(self.bright, where)
        columns |= _curvature(self._mean(self.bright, self.weight, 1.0, 2.0), where)

    def _mean(self, image: Floats, weights: Floats, reach_mm: float, grid_mm: float) -> Floats:
        """The weighted mean around each voxel."""
        size = (grid_mm,) * 3
        total: Floats = _smooth(image * weights, reach_mm, size) / np.maximum(_smooth(weights, reach_mm, size), 1e-3)
        return total

    def _wider_means(self, near: "_Reader", far: "_Reader", columns: dict[str, Floats]) -> None:
        parenchyma = self.weight * sum(self.classes[n] for n in PARENCHYMA)
        white = self.weight * (self.classes["cerebral_wm"] + self.classes["infratentorial_wm"]) ** 2
        limit = (self.units.flair_white + 2 * self.units.flair_spread) / self.units.flair_grey
        normal = _halved(white * (self.bright < limit)) + np.float32(1e-3)
        wide_weight, wide_bright, wide_tissue = (_halved(i) for i in (parenchyma, self.bright, self.tissue))
        two = near.at(self._mean(self.bright, parenchyma, 2.0, 2.0))
        four, eight = (far.at(self._mean(wide_bright, wide_weight, reach, 4.0)) for reach in (4.0, 8.0))
        own, one = columns["flair"], columns["flair_1mm"]
        columns |= {"flair_2mm": two, "flair_4mm": four, "flair_8mm": eight}
        columns |= {"flair_minus_2mm": own - two, "flair_1mm_minus_4mm": one - four, "flair_2mm_minus_8mm": two - eight}
        columns["flair_over_white_6mm"] = one - far.at(self._mean(wide_bright, normal, 6.0, 4.0))
        columns["flair_over_white_12mm"] = one - far.at(self._mean(wide_bright, normal, 12.0, 4.0))
        columns["t1w_over_white_6mm"] = columns["t1w"] - far.at(self._mean(wide_tissue, normal, 6.0, 4.0))
        columns["t1w_1mm"] = near.at(self.tissue)
        columns["t1w_2mm"] = near.at(self._mean(self.tissue, self.weight, 2.0, 2.0))
        columns["t1w_8mm"] = far.at(self._mean(wide_tissue, _halved(self.weight), 8.0, 4.0))

    def _anatomy(self, near: "_Reader", far: "_Reader", columns: dict[str, Floats]) -> None:
        for place, members in _PLACES.items():
            here: Floats = np.sum([self.classes[n] for n in members], axis=0, dtype=np.float32)
            columns[f"{place}_here"] = near.at(here)
            wide = _halved(here)
            columns[f"{place}_4mm"] = far.at(_smooth(wide, 4.0, (4.0, 4.0, 4.0)))
            columns[f"{place}_10mm"] = far.at(_smooth(wide, 10.0, (4.0, 4.0, 4.0)))


class _Reader:
    """Reads images at places between their voxels, linearly; the weights are computed once."""

    def __init__(self, shape: tuple[int, int, int], where: NDArray[np.float64]) -> None:
        upper = np.array(shape)[:, None]
        low = np.clip(np.floor(where), 0, upper - 2).astype(np.intp)
        part = np.clip(where - low, 0, 1).astype(np.float32)
        strides = (shape[1] * shape[2], shape[2], 1)
        self.base = low[0] * strides[0] + low[1] * strides[1] + low[2]
        self.corners: list[tuple[int, Floats]] = []
        for corner in np.ndindex(2, 2, 2):
            sides = [part[a] if upper_side else 1 - part[a] for a, upper_side in enumerate(corner)]
            step = sum(c * s for c, s in zip(corner, strides, strict=True))
            self.corners.append((step, sides[0] * sides[1] * sides[2]))

    def at(self, image: Floats) -> Floats:
        """The image at every place, (n,)."""
        flat = np.ascontiguousarray(image, np.float32).ravel()
        total = np.zeros(len(self.base), np.float32)
        for step, weight in self.corners:
            total += weight * flat[self.base + step]
        return total


def _rings(bright: Floats, where: NDArray[np.float64]) -> dict[str, Floats]:
    """The lowest, middle and highest FLAIR of 14 directions at 3 and 6 mm: a spot is dark all around, a rim is not."""
    padded, base, strides = _padded(bright, where, 3)
    flat = padded.ravel()
    columns: dict[str, Floats] = {}
    for radius in (3.0, 6.0):
        steps = np.rint(_DIRECTIONS / np.linalg.norm(_DIRECTIONS, axis=1, keepdims=True) * radius / 2.0).astype(np.intp)
        around = np.stack([flat[base + int(step @ strides)] for step in steps])
        around.sort(axis=0)
        for name, row in (("lowest", 1), ("middle", 7), ("highest", 12)):  # the second of each end: less noise
            columns[f"flair_{name}_{radius:.0f}mm"] = around[row]
    return columns


def _curvature(smooth: Floats, where: NDArray[np.float64]) -> dict[str, Floats]:
    """Eigenvalues of the matrix of second differences: three alike and negative in a spot, one in a sheet."""
    padded, base, strides = _padded(smooth, where, 1)
    flat = padded.ravel()
    hessian = np.empty((len(base), 3, 3), np.float32)
    middle = flat[base]
    for a in range(3):
        hessian[:, a, a] = flat[base + strides[a]] + flat[base - strides[a]] - 2 * middle
        for b in range(a):
            up, across = strides[a] + strides[b], strides[a] - strides[b]
            mixed = flat[base + up] + flat[base - up] - flat[base + across] - flat[base - across]
            hessian[:, a, b] = hessian[:, b, a] = mixed / 4
    names = ("flair_curvature_most", "flair_curvature_middle", "flair_curvature_least")
    return dict(zip(names, eigenvalues(hessian), strict=True))


def eigenvalues(matrix: Floats) -> tuple[Floats, Floats, Floats]:
    """Eigenvalues of symmetric 3 x 3 matrices, (n, 3, 3), in rising order, in closed form.

    References
    ----------
    .. [1] Smith (1961), Commun ACM 4:168, doi:10.1145/355578.366316.
    """
    mean = np.trace(matrix, axis1=1, axis2=2) / 3
    centred = matrix - mean[:, None, None] * np.eye(3, dtype=np.float32)
    size = np.sqrt(np.einsum("nij,nij->n", centred, centred) / 6) + np.float32(1e-9)
    unit = centred / size[:, None, None]
    determinant = (
        unit[:, 0, 0] * (unit[:, 1, 1] * unit[:, 2, 2] - unit[:, 1, 2] ** 2)
        - unit[:, 0, 1] * (unit[:, 0, 1] * unit[:, 2, 2] - unit[:, 1, 2] * unit[:, 0, 2])
        + unit[:, 0, 2] * (unit[:, 0, 1] * unit[:, 1, 2] - unit[:, 1, 1] * unit[:, 0, 2])
    )
    angle = np.arccos(np.clip(determinant / 2, -1, 1)) / 3
    highest = mean + 2 * size * np.cos(angle)
    lowest = mean + 2 * size * np.cos(angle + np.float32(2 * np.pi / 3))
    return lowest, 3 * mean - highest - lowest, highest


def _padded(
    image: Floats, where: NDArray[np.float64], margin: int
) -> tuple[Floats, NDArray[np.intp], NDArray[np.intp]]:
    """The image with a border, the flat index of the voxel nearest to each place, and the steps along the axes."""
    padded = np.pad(image, margin, mode="edge")
    upper = np.array(image.shape)[:, None] - 1
    nearest = np.clip(np.rint(where), 0, upper).astype(np.intp) + margin
    strides = np.array([padded.shape[1] * padded.shape[2], padded.shape[2], 1], np.intp)
    return padded, (strides[:, None] * nearest).sum(0), strides


def _places(fine: Volume, index: NDArray[np.intp], tight: tuple[slice, slice, slice]) -> dict[str, Floats]:
    """The part of the way through the brain's box; depth below its top is in units of 100 mm.

    The bottom of the box depends on how much of the neck the mask holds, so nothing is measured from there.
    """
    share = [(i - s.start) / max(1, s.stop - s.start) for i, s in zip(index, tight, strict=True)]
    depth = (tight[2].stop - index[2]) * fine.voxel_size_mm[2] / 100
    columns = {"right_left": np.abs(2 * share[0] - 1), "front": share[1], "depth": depth}
    return {name: np.asarray(values, np.float32) for name, values in columns.items()}


def _halved_shape(shape: tuple[int, int, int]) -> tuple[int, int, int]:
    i, j, k = ((n + 1) // 2 for n in shape)
    return i, j, k


def _halved(image: Floats) -> Floats:
    """Means of blocks of 2 x 2 x 2 voxels."""
    padded = np.pad(image, [(0, n % 2) for n in image.shape], mode="edge")
    i, j, k = (n // 2 for n in padded.shape)
    halved: Floats = padded.reshape(i, 2, j, 2, k, 2).mean(axis=(1, 3, 5), dtype=np.float32)
    return halved


def _smooth(image: Floats, sigma_mm: float, voxel_size_mm: tuple[float, float, float]) -> Floats:
    smooth: Floats = ndimage.gaussian_filter(image, [sigma_mm / s for s in voxel_size_mm], truncate=2.5)
    return smooth


def _voxels(mm: float, voxel_size_mm: tuple[float, float, float]) -> tuple[int, int, int]:
    i, j, k = (int(np.ceil(mm / s)) for s in voxel_size_mm)
    return i, j, k
