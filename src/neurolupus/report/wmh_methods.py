"""Methods beside one another: a table, and their outlines in colours of their own on the FLAIR."""

from dataclasses import dataclass

import numpy as np

from neurolupus.records.measured import MeasuredScan
from neurolupus.records.wmh_method import MODEL, OWN_MAP, MethodComparison
from neurolupus.report import figures, wording
from neurolupus.report.display import View
from neurolupus.report.drawing import Drawing
from neurolupus.report.figures import Image

# After orange for what was measured: Okabe and Ito's palette, told apart by colour-blind readers and on grey.
COLOURS = ("#56b4e9", "#f0e442", "#cc79a7", "#009e73", "#ffffff")
MEASURED_COLOUR = "#ff7f2a"
PIXELS_PER_MM = 3.0
SLICES, APART_MM = 4, 8.0


@dataclass(frozen=True, slots=True)
class MethodRow:
    """One line of the table; `failure` stands in place of the numbers."""

    title: str
    colour: str
    cells: tuple[str, ...] = ()
    failure: str = ""


@dataclass(frozen=True, slots=True)
class MethodsContent:
    """The section of a scan's report: what was measured first."""

    rows: tuple[MethodRow, ...]
    images: tuple[Image, ...]


def method_title(name: str) -> str:
    """A method in words.

    Examples
    --------
    >>> method_title("model"), method_title("own map"), method_title("LST-AI 1.2.0")
    ("neurolupus' model", 'Your own map', 'LST-AI 1.2.0')
    """
    known = {MODEL: "neurolupus' model", OWN_MAP: "Your own map"}
    return known.get(name, name)


def methods_content(measured: MeasuredScan) -> MethodsContent | None:
    """The methods that were compared; None when none was."""
    if not measured.comparisons or measured.wmh_mask is None:
        return None
    colours = dict(zip(measured.comparisons, (COLOURS * len(measured.comparisons)), strict=False))
    source = measured.pair.wmh_method
    volume = measured.measurements.number("wmh_ml")
    count = str(len(measured.lesions) - len(measured.infarcts))
    first = MethodRow(method_title(source), MEASURED_COLOUR, (wording.number_text(volume, 2), count, "", "", "", ""))
    rows = [first, *(_row(one, colours[one]) for one in measured.comparisons)]
    return MethodsContent(tuple(rows), _pictures(measured, colours))


def _row(one: MethodComparison, colour: str) -> MethodRow:
    title = method_title(one.facts.name) if one.facts.name == MODEL else one.facts.title
    if one.failure:
        return MethodRow(title, colour, failure=one.failure)
    assert one.volume_ml is not None
    numbers = ((one.dice, 3), (one.lesion_recall, 2), (one.lesion_precision, 2), (one.lesion_f1, 2))
    scores = tuple("–" if value is None else wording.number_text(value, digits) for value, digits in numbers)
    return MethodRow(title, colour, (wording.number_text(one.volume_ml, 2), str(one.lesions), *scores))


def _pictures(measured: MeasuredScan, colours: dict[MethodComparison, str]) -> tuple[Image, ...]:
    """Axial slices where the methods differ most, every mask outlined; what was measured lies below, broader."""
    assert measured.wmh_mask is not None
    masks = [(one.mask, colours[one]) for one in measured.comparisons if one.mask is not None]
    if not masks:
        return ()
    drawing = Drawing(measured)
    differs = np.any([mask != measured.wmh_mask for mask, _ in masks], axis=0)
    shown = np.any([measured.wmh_mask, *(mask for mask, _ in masks)], axis=0)
    pictures = []
    for view in _views(drawing, np.count_nonzero(differs, axis=(0, 1)) + 1e-3 * np.count_nonzero(shown, axis=(0, 1))):
        pixels = drawing.flair(view)
        pixels = figures.draw_outline(pixels, measured.wmh_mask, view, figures.colour(MEASURED_COLOUR), width=3.0)
        for mask, colour in masks:
            pixels = figures.draw_outline(pixels, mask, view, figures.colour(colour), width=1.3)
        pictures.append(figures.encode(pixels, plane="axial", alt=f"masks of each method, slice {view.index}"))
    return tuple(pictures)


def _views(drawing: Drawing, telling: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[View]:
    """The most telling slices, apart from one another, from above to below."""
    base = drawing.framed(PIXELS_PER_MM)
    apart = max(round(APART_MM / drawing.voxel_size_mm[2]), 1)
    chosen: list[int] = []
    for index in np.argsort(-telling, kind="stable").tolist():
        if telling[index] > 0 and len(chosen) < SLICES and all(abs(index - other) >= apart for other in chosen):
            chosen.append(index)
    return [base.at(index) for index in sorted(chosen or [base.index], reverse=True)]
