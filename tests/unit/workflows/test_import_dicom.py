"""DICOM in, BIDS out: what is taken, what is not, that nothing is lost, told or overwritten."""

import gzip
import json
import os
import stat
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from dicom_series import LEAKS, Order, Patient, Written, asymmetric_phantom, tells, write_series

from neurolupus.dicom.private.linking_key import LinkingKey
from neurolupus.errors import DicomError, UsageError
from neurolupus.io.bids import choose_pair, index_dataset, read_pair
from neurolupus.io.delimited import read_tsv
from neurolupus.io.import_log import COLUMNS
from neurolupus.jobs.task import Event
from neurolupus.workflows import import_dicom as module
from neurolupus.workflows import import_study
from neurolupus.workflows.import_dicom import ImportOptions, import_dicom
from neurolupus.workflows.import_report import ImportReport
from neurolupus.workflows.import_rows import age_years

HEAD = asymmetric_phantom((14, 15, 13), mm=9.0)


def study(folder: Path, order: Order | None = None, *, head: Any = HEAD, **more: Any) -> Written:
    """A T1w and a FLAIR, and a contrast-enhanced T1w."""
    order = order or Order()
    t1w = write_series(folder / "a", head, order=replace(order, number=3), **more)
    flair = (np.where(head[0] > 0, 1600 - head[0], 0), head[1])
    write_series(folder / "b", flair, kind="FLAIR", vendor="GE", order=replace(order, number=4), **more)
    write_series(folder / "c", HEAD, order=replace(order, number=5), overrides={"ContrastBolusAgent": "Gadovist"})
    return t1w


def states(report: ImportReport) -> dict[int | None, str]:
    return {one.number: one.state for one in report.series}


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_study_becomes_a_bids_data_set(tmp_path: Path) -> None:
    written, bids = study(tmp_path / "in"), tmp_path / "bids"
    report = import_dicom(tmp_path / "in", bids)
    assert states(report) == {3: "taken", 4: "taken", 5: "passed over"}
    assert not report.has_failed
    (scan,) = index_dataset(bids)
    pair = choose_pair(scan, need_flair=True)
    t1w: Any = nibabel.as_closest_canonical(nibabel.load(pair[0]))  # type: ignore[attr-defined,no-untyped-call]
    assert np.array_equal(np.asanyarray(t1w.dataobj), written.array)
    assert np.allclose(t1w.affine, written.affine, atol=1e-3)
    assert read_tsv(bids / "participants.tsv") == [{"participant_id": "sub-0001", "age": "44", "sex": "F"}]
    made = {name for name in files(bids) if not name.startswith("code/.")}
    assert made == {
        "README",
        "code/import.tsv",
        "dataset_description.json",
        "participants.json",
        "participants.tsv",
        "sub-0001/ses-1/anat/sub-0001_ses-1_FLAIR.json",
        "sub-0001/ses-1/anat/sub-0001_ses-1_FLAIR.nii.gz",
        "sub-0001/ses-1/anat/sub-0001_ses-1_T1w.json",
        "sub-0001/ses-1/anat/sub-0001_ses-1_T1w.nii.gz",
        "sub-0001/sub-0001_sessions.json",
        "sub-0001/sub-0001_sessions.tsv",
    }


@pytest.mark.slow
def test_measure_reads_what_the_scanner_told(tmp_path: Path) -> None:
    study(tmp_path / "in", head=asymmetric_phantom((36, 40, 34), mm=5.0))
    import_dicom(tmp_path / "in", tmp_path / "bids")
    (scan,) = index_dataset(tmp_path / "bids")
    t1w, flair = choose_pair(scan, need_flair=True)
    pair = read_pair(scan.scan_id, t1w, flair)
    assert (pair.t1w_acquisition.acquisition_type, pair.flair_acquisition.acquisition_type) == ("3D", "2D")
    assert pair.t1w_acquisition.magnetic_field_strength_t == 3.0
    assert (pair.t1w_acquisition.manufacturer, pair.flair_acquisition.manufacturer) == ("Siemens", "GE")


