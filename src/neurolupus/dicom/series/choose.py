"""Which series of a study are its T1w and its FLAIR; a verdict with its reason for every series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from neurolupus.dicom.series.geometry import Fault, Grid, grid_of, judge
from neurolupus.dicom.series.import_map import ImportMap
from neurolupus.dicom.series.kind import Suffix, kind_of
from neurolupus.dicom.series.slices import Series

State = Literal["take", "passed over", "failed"]

LEAST_COVERAGE_MM = 100.0  # along the slices and in the plane; an adult's brain is 120 mm high or more
FEWEST_SLICES = 12
# What a scan of two voxel sizes is judged alike: a quarter of a millimetre in the longest edge, 25 % in volume.
EDGE_CLASS_MM, VOLUME_CLASS, COVERAGE_CLASS_MM = 0.25, 1.25, 20.0
THICK_SLICE_MM = 2.5


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a series, and why.

    Attributes
    ----------
    state : take, passed over or failed
    suffix : T1w, FLAIR or None
        What it is taken for, or would have been.
    reasons : tuple of str
        Why; of one that is taken, why this and no other.
    faults : tuple of Fault
        What is wrong with its geometry.
    dim : 2D, 3D or empty
    is_named : bool
        Whether the user's map said what it is.
    """

    series: Series
    state: State
    suffix: Suffix | None
    reasons: tuple[str, ...]
    faults: tuple[Fault, ...] = ()
    dim: Literal["2D", "3D", ""] = ""
    is_named: bool = False
    grid: Grid | None = field(default=None, repr=False)

    @property
    def told(self) -> str:
        """Reasons and faults in one line."""
        return "; ".join([*self.reasons, *(fault.what for fault in self.faults)])


def choose(study: Sequence[Series], rules: ImportMap) -> tuple[Verdict, ...]:
    """A verdict on each series of one study, in their order; at most one T1w and one FLAIR are taken.

    Notes
    -----
    Candidates are ranked: named in the map, 3D before 2D, smaller longest edge, smaller voxels, more coverage, then the
    later one (a repetition is made because the first was bad).
    """
    verdicts = [_first_look(series, rules) for series in _with_contrast_known(study)]
    for suffix in ("T1w", "FLAIR"):
        _rank(verdicts, suffix)
    return tuple(verdicts)


def _with_contrast_known(study: Sequence[Series]) -> Sequence[Series]:
    """A T1w made after contrast was given shows it, even where only another series says so."""
    given = [one.identity.time for one in study if one.facts.contrast_agent and one.identity.time]
    if not given:
        return study
    since = min(given)
    return [
        replace(one, facts=replace(one.facts, contrast_agent="given before, as another series of the study says"))
        if one.identity.time > since and not one.facts.contrast_agent and kind_of(one).suffix == "T1w"
        else one
        for one in study
    ]


def _first_look(series: Series, rules: ImportMap) -> Verdict:
    """Passed over by what it shows, a candidate (`take`), or failed by its geometry."""
    # A report or a presentation state has no slices whose places could be wrong.
    faults = judge(series) if series.slices[0].rows else ()
    kind, rule = kind_of(series), rules.rule_for(series)
    grid = None if faults or not series.slices[0].rows else grid_of(series)
    dim = _dim(series, grid)
    if rule is not None:
        if rule.is_ == "skip":
            return Verdict(series, "passed over", None, (f"the map says so (line {rule.line})",), faults, dim, True)
        why = f"{rule.is_}, as the map says (line {rule.line})"
        return Verdict(series, "failed" if faults else "take", rule.is_, (why,), faults, dim, True, grid)
    if kind.reasons or kind.suffix is None:
        return Verdict(series, "passed over", kind.suffix, kind.reasons, faults, dim)
    scout = _too_little(series, faults, grid)
    if scout:
        return Verdict(series, "passed over", kind.suffix, (f"{scout} ({kind.why})",), faults, dim)
    return Verdict(series, "failed" if faults else "take", kind.suffix, (kind.why,), faults, dim, grid=grid)


