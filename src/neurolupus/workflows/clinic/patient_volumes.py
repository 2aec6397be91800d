"""A patient's measured volumes, scan by scan, and where those of the latest lie among the store's other patients."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from neurolupus.errors import StatsError
from neurolupus.guidelines.context import volumes_context
from neurolupus.guidelines.load import load_knowledge
from neurolupus.io.patient_file import parse_patient
from neurolupus.stats.position import FEWEST, adjusted_position
from neurolupus.store.measurements import AUTOMATIC, why_unusable
from neurolupus.store.ratings import excluded, ratings_of
from neurolupus.store.schema import measurements, patients, ratings, scans

SHOWN = (
    ("wmh_ml", "White matter hyperintensities"),
    ("tbv_ml", "Total brain"),
    ("gm_ml", "Grey matter"),
    ("wm_ml", "White matter"),
    ("csf_ml", "Cerebrospinal fluid"),
    ("tiv_ml", "Total intracranial volume"),
)
REGIONS = (
    ("periventricular", "periventricular"), ("deep", "deep"), ("juxtacortical", "juxtacortical"),
    ("infratentorial", "infratentorial"),
)  # fmt: skip
_PLACED = ("wmh_ml", "tbv_ml", "gm_ml", "wm_ml")
_UNUSABLE = select(measurements.c.scan_id).where(
    measurements.c.name == "usable", measurements.c.text == "false", measurements.c.method == AUTOMATIC
)
_EXCLUDED = select(ratings.c.scan_id).where(ratings.c.verdict == "exclude")
_HALF_DETECTION_ML = 0.005  # as the table of advise_context: a lesion-free brain is half the detection limit


@dataclass(frozen=True, slots=True)
class Number:
    """One measured value; None is not measured."""

    value: float | None
    text: str | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class ScanVolumes:
    """One scan of a patient.

    Attributes
    ----------
    id, label, status, message : str
    acquired : str or None
    numbers : mapping of measurement to Number
        Empty where the scan is not measured, or sealed.
    excluded : tuple of str
        Maps that a rater excluded, and why: `WMH: motion`.
    """

    id: str
    label: str
    status: str
    message: str
    acquired: str | None
    numbers: Mapping[str, Number]
    excluded: tuple[str, ...] = ()

    @property
    def unusable(self) -> str:
        """Why its volumes must not be used, empty where they may: what `measure` said."""
        return why_unusable(self.numbers)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a volume lies among others, adjusted for age, sex and intracranial volume."""

    expected_ml: float
    low_ml: float
    high_ml: float
    percentile: float
    n: int


def scans_of(connection: Connection, patient: str, *, is_open: bool) -> tuple[ScanVolumes, ...]:
    """A patient's scans, the latest first; with their numbers where those may be shown."""
    rows = connection.execute(select(scans).where(scans.c.patient_id == patient)).all()
    numbers: dict[str, dict[str, Number]] = {}
    if is_open and rows:
        query = select(measurements).where(
            measurements.c.scan_id.in_([row.id for row in rows]), measurements.c.method == AUTOMATIC
        )
        for one in connection.execute(query):
            numbers.setdefault(one.scan_id, {})[one.name] = Number(one.value, one.text, one.low, one.high)
    why = excluded(ratings_of(connection, [row.id for row in rows]))
    found = [
        ScanVolumes(
            row.id, f"sub-{row.participant}" + (f" ses-{row.session}" if row.session else ""), row.status,
            row.message, row.acquired, numbers.get(row.id, {}), tuple(why.get(row.id, ())),
        )
        for row in rows
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (one.acquired or "", one.label), reverse=True))


def latest_measured(found: Sequence[ScanVolumes]) -> ScanVolumes | None:
    """The latest scan with numbers."""
    return next((one for one in found if one.numbers), None)


def context_of(record: Mapping[str, Any], latest: ScanVolumes | None) -> dict[str, Any]:
    """The volumes beside the published groups: those of the latest scan, else those that the record states."""
    read = parse_patient(record)
    if latest is not None:
        known: dict[str, Any] = {name: latest.numbers[name].value for name, _ in SHOWN if name in latest.numbers}
        read = replace(read, mri=replace(read.mri, done=True, contraindicated=None, **known))
    return volumes_context(read, load_knowledge())


def places_of(connection: Connection, patient: str, record: Mapping[str, Any], own: ScanVolumes) -> dict[str, Place]:
    """Each volume of a scan among the other patients of the store; empty where fewer than twenty can be compared.

    A scan that is not usable, or that a rater excluded, has no place and is nobody's yardstick. Scans of one store may
    come from several scanners: this is context, and no reference range.
    """
    who = record.get("patient") or {}
    tiv = own.numbers.get("tiv_ml")
    if own.unusable or own.excluded:
        return {}
    if who.get("age") is None or who.get("sex") is None or tiv is None or tiv.value is None:
        return {}
    others = _others(connection, patient)
    if len(others) < FEWEST:
        return {}
    covariates = np.array([[row["age"], row["male"], row.get("tiv_ml", math.nan)] for row in others], float)
    mine = [float(who["age"]), float(who["sex"] == "M"), tiv.value]
    found = {}
    for name in _PLACED:
        number = own.numbers.get(name)
        if number is None or number.value is None:
            continue
        values = np.array([_scaled(name, row.get(name, math.nan)) for row in others], float)
        try:
            place = adjusted_position(values, covariates, _scaled(name, number.value), mine)
        except StatsError:
            continue
        back = math.exp if name == "wmh_ml" else float
        found[name] = Place(back(place.predicted), back(place.low), back(place.high), place.percentile, place.n)
    return found


def _others(connection: Connection, patient: str) -> list[dict[str, float]]:
    """One row for each other patient with a usable scan: the first one measured; NaN where a volume is missing."""
    wanted = (*_PLACED, "tiv_ml")
    of_name = {name: measurements.alias(name) for name in wanted}
    query = (
        select(scans.c.patient_id, patients.c.age, patients.c.sex, *(of_name[name].c.value for name in wanted))
        .join_from(scans, patients, scans.c.patient_id == patients.c.id)
        .where(scans.c.patient_id != patient, scans.c.status == "measured")
        .where(scans.c.id.not_in(_UNUSABLE), scans.c.id.not_in(_EXCLUDED))
        .where(patients.c.age.is_not(None), patients.c.sex.is_not(None))
        .order_by(scans.c.created.desc(), scans.c.id.desc())
    )
    for name, one in of_name.items():
        here = (one.c.scan_id == scans.c.id) & (one.c.name == name) & (one.c.method == AUTOMATIC)
        query = query.join(one, here, isouter=name != "tiv_ml")
    found = {}  # the latest come first, so that the first one measured is what stays
    for who, age, sex, *values in connection.execute(query):
        numbers = [math.nan if value is None else value for value in values]
        found[who] = {"age": age, "male": float(sex == "M"), **dict(zip(wanted, numbers, strict=True))}
    return list(found.values())


def _scaled(name: str, value: float) -> float:
    return math.log(max(value, _HALF_DETECTION_ML)) if name == "wmh_ml" and math.isfinite(value) else value
