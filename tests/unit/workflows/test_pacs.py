"""Find, fetch and store: what is whole, what is missing, and who else may write."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from dicom_series import Order, Written, asymmetric_phantom, write_series

from neurolupus.dicom.archive.found import InstanceFound, SeriesFound, StudyFound
from neurolupus.dicom.archive.query import Query
from neurolupus.dicom.archive.shelf import Shelf
from neurolupus.dicom.archive.stored import Stored, sop_uid_of
from neurolupus.errors import PacsError, UsageError
from neurolupus.jobs.lock import claim
from neurolupus.workflows.pacs import LOCK_FILE, Progress, fetch_studies, find_studies, store_files

ASKED = Query(patient_id="MRN*")


class Folders:
    """An archive that holds series of one study, some of whose files it cannot send."""

    def __init__(
        self, *series: Written, lost: Sequence[Path] = (), counts: int = 0, silent: Sequence[str] = ()
    ) -> None:
        self.series_there, self.lost, self.counts, self.silent = series, lost, counts, silent
        self.asked: list[str] = []

    def studies(self, query: Query, limit: int) -> Iterator[StudyFound]:
        yield StudyFound(self.series_there[0].study_uid, "MRN-7731955")

    def series(self, study_uid: str) -> tuple[SeriesFound, ...]:
        return tuple(
            SeriesFound(study_uid, one.series_uid, 9 - number, "MR", f"number {number}", len(one.paths) + self.counts)
            for number, one in enumerate(self.series_there)
        )

    def instances(self, series: SeriesFound) -> tuple[InstanceFound, ...]:
        if series.series_uid in self.silent:
            raise PacsError("500")
        found = next(one for one in self.series_there if one.series_uid == series.series_uid)
        uids = [sop_uid_of(path)[:2] for path in found.paths]
        return tuple(InstanceFound(series.study_uid, series.series_uid, uid, kind) for uid, kind in uids)

    def fetch(self, series: SeriesFound, shelf: Shelf, seen: Callable[[], object]) -> None:
        self.asked.append(series.series_uid)
        found = next(one for one in self.series_there if one.series_uid == series.series_uid)
        for path in found.paths:
            if path not in self.lost and shelf.put([path.read_bytes()]):
                seen()
        if shelf.missing(series.series_uid):
            raise PacsError("gone")

    def store(self, files: Sequence[Path], seen: Callable[[], object]) -> Stored:
        for _ in files:
            seen()
        return Stored(tuple(sop_uid_of(path)[0] for path in files))


@pytest.fixture
def two(tmp_path: Path) -> tuple[Written, Written]:
    phantom = asymmetric_phantom((8, 9, 3))
    return (
        write_series(tmp_path / "sent" / "a", phantom),
        write_series(tmp_path / "sent" / "b", phantom, kind="FLAIR", order=Order(number=5)),
    )


def test_series_come_in_the_order_of_their_numbers(two: tuple[Written, Written]):
    (study,) = find_studies(Folders(*two), Query(), limit=10)
    assert [one.number for one in study.series] == [8, 9]


def test_a_study_without_a_series_that_fits_is_not_shown(two: tuple[Written, Written]):
    assert list(find_studies(Folders(*two), Query(modality="CT"), limit=10)) == []


def test_all_is_fetched_and_counted(two: tuple[Written, Written], tmp_path: Path):
    counts: list[int] = []
    seen: list[int] = []
    progress = Progress(counts.append, lambda: seen.append(1))
    done = fetch_studies(Folders(*two), ASKED, tmp_path / "out", limit=10, progress=progress)
    assert done.is_whole
    assert (done.n_wanted, done.n_before, done.n_there) == (6, 0, 6)
    assert (counts, len(seen)) == ([6], 6)
    told = json.loads((tmp_path / "out" / "fetch.json").read_text())
    assert (told["files"], told["query"], told["missing"]) == (6, {"patient_id": "MRN*"}, [])


def test_what_is_whole_is_not_asked_for_again(two: tuple[Written, Written], tmp_path: Path):
    fetch_studies(Folders(*two), ASKED, tmp_path / "out", limit=10)
    again = Folders(*two)
    done = fetch_studies(again, ASKED, tmp_path / "out", limit=10)
    assert (done.n_before, done.is_whole, again.asked) == (6, True, [])


def test_a_file_that_does_not_come_is_named_and_stops_no_other(two: tuple[Written, Written], tmp_path: Path):
    lost = two[1].paths[1]
    done = fetch_studies(Folders(*two, lost=[lost]), ASKED, tmp_path / "out", limit=10)
    assert [one.sop_uid for one in done.missing] == [sop_uid_of(lost)[0]]
    assert (done.n_there, done.is_whole) == (5, False)
    assert done.faults == (f"Series {two[1].series_uid}: gone",)


def test_a_series_that_cannot_be_listed_stops_no_other(two: tuple[Written, Written], tmp_path: Path):
    done = fetch_studies(Folders(*two, silent=[two[0].series_uid]), ASKED, tmp_path / "out", limit=10)
    assert (done.n_there, done.is_whole) == (3, False)
    assert "cannot be listed: 500" in done.faults[0]


def test_an_archive_that_counts_more_than_it_lists_is_not_trusted(two: tuple[Written, Written], tmp_path: Path):
    done = fetch_studies(Folders(two[0], counts=1), ASKED, tmp_path / "out", limit=10)
    assert not done.is_whole
    assert "counts 4 files and lists 3" in done.remarks[0]


def test_an_archive_that_is_gone_is_not_asked_for_every_series(tmp_path: Path):
    phantom = asymmetric_phantom((8, 9, 2))
    many = [write_series(tmp_path / str(number), phantom, order=Order(number=number)) for number in range(1, 7)]
    archive = Folders(*many, lost=[path for one in many for path in one.paths])
    done = fetch_studies(archive, ASKED, tmp_path / "out", limit=10)
    assert len(archive.asked) == 3
    assert len(done.missing) == 12
    assert "Nothing came of 3 series in a row" in done.faults[-1]


def test_an_open_question_is_refused(two: tuple[Written, Written], tmp_path: Path):
    with pytest.raises(UsageError, match="all of the archive"):
        fetch_studies(Folders(*two), Query(modality="MR"), tmp_path / "out", limit=10)
    assert not (tmp_path / "out").exists()


def test_two_fetches_do_not_share_a_folder(two: tuple[Written, Written], tmp_path: Path):
    with claim(tmp_path / LOCK_FILE) as held:
        assert held
        with pytest.raises(UsageError, match="Another fetch"):
            fetch_studies(Folders(*two), ASKED, tmp_path, limit=10)


def test_nothing_that_fits_is_told(two: tuple[Written, Written], tmp_path: Path):
    with pytest.raises(PacsError, match="no study that fits"):
        fetch_studies(Folders(*two), Query(patient_id="MRN*", modality="CT"), tmp_path / "out", limit=10)


def test_folders_and_files_are_sent_once_each(two: tuple[Written, Written]):
    done = store_files(Folders(*two), [two[0].folder, two[0].paths[0], *two[1].paths])
    assert len(done.kept) == 6


def test_nothing_is_sent_where_one_file_is_none(two: tuple[Written, Written], tmp_path: Path):
    (tmp_path / "letter.txt").write_text("Dear colleague")
    with pytest.raises(PacsError, match=r"letter\.txt is no DICOM file"):
        store_files(Folders(*two), [two[0].folder, tmp_path / "letter.txt"])


def test_an_empty_folder_is_no_answer(two: tuple[Written, Written], tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no file"):
        store_files(Folders(*two), [tmp_path / "empty"])
