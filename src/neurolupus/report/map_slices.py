"""One map of a scan as raters see it: six axial slices, what was measured outlined on the image."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from PIL import Image as PILImage

from neurolupus.records.volume import Mask
from neurolupus.report import figures
from neurolupus.report.display import SIDES, View, head_box, spread
from neurolupus.report.drawing import FRAME_MM

PIXELS_PER_MM = 1.25
COUNT, ACROSS, GAP = 6, 3, 4
OUTLINES = {
    "GM": figures.GM_COLOUR, "WM": figures.WM_COLOUR, "CSF": figures.CSF_COLOUR, "WMH": figures.WMH_COLOUR,
}  # fmt: skip


def map_slices(
    name: str,
    image: NDArray[Any],
    head: Mask,
    voxel_size_mm: tuple[float, float, float],
    drawn: NDArray[Any] | None = None,
) -> bytes:
    """Six axial slices as one picture (WebP, or JPEG), from the lowest to the highest.

    Parameters
    ----------
    name : str
        `T1w`, `FLAIR`, or a map of OUTLINES.
    image : (I, J, K) array
        What is drawn in grey: RAS order.
    head : (I, J, K) bool array
        The intracranial mask.
    drawn : (I, J, K) array, optional
        A mask or fraction, outlined at one half.
    """
    box = head_box(head, voxel_size_mm, margin_mm=0.0)
    grey = figures.grey_range(image, head, top=99.9 if name in ("FLAIR", "WMH") else 99.7)
    pictures = []
    for index in spread(box, "axial", COUNT, trim=0.18):
        view = View("axial", index, box, voxel_size_mm, PIXELS_PER_MM).framed(*FRAME_MM, box.centre)
        picture = figures.draw_grey(image, view, grey)
        if drawn is not None and name in OUTLINES:
            picture = figures.draw_outline(picture, drawn, view, OUTLINES[name], width=1.3)
        pictures.append(figures.to_pil(picture, SIDES["axial"]))
    return figures.encode_pil(_grid(pictures), alt=name, quality=80).data


def _grid(pictures: list[PILImage.Image]) -> PILImage.Image:
    width, height = pictures[0].size
    rows = -(-len(pictures) // ACROSS)
    whole = PILImage.new("RGB", (ACROSS * (width + GAP) - GAP, rows * (height + GAP) - GAP))
    for n, one in enumerate(pictures):
        whole.paste(one, (n % ACROSS * (width + GAP), n // ACROSS * (height + GAP)))
    return whole