def _too_little(series: Series, faults: tuple[Fault, ...], grid: Grid | None) -> str:
    """Why a series was never meant to show a whole brain; empty when it may have been."""
    kinds = {fault.kind for fault in faults}
    n = len(series.slices)
    if "not-a-volume" in kinds or n < FEWEST_SLICES:
        return f"{n} slice{'s' * (n > 1)}, as of a localiser or a test"
    if grid is None:
        return ""
    plane = min(grid.shape[0] * grid.spacing_mm[0], grid.shape[1] * grid.spacing_mm[1])
    if grid.coverage_mm < LEAST_COVERAGE_MM:
        return f"covers {grid.coverage_mm:.0f} mm; a brain needs {LEAST_COVERAGE_MM:.0f} mm"
    if plane < LEAST_COVERAGE_MM:
        return f"field of view {plane:.0f} mm; a brain needs {LEAST_COVERAGE_MM:.0f} mm"
    return ""


def _dim(series: Series, grid: Grid | None) -> Literal["2D", "3D", ""]:
    """As the header says, else as the slices tell."""
    if series.facts.acquisition_type in ("2D", "3D"):
        return "2D" if series.facts.acquisition_type == "2D" else "3D"
    if grid is None:
        return ""
    return "2D" if grid.spacing_mm[2] >= THICK_SLICE_MM else "3D"


def _rank(verdicts: list[Verdict], suffix: Suffix) -> None:
    """Leave one candidate of a kind; the others are passed over, with what made the difference."""
    mine = [index for index, one in enumerate(verdicts) if one.suffix == suffix]
    good = sorted((i for i in mine if verdicts[i].state == "take"), key=lambda i: _merit(verdicts[i]), reverse=True)
    if not good:
        return
    best = verdicts[good[0]]
    for index in good[1:]:
        other = verdicts[index]
        why = f"{suffix} too, but {best.series.name} was taken: {_difference(best, other)}"
        verdicts[index] = replace(other, state="passed over", reasons=(why,))
    rivals = [verdicts[index] for index in good[1:]]
    if rivals:
        told = f"{_difference(best, rivals[0])} than {rivals[0].series.name}" if not best.is_named else ""
        verdicts[good[0]] = replace(best, reasons=tuple(filter(None, (*best.reasons, told))))
    for index in mine:
        other = verdicts[index]
        # A repetition of the same worth makes up for a broken one; a better one is not passed over in silence.
        if other.state == "failed" and not other.is_named and (best.is_named or other.dim == best.dim):
            verdicts[index] = replace(
                other, state="passed over", reasons=(*other.reasons, f"{best.series.name} was taken instead")
            )
        elif other.state == "failed":
            verdicts[index] = replace(other, reasons=(*other.reasons, f"{best.series.name} was taken for want of it"))


def _merit(one: Verdict) -> tuple[float, ...]:
    return (*_classes(one), *_lateness(one))


def _classes(one: Verdict) -> tuple[float, ...]:
    assert one.grid is not None
    edges = one.grid.spacing_mm
    return (
        float(one.is_named),
        float(one.dim == "3D"),
        -round(max(edges) / EDGE_CLASS_MM),
        -round(math.log(math.prod(edges)) / math.log(VOLUME_CLASS)),
        math.floor(min(one.grid.coverage_mm, 200.0) / COVERAGE_CLASS_MM),
    )


def _lateness(one: Verdict) -> tuple[float, ...]:
    time, number = one.series.identity.time, one.series.facts.series_number
    return (float(time or 0), float(number or 0))


def _difference(best: Verdict, other: Verdict) -> str:
    """What the first ranking rule that tells them apart says, in words."""
    assert best.grid is not None
    assert other.grid is not None
    words = (
        "the map names it",
        "3D before 2D",
        f"thinner: {max(best.grid.spacing_mm):.2g} against {max(other.grid.spacing_mm):.2g} mm",
        f"finer voxels: {math.prod(best.grid.spacing_mm):.2g} against {math.prod(other.grid.spacing_mm):.2g} mm³",
        f"more coverage: {best.grid.coverage_mm:.0f} against {other.grid.coverage_mm:.0f} mm",
    )
    for word, a, b in zip(words, _classes(best), _classes(other), strict=True):
        if a != b:
            return word
    return "the later one" if _lateness(best) != _lateness(other) else "the first of equals"
