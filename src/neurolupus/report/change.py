"""What the page of changes holds: per comparison, the slices that changed most, and its numbers in words."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurolupus.records.change import FATES, Change
from neurolupus.records.measurement import Number
from neurolupus.report import figures
from neurolupus.report.display import View, head_box
from neurolupus.report.figures import Image, Picture
from neurolupus.report.wording import number_text

PIXELS_PER_MM = 2.0
APART_MM = 10.0
SLICES = 3
LESIONS_SHOWN = 20
COLOURS = {  # Okabe and Ito's palette: told apart by the colour-blind
    "new": "#d55e00",
    "enlarging": "#e69f00",
    "shrinking": "#56b4e9",
    "disappeared": "#0072b2",
}


@dataclass(frozen=True, slots=True)
class ChangeSlice:
    """One slice in both sessions; changes outlined on the later."""

    before: Image
    after: Image


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One line of a table."""

    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangeCase:
    """One comparison."""

    name: str
    before: str
    after: str
    verdict: str
    slices: tuple[ChangeSlice, ...]
    fates: tuple[ChangeLine, ...]
    volumes: tuple[ChangeLine, ...]
    lesions: tuple[ChangeLine, ...]
    lesions_left_out: int
    warnings: tuple[str, ...]
    quality: str


def change_case(change: Change) -> ChangeCase:
    """The pictures and words of one comparison."""
    number = {item.name: item.value for item in change.measurements}

    def text(name: str, digits: int = 2) -> str:
        return number_text(number[name], digits)

    lesions = tuple(
        ChangeLine(
            (str(one.label), one.fate, *(f"{v:.3f}" for v in (one.gained_ml, one.lost_ml, one.before_ml, one.after_ml)))
        )
        for one in change.lesions[:LESIONS_SHOWN]
    )
    return ChangeCase(
        name=f"sub-{change.before.participant_id}",
        before=f"ses-{change.before.session_id}",
        after=f"ses-{change.after.session_id}",
        verdict=_verdict(number),
        slices=_slices(change),
        fates=(
            *(ChangeLine((fate, text(f"{fate}_count"), text(f"{fate}_ml"))) for fate in FATES),
            ChangeLine(("stable", text("stable_count"), "")),
        ),
        volumes=(
            ChangeLine(
                (
                    *("WMH, ml", text("wmh_before_ml"), text("wmh_after_ml"), text("wmh_change_ml")),
                    _within(number["wmh_smallest_real_change_ml"]),
                )
            ),
            ChangeLine(
                (
                    *("Brain, ml", text("tbv_before_ml", 1), text("tbv_after_ml", 1)),
                    f"{text('tbv_change_percent')} %",
                    _within(number["tbv_smallest_real_change_percent"], " %"),
                )
            ),
        ),
        lesions=lesions,
        lesions_left_out=max(len(change.lesions) - LESIONS_SHOWN, 0),
        warnings=change.warnings,
        quality=f"Alignment (NMI) {text('registration_nmi', 3)}; noise of the FLAIR difference "
        f"{text('flair_noise', 3)} of white matter's brightness.",
    )


def _within(smallest: Number, unit: str = "") -> str:
    return "not known" if smallest is None else f"± {number_text(smallest, 2)}{unit}"


def _verdict(number: Mapping[str, object]) -> str:
    """One sentence: what came, what went."""
    said = [f"{number[f'{fate}_count']} {fate}" for fate in FATES if number[f"{fate}_count"]]
    verdict = f"Hyperintensities: {', '.join(said)}." if said else "No hyperintensity changed beyond noise."
    infarcts = [number[f"infarct_like_{session}_count"] for session in ("before", "after")]
    return f"{verdict} Infarct-like lesions: {infarcts[0]} before, {infarcts[1]} after." if any(infarcts) else verdict


def _slices(change: Change) -> tuple[ChangeSlice, ...]:
    """The axial slices with most changed voxels, apart from one another; the middle one when nothing changed."""
    seen = (change.flair_before > 0) & (change.flair_after > 0)
    box = head_box(seen, change.grid.voxel_size_mm)
    view = View("axial", (box.start[2] + box.stop[2]) // 2, box, change.grid.voxel_size_mm, PIXELS_PER_MM)
    greys = [figures.grey_range(one, seen, top=99.9) for one in (change.flair_before, change.flair_after)]
    shown = []
    for index in _busiest(change):
        here = view.at(index)
        pictures = [
            figures.draw_grey(one, here, grey)
            for one, grey in zip((change.flair_before, change.flair_after), greys, strict=True)
        ]
        after = _outlined(pictures[1], change, here)
        shown.append(
            ChangeSlice(
                figures.encode(pictures[0], plane="axial", alt="FLAIR before"),
                figures.encode(after, plane="axial", alt="FLAIR after, changes outlined"),
            )
        )
    return tuple(shown)


def _outlined(picture: Picture, change: Change, view: View) -> Picture:
    for place, fate in enumerate(FATES, start=1):
        colour = tuple(int(COLOURS[fate][i : i + 2], 16) / 255 for i in (1, 3, 5))
        mask = change.fates == place
        if mask.any():
            picture = figures.draw_outline(picture, mask, view, (colour[0], colour[1], colour[2]), width=1.8)
    return picture


def _busiest(change: Change) -> list[int]:
    areas = np.count_nonzero(change.fates, axis=(0, 1))
    apart = max(round(APART_MM / change.grid.voxel_size_mm[2]), 1)
    chosen: list[int] = []
    for index in np.argsort(-areas, kind="stable").tolist():
        if areas[index] > 0 and all(abs(index - other) >= apart for other in chosen):
            chosen.append(index)
        if len(chosen) == SLICES:
            break
    return sorted(chosen, reverse=True) or [change.fates.shape[2] // 2]
