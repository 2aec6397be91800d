"""The head's surface, as anybody can render it from a scan: to see what is left of a face."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PILImage
from scipy import ndimage

from neurolupus.records.volume import Volume
from neurolupus.report.figures import Picture, encode_png, to_pil

PIXEL_MM = 1.0
SMOOTH_MM = 1.0
GAP_PIXELS = 12
_LIGHT = np.array([-0.35, 0.45, 0.82])  # from the upper left, in front of the picture

Side = Literal["front", "left"]
Depth = NDArray[np.float32]  # (up, across), mm from the viewer; NaN where there is nothing


def draw_surface(volume: Volume, side: Side, *, level: float) -> Picture:
    """The surface of a head in grey, (up, across, 3), seen from the front or from its left.

    Parameters
    ----------
    volume : Volume
        In RAS+ order; background near zero.
    side : str
    level : float
        The brightness at which the head begins: `imaging.deface.air_level`.
    """
    depth = _depth(volume, side, level)
    filled = np.where(np.isnan(depth), np.nanmax(depth, initial=0.0) + 60.0, depth).astype(np.float32)
    smooth = ndimage.gaussian_filter(filled, 0.7)
    down, across = np.gradient(smooth, PIXEL_MM)
    normal = np.stack([across, down, np.ones_like(smooth)], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    light = np.clip(normal @ (_LIGHT / np.linalg.norm(_LIGHT)), 0, 1)
    grey = np.where(np.isnan(depth), 0.06, 0.12 + 0.86 * light)
    return np.repeat(grey[..., None], 3, axis=-1).astype(np.float32)


def before_and_after(before: Volume, after: Volume, *, level: float) -> bytes:
    """A PNG: the head as it was above, without its face below; each from the front and from the left.

    The upper row shows who it is: keep it where the originals are.
    """
    rows = [
        _row([to_pil(draw_surface(one, side, level=level)) for side in ("front", "left")]) for one in (before, after)
    ]
    return encode_png(_stacked(rows))


def _depth(volume: Volume, side: Side, level: float) -> Depth:
    size = np.asarray(volume.voxel_size_mm)
    solid = ndimage.gaussian_filter(np.maximum(volume.data, 0), SMOOTH_MM / size) > level
    # Turned so that the first axis runs away from the viewer, the second up, the third to the picture's right
    turned, order = {
        "front": (solid[::-1, ::-1, :].transpose(1, 2, 0), (1, 2, 0)),  # the head's right on the picture's left
        "left": (solid[:, ::-1, :].transpose(0, 2, 1), (0, 2, 1)),  # looking to the picture's left
    }[side]
    first = np.argmax(turned, axis=0).astype(np.float32) * size[order[0]]
    depth = np.where(turned.any(axis=0), first, np.nan)[::-1]
    zoom = size[[order[1], order[2]]] / PIXEL_MM
    known = ndimage.zoom((~np.isnan(depth)).astype(np.float32), zoom, order=1) > 0.5
    spread = ndimage.zoom(np.nan_to_num(depth, nan=float(np.nanmax(depth, initial=0.0))), zoom, order=1)
    return np.where(known, spread, np.nan).astype(np.float32)


def _row(pictures: list[PILImage.Image]) -> PILImage.Image:
    out = PILImage.new(
        "RGB", (sum(one.width + GAP_PIXELS for one in pictures) - GAP_PIXELS, max(one.height for one in pictures))
    )
    at = 0
    for one in pictures:
        out.paste(one, (at, 0))
        at += one.width + GAP_PIXELS
    return out


def _stacked(rows: list[PILImage.Image]) -> PILImage.Image:
    out = PILImage.new(
        "RGB", (max(one.width for one in rows), sum(one.height + GAP_PIXELS for one in rows) - GAP_PIXELS)
    )
    at = 0
    for one in rows:
        out.paste(one, (0, at))
        at += one.height + GAP_PIXELS
    return out
