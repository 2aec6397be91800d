"""Find, fetch and store in an image archive: what `neurolupus pacs` does."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from neurolupus import __version__
from neurolupus.dicom.archive.found import InstanceFound, SeriesFound, StudyFound
from neurolupus.dicom.archive.open_archive import Archive
from neurolupus.dicom.archive.query import Query
from neurolupus.dicom.archive.shelf import Shelf
from neurolupus.dicom.archive.stored import Stored
from neurolupus.errors import PacsError, UsageError
from neurolupus.io.atomic import write_json
from neurolupus.jobs.lock import claim

FETCH_FILE, LOCK_FILE = "fetch.json", ".fetch.lock"
GIVE_UP_AFTER = 3  # series in a row of which nothing came: the archive is gone, not the series


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch brought.

    Parameters
    ----------
    n_wanted, n_before, n_there : int
        Files asked for, there before, there now.
    missing : tuple of InstanceFound
        Asked for and not there.
    faults : tuple of str
        Why, as the archive or the line told it.
    remarks : tuple of str
        Where the archive's own counts do not agree.
    """

    folder: Path
    studies: tuple[StudyFound, ...]
    n_wanted: int
    n_before: int
    n_there: int
    missing: tuple[InstanceFound, ...] = ()
    faults: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether all of it is there, by the list of files and by the archive's counts."""
        return not self.missing and not self.faults and not self.remarks

    def summary(self) -> dict[str, object]:
        """As data."""
        return {
            "folder": str(self.folder),
            "files": self.n_wanted,
            "fetched": self.n_there - self.n_before,
            "there_before": self.n_before,
            "missing": [asdict(one) for one in self.missing],
            "faults": list(self.faults),
            "remarks": list(self.remarks),
            "studies": [asdict(one) for one in self.studies],
        }


@dataclass(slots=True)
class Progress:
    """Who is told how many files there are, and of each one done."""

    total: Callable[[int], object] = field(default=lambda count: None)
    seen: Callable[[], object] = field(default=lambda: None)


def find_studies(archive: Archive, query: Query, *, limit: int) -> Iterator[StudyFound]:
    """Studies that fit, each with those of its series that fit; none without one, at most `limit`."""
    whole = (
        replace(study, series=tuple(sorted(filter(query.takes_series, archive.series(study.study_uid)), key=_order)))
        for study in archive.studies(query, limit)
    )
    yield from islice((study for study in whole if study.series), limit)


def fetch_studies(
    archive: Archive, query: Query, out: Path, *, limit: int, progress: Progress | None = None
) -> Fetched:
    """Fetch what fits into `out/STUDY/SERIES/INSTANCE.dcm`; files that are there are not fetched again.

    Raises
    ------
    UsageError
        The question is open (it would fetch the archive), or another fetch is writing there.
    PacsError
        The archive cannot be asked, or has nothing that fits.
    """
    if query.is_open:
        raise UsageError(
            "Nothing says which studies are meant; all of the archive would be fetched.\n"
            "    Give --study, --patient-id, --accession, --date or --description."
        )
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    with claim(out / LOCK_FILE) as held:
        if not held:
            raise UsageError(f"Another fetch is writing to {out}; wait for it, or give another folder.")
        studies = tuple(find_studies(archive, query, limit=limit))
        if not studies:
            raise PacsError("The archive has no study that fits.\n    Look what it has: neurolupus pacs find")
        done = _fetch(archive, studies, out, progress or Progress())
        told = {"version": __version__, "fetched_at": datetime.now(UTC).isoformat(timespec="seconds")}
        write_json(out / FETCH_FILE, {**told, "query": _told(query), **done.summary()})
    return done


def store_files(archive: Archive, paths: Sequence[Path], *, progress: Progress | None = None) -> Stored:
    """Send files, and all files of folders, to the archive.

    Raises
    ------
    UsageError
        There is nothing to send.
    PacsError
        A file is no DICOM (nothing was sent then), or the archive cannot be reached.
    """
    from neurolupus.dicom.archive.stored import sop_uid_of

    files = list(dict.fromkeys(file for path in paths for file in _files(path)))
    if not files:
        raise UsageError(f"There is no file in {', '.join(map(str, paths))}; DICOM files are needed.")
    for file in files:
        sop_uid_of(file)
    shown = progress or Progress()
    shown.total(len(files))
    return archive.store(files, shown.seen)


def _fetch(archive: Archive, studies: Sequence[StudyFound], out: Path, progress: Progress) -> Fetched:
    wanted: dict[SeriesFound, tuple[InstanceFound, ...]] = {}
    remarks, faults, in_a_row = [], [], 0
    for series in (one for study in studies for one in study.series):
        try:
            wanted[series] = archive.instances(series)
        except PacsError as error:
            faults.append(f"The files of series {series.series_uid} cannot be listed: {error}")
            continue
        if series.n_instances not in (None, len(wanted[series])):
            remarks.append(
                f"Series {series.series_uid}: the archive counts {series.n_instances} files and lists "
                f"{len(wanted[series])}."
            )
    shelf = Shelf(out, (one for some in wanted.values() for one in some))
    progress.total(len(shelf.missing()))
    for series in wanted:
        if not shelf.missing(series.series_uid):
            continue
        try:
            archive.fetch(series, shelf, progress.seen)
        except PacsError as error:
            faults.append(f"Series {series.series_uid}: {error}")
        in_a_row = 0 if shelf.holds_some(series.series_uid) else in_a_row + 1
        if in_a_row == GIVE_UP_AFTER:
            faults.append(f"Nothing came of {in_a_row} series in a row; the rest was not asked for.")
            break
    whole = sum(map(len, wanted.values()))
    return Fetched(
        out, tuple(studies), whole, shelf.n_before, shelf.n_there, shelf.missing(), tuple(faults), tuple(remarks)
    )


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(one for one in path.rglob("*.dcm") if one.is_file())


def _told(query: Query) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(query).items() if value}


def _order(series: SeriesFound) -> tuple[int, str]:
    return (series.number if series.number is not None else 2**31, series.series_uid)
