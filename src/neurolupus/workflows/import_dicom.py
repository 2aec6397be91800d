"""neurolupus import dicom: from a heap of DICOM files to a BIDS data set of the T1w and FLAIR of each study."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from neurolupus import __version__
from neurolupus.dicom.private.linking_key import LinkingKey
from neurolupus.dicom.series.choose import Verdict, choose
from neurolupus.dicom.series.convert import MINUTES, program, program_version
from neurolupus.dicom.series.find import Found, find_images
from neurolupus.dicom.series.group import group_series
from neurolupus.dicom.series.import_map import ImportMap, parse_map
from neurolupus.dicom.series.quiet import without_warnings
from neurolupus.dicom.series.sidecar import ON_REQUEST
from neurolupus.dicom.series.slices import Series
from neurolupus.dicom.series.unpack import is_archive, unpack
from neurolupus.errors import DicomError, UsageError
from neurolupus.io.import_log import write_import_log
from neurolupus.io.raw_dataset import check_dataset, prepare_dataset
from neurolupus.io.yamlfile import Wanted, read_yaml
from neurolupus.jobs.lock import claim
from neurolupus.jobs.scratch import scratch
from neurolupus.workflows.import_report import ImportReport, incomplete_sessions, map_notes
from neurolupus.workflows.import_rows import ImportedSeries, plan_study
from neurolupus.workflows.import_study import StudyImport
from neurolupus.workflows.observer import Observer, Silent

__all__ = ["LOCK", "MAP_FILE", "ImportOptions", "ImportReport", "import_dicom"]

MAP_FILE = Wanted(UsageError, "map", "series: [{description: '*MPRAGE*', is: T1w}]", "the data")
LOCK = Path("code") / ".import.lock"
SAID_EVERY = 20_000


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the user chose.

    Attributes
    ----------
    map : Path or None
        map.yaml.
    key : Path or None
        The linking key; beside the data set by default.
    dates : shifted or none
        Whether sessions.tsv tells days, moved for each participant.
    keep : tuple of str
        Fields of the sidecar that may name a place or hold what people typed: of ON_REQUEST.
    dry_run : bool
        Nothing is written, no label given.
    minutes : float
        How long dcm2niix may take on one series.
    nprocs : int
        Series converted at once.
    """

    map: Path | None = None
    key: Path | None = None
    dates: Literal["shifted", "none"] = "shifted"
    keep: tuple[str, ...] = ()
    dry_run: bool = False
    minutes: float = MINUTES
    nprocs: int = field(default_factory=lambda: min(os.cpu_count() or 1, 8))


@dataclass(slots=True)
class _Opened:
    folder: Path
    n_other: int = 0


def import_dicom(
    source: Path, bids: Path, *, options: ImportOptions | None = None, observer: Observer | None = None
) -> ImportReport:
    """Import the T1w and the FLAIR of each study below a folder, or in an archive, into a BIDS data set.

    Parameters
    ----------
    source : Path
        A folder, searched to any depth, or a zip or tar archive. It is only read.
    bids : Path
        A raw BIDS data set, or a folder that becomes one. What is there is never changed; what was imported before is
        passed by.
    options : ImportOptions
    observer : Observer

    Raises
    ------
    UsageError
        The map has faults, the folder is no raw data set, the key would lie inside it, another import is running, or
        dcm2niix is missing.
    DicomError
        There is no DICOM image, or the archive is damaged or too large.

    Notes
    -----
    A series that cannot be used never stops the others: it is in the report as failed, with the reason.
    """
    options, observer = options or ImportOptions(), observer or Silent()
    _check_options(source, bids, options)
    check_dataset(bids)
    program()
    rules = parse_map(read_yaml(options.map, MAP_FILE)) if options.map else ImportMap()
    key_path = options.key or bids.resolve().with_name(f"{bids.resolve().name}.key.json")
    with scratch("neurolupus-import") as folder:
        opened = _opened(source, folder / "unpacked", observer)
        observer.say(f"Reading headers in {source.name} ...")
        found = find_images(opened.folder, seen=_counter(observer))
        series = group_series(found.buckets.values())
        if not series:
            raise DicomError(_nothing(source, found, opened))
        studies = [list(own) for _, own in groupby(series, key=_study_of)]
        verdicts = [choose(study, rules) for study in studies]
        observer.say(f"{found.n_dicom:,} DICOM images, {len(series)} series, {len(studies)} studies.")
        if options.dry_run or not any(one.state != "passed over" for own in verdicts for one in own):
            rows = [row for own in verdicts for row in plan_study(own)]
        else:
            rows = _write(verdicts, bids, key_path, rules, options, folder, observer)
    return ImportReport(
        bids=bids,
        key=key_path,
        series=tuple(rows),
        n_files=found.n_files + opened.n_other,
        n_other=found.n_other + opened.n_other,
        n_links=found.n_links,
        n_copies=sum({_series_of(one): one.n_copies for one in series}.values()),
        unreadable=tuple(found.unreadable),
        n_unreadable=found.n_unreadable,
        notes=(*_notes(found), *map_notes(verdicts, rules), *incomplete_sessions(rows)),
        dry_run=options.dry_run,
    )


