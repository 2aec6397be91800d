"""What the threshold picker holds: the same slices with the mask at several thresholds side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurolupus.errors import ImageContentError
from neurolupus.records.measured import MeasuredScan
from neurolupus.report import figures
from neurolupus.report.display import View
from neurolupus.report.drawing import Drawing
from neurolupus.report.figures import Image

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5)  # the range Inglese et al. (2021) chose from by eye
CASE_PIXELS_PER_MM = 2.0
APART_MM = 12.0


@dataclass(frozen=True, slots=True)
class ThresholdSlice:
    """One slice: the bare FLAIR, and the outline at each threshold."""

    bare: Image
    outlined: tuple[Image, ...]


@dataclass(frozen=True, slots=True)
class ThresholdCase:
    """One scan of the picker; volumes in ml, one per threshold."""

    name: str
    thresholds: tuple[float, ...]
    volumes_ml: tuple[float, ...]
    slices: tuple[ThresholdSlice, ...]


def _telling_views(drawing: Drawing, lowest: float, count: int) -> list[View]:
    """The slices with the largest mask at the lowest threshold, at least APART_MM from one another."""
    probability = drawing.measured.wmh_probability
    assert probability is not None
    base = drawing.framed(CASE_PIXELS_PER_MM)
    areas = np.count_nonzero(probability >= np.float32(lowest), axis=(0, 1))
    apart = max(round(APART_MM / drawing.voxel_size_mm[2]), 1)
    chosen: list[int] = []
    for index in np.argsort(-areas, kind="stable").tolist():
        if areas[index] > 0 and all(abs(index - c) >= apart for c in chosen):
            chosen.append(index)
        if len(chosen) == count:
            break
    return [base.at(index) for index in sorted(chosen or [base.index], reverse=True)]


def _volume_ml(measured: MeasuredScan, threshold: float) -> float:
    """Volume at a threshold; at the one that was measured with, of the mask: stored probabilities are rounded."""
    probability, mask = measured.wmh_probability, measured.wmh_mask
    assert probability is not None
    if mask is None or threshold != measured.settings.wmh_threshold:
        mask = (probability >= np.float32(threshold)) & measured.intracranial_mask
    return int(np.count_nonzero(mask)) * measured.t1w.voxel_volume_ml


def threshold_case(
    measured: MeasuredScan, thresholds: Sequence[float] = THRESHOLDS, *, slices: int = 2
) -> ThresholdCase:
    """The pictures and volumes of one scan for the picker.

    Parameters
    ----------
    measured : MeasuredScan
        With a FLAIR.
    thresholds : sequence of float
        Rising.
    slices : int
        How many axial slices to show.

    Raises
    ------
    ImageContentError
        The scan was measured without a FLAIR.
    """
    probability = measured.wmh_probability
    if probability is None:
        raise ImageContentError(
            f"{measured.pair.scan_id.stem} was measured without a FLAIR; a threshold needs WMH probabilities "
            "(threshold page).\n    Leave this scan out of the sample, or measure it with its FLAIR."
        )
    drawing = Drawing(measured)
    shown = []
    for view in _telling_views(drawing, thresholds[0], slices):
        bare = drawing.flair(view)
        outlined = [
            figures.encode(
                figures.draw_outline(bare, probability, view, figures.WMH_COLOUR, level=threshold, width=1.6),
                plane="axial",
                alt=f"mask at {threshold:g}",
                quality=72,
            )
            for threshold in thresholds
        ]
        shown.append(ThresholdSlice(figures.encode(bare, plane="axial", alt="FLAIR", quality=72), tuple(outlined)))
    return ThresholdCase(
        measured.pair.scan_id.stem,
        tuple(thresholds),
        tuple(_volume_ml(measured, threshold) for threshold in thresholds),
        tuple(shown),
    )