def test_nobody_is_told_anywhere_in_the_data_set(tmp_path: Path) -> None:
    study(tmp_path / "in", overrides={"SeriesDescription": "T1 Quaglia", "SequenceName": "*tfl_Ottavia"})
    report = import_dicom(tmp_path / "in", tmp_path / "bids")
    for name, raw in files(tmp_path / "bids").items():
        content = gzip.decompress(raw) if name.endswith(".gz") else raw
        for leak in (*LEAKS, "20240312", "2024-03-12", "101500", "10:15"):
            assert not tells(content, leak), (name, leak)
            assert leak not in name
    assert "Quaglia" not in json.dumps([{**one.summary(), "description": ""} for one in report.series])


def test_the_key_lies_beside_the_data_set_and_only_the_user_reads_it(tmp_path: Path) -> None:
    study(tmp_path / "in")
    report = import_dicom(tmp_path / "in", tmp_path / "bids")
    assert report.key == tmp_path / "bids.key.json"
    assert stat.S_IMODE(report.key.stat().st_mode) == 0o600
    with pytest.raises(UsageError, match="would lie in"):
        import_dicom(tmp_path / "in", tmp_path / "new", options=ImportOptions(key=tmp_path / "new" / "key.json"))


def test_running_again_changes_nothing(tmp_path: Path) -> None:
    study(tmp_path / "in")
    import_dicom(tmp_path / "in", tmp_path / "bids")
    before = files(tmp_path / "bids")
    report = import_dicom(tmp_path / "in", tmp_path / "bids")
    assert states(report) == {3: "already there", 4: "already there", 5: "passed over"}
    assert not report.has_failed
    assert files(tmp_path / "bids") == before


class Counting:
    """What a display would show."""

    def __init__(self) -> None:
        self.counts: list[int] = []
        self.finished: list[str] = []

    def total(self, count: int) -> None:
        self.counts.append(count)

    def event(self, event: Event) -> None:
        if event.outcome:
            self.finished.append(f"{event.name} {event.outcome.status}")

    def say(self, text: str) -> None:
        assert not any(leak in text for leak in LEAKS)


@pytest.mark.slow
def test_progress_counts_what_is_to_be_done(tmp_path: Path) -> None:
    study(tmp_path / "in" / "1")
    first, second = Counting(), Counting()
    import_dicom(tmp_path / "in", tmp_path / "bids", observer=first)
    assert (first.counts, first.finished) == ([2], ["sub-0001_ses-1_T1w done", "sub-0001_ses-1_FLAIR done"])
    study(tmp_path / "in" / "2", Order(study="2", date="20250915"))
    import_dicom(tmp_path / "in", tmp_path / "bids", observer=second)
    assert (second.counts, len(second.finished)) == ([2], 2)


@pytest.mark.slow
def test_only_what_is_new_is_added(tmp_path: Path) -> None:
    study(tmp_path / "in" / "1")
    import_dicom(tmp_path / "in", tmp_path / "bids")
    before = files(tmp_path / "bids")
    study(tmp_path / "in" / "2", Order(study="2", date="20250915"))
    study(tmp_path / "in" / "3", Order(patient=Patient("Bo", "MRN-2", birth_date="19200101", sex="M")))
    report = import_dicom(tmp_path / "in", tmp_path / "bids")
    assert report.count("taken") == 4
    after = files(tmp_path / "bids")
    kept = {name: raw for name, raw in before.items() if name.endswith((".nii.gz", ".json"))}
    assert {name: after[name] for name in kept} == kept
    assert [row["participant_id"] for row in read_tsv(tmp_path / "bids" / "participants.tsv")] == [
        "sub-0001",
        "sub-0002",
    ]
    assert read_tsv(tmp_path / "bids" / "participants.tsv")[1]["age"] == "89"
    sessions = read_tsv(tmp_path / "bids" / "sub-0001" / "sub-0001_sessions.tsv")
    assert [row["session_id"] for row in sessions] == ["ses-1", "ses-2"]
    # 2024-03-12 to 2025-09-15: 552 days, whatever the shift
    days = [np.datetime64(row["acq_time"][:10]) for row in sessions]
    assert (days[1] - days[0]).astype(int) == 552
    assert all(day < np.datetime64("1925-01-01") for day in days)


