"""Paint on a pair: lesions with soft edges, and what looks like lesions and is none."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurolupus.imaging.acquisition import smooth_field
from neurolupus.records.volume import Image

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """A pair to paint on, in its own units.

    Parameters
    ----------
    t1w, flair : (I, J, K) float32 arrays
    grey, white : float
        FLAIR of cortex and of white matter.
    t1w_grey, t1w_white : float
    voxel_mm : (float, float, float)
    flair_voxel_mm : (float, float, float)
        How the FLAIR was taken: what is painted is blurred as its slices blur.
    """

    t1w: Image
    flair: Image
    grey: float
    white: float
    t1w_grey: float
    t1w_white: float
    voxel_mm: tuple[float, float, float]
    flair_voxel_mm: tuple[float, float, float]

    def blurred(self, image: Floats, edge_mm: float = 0.0) -> Floats:
        """As the FLAIR's voxels see it: a box of their size, on top of a soft edge."""
        sigma = [
            np.sqrt(max(0.0, (f / 3.46) ** 2 - (v / 3.46) ** 2) + edge_mm**2) / v
            for f, v in zip(self.flair_voxel_mm, self.voxel_mm, strict=True)
        ]
        return ndimage.gaussian_filter(image, sigma, truncate=3.0)


def field(
    shape: tuple[int, ...], voxel_mm: tuple[float, float, float], reach_mm: float, rng: np.random.Generator
) -> Floats:
    """A smooth random field of about unit variance with knots every `reach_mm`."""
    knots = tuple(max(3, round(n * v / reach_mm) + 1) for n, v in zip(shape, voxel_mm, strict=True))
    i, j, k = shape
    return 1.5 * smooth_field((i, j, k), rng.standard_normal(knots).astype(np.float32))


def paint_lesions(canvas: Canvas, share: Image, rng: np.random.Generator, *, faintest: float = 0.25) -> None:
    """Lesions, each of its own brightness, uneven, with a soft edge, darker than white matter on T1w.

    `faintest`: the least they rise above white matter, of grey matter's FLAIR; experts' do by 0.2 to 0.3 at the median.
    """
    if not share.any():
        return
    labels, count = ndimage.label(share > 0.05, np.ones((3, 3, 3)))
    severity = np.concatenate([[0], rng.beta(2.5, 1.5, count) * 0.5 + 0.5]).astype(np.float32)
    darkness = np.concatenate([[0], rng.uniform(0.5, 1.2, count)]).astype(np.float32)
    texture = np.clip(1 + 0.15 * field(share.shape, canvas.voxel_mm, 6.0, rng), 0.5, 1.4)
    amount = share * severity[labels] * texture
    edge_mm = rng.uniform(0.2, 0.9)
    rise = np.exp(rng.uniform(np.log(faintest), np.log(0.9))) * canvas.grey
    canvas.flair[:] += rise * canvas.blurred(amount, edge_mm)
    drop = rng.uniform(0.2, 1.25) * (canvas.t1w_white - canvas.t1w_grey)
    canvas.t1w[:] -= drop * ndimage.gaussian_filter(amount * darkness[labels], [edge_mm / v for v in canvas.voxel_mm])
    np.maximum(canvas.t1w, 0, out=canvas.t1w)


def paint_rims(canvas: Canvas, ventricle: Image, white: Image, rng: np.random.Generator) -> None:
    """The thin bright line around the ventricles and over their horns, and the dull haze behind them: no lesions."""
    near = [ndimage.gaussian_filter(ventricle, [s / v for v in canvas.voxel_mm]) for s in (1.0, 7.0)]
    uneven = np.clip(0.6 + 0.6 * field(white.shape, canvas.voxel_mm, 12.0, rng), 0, 2)
    rim = rng.uniform(0.05, 0.5) * np.clip(2.5 * near[0], 0, 1) * white * uneven
    haze = (
        rng.uniform(0.0, 0.2)
        * np.clip(4 * near[1], 0, 1)
        * white
        * np.clip(field(white.shape, canvas.voxel_mm, 25.0, rng), 0, 2)
    )
    canvas.flair[:] += canvas.grey * canvas.blurred(rim + haze, 0.3)


def paint_cortex(canvas: Canvas, cortex: Image, rng: np.random.Generator) -> None:
    """Cortex that is brighter in places, as insula, cingulum and medial temporal lobe are."""
    patches = np.clip(field(cortex.shape, canvas.voxel_mm, 22.0, rng) - 0.5, 0, 2)
    canvas.flair[:] += canvas.grey * rng.uniform(0.0, 0.45) * canvas.blurred(cortex * patches, 0.3)


def paint_flow(canvas: Canvas, fluid: Image, rng: np.random.Generator) -> None:
    """Fluid that is not dark because it moves; spots that pulsation throws on what lies beside it."""
    patches = np.clip(field(fluid.shape, canvas.voxel_mm, 10.0, rng) - 1.0, 0, 1.5)
    canvas.flair[:] += canvas.grey * rng.uniform(0.0, 0.9) * canvas.blurred(fluid * patches, 0.8)


def paint_texture(canvas: Canvas, brain: Image, infratentorial: Image, rng: np.random.Generator) -> None:
    """Slow unevenness of normal tissue and of the coil that correction leaves, more of it below the tentorium."""
    shape = brain.shape
    slow = rng.uniform(0.0, 0.04) * field(shape, canvas.voxel_mm, 45.0, rng)
    quick = rng.uniform(0.0, 0.03) * field(shape, canvas.voxel_mm, 9.0, rng)
    below = rng.uniform(0.0, 0.12) * np.clip(field(shape, canvas.voxel_mm, 9.0, rng), 0, 2) * infratentorial
    canvas.flair[:] *= np.clip(1 + brain * (slow + quick) + below, 0.5, 1.6)
