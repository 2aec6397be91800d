"""Found images -> series: copies left out, what one series number mixes taken apart, slices in order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from neurolupus.dicom.series.find import Bucket
from neurolupus.dicom.series.geometry import by_orientation
from neurolupus.dicom.series.kind import class_name
from neurolupus.dicom.series.slices import Series, Slice, Vector

# An orientation of its own is a series of its own from this many slices on; fewer are a localiser's planes.
SMALLEST_STACK = 8
UNLIKE = 0.01  # in a direction cosine; half a degree


def group_series(buckets: Iterable[Bucket]) -> tuple[Series, ...]:
    """The series, by patient, study, time and number."""
    classes: dict[object, list[Bucket]] = defaultdict(list)
    for bucket in buckets:
        classes[bucket.identity.study_uid, bucket.identity.series_uid].append(bucket)
    series = []
    for several in classes.values():
        for bucket in several:
            # One archive may hold a series as single images and as one multi-frame file.
            name = class_name(bucket.facts.sop_class) if len(several) > 1 else ""
            series += _series(bucket, name)
    return tuple(sorted(series, key=_order))


def _series(bucket: Bucket, name: str) -> list[Series]:
    by_uid: dict[object, Slice] = {}
    for one in bucket.slices:
        # Two images at two places are no copies of one another, even if a broken exporter gave them one UID.
        own = (one.sop_uid or f"{one.path}:{one.frame}", one.position, one.orientation)
        if own not in by_uid or (by_uid[own].pixel_fault and not one.pixel_fault):
            by_uid[own] = one
    n_copies = len(bucket.slices) - len(by_uid)
    parts = [(name, list(by_uid.values()))]
    for told, key in SPLITS:
        parts = [(_joined(name, more), own) for name, slices in parts for more, own in _split(slices, told, key)]
    parts = [(_joined(name, more), own) for name, slices in parts for more, own in _orientations(slices)]
    parts = [(_joined(name, more), own) for name, slices in parts for more, own in _repetitions(slices)]
    found = []
    for name, slices in parts:
        first = slices[0]
        facts = replace(
            bucket.facts,
            echo_ms=bucket.facts.echo_ms if first.echo_ms is None else first.echo_ms,
            inversion_ms=first.inversion_ms or bucket.facts.inversion_ms,
        )
        found.append(Series(bucket.identity, facts, tuple(ordered(slices)), name, len(parts), n_copies))
    return found


SPLITS: tuple[tuple[str, Callable[[Slice], object]], ...] = (
    ("image type", lambda one: "\\".join(one.image_type)),
    ("echo time", lambda one: None if one.echo_ms is None else round(one.echo_ms, 1)),
    ("inversion time", lambda one: None if one.inversion_ms is None else round(one.inversion_ms)),
)


def _split(slices: list[Slice], told: str, key: Callable[[Slice], object]) -> list[tuple[str, list[Slice]]]:
    """Parts by a key; one without a name where all agree."""
    parts: dict[object, list[Slice]] = defaultdict(list)
    for one in slices:
        parts[key(one)].append(one)
    if len(parts) == 1:
        return [("", slices)]
    return [(f"{told} {'not told' if value is None else value}", own) for value, own in parts.items()]


def _orientations(slices: list[Slice]) -> list[tuple[str, list[Slice]]]:
    """Stacks of unlike orientation apart, when each is large enough to be a volume; else they stay together."""
    if any(one.orientation is None for one in slices):
        return [("", slices)]
    parts = by_orientation(slices, UNLIKE)
    if len(parts) == 1 or min(len(own) for own in parts) < SMALLEST_STACK:
        return [("", slices)]
    return [(f"orientation {number}", own) for number, own in enumerate(parts, start=1)]


def _repetitions(slices: list[Slice]) -> list[tuple[str, list[Slice]]]:
    """Repetitions of one volume apart: each has its own number, all hold the same positions once."""
    parts: dict[str, list[Slice]] = defaultdict(list)
    for one in slices:
        parts[one.repetition].append(one)
    places = [Counter(_place(one) for one in own) for own in parts.values()]
    is_repeated = len(parts) > 1 and len(places[0]) > 1 and all(place == places[0] for place in places)
    if not is_repeated or max(places[0].values()) > 1 or None in places[0]:
        return [("", slices)]
    return [(f"repetition {number}", own) for number, own in enumerate(parts.values(), start=1)]


def _place(one: Slice) -> Vector | None:
    return None if one.position is None else (*(round(value, 2) for value in one.position),)  # type: ignore[return-value]


def ordered(slices: Sequence[Slice]) -> list[Slice]:
    """Slices along their normal, where all have a position and one orientation; else by number."""
    first = slices[0].orientation
    if first is None or any(one.position is None or one.orientation is None for one in slices):
        return sorted(slices, key=lambda one: (one.number or 0, one.sop_uid))
    normal = np.cross(first[:3], first[3:])
    at = np.array([one.position for one in slices], float) @ normal
    return [
        slices[i] for i in sorted(range(len(slices)), key=lambda i: (round(float(at[i]), 3), slices[i].number or 0))
    ]


def _joined(*names: str) -> str:
    return ", ".join(name for name in names if name)


def _order(one: Series) -> tuple[object, ...]:
    who = one.identity
    number = one.facts.series_number
    return (who.patient_id, who.issuer, who.study_date, who.study_uid, -1 if number is None else number, one.part)