def test_dates_can_be_left_out(tmp_path: Path) -> None:
    study(tmp_path / "in")
    import_dicom(tmp_path / "in", tmp_path / "bids", options=ImportOptions(dates="none"))
    assert read_tsv(tmp_path / "bids" / "sub-0001" / "sub-0001_sessions.tsv")[0]["acq_time"] == "n/a"


@pytest.mark.slow
def test_a_bad_series_stops_nobody(tmp_path: Path) -> None:
    study(tmp_path / "in" / "1")
    other = Order(patient=Patient("Bo", "MRN-9"))
    write_series(tmp_path / "in" / "2", HEAD, order=other, leave_out=[9])
    write_series(tmp_path / "in" / "3", HEAD, kind="FLAIR", order=replace(other, number=9))
    report = import_dicom(tmp_path / "in", tmp_path / "bids")
    assert sorted(one.state for one in report.series) == ["failed", "passed over", "taken", "taken", "taken"]
    (failed,) = [one for one in report.series if one.state == "failed"]
    assert failed.faults[0][0] == "missing-slices"
    with LinkingKey.open(report.key) as key:
        assert failed.participant_id == key.subject("MRN-9", "ZENTRALSPITAL")
    assert report.has_failed
    # the missing slice arrives
    write_series(tmp_path / "in" / "2", HEAD, order=other)
    assert not import_dicom(tmp_path / "in", tmp_path / "bids").has_failed
    assert len(index_dataset(tmp_path / "bids")) == 2


def test_a_converter_that_fails_on_one_series_is_told_and_the_rest_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study(tmp_path / "in")

    def convert(series: Any, grid: Any, **options: Any) -> Any:
        if series.facts.series_number == 4:
            raise DicomError("dcm2niix ended with 4: it found damaged DICOM images")
        return real(series, grid, **options)

    real = import_study.convert
    monkeypatch.setattr(import_study, "convert", convert)
    report = import_dicom(tmp_path / "in", tmp_path / "bids")
    assert states(report) == {3: "taken", 4: "failed", 5: "passed over"}
    assert "ended with 4" in report.series[1].reasons[-1]


@pytest.mark.slow
def test_a_later_series_does_not_replace_the_one_that_was_imported(tmp_path: Path) -> None:
    study(tmp_path / "in")
    import_dicom(tmp_path / "in", tmp_path / "bids")
    before = files(tmp_path / "bids")
    write_series(tmp_path / "in" / "d", HEAD, order=Order(number=9))
    report = import_dicom(tmp_path / "in", tmp_path / "bids")
    assert states(report) == {3: "already there", 4: "already there", 5: "passed over", 9: "passed over"}
    assert "is there already, from series 3" in report.series[-1].reasons[-1]
    assert not report.has_failed
    name = "sub-0001/ses-1/anat/sub-0001_ses-1_T1w.nii.gz"
    assert files(tmp_path / "bids")[name] == before[name]
    # removed by the user: the better one is taken
    (tmp_path / "bids" / name).unlink()
    assert states(import_dicom(tmp_path / "in", tmp_path / "bids"))[9] == "taken"


@pytest.mark.slow
def test_people_of_others_in_the_data_set_are_not_mixed_up(tmp_path: Path, make_dataset: Callable[..., Path]) -> None:
    bids = make_dataset(["0001", "0002"], sessions=["1"])
    before = files(bids)
    study(tmp_path / "in")
    report = import_dicom(tmp_path / "in", bids)
    assert {one.participant_id for one in report.series} == {"0003"}
    after = files(bids)
    assert {name: after[name] for name in before if name != "participants.tsv"} == {
        name: raw for name, raw in before.items() if name != "participants.tsv"
    }
    assert after["participants.tsv"].startswith(before["participants.tsv"])
    assert import_dicom(tmp_path / "in", bids).count("already there") == 2


def test_a_label_of_the_key_that_another_holds_in_this_data_set_is_refused(
    tmp_path: Path, make_dataset: Callable[..., Path]
) -> None:
    study(tmp_path / "in")
    key = ImportOptions(key=tmp_path / "key.json")
    import_dicom(tmp_path / "in", tmp_path / "first", options=key)
    bids = make_dataset(["0001"])
    report = import_dicom(tmp_path / "in", bids, options=key)
    assert states(report) == {3: "failed", 4: "failed", 5: "passed over"}
    assert "may be another person" in report.series[0].reasons[-1]


