"""A viewer to scroll through: all slices of a layer in one tall picture that moves behind a window."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PILImage

from neurolupus.records.measured import MeasuredScan
from neurolupus.records.volume import Mask, Probability
from neurolupus.report import figures
from neurolupus.report.display import View, cut, spread
from neurolupus.report.drawing import Drawing
from neurolupus.report.figures import GreyRange, Image, Picture

VIEWER_PIXELS_PER_MM = 2.0
VIEWER_SLICES = 26
DRAWERS = 2  # layers drawn and packed at once


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


def _outline_layer(mask: Mask, colour: figures.Colour, view: View) -> PILImage.Image:
    alpha = figures.outline_alpha(cut(mask, view), 0.5, 1.4)
    return _transparent(np.broadcast_to(np.asarray(colour, np.float32), (*alpha.shape, 3)).copy(), alpha)


def _heat_layer(probability: Probability, view: View) -> PILImage.Image:
    values = cut(probability, view)
    return _transparent(figures.heat_colours(values), figures.heat_alpha(values))


def _tissue_layer(measured: MeasuredScan, view: View) -> PILImage.Image:
    colours, alpha = figures.tissue_paint(measured.gm, measured.wm, measured.csf, view)
    return _transparent(colours, np.asarray(alpha * 0.62, np.float32))


def viewer(drawing: Drawing) -> Viewer:
    """The axial slices of one scan with their overlays; opens on the slice the pipeline is drawn on."""
    measured = drawing.measured
    base = drawing.view("axial", VIEWER_PIXELS_PER_MM)
    indices = list(spread(drawing.brain_box, "axial", VIEWER_SLICES, trim=0.04))
    middle = min(range(len(indices)), key=lambda n: abs(indices[n] - base.index))
    indices[middle] = base.index  # opens on the slice the pipeline is drawn on
    views = [base.at(index) for index in indices]

    def greys(key: str, title: str, image: NDArray[Any], grey: GreyRange, shown: bool) -> Layer:
        strip = figures.column([figures.to_pil(figures.draw_grey(image, v, grey), ("R", "L")) for v in views])
        return Layer(key, title, figures.encode_pil(strip, alt=title, quality=72), False, shown)

    def overlay(key: str, title: str, draw: Callable[[View], PILImage.Image], shown: bool = False) -> Layer:
        strip = figures.column([draw(v) for v in views])
        return Layer(key, title, figures.encode_pil(strip, alt=title, quality=60), True, shown)

    has_flair = measured.flair is not None and drawing.flair_grey is not None
    layers: list[Callable[[], Layer]] = []
    if measured.flair is not None and drawing.flair_grey is not None:
        layers.append(partial(greys, "flair", "FLAIR", measured.flair, drawing.flair_grey, shown=True))
    layers.append(partial(greys, "t1w", "T1w", measured.t1w_corrected, drawing.t1w_grey, shown=not has_flair))
    if measured.wmh_mask is not None and measured.wmh_probability is not None:
        border, heat = partial(_outline_layer, measured.wmh_mask, figures.WMH_COLOUR), measured.wmh_probability
        layers.append(partial(overlay, "wmh", "WMH mask", border, shown=True))
        layers.append(partial(overlay, "heat", "WMH probability", partial(_heat_layer, heat)))
    layers.append(partial(overlay, "tissue", "Tissue", partial(_tissue_layer, measured)))
    border = partial(_outline_layer, measured.intracranial_mask, figures.BRAIN_COLOUR)
    layers.append(partial(overlay, "brain", "Brain mask", border))
    width, height = base.size
    with ThreadPoolExecutor(DRAWERS) as drawers:
        return Viewer(width, height, len(views), middle, tuple(drawers.map(lambda make: make(), layers)))
