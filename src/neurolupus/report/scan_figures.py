"""The pictures of one scan: the pipeline drawn on the subject's own images, mosaics, and a viewer to scroll through."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurolupus.records.measured import Lesion, MeasuredScan
from neurolupus.report import figures
from neurolupus.report.display import Box, Plane, View, spread
from neurolupus.report.drawing import Drawing
from neurolupus.report.figures import Image, Picture
from neurolupus.report.viewer import Viewer, viewer

PIXELS_PER_MM = 2.2
MOSAIC_PIXELS_PER_MM = 1.5
CHECKER_MM = 22
ZOOM_MM = 44


@dataclass(frozen=True, slots=True)
class PipelineStep:
    """One station of the pipeline: what was done and what came out, drawn on one slice."""

    title: str
    words: str
    image: Image
    legend: str = ""  # name of a legend in the template: heat, tissue, wmh ...


@dataclass(frozen=True, slots=True)
class Mosaic:
    """Slices in one direction with outlines."""

    plane: Plane
    title: str
    images: tuple[Image, ...]


@dataclass(frozen=True, slots=True)
class ScanFigures:
    """Every picture of a scan report."""

    pipeline: tuple[PipelineStep, ...]
    mosaics: tuple[Mosaic, ...]
    viewer: Viewer


def _largest(measured: MeasuredScan) -> Lesion | None:
    return max(measured.lesions, key=lambda lesion: lesion.volume_ml, default=None)


def _voxel_of(affine: NDArray[Any], point_mm: tuple[float, float, float] | NDArray[Any]) -> tuple[int, int, int]:
    i, j, k = np.rint(np.linalg.solve(affine, np.array([*point_mm, 1.0]))[:3]).astype(int).tolist()
    return i, j, k


def _zoom_view(drawing: Drawing, lesion: Lesion, size: tuple[int, int]) -> View:
    """A close axial view on a lesion, filling `size` pixels."""
    measured = drawing.measured
    centre = _voxel_of(measured.t1w.affine, lesion.centroid_mm)
    labels = measured.lesion_labels
    if labels is not None:
        planes = np.count_nonzero(labels == lesion.label, axis=(0, 1))
        if planes.any():
            centre = (centre[0], centre[1], int(np.argmax(planes)))
    close = View("axial", centre[2], drawing.box, drawing.voxel_size_mm, size[0] / ZOOM_MM)
    return close.framed(ZOOM_MM, ZOOM_MM * size[1] / size[0], centre)


def _flair_as_acquired(drawing: Drawing, view: View) -> Picture | None:
    """The FLAIR on its own grid, in the slice that holds the middle of `view`, before it was aligned."""
    measured = drawing.measured
    flair, transform = measured.pair.flair, measured.transform
    if flair is None or transform is None:
        return None
    i, j, _ = drawing.box.centre
    middle = measured.t1w.affine @ np.array([i, j, view.index, 1.0])
    point = np.linalg.solve(transform.flair_to_t1w_ras, middle)
    centre = _voxel_of(flair.affine, point[:3])
    width_mm, height_mm = (pixels / view.pixels_per_mm for pixels in view.size)
    whole = Box((0, 0, 0), flair.shape)
    own = View("axial", centre[2], whole, flair.voxel_size_mm, view.pixels_per_mm).framed(width_mm, height_mm, centre)
    grey = figures.grey_range(flair.data, flair.data > np.percentile(flair.data[::4, ::4, ::2], 70), top=99.5)
    return _fit(figures.draw_grey(flair.data, own, grey), view.size)


def _fit(picture: Picture, size: tuple[int, int]) -> Picture:
    """A picture centred on black (or cut) to a size."""
    whole = np.zeros((size[1], size[0], 3), np.float32)
    height, width = min(size[1], picture.shape[0]), min(size[0], picture.shape[1])
    top, left = (size[1] - height) // 2, (size[0] - width) // 2
    from_top, from_left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    whole[top : top + height, left : left + width] = picture[
        from_top : from_top + height, from_left : from_left + width
    ]
    return whole


def _before_filling(measured: MeasuredScan, index: int) -> NDArray[Any]:
    """The T1w that was filled: as read or bias-corrected, whichever agrees with the filled one in most of a slice."""
    filled = measured.filled_t1w[:, :, index]
    distance = [np.median(np.abs(image[:, :, index] - filled)) for image in (measured.t1w.data, measured.t1w_corrected)]
    return measured.t1w.data if distance[0] < distance[1] else measured.t1w_corrected


def _filled_pair(drawing: Drawing, view: View) -> Image:
    """Original and filled T1w, one above the other, close on the largest lesion."""
    measured, lesion = drawing.measured, _largest(drawing.measured)
    assert lesion is not None
    width, height = view.size
    zoom = _zoom_view(drawing, lesion, (width, height // 2))
    pictures, before = [], _before_filling(measured, zoom.index)
    grey = figures.grey_range(before, measured.intracranial_mask)
    for image in (before, measured.filled_t1w):
        picture = figures.draw_grey(image, zoom, grey)
        if image is before and measured.wmh_mask is not None:
            picture = figures.draw_outline(picture, measured.wmh_mask, zoom, figures.WMH_COLOUR, width=1.2)
        pictures.append(figures.to_pil(_fit(picture, (width, (height - 4) // 2)), ("R", "L")))
    both = figures.column(pictures, gap=height - 2 * pictures[0].height)
    return figures.encode_pil(both, alt="T1w before and after filling")


def _pipeline(drawing: Drawing) -> tuple[PipelineStep, ...]:
    measured = drawing.measured
    view = drawing.view("axial", PIXELS_PER_MM)

    def picture(pixels: Picture, alt: str) -> Image:
        return figures.encode(pixels, plane="axial", alt=alt)

    t1w, flair = drawing.t1w(view), drawing.flair(view)
    bordered = figures.draw_outline(t1w, measured.intracranial_mask, view, figures.BRAIN_COLOUR, width=2.2)
    steps = [
        PipelineStep("T1w", "Bias-corrected, with the intracranial mask.", picture(bordered, "T1w"), "brain"),
    ]
    if measured.wmh_mask is not None and measured.wmh_probability is not None and drawing.flair_grey is not None:
        own = _flair_as_acquired(drawing, view)
        if own is not None:
            steps.append(PipelineStep("FLAIR", "As acquired, in its own position.", picture(own, "FLAIR")))
        tile = round(CHECKER_MM * PIXELS_PER_MM)
        checked = figures.draw_checker(t1w, flair, tile)
        outlined = figures.draw_outline(flair, measured.wmh_mask, view, figures.WMH_COLOUR, width=2.0)
        threshold = f"{measured.settings.wmh_threshold:g}"
        steps += [
            PipelineStep(
                "Registered",
                "T1w and FLAIR in alternating squares: edges must run on.",
                picture(checked, "T1w and FLAIR in alternating squares"),
            ),
            PipelineStep(
                "WMH probability",
                "How likely each voxel is a hyperintensity, on the FLAIR.",
                picture(drawing.heat(view), "WMH probability on FLAIR"),
                "heat",
            ),
            PipelineStep(
                f"WMH mask at {threshold}",
                "Voxels that reach the threshold, outlined.",
                picture(outlined, "outline of the WMH mask on FLAIR"),
                "wmh",
            ),
        ]
        if measured.lesions:
            words = "Above before, below after filling; close on the largest lesion."
            steps.append(PipelineStep("Filled T1w", words, _filled_pair(drawing, view), "wmh"))
    steps.append(
        PipelineStep(
            "Tissue",
            "Grey matter, white matter, cerebrospinal fluid.",
            picture(drawing.tissue(view), "tissue classes on T1w"),
            "tissue",
        )
    )
    return tuple(steps)


def _mosaics(drawing: Drawing) -> tuple[Mosaic, ...]:
    measured = drawing.measured
    mosaics = []
    for plane, count, trim in (("axial", 10, 0.07), ("coronal", 5, 0.12), ("sagittal", 5, 0.14)):
        view = drawing.view(plane, MOSAIC_PIXELS_PER_MM)  # type: ignore[arg-type]
        images = []
        for index in spread(drawing.brain_box, view.plane, count, trim):
            here = view.at(index)
            pixels = drawing.t1w(here)
            pixels = figures.draw_outline(pixels, measured.wm, here, figures.WM_COLOUR, width=1.0)
            pixels = figures.draw_outline(pixels, measured.intracranial_mask, here, figures.BRAIN_COLOUR, width=1.8)
            if measured.wmh_mask is not None:
                pixels = figures.draw_outline(pixels, measured.wmh_mask, here, figures.WMH_COLOUR, width=1.9)
            images.append(figures.encode(pixels, plane=view.plane, alt=f"{plane} slice {index}", quality=76))
        mosaics.append(Mosaic(view.plane, plane.capitalize(), tuple(images)))
    return tuple(mosaics)


def scan_figures(measured: MeasuredScan) -> ScanFigures:
    """Every picture of a scan report."""
    drawing = Drawing(measured)
    return ScanFigures(_pipeline(drawing), _mosaics(drawing), viewer(drawing))