def test_an_image_that_somebody_else_put_there_is_kept(tmp_path: Path) -> None:
    study(tmp_path / "in")
    anat = tmp_path / "bids" / "sub-P1" / "ses-1" / "anat"
    anat.mkdir(parents=True)
    (anat / "sub-P1_ses-1_T1w.nii.gz").write_bytes(b"mine")
    (tmp_path / "bids" / "dataset_description.json").write_text('{"Name": "mine", "BIDSVersion": "1.9.0"}')
    (tmp_path / "map.yaml").write_text("subjects: {MRN-7731955: P1}")
    report = import_dicom(tmp_path / "in", tmp_path / "bids", options=ImportOptions(map=tmp_path / "map.yaml"))
    assert states(report) == {3: "failed", 4: "taken", 5: "passed over"}
    assert "is there already, from elsewhere" in report.series[0].reasons[-1]
    assert (anat / "sub-P1_ses-1_T1w.nii.gz").read_bytes() == b"mine"


def test_the_map_names_series_people_and_sessions(tmp_path: Path) -> None:
    written = study(tmp_path / "in")
    (tmp_path / "map.yaml").write_text(
        f"series:\n  - number: 5\n    is: T1w\n  - number: 77\n    is: skip\n"
        f"subjects: {{MRN-7731955: P07, MRN-7731965: P08}}\nsessions: {{{written.study_uid}: baseline}}\n"
    )
    report = import_dicom(tmp_path / "in", tmp_path / "bids", options=ImportOptions(map=tmp_path / "map.yaml"))
    assert states(report) == {3: "passed over", 4: "taken", 5: "taken"}
    assert (tmp_path / "bids" / "sub-P07" / "ses-baseline" / "anat" / "sub-P07_ses-baseline_T1w.nii.gz").is_file()
    assert report.notes == (
        "Map, line 4: the rule fits no series here.",
        "Map: 1 of 2 subjects are not here; check how they are written.",
    )


def test_a_session_without_its_other_half_is_told(tmp_path: Path) -> None:
    write_series(tmp_path / "in", HEAD)
    report = import_dicom(tmp_path / "in", tmp_path / "bids")
    assert report.notes == ("1 sessions have no FLAIR: sub-0001_ses-1.",)


@pytest.mark.slow
def test_one_patient_of_two_hospitals_is_two(tmp_path: Path) -> None:
    for number, issuer in enumerate(("A", "B")):
        who = Patient(patient_id="7", issuer=issuer)
        study(tmp_path / "in" / issuer, Order(study=str(number), patient=who))
    report = import_dicom(tmp_path / "in", tmp_path / "bids")
    assert {one.participant_id for one in report.series} == {"0001", "0002"}


@pytest.mark.slow
def test_studies_without_a_patient_are_people_of_their_own(tmp_path: Path) -> None:
    for number in ("1", "2"):
        study(tmp_path / "in" / number, Order(study=number), overrides={"PatientID": ""})
    report = import_dicom(tmp_path / "in", tmp_path / "bids")
    assert {one.participant_id for one in report.series if one.state == "taken"} == {"0001", "0002"}
    assert "have no PatientID" in report.notes[0]


def test_an_archive_is_imported_as_its_folder_is(tmp_path: Path) -> None:
    study(tmp_path / "in")
    with zipfile.ZipFile(tmp_path / "scans.zip", "w") as archive:
        for path in (tmp_path / "in").rglob("*.dcm"):
            archive.write(path, path.relative_to(tmp_path))
    assert import_dicom(tmp_path / "scans.zip", tmp_path / "bids").count("taken") == 2
    again = import_dicom(tmp_path / "in", tmp_path / "bids")
    assert again.count("already there") == 2


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    study(tmp_path / "in")
    report = import_dicom(tmp_path / "in", tmp_path / "bids", options=ImportOptions(dry_run=True))
    assert report.count("taken") == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_what_holds_no_t1w_and_no_flair_leaves_nothing_behind(tmp_path: Path, shared: Path) -> None:
    report = import_dicom(shared / "data" / "dicom" / "failing", tmp_path / "bids")
    assert report.has_failed
    assert report.count("passed over") == len(report.series) == 5
    assert list(tmp_path.iterdir()) == []
    told = [" ".join([*one.reasons, *(what for _, what in one.faults)]) for one in report.series]
    assert sum("CT Image" in text for text in told) == 4


