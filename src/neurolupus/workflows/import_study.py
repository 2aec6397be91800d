"""One study into a BIDS data set: labels given, chosen series converted and written, every series logged."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

from neurolupus.dicom.private.linking_key import LinkingKey
from neurolupus.dicom.series.choose import Verdict
from neurolupus.dicom.series.convert import convert
from neurolupus.dicom.series.import_map import ImportMap
from neurolupus.dicom.series.sidecar import bids_sidecar, secrets_of, without_secrets
from neurolupus.dicom.series.slices import Identity
from neurolupus.errors import DicomError, NeurolupusError, UsageError
from neurolupus.io.import_log import LogRow, read_import_log, write_import_log
from neurolupus.io.raw_dataset import ScannedPerson, add_person, image_path, labels_in, write_image
from neurolupus.jobs.task import Event, Outcome
from neurolupus.records.scan import ScanId
from neurolupus.workflows.observer import Observer

State = Literal["taken", "already there", "passed over", "failed"]
# Moved dates must not be taken for real ones: BIDS asks for years up to 1925. 150 years, in days.
INTO_THE_PAST_DAYS = 54_787
# A patient without a number is known by the study alone.
NO_PATIENT = "study "


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
    return [_row(one, "taken" if one.state == "take" else one.state, ScanId("")) for one in study]


@dataclass(slots=True)
class StudyImport:
    """Takes studies into one data set, with one key."""

    bids: Path
    key: LinkingKey
    rules: ImportMap
    dates: str
    keep: tuple[str, ...]
    minutes: float
    version: str
    log: dict[tuple[str, str], LogRow] = field(default_factory=dict)
    foreign: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.log = read_import_log(self.bids)
        ours = {row.participant_id.removeprefix("sub-") for row in self.log.values()}
        self.foreign = labels_in(self.bids) - ours

    def take(self, study: Sequence[Verdict], observer: Observer) -> list[ImportedSeries]:
        """Convert and write what was chosen of one study, and log all of its series."""
        who = study[0].series.identity
        is_wanted = any(one.state in ("take", "failed") for one in study)
        try:
            scan_id = self._scan_id(who) if is_wanted else ScanId("")
        except UsageError as error:
            rows = [_failed(one, _first_line(error)) for one in study]
        else:
            rows = [self._take_one(one, scan_id, observer) for one in study]
        for one, row in zip(study, rows, strict=True):
            logged = self._log_row(one, row)
            known = self.log.get(logged.key)
            if known is None or known.state != "taken":
                self.log[logged.key] = logged
        write_import_log(self.bids, self.log)
        return rows

    def _take_one(self, one: Verdict, scan_id: ScanId, observer: Observer) -> ImportedSeries:
        known = self.log.get(self._log_key(one))
        if known is not None and known.state == "taken" and known.file and (self.bids / known.file).is_file():
            return self._already(one, known)
        if one.state != "take":
            return _row(one, one.state, scan_id)
        assert one.suffix is not None
        path = image_path(self.bids, scan_id, one.suffix)
        name, began = f"{scan_id.stem}_{one.suffix}", time.perf_counter()
        observer.event(Event(name, "started"))
        try:
            if path.exists():
                raise DicomError(f"{name} is there already, from another series; remove it to take this one")
            self._convert(one, scan_id, path)
        except NeurolupusError as error:
            observer.event(Event(name, "finished", outcome=Outcome(name, "failed", _first_line(error))))
            return _failed(one, _first_line(error), scan_id)
        seconds = time.perf_counter() - began
        observer.event(Event(name, "finished", outcome=Outcome(name, "done", seconds=seconds)))
        return _row(one, "taken", scan_id, path.relative_to(self.bids).as_posix())

    def _convert(self, one: Verdict, scan_id: ScanId, path: Path) -> None:
        assert one.grid is not None
        who = one.series.identity
        done = convert(one.series, one.grid, minutes=self.minutes)
        sidecar = bids_sidecar(done.sidecar, one.series.facts, keep=self.keep, secrets=_secrets(who))
        write_image(path, done.nifti_gz, sidecar)
        moved = "" if self.dates == "none" else _moved(who.study_date, self.key.days(scan_id.participant_id))
        add_person(self.bids, ScannedPerson(scan_id, age_years(who), _sex(who.sex), moved))

    def _already(self, one: Verdict, known: LogRow) -> ImportedSeries:
        scan_id = ScanId(known.participant_id.removeprefix("sub-"), known.session_id.removeprefix("ses-"))
        n = len(one.series.slices)
        told = f"it had {known.slices} slices then and has {n} now; remove the file to take it again"
        return _row(one, "already there", scan_id, known.file, reasons=() if known.slices == str(n) else (told,))

    def _scan_id(self, who: Identity) -> ScanId:
        patient = who.patient_id.strip() or NO_PATIENT + who.study_uid
        wanted = self.rules.subjects.get(who.patient_id)
        if wanted is None and self.foreign:
            label = self._free_label(patient, who.issuer)
        else:
            label = self.key.subject(patient, who.issuer, wanted)
        return ScanId(label, self.key.session(label, who.study_uid, who.study_date))

    def _free_label(self, patient: str, issuer: str) -> str:
        """A label that the data set, which holds participants of others, has not yet; that of old for who has one."""
        numbers = [int(label) for label in self.foreign if label.isdecimal()]
        try:
            return self.key.subject(patient, issuer, f"{max(numbers, default=0) + 1:04d}")
        except UsageError:  # the patient has a label, or the number is somebody's
            label = self.key.subject(patient, issuer)
        if label in self.foreign:
            raise UsageError(
                f"sub-{label} of the data set was not imported with this key, and may be another person; "
                "name the patient under subjects: in the map"
            )
        return label

    def _log_key(self, one: Verdict) -> tuple[str, str]:
        return self.key.uid(one.series.identity.series_uid), one.series.part

    def _log_row(self, one: Verdict, row: ImportedSeries) -> LogRow:
        series, part = self._log_key(one)
        secrets = _secrets(one.series.identity)
        number = "" if row.number is None else str(row.number)
        return LogRow(
            series=series,
            part=part,
            participant_id=f"sub-{row.participant_id}" if row.participant_id else "",
            session_id=f"ses-{row.session_id}" if row.session_id else "",
            series_number=number,
            modality=row.modality,
            slices=str(row.n_slices),
            state="taken" if row.state == "already there" else row.state,
            suffix=row.suffix or "",
            file=row.file,
            dimensions=row.dim,
            reason=without_secrets("; ".join(row.reasons), secrets),
            geometry=without_secrets("; ".join(what for _, what in row.faults), secrets),
            version=self.version,
        )


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


def _moved(study_date: str, days: int) -> str:
    """The day of a study, moved; empty when it is not known."""
    day = _date(study_date)
    return "" if day is None else f"{(day - timedelta(days=days + INTO_THE_PAST_DAYS)).isoformat()}T00:00:00"


def _date(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def _sex(text: str) -> str | None:
    return text.strip().upper() if text.strip().upper() in ("F", "M", "O") else None


def _secrets(who: Identity) -> tuple[str, ...]:
    return secrets_of(who.name, who.patient_id, who.birth_date)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")


def _failed(one: Verdict, why: str, scan_id: ScanId | None = None) -> ImportedSeries:
    state: State = "failed" if one.state == "take" else one.state
    reasons = (*one.reasons, why) if state == "failed" else one.reasons
    return _row(one, state, scan_id or ScanId(""), reasons=reasons)


def _row(
    one: Verdict, state: State, scan_id: ScanId, file: str = "", *, reasons: tuple[str, ...] | None = None
) -> ImportedSeries:
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
