"""A training case: a pair on one grid, bias-corrected, with its lesions; kept on disk between runs."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurolupus.imaging.bias import bias_field
from neurolupus.imaging.brain import HeadMap, map_head
from neurolupus.imaging.grid import bounding_box, crop, isotropic_grid, resample
from neurolupus.imaging.masks import intracranial_mask, is_skull_stripped
from neurolupus.records.volume import Affine, Image, Mask, Volume

MARGIN_MM = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One pair, cut to the brain's box.

    Parameters
    ----------
    name : str
    source : str
        The head or patient it comes from: what leave-one-out leaves out.
    origin : str
        "simulated" (label map), "real" (a scan with its own expert truth) or "painted" (a scan with transplants).
    masks : tuple of str
        Patients whose lesion masks were painted: a case is never trained on where one of them is the test.
    t1w : Volume
    flair : (I, J, K) float32 array
    truth : (I, J, K) float32 array
        Share of lesion in each voxel.
    ignore : (I, J, K) bool array
        Voxels of which nothing is known.
    coarse : Volume
        The whole T1w at 2 mm, from which the head map is made.
    """

    name: str
    source: str
    origin: str
    masks: tuple[str, ...]
    t1w: Volume
    flair: Image
    truth: Image
    ignore: Mask
    coarse: Volume
    flair_thickness_mm: float

    @property
    def lesion_ml(self) -> float:
        """Lesion load."""
        return float((self.truth >= 0.5).sum()) * self.t1w.voxel_volume_ml

    def head(self) -> HeadMap:
        """The head map of the network as it is now."""
        return map_head(self.coarse, threads=1)

    def brain(self, head: HeadMap) -> Mask:
        """The brain mask as at run time."""
        mask = intracranial_mask(head, self.t1w)
        return mask & (self.t1w.data != 0) if is_skull_stripped(self.t1w, mask) else mask

    def save(self, path: Path) -> None:
        """Intensities as 16-bit floats, at most 4000; written whole or not at all."""
        fresh = path.with_suffix(".part")
        with fresh.open("wb") as file:
            np.savez(
                file,
                text=np.array([self.name, self.source, self.origin, *self.masks]),
                t1w=_half(self.t1w.data), flair=_half(self.flair), coarse=_half(self.coarse.data),
                truth=np.rint(self.truth * 255).astype(np.uint8), ignore=self.ignore,
                affine=self.t1w.affine, coarse_affine=self.coarse.affine, thickness=self.flair_thickness_mm,
            )  # fmt: skip
        fresh.replace(path)


def load_case(path: Path) -> Case:
    """A case as saved."""
    with np.load(path) as kept:
        name, source, origin, *masks = (str(t) for t in kept["text"])
        return Case(
            name, source, origin, tuple(masks),
            Volume(kept["t1w"].astype(np.float32), kept["affine"]), kept["flair"].astype(np.float32),
            kept["truth"].astype(np.float32) / 255, kept["ignore"],
            Volume(kept["coarse"].astype(np.float32), kept["coarse_affine"]), float(kept["thickness"]),
        )  # fmt: skip


def _half(image: NDArray[np.float32]) -> NDArray[np.float16]:
    return (image * (1000 / np.percentile(image[image > 0], 95))).clip(0, 4000).astype(np.float16)


def coarse_t1w(t1w: Volume) -> Volume:
    """The T1w at 2 mm along its own axes; a head map of it is the head map of the T1w."""
    from neurolupus.imaging.brain import _coarse

    return _coarse(t1w)


def corrected(image: Volume, mask: Mask) -> Image:
    """The image without its bias field."""
    return (np.maximum(image.data, 0) / bias_field(image, mask, threads=1)).astype(np.float32)


def onto_t1w(flair: Volume, t1w: Volume, flair_to_t1w: Affine) -> Image:
    """The FLAIR on the grid of the T1w."""
    return np.maximum(resample(flair, t1w, onto_to_moving=np.linalg.inv(flair_to_t1w)), 0)


def brain_box(mask: Mask, voxel_mm: tuple[float, float, float]) -> tuple[slice, slice, slice]:
    """The box of the brain and a margin."""
    i, j, k = (int(np.ceil(MARGIN_MM / s)) for s in voxel_mm)
    return bounding_box(mask, (i, j, k))


__all__ = ["Case", "brain_box", "coarse_t1w", "corrected", "crop", "isotropic_grid", "load_case", "onto_t1w"]