class Killed(BaseException):
    """Nothing catches it: the process is gone."""


@pytest.mark.slow
@pytest.mark.parametrize("where", ["add", "append_import_log", "write_image", "write_json"])
def test_an_import_that_is_killed_is_taken_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    study(tmp_path / "in")
    import_dicom(tmp_path / "in", tmp_path / "whole")

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    from neurolupus.io import raw_dataset

    with monkeypatch.context() as broken:
        place = {"add": raw_dataset.PeopleTables, "write_json": raw_dataset}.get(where, import_study)
        if where == "write_json":
            real, calls = raw_dataset.write_json, iter((False, False, False, True))
            broken.setattr(place, where, lambda *a: die() if next(calls, True) else real(*a))
        else:
            broken.setattr(place, where, die)
        with pytest.raises(Killed):
            import_dicom(tmp_path / "in", tmp_path / "bids")
    assert not import_dicom(tmp_path / "in", tmp_path / "bids").has_failed
    one, two = files(tmp_path / "whole"), files(tmp_path / "bids")
    assert set(one) == set(two)
    images = [name for name in one if name.endswith(".nii.gz")]
    assert {name: one[name] for name in images} == {name: two[name] for name in images}


def test_what_a_killed_import_was_writing_is_cleared(tmp_path: Path) -> None:
    study(tmp_path / "in")
    bids = tmp_path / "bids"
    anat = bids / "sub-0001" / "ses-1" / "anat"
    anat.mkdir(parents=True)
    (bids / "code").mkdir()
    (bids / "dataset_description.json").write_text('{"Name": "mine", "BIDSVersion": "1.9.0"}')
    with LinkingKey.open(tmp_path / "bids.key.json") as key:
        key.subject("MRN-7731955", "ZENTRALSPITAL")
    (bids / "code" / "import.tsv").write_text(
        "\t".join(COLUMNS) + "\n" + "\t".join(["2.25.1", *["sub-0001"] * 13]) + "\n"
    )
    for folder in (bids, bids / "code", bids / "sub-0001", anat):
        (folder / ".tmp-0a1b2c3d-x").write_bytes(b"half")
    assert import_dicom(tmp_path / "in", bids).count("taken") == 2
    assert not list(bids.rglob(".tmp*"))


def test_a_folder_of_other_things_is_left_alone_and_no_key_is_made(tmp_path: Path) -> None:
    study(tmp_path / "in")
    with pytest.raises(UsageError, match=r"holds files and no dataset_description\.json"):
        import_dicom(tmp_path / "in", tmp_path / "in")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    assert sorted(path.name for path in (tmp_path / "in").iterdir()) == ["a", "b", "c"]


@pytest.mark.slow
def test_two_imports_do_not_write_at_once(tmp_path: Path) -> None:
    from neurolupus.jobs.lock import claim

    study(tmp_path / "in")
    import_dicom(tmp_path / "in", tmp_path / "bids")
    with claim(tmp_path / "bids" / module.LOCK), pytest.raises(UsageError, match="Another import is writing"):
        import_dicom(tmp_path / "in", tmp_path / "bids")


