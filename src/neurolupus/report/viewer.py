"""A viewer to scroll through: all slices of a layer in one tall picture that moves behind a window."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PILImage

from neurolupus.report import figures
from neurolupus.report.display import View, cut, spread
from neurolupus.report.drawing import Drawing
from neurolupus.report.figures import GreyRange, Image, Picture

VIEWER_PIXELS_PER_MM = 2.0
VIEWER_SLICES = 26


@dataclass(frozen=True, slots=True)
class Layer:
    """All slices of the viewer, one above the other, in one picture; overlays are transparent."""

    key: str
    title: str
    image: Image
    overlay: bool
    shown: bool


@dataclass(frozen=True, slots=True)
class Viewer:
    """Slices to scroll through."""

    width: int
    height: int
    count: int
    middle: int
    layers: tuple[Layer, ...]


def _transparent(colours: Picture, alpha: NDArray[np.float32]) -> PILImage.Image:
    pixels = np.concatenate([colours, alpha[..., None]], axis=-1)
    pixels[alpha <= 0] = 0
    return PILImage.fromarray(np.asarray(np.clip(pixels, 0, 1) * 255 + 0.5, np.uint8))


def _outline_layer(mask: NDArray[Any], view: View, colour: figures.Colour) -> PILImage.Image:
    alpha = figures.outline_alpha(cut(mask, view), 0.5, 1.4)
    return _transparent(np.broadcast_to(np.asarray(colour, np.float32), (*alpha.shape, 3)).copy(), alpha)


def viewer(drawing: Drawing) -> Viewer:
    """The axial slices of one scan with their overlays; opens on the slice the pipeline is drawn on."""
    measured = drawing.measured
    base = drawing.view("axial", VIEWER_PIXELS_PER_MM)
    indices = list(spread(drawing.brain_box, "axial", VIEWER_SLICES, trim=0.04))
    middle = min(range(len(indices)), key=lambda n: abs(indices[n] - base.index))
    indices[middle] = base.index  # opens on the slice the pipeline is drawn on
    views = [base.at(index) for index in indices]
    layers = []

    def greys(key: str, title: str, image: NDArray[Any], grey: GreyRange, shown: bool) -> None:
        strip = figures.column([figures.to_pil(figures.draw_grey(image, v, grey), ("R", "L")) for v in views])
        layers.append(Layer(key, title, figures.encode_pil(strip, alt=title, quality=72), False, shown))

    def overlay(key: str, title: str, pictures: list[PILImage.Image], shown: bool = False) -> None:
        layers.append(
            Layer(key, title, figures.encode_pil(figures.column(pictures), alt=title, quality=60), True, shown)
        )

    has_flair = measured.flair is not None and drawing.flair_grey is not None
    if measured.flair is not None and drawing.flair_grey is not None:
        greys("flair", "FLAIR", measured.flair, drawing.flair_grey, shown=True)
    greys("t1w", "T1w", measured.t1w_corrected, drawing.t1w_grey, shown=not has_flair)
    if measured.wmh_mask is not None and measured.wmh_probability is not None:
        heat = [cut(measured.wmh_probability, v) for v in views]
        overlay(
            "wmh", "WMH mask", [_outline_layer(measured.wmh_mask, v, figures.WMH_COLOUR) for v in views], shown=True
        )
        overlay("heat", "WMH probability", [_transparent(figures.heat_colours(p), figures.heat_alpha(p)) for p in heat])
    tissue = []
    for v in views:
        colours, alpha = figures.tissue_paint(measured.gm, measured.wm, measured.csf, v)
        tissue.append(_transparent(colours, np.asarray(alpha * 0.62, np.float32)))
    overlay("tissue", "Tissue", tissue)
    overlay("brain", "Brain mask", [_outline_layer(measured.intracranial_mask, v, figures.BRAIN_COLOUR) for v in views])
    width, height = base.size
    return Viewer(width, height, len(views), middle, tuple(layers))
