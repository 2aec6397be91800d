"""A scan and its anatomy on grids of 2 and 4 mm about the brain: what surrounds a voxel, at little cost."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from boosting.sampling import Reader, curvature, halved, halved_shape, rings, smooth
from neurolupus.imaging.brain import CLASSES, INDEX, HeadMap
from neurolupus.imaging.grid import bounding_box, crop, resample
from neurolupus.imaging.wmh_units import Floats, surest, tissue_units
from neurolupus.records.volume import Image, Mask, Volume

PARENCHYMA: Final = ("cortex", "deep_gm", "cerebral_wm", "cerebellar_gm", "infratentorial_wm")
PLACES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {name: (name,) for name in ("cerebral_wm", "cortex", "deep_gm", "ventricle", "csf", "outside")}
    | {"infratentorial": ("infratentorial_wm", "cerebellar_gm")}
)
_MARGIN_MM = 12.0


class Surroundings:
    """The scan and the anatomy on grids of 2 and 4 mm about the brain."""

    def __init__(self, fine: Volume, flair: Image, inside: Mask, head: HeadMap) -> None:
        weight = resample(fine.with_data(inside.astype(np.float32)), head.grid)
        box = bounding_box(weight > 0, in_voxels(_MARGIN_MM, head.grid.voxel_size_mm))
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
        """How much white matter, deep grey matter, brain stem or ventricle lies within some millimetres."""
        near = sum(self.classes[n] for n in ("cerebral_wm", "deep_gm", "infratentorial_wm", "ventricle"))
        return resample(self.grid.with_data(smooth(np.asarray(near), 2.0, self.grid.voxel_size_mm)), onto)

    def describe(self, fine: Volume, index: NDArray[np.intp], columns: dict[str, Floats]) -> None:
        """Add the columns that look around the candidates."""
        to_grid = np.linalg.inv(self.grid.affine) @ fine.affine
        where = to_grid[:3, :3] @ index + to_grid[:3, 3:]
        near, far = Reader(self.grid.shape, where), Reader(halved_shape(self.grid.shape), (where - 0.5) / 2)
        self._wider_means(near, far, columns)
        self._anatomy(near, far, columns)
        columns |= rings(self.bright, where)
        columns |= curvature(self._mean(self.bright, self.weight, 1.0, 2.0), where)

    def _mean(self, image: Floats, weights: Floats, reach_mm: float, grid_mm: float) -> Floats:
        """The weighted mean around each voxel."""
        size = (grid_mm,) * 3
        total: Floats = smooth(image * weights, reach_mm, size) / np.maximum(smooth(weights, reach_mm, size), 1e-3)
        return total

    def _wider_means(self, near: Reader, far: Reader, columns: dict[str, Floats]) -> None:
        parenchyma = self.weight * sum(self.classes[n] for n in PARENCHYMA)
        white = self.weight * (self.classes["cerebral_wm"] + self.classes["infratentorial_wm"]) ** 2
        limit = (self.units.flair_white + 2 * self.units.flair_spread) / self.units.flair_grey
        normal = halved(white * (self.bright < limit)) + np.float32(1e-3)
        wide_weight, wide_bright, wide_tissue = (halved(i) for i in (parenchyma, self.bright, self.tissue))
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
        columns["t1w_8mm"] = far.at(self._mean(wide_tissue, halved(self.weight), 8.0, 4.0))

    def _anatomy(self, near: Reader, far: Reader, columns: dict[str, Floats]) -> None:
        for place, members in PLACES.items():
            here: Floats = np.sum([self.classes[n] for n in members], axis=0, dtype=np.float32)
            columns[f"{place}_here"] = near.at(here)
            wide = halved(here)
            columns[f"{place}_4mm"] = far.at(smooth(wide, 4.0, (4.0, 4.0, 4.0)))
            columns[f"{place}_10mm"] = far.at(smooth(wide, 10.0, (4.0, 4.0, 4.0)))


def in_voxels(mm: float, voxel_size_mm: tuple[float, float, float]) -> tuple[int, int, int]:
    """A length in voxels along each axis, rounded up."""
    i, j, k = (int(np.ceil(mm / s)) for s in voxel_size_mm)
    return i, j, k
