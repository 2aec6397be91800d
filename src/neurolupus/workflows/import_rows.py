"""What became of each series, as rows that tell nobody; ages and days as a data set may tell them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from neurolupus.dicom.series.choose import Verdict
from neurolupus.dicom.series.sidecar import secrets_of
from neurolupus.dicom.series.slices import Identity
from neurolupus.records.scan import ScanId

State = Literal["taken", "already there", "passed over", "failed"]
# Moved dates must not be taken for real ones: BIDS asks for years up to 1925. 150 years, in days.
INTO_THE_PAST_DAYS = 54_787


@dataclass(frozen=True, slots=True)
class ImportedSeries:
    """What became of one series; nothing here tells whose it is."""

    participant_id: str
    session_id: str
    number: int | None
    description: str
    modality: str
    n_slices: int
    state: State
    suffix: str | None
    dim: str
    file: str
    reasons: tuple[str, ...]
    faults: tuple[tuple[str, str], ...]
    part: str = ""

    def summary(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "participant_id": self.participant_id or None,
            "session_id": self.session_id or None,
            "series_number": self.number,
            "part": self.part or None,
            "description": self.description,
            "modality": self.modality,
            "slices": self.n_slices,
            "state": self.state,
            "suffix": self.suffix,
            "dimensions": self.dim or None,
            "file": self.file or None,
            "reasons": list(self.reasons),
            "geometry": [{"kind": kind, "what": what} for kind, what in self.faults],
        }


def plan_study(study: Sequence[Verdict]) -> list[ImportedSeries]:
    """What would become of the series of a study; no label is given, nothing is written."""
    return [series_row(one, "taken" if one.state == "take" else one.state, ScanId("")) for one in study]


def age_years(who: Identity) -> int | None:
    """Whole years at the study, of the dates, else as the scanner was told."""
    born, scanned = _date(who.birth_date), _date(who.study_date)
    if born is not None and scanned is not None and born <= scanned:
        years = scanned.year - born.year - ((scanned.month, scanned.day) < (born.month, born.day))
        return years if years < 120 else None
    text = who.age.strip().upper()
    if len(text) != 4 or not text[:3].isdecimal():
        return None
    count = int(text[:3])
    return {"Y": count, "M": count // 12, "W": count // 52, "D": count // 365}.get(text[3])


def moved_day(study_date: str, days: int) -> str:
    """The day of a study, moved; empty when it is not known."""
    day = _date(study_date)
    return "" if day is None else f"{(day - timedelta(days=days + INTO_THE_PAST_DAYS)).isoformat()}T00:00:00"


def _date(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def told_sex(text: str) -> str | None:
    """F, M or O; None for anything else."""
    return text.strip().upper() if text.strip().upper() in ("F", "M", "O") else None


def secrets_in(who: Identity) -> tuple[str, ...]:
    """The words that must stand nowhere."""
    return secrets_of(who.name, who.patient_id, who.birth_date)


def first_line(error: Exception) -> str:
    """What is wrong, without what to do next."""
    return str(error).partition("\n")[0].rstrip(".")


def failed_row(one: Verdict, why: str, scan_id: ScanId | None = None) -> ImportedSeries:
    """A series that was to be taken and failed; one that was passed over stays so."""
    state: State = "failed" if one.state == "take" else one.state
    reasons = (*one.reasons, why) if state == "failed" else one.reasons
    return series_row(one, state, scan_id or ScanId(""), reasons=reasons)


def series_row(
    one: Verdict, state: State, scan_id: ScanId, file: str = "", *, reasons: tuple[str, ...] | None = None
) -> ImportedSeries:
    """A series as it is told; its own reasons when no others are given."""
    facts = one.series.facts
    return ImportedSeries(
        participant_id=scan_id.participant_id,
        session_id=scan_id.session_id or "",
        number=facts.series_number,
        description=facts.description,
        modality=facts.modality,
        n_slices=len(one.series.slices),
        state=state,
        suffix=one.suffix,
        dim=one.dim,
        file=file,
        reasons=one.reasons if reasons is None else reasons,
        faults=tuple((fault.kind, fault.what) for fault in one.faults),
        part=one.series.part,
    )
