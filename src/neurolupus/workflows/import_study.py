"""One study into a BIDS data set: labels given, chosen series converted and written, every series logged."""

from __future__ import annotations

import errno
import time
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from neurolupus.dicom.private.linking_key import LinkingKey
from neurolupus.dicom.series.choose import Verdict
from neurolupus.dicom.series.convert import Converted, convert
from neurolupus.dicom.series.import_map import ImportMap
from neurolupus.dicom.series.sidecar import bids_sidecar, without_secrets
from neurolupus.dicom.series.slices import Identity
from neurolupus.errors import DicomError, NeurolupusError, UsageError
from neurolupus.io.import_log import LOG, LogRow, append_import_log, read_import_log
from neurolupus.io.raw_dataset import PeopleTables, ScannedPerson, clear_leftovers, image_path, labels_in, write_image
from neurolupus.jobs.task import Event, Outcome
from neurolupus.records.scan import ScanId
from neurolupus.workflows.import_rows import (
    ImportedSeries,
    age_years,
    failed_row,
    first_line,
    moved_day,
    secrets_in,
    series_row,
    told_sex,
)
from neurolupus.workflows.observer import Observer

# A patient without a number is known by the study alone.
NO_PATIENT = "study "


@dataclass(slots=True)
class _Step:
    """A series on its way: `row` is there when nothing is to be done, else `work` and where its image goes."""

    verdict: Verdict
    row: ImportedSeries | None = None
    scan_id: ScanId = field(default_factory=lambda: ScanId(""))
    path: Path | None = None
    work: Future[Converted] | None = None

    @property
    def name(self) -> str:
        """`sub-0001_ses-1_T1w`."""
        return f"{self.scan_id.stem}_{self.verdict.suffix}"


def _result(work: Future[Converted]) -> Converted:
    """What a conversion gave; whatever one series made happen becomes its own failure, a full disk stops everything."""
    try:
        return work.result()
    except NeurolupusError:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DicomError(f"converting failed: {error.strerror or type(error).__name__}") from error
    except Exception as error:
        raise DicomError(f"converting failed in a way that is not foreseen ({type(error).__name__})") from error