@pytest.mark.parametrize(
    ("source", "words"),
    [("nothing", "does not exist"), ("empty", "holds no DICOM image"), ("text", "neither a folder")],
)
def test_a_source_that_is_none_is_told(tmp_path: Path, source: str, words: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("x")
    with pytest.raises((UsageError, DicomError), match=words):
        import_dicom(tmp_path / source, tmp_path / "bids")
    assert not (tmp_path / "bids").exists()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(5, "Input/output error"), "converting failed: Input/output error"),
        (ValueError("Quaglia"), "converting failed in a way that is not foreseen (ValueError)"),
    ],
)
def test_whatever_one_series_makes_happen_is_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    study(tmp_path / "in")

    def convert(series: Any, grid: Any, **options: Any) -> Any:
        if series.facts.series_number == 4:
            raise error
        return real(series, grid, **options)

    real = import_study.convert
    monkeypatch.setattr(import_study, "convert", convert)
    report = import_dicom(tmp_path / "in", tmp_path / "bids")
    assert states(report) == {3: "taken", 4: "failed", 5: "passed over"}
    assert report.series[1].reasons[-1] == words


def test_a_full_disk_stops_everything_and_is_taken_up_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study(tmp_path / "in")

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device", "x")

    with monkeypatch.context() as broken:
        broken.setattr(import_study, "convert", full)
        with pytest.raises(OSError, match="No space left"):
            import_dicom(tmp_path / "in", tmp_path / "bids")
    assert import_dicom(tmp_path / "in", tmp_path / "bids").count("taken") == 2


def test_archives_among_the_files_are_told(tmp_path: Path) -> None:
    study(tmp_path / "in")
    (tmp_path / "in" / "more.ZIP").write_bytes(b"PK\x03\x04" + bytes(500))
    report = import_dicom(tmp_path / "in", tmp_path / "bids", options=ImportOptions(dry_run=True))
    assert report.notes[0] == "1 archives among the files were not opened; give each of them as SRC."


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_source_that_cannot_be_written_is_only_read(tmp_path: Path) -> None:
    study(tmp_path / "in")
    (tmp_path / "in").chmod(0o555)
    assert import_dicom(tmp_path / "in", tmp_path / "bids").count("taken") == 2


@pytest.mark.parametrize(
    ("born", "scanned", "told", "age"),
    [
        ("19800313", "20240312", "", 43),  # the day before the birthday
        ("19800312", "20240312", "", 44),
        ("", "20240312", "044Y", 44),
        ("", "20240312", "018M", 1),
        ("", "20240312", "44", None),
        ("20250101", "20240312", "", None),
        ("18000101", "20240312", "", None),
        ("19800230", "20240312", "", None),
    ],
)
def test_age_is_whole_years_at_the_study(born: str, scanned: str, told: str, age: int | None) -> None:
    from neurolupus.dicom.series.slices import Identity

    assert age_years(Identity("1", "", "", "1", "1", scanned, born, told, "F", "")) == age


@pytest.mark.slow
def test_labels_do_not_tell_whose_number_is_lower(tmp_path: Path) -> None:
    people = [f"MRN-{n:02d}" for n in range(6)]
    for number, name in enumerate(people):
        write_series(tmp_path / "in" / name, HEAD, order=Order(study=str(number), patient=Patient(patient_id=name)))
    orders = []
    for secret in ("00", "11"):  # of keys that were drawn before
        path = tmp_path / f"{secret}.json"
        with LinkingKey.open(path):
            pass
        path.write_text(json.dumps({**json.loads(path.read_text()), "secret": secret * 32}))
        report = import_dicom(tmp_path / "in", tmp_path / secret, options=ImportOptions(key=path, nprocs=3))
        assert [one.participant_id for one in report.series] == [f"{n:04d}" for n in range(1, 7)]
        with LinkingKey.open(path) as key:
            orders.append([key.subject(name, "ZENTRALSPITAL") for name in people])
    assert all(sorted(order) != order for order in orders)
    assert orders[0] != orders[1]


@pytest.mark.slow
def test_studies_of_one_person_are_numbered_by_their_dates(tmp_path: Path) -> None:
    for number, day in enumerate(("20250101", "20230101", "20240101")):
        write_series(tmp_path / "in" / day, HEAD, order=Order(study=str(number), date=day))
    import_dicom(tmp_path / "in", tmp_path / "bids")
    sessions = read_tsv(tmp_path / "bids" / "sub-0001" / "sub-0001_sessions.tsv")
    assert [row["session_id"] for row in sessions] == ["ses-1", "ses-2", "ses-3"]
    assert [row["acq_time"] for row in sessions] == sorted(row["acq_time"] for row in sessions)
