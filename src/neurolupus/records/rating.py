"""What raters are given and give back: the labels they draw with, and the list of their scans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Start = Literal["model", "empty"]
MapFormat = Literal["nifti", "slicer"]
WMH, INFARCT, UNSURE = 1, 2, 3


@dataclass(frozen=True, slots=True)
class RaterLabel:
    """One value of a label map, its name without spaces, its meaning and its colour (red, green, blue; 0 to 255)."""

    value: int
    name: str
    meaning: str
    colour: tuple[int, int, int]


# Colours of Okabe and Ito, told apart with any colour vision
RATER_LABELS = (
    RaterLabel(WMH, "WMH", "white matter hyperintensity", (230, 159, 0)),
    RaterLabel(INFARCT, "infarct-like", "looks like an infarct; makes the scan's volumes unusable", (204, 121, 167)),
    RaterLabel(
        UNSURE, "unsure", "cannot be decided; counted as no WMH, left out when raters are compared", (86, 180, 233)
    ),
)
LABEL_VALUES = frozenset({0, *(label.value for label in RATER_LABELS)})


@dataclass(frozen=True, slots=True)
class RaterCase:
    """One scan of a rater: the name of its folder, and two SHA-256 of when it was exported.

    `mask_sha256` is of the model's mask, `labels_sha256` of the voxels that the rater was given; empty in exports of
    before it was kept.
    """

    name: str
    mask_sha256: str
    labels_sha256: str = ""


@dataclass(frozen=True, slots=True)
class RaterSet:
    """The scans of one rater.

    Parameters
    ----------
    version : str
        Of neurolupus, when they were exported.
    start : {'model', 'empty'}
        What the label maps held before the rater drew.
    blinded : bool
        Whether `RaterCase.name` is a code.
    rater : str or None
        None: not read back yet.
    """

    version: str
    start: Start
    blinded: bool
    cases: tuple[RaterCase, ...]
    rater: str | None = None


def rater_source(rater: str) -> str:
    """What the column `wmh_method` says of a rater's map; no name can be taken for the model's."""
    return f"rater {rater}"