def _write(
    verdicts: Sequence[Sequence[Verdict]],
    bids: Path,
    key_path: Path,
    rules: ImportMap,
    options: ImportOptions,
    folder: Path,
    observer: Observer,
) -> list[ImportedSeries]:
    """Convert and write study by study; one import at a time works on a data set."""
    with LinkingKey.open(key_path, outside=(bids,)) as key:
        prepare_dataset(bids, version=__version__, converter=program_version())
        with claim(bids / LOCK) as is_ours:
            if not is_ours:
                raise UsageError(f"Another import is writing to {bids}.\n    Wait for it to end.")
            verdicts = _shuffled(verdicts, key)
            pool = ThreadPoolExecutor(options.nprocs)
            try:
                work = StudyImport(
                    bids, key, rules, options.dates, options.keep, options.minutes, __version__, pool, folder, observer
                )
                observer.total(sum(one.state == "take" and not work.has(one) for study in verdicts for one in study))
                with without_warnings():
                    rows = list(_in_step(work, verdicts, ahead=2 * options.nprocs))
            finally:
                pool.shutdown(cancel_futures=True)
            write_import_log(bids, work.log)
            return rows


def _shuffled(verdicts: Sequence[Sequence[Verdict]], key: LinkingKey) -> list[Sequence[Verdict]]:
    """Patients in an order that only the key knows, the studies of each by their dates.

    Labels are running numbers: given in the order of hospital numbers, they would tell who has the lowest.
    """

    def place(study: Sequence[Verdict]) -> str:
        who = study[0].series.identity
        return key.uid(f"order of {who.patient_id} {who.issuer}")

    return sorted(verdicts, key=place)


def _in_step(work: StudyImport, verdicts: Sequence[Sequence[Verdict]], *, ahead: int) -> Iterator[ImportedSeries]:
    """Studies in order; a few are converted ahead, so that all cores work and memory holds few images."""
    waiting: deque[list[Any]] = deque()
    for study in verdicts:
        waiting.append(work.begin(study))
        while sum(step.work is not None for steps in waiting for step in steps) > ahead:
            yield from work.finish(waiting.popleft())
    for steps in waiting:
        yield from work.finish(steps)


def _check_options(source: Path, bids: Path, options: ImportOptions) -> None:
    if not source.exists():
        raise UsageError(f"{source} does not exist; a folder or an archive of DICOM files is needed.\n    Check it.")
    unknown = [name for name in options.keep if name not in ON_REQUEST]
    if unknown:
        raise UsageError(f"--keep {unknown[0]} is not known.\n    Choose of {', '.join(ON_REQUEST)}.")
    if bids.exists() and not bids.is_dir():
        raise UsageError(f"{bids} is a file; a folder is needed.\n    Name a new folder.")


def _opened(source: Path, folder: Path, observer: Observer) -> _Opened:
    """A folder of files: the source itself, or what an archive holds, unpacked into `folder`."""
    if source.is_dir():
        return _Opened(source)
    if not is_archive(source):
        raise UsageError(
            f"{source} is neither a folder nor a zip or tar archive.\n    Give the folder that holds the DICOM files."
        )
    observer.say(f"Unpacking {source.name} ...")
    folder.mkdir()
    return _Opened(folder, unpack(source, folder).n_other)


def _study_of(series: Series) -> tuple[str, ...]:
    who = series.identity
    return who.patient_id, who.issuer, who.study_uid


def _series_of(series: Series) -> tuple[str, str]:
    return series.identity.series_uid, series.facts.sop_class


def _notes(found: Found) -> Iterator[str]:
    if found.n_archives:
        yield f"{found.n_archives:,} archives among the files were not opened; give each of them as SRC."


def _nothing(source: Path, found: Found, opened: _Opened) -> str:
    n_files = found.n_files + opened.n_other
    more = f", {found.n_unreadable} of them damaged DICOM ({found.unreadable[0][1]})" if found.unreadable else ""
    return f"{source} holds no DICOM image ({n_files:,} files{more}).\n    Check the path; links are not followed."


def _counter(observer: Observer) -> Callable[[int], None]:
    """Says how many files were read, every SAID_EVERY."""

    def seen(count: int) -> None:
        if count and count % SAID_EVERY == 0:
            observer.say(f"{count:,} files ...")

    return seen
