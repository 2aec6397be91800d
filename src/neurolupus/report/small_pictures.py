"""Small pictures of one scan, kept as files beside its report, so that a page of thousands needs no image in memory."""

from dataclasses import dataclass

from neurolupus.records.measured import MeasuredScan
from neurolupus.records.volume import Mask
from neurolupus.report import figures
from neurolupus.report.drawing import Drawing
from neurolupus.report.figures import Image, Picture

THUMBNAIL_PIXELS_PER_MM = 0.8
EXAMPLE_PIXELS_PER_MM = 1.9
OVERLAY_PIXELS_PER_MM = 2.4


def scan_thumbnail(measured: MeasuredScan) -> bytes:
    """PNG of one axial slice: the FLAIR with the WMH mask outlined, or the T1w alone when there is no FLAIR."""
    drawing = Drawing(measured)
    view = drawing.framed(THUMBNAIL_PIXELS_PER_MM)
    picture = drawing.flair(view)
    if measured.wmh_mask is not None:
        picture = figures.draw_outline(picture, measured.wmh_mask, view, figures.WMH_COLOUR, width=1.0)
    return figures.encode_png(figures.to_pil(picture, ("R", "L")), greys=36, colours=24)


def scan_example(measured: MeasuredScan) -> bytes | None:
    """PNG of the FLAIR above the WMH probability, one axial slice, as Fig. 3 of the MRI paper; None without a FLAIR."""
    if measured.wmh_probability is None:
        return None
    drawing = Drawing(measured)
    view = drawing.framed(EXAMPLE_PIXELS_PER_MM)
    pictures = [figures.to_pil(p, ("R", "L")) for p in (drawing.flair(view), drawing.heat(view))]
    return figures.encode_png(figures.column(pictures, gap=6))


@dataclass(frozen=True, slots=True)
class DemoPictures:
    """What the demo page shows of one patient; without a FLAIR the T1w stands in."""

    t1w: Image
    flair: Image
    overlay: Image
    tissue: Image


def demo_pictures(measured: MeasuredScan, truth_wmh_mask: Mask | None = None) -> DemoPictures:
    """Pictures of one patient for the demo page.

    Parameters
    ----------
    measured : MeasuredScan
    truth_wmh_mask : (I, J, K) bool array on the T1w's grid, or None
        Outlined beside the measured mask.
    """
    drawing = Drawing(measured)
    view = drawing.framed(OVERLAY_PIXELS_PER_MM)

    def image(picture: Picture, alt: str) -> Image:
        return figures.encode(picture, plane="axial", alt=alt, quality=78)

    overlay = drawing.flair(view)
    if truth_wmh_mask is not None:
        overlay = figures.draw_outline(overlay, truth_wmh_mask, view, figures.TRUTH_COLOUR, width=1.8)
    if measured.wmh_mask is not None:
        overlay = figures.draw_outline(overlay, measured.wmh_mask, view, figures.WMH_COLOUR, width=1.8)
    return DemoPictures(
        t1w=image(drawing.t1w(view), "T1w"),
        flair=image(drawing.flair(view), "FLAIR" if measured.flair is not None else "T1w"),
        overlay=image(overlay, "measured hyperintensities outlined"),
        tissue=image(drawing.tissue(view), "tissue classes"),
    )