@dataclass(slots=True)
class StudyImport:
    """Takes studies into one data set, with one key: `begin` each, then `finish` them in the same order."""

    bids: Path
    key: LinkingKey
    rules: ImportMap
    dates: str
    keep: tuple[str, ...]
    minutes: float
    version: str
    pool: Executor
    scratch: Path
    observer: Observer
    log: dict[tuple[str, str], LogRow] = field(default_factory=dict)
    foreign: set[str] = field(default_factory=set)
    people: PeopleTables | None = None

    def __post_init__(self) -> None:
        clear_leftovers(self.bids, self.bids / LOG.parent)
        self.log = read_import_log(self.bids)
        ours = {row.participant_id.removeprefix("sub-") for row in self.log.values()}
        self.foreign = labels_in(self.bids) - ours
        self.people = PeopleTables(self.bids)

    def begin(self, study: Sequence[Verdict]) -> list[_Step]:
        """Give labels, and hand what was chosen to the pool to be converted."""
        is_wanted = any(one.state in ("take", "failed") for one in study)
        try:
            scan_id = self._scan_id(study[0].series.identity) if is_wanted else ScanId("")
        except NeurolupusError as error:
            return [_Step(one, failed_row(one, first_line(error))) for one in study]
        return [self._begin_one(one, scan_id) for one in study]

    def has(self, one: Verdict) -> bool:
        """Whether a series was taken before, and its image is still there."""
        return self._is_taken(self._log_key(one))

    def _begin_one(self, one: Verdict, scan_id: ScanId) -> _Step:
        if self.has(one):
            return _Step(one, self._already(one, self.log[self._log_key(one)]))
        if one.state != "take":
            return _Step(one, series_row(one, one.state, scan_id))
        assert one.suffix is not None
        assert one.grid is not None
        step = _Step(one, scan_id=scan_id, path=image_path(self.bids, scan_id, one.suffix))
        self.observer.event(Event(step.name, "started"))
        if step.path is not None and step.path.exists():
            return _Step(one, self._in_the_way(one, step, scan_id))
        step.work = self.pool.submit(convert, one.series, one.grid, minutes=self.minutes, within=self.scratch)
        return step

    def _in_the_way(self, one: Verdict, step: _Step, scan_id: ScanId) -> ImportedSeries:
        """An image that was imported before is kept; one that somebody else put there makes the series fail."""
        assert step.path is not None
        file = step.path.relative_to(self.bids).as_posix()
        ours = next((row for row in self.log.values() if row.file == file and row.state == "taken"), None)
        status: Literal["skipped", "failed"] = "failed" if ours is None else "skipped"
        source = "from elsewhere" if ours is None else f"from series {ours.series_number or 'without number'}"
        why = f"a {one.suffix} of this session is there already, {source}; remove it to take this one"
        self.observer.event(Event(step.name, "finished", outcome=Outcome(step.name, status, why)))
        if ours is None:
            return failed_row(one, why, scan_id)
        return series_row(one, "passed over", scan_id, reasons=(*one.reasons, why))

    def finish(self, steps: Sequence[_Step]) -> list[ImportedSeries]:
        """Write the images of a study, and log all of its series."""
        rows = [step.row or self._finish_one(step) for step in steps]
        told = [self._log_row(step.verdict, row) for step, row in zip(steps, rows, strict=True)]
        changed = [row for row in told if self.log.get(row.key) != row and not self._is_taken(row.key)]
        self.log.update({row.key: row for row in changed})
        append_import_log(self.bids, changed)
        return rows

    def _is_taken(self, key: tuple[str, str]) -> bool:
        """Whether the log has a series as taken: that stays, whatever a later look at it says."""
        known = self.log.get(key)
        return known is not None and known.state == "taken" and (self.bids / known.file).is_file()

    def _finish_one(self, step: _Step) -> ImportedSeries:
        assert step.work is not None
        assert step.path is not None
        began = time.perf_counter()
        try:
            row = self._write(step, step.path, _result(step.work))
        except NeurolupusError as error:
            why = first_line(error)
            self.observer.event(Event(step.name, "finished", outcome=Outcome(step.name, "failed", why)))
            return failed_row(step.verdict, why, step.scan_id)
        seconds = time.perf_counter() - began
        self.observer.event(Event(step.name, "finished", outcome=Outcome(step.name, "done", seconds=seconds)))
        return row

    def _write(self, step: _Step, path: Path, done: Converted) -> ImportedSeries:
        """The log first, the image last: killed between them, the next import knows the person and takes it again."""
        assert self.people is not None
        facts, who, label = step.verdict.series.facts, step.verdict.series.identity, step.scan_id.participant_id
        scanner = self.key.uid(f"scanner {facts.manufacturer} {facts.scanner}")[-8:] if facts.scanner else ""
        sidecar = bids_sidecar(done.sidecar, facts, scanner=scanner, keep=self.keep, secrets=secrets_in(who))
        moved = "" if self.dates == "none" else moved_day(who.study_date, self.key.days(label))
        row = series_row(step.verdict, "taken", step.scan_id, path.relative_to(self.bids).as_posix())
        logged = self._log_row(step.verdict, row)
        self.log[logged.key] = logged
        append_import_log(self.bids, [logged])
        self.people.add(ScannedPerson(step.scan_id, age_years(who), told_sex(who.sex), moved))
        clear_leftovers(path.parent, self.bids / f"sub-{label}")
        write_image(path, done.nifti_gz, sidecar)
        return row

    def _already(self, one: Verdict, known: LogRow) -> ImportedSeries:
        scan_id = ScanId(known.participant_id.removeprefix("sub-"), known.session_id.removeprefix("ses-"))
        n = len(one.series.slices)
        told = f"it had {known.slices} slices then and has {n} now; remove the file to take it again"
        return series_row(one, "already there", scan_id, known.file, reasons=() if known.slices == str(n) else (told,))

    def _scan_id(self, who: Identity) -> ScanId:
        patient = who.patient_id.strip() or NO_PATIENT + who.study_uid
        wanted = self.rules.subjects.get(who.patient_id)
        if wanted is None and self.foreign:
            label = self._free_label(patient, who.issuer)
        else:
            label = self.key.subject(patient, who.issuer, wanted)
        session = self.rules.sessions.get(who.study_uid)
        return ScanId(label, self.key.session(label, who.study_uid, who.study_date, session))

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
        secrets = secrets_in(one.series.identity)
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
