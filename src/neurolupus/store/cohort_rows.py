"""What a cohort is built from: every patient with record, scan, ratings and seal, in a handful of queries."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, func, select

from neurolupus.store.measurements import AUTOMATIC
from neurolupus.store.schema import measurements, patients, ratings, scans
from neurolupus.store.sealing import sealed_patients
from neurolupus.store.settings_rows import get_setting

SYNTHETIC = "synthetic_patients"
Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CohortRow:
    """One patient as a cohort sees it.

    Attributes
    ----------
    mark : str
        Changes with the facts a row of a table is made of, and with the status: see `differs`.
    status : str
        In the work list.
    record : dict
    scan : str or None
        The first scan that was measured.
    volumes : dict
        What was measured of that scan, by name.
    excluded : tuple of str
        Why raters excluded that scan: `WMH: motion`.
    is_sealed : bool
        Its volumes may not be shown yet.
    """

    id: str
    pseudonym: str
    mark: str
    status: str
    record: Plain
    scan: str | None = None
    volumes: dict[str, float | str | None] = field(default_factory=dict)
    excluded: tuple[str, ...] = ()
    is_sealed: bool = False


def patient_marks(connection: Connection) -> dict[str, str]:
    """Every patient's mark: with an unchanged one, a patient's row of a cohort is unchanged."""
    sealed, scanned = sealed_patients(connection), _scan_marks(connection)
    rows = connection.execute(select(patients.c.id, patients.c.facts, patients.c.status))
    return {row.id: _mark(row.facts, scanned.get(row.id), row.id in sealed, row.status) for row in rows}


def differs(before: str, now: str, *, by_status: bool) -> bool:
    """Whether two marks of a patient say that a row of a cohort is another.

    Parameters
    ----------
    by_status : bool
        Whether the cohort asks for the status in the work list; else that is no fact of it.

    Examples
    --------
    >>> differs("3|@new", "3|@decided", by_status=False), differs("3|@new", "3|@decided", by_status=True)
    (False, True)
    """
    (facts, _, status), (later, _, moved) = before.partition("@"), now.partition("@")
    return facts != later or (by_status and status != moved)


def holds_made_up_patients(connection: Connection) -> bool:
    """Whether the store was filled with invented patients: every table and report made from it says so."""
    return bool(get_setting(connection, SYNTHETIC, False))


def cohort_rows(
    connection: Connection, wanted: Collection[str] | None = None, *, sections: Collection[str] | None = None
) -> list[CohortRow]:
    """Every patient, or some by id, in the order of pseudonyms.

    Parameters
    ----------
    wanted : collection of str or None
        Ids; every patient where None.
    sections : collection of str or None
        Parts of the record to read, for counting; whole records where None, which takes longer.
        Two at least: SQLite gives one alone without its list.
    """
    marks, sealed, scan_of = patient_marks(connection), sealed_patients(connection), _first_scans(connection)
    volumes, excluded = _volumes(connection), _exclusions(connection)
    columns: list[ColumnElement[Any]] = [patients.c[name] for name in ("id", "pseudonym", "status")]
    columns.append(patients.c.record if sections is None else _parts(connection, sections))
    found = []
    for row in connection.execute(select(*columns).order_by(patients.c.pseudonym)):
        if wanted is not None and row.id not in wanted:
            continue
        scan = scan_of.get(row.id)
        record = row.record if sections is None else dict(zip(sections, row[3], strict=True))
        measured, why = volumes.get(scan or "", {}), tuple(excluded.get(scan or "", ()))
        found.append(
            CohortRow(row.id, row.pseudonym, marks[row.id], row.status, record, scan, measured, why, row.id in sealed)
        )
    return found


def _parts(connection: Connection, sections: Collection[str]) -> ColumnElement[Any]:
    """Sections of a record as one list, which the database cuts out: reading the rest as JSON is what takes long."""
    if connection.dialect.name == "sqlite":
        return func.json_extract(patients.c.record, *(f"$.{name}" for name in sections), type_=JSON)
    return func.json_build_array(*(patients.c.record[name] for name in sections), type_=JSON)


def _mark(facts: int, scanned: str | None, is_sealed: bool, status: str) -> str:
    return f"{facts}|{scanned or ''}{'|sealed' if is_sealed else ''}@{status}"


def _scan_marks(connection: Connection) -> dict[str, str]:
    """Patient to counts of measured scans, their versions and values, and of raters' exclusions.

    A scan that waits or failed, a rating that accepts, and an edited mask change no row.
    """
    measured, automatic = scans.c.status == "measured", measurements.c.method == AUTOMATIC
    found: dict[str, list[str]] = {}
    of_scans = (
        select(scans.c.patient_id, func.count(), func.sum(scans.c.version)).where(measured).group_by(scans.c.patient_id)
    )
    of_values = select(scans.c.patient_id, func.count(), func.sum(measurements.c.value))
    of_values = of_values.join_from(scans, measurements).where(measured, automatic).group_by(scans.c.patient_id)
    of_ratings = select(scans.c.patient_id, func.count(), func.sum(ratings.c.version))
    of_ratings = (
        of_ratings.join_from(scans, ratings)
        .where(measured, ratings.c.verdict == "exclude")
        .group_by(scans.c.patient_id)
    )
    for query in (of_scans, of_values, of_ratings):
        for patient, count, total in connection.execute(query):
            if patient is not None:
                found.setdefault(patient, []).append(f"{count}:{round(float(total or 0), 6)}")
    return {patient: ";".join(parts) for patient, parts in found.items()}


def _first_scans(connection: Connection) -> dict[str, str]:
    here = (scans.c.status == "measured") & scans.c.patient_id.is_not(None)
    query = select(scans.c.patient_id, scans.c.id).where(here)
    order = (scans.c.patient_id, func.coalesce(scans.c.acquired, "9999"), func.coalesce(scans.c.session, ""))
    found: dict[str, str] = {}
    for patient, scan in connection.execute(query.order_by(*order, scans.c.created)):
        found.setdefault(patient, scan)
    return found


def _volumes(connection: Connection) -> dict[str, dict[str, float | str | None]]:
    found: dict[str, dict[str, float | str | None]] = {}
    columns = [measurements.c[name] for name in ("scan_id", "name", "value", "text")]
    for scan, name, value, text in connection.execute(select(*columns).where(measurements.c.method == AUTOMATIC)):
        found.setdefault(scan, {})[name] = value if value is not None else text
    return found


def _exclusions(connection: Connection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    query = select(ratings.c.scan_id, ratings.c.map, ratings.c.reason).where(ratings.c.verdict == "exclude").distinct()
    for scan, name, reason in connection.execute(query.order_by(ratings.c.map, ratings.c.reason)):
        found.setdefault(scan, []).append(f"{name}: {reason}")
    return found
