import gzip
import json
from pathlib import Path

import pytest

from neurolupus.errors import TableError, UsageError
from neurolupus.io.tables import read_tsv
from neurolupus.jobs.run import ALREADY_DONE
from neurolupus.jobs.status import read_status
from neurolupus.records.measured import Settings
from neurolupus.records.scan import ScanId
from neurolupus.workflows import measure
from neurolupus.workflows.capacity import Capacity
from neurolupus.workflows.finished import finished_scans, read_finished_scan
from neurolupus.workflows.measure import (
    MeasureOptions,
    MeasureResult,
    measure_dataset,
    measure_pair,
    write_group_level,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_measure")]
MakeDataset = object


def options(**changes: object) -> MeasureOptions:
    return MeasureOptions(**{"capacity": Capacity(2, 1), **changes})  # type: ignore[arg-type]


def statuses(result: MeasureResult) -> dict[str, str]:
    return {outcome.name: outcome.status for outcome in result.outcomes}


def test_every_scan_gets_its_files_report_and_row(
    tmp_path: Path, make_dataset, fake_measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    bids = make_dataset(["01", "02"], sessions=["1"], columns={"age": ["30", "40"], "group": ["a", "b"]})
    out = tmp_path / "out"
    monkeypatch.setattr(measure, "measure_job", fake_measure.fake_measure_job_with_report)
    result = measure_dataset(bids, out, options())
    assert statuses(result) == {"sub-01_ses-1": "done", "sub-02_ses-1": "done"}
    rows = read_tsv(out / "volumes.tsv")
    assert [(r["participant_id"], r["session_id"]) for r in rows] == [
        ("sub-01", "ses-1"),
        ("sub-02", "ses-1"),
    ]
    # a ball of 84 mm radius: 4/3 pi 8.4^3 cm3 = 2483 ml; voxels of 6 mm count its edge within 2 %
    assert float(rows[0]["tiv_ml"]) == pytest.approx(2483, rel=0.02)
    assert (out / "sub-01_ses-1.html").is_file()
    assert "sub-02_ses-1.html" in (out / "index.html").read_text()
    assert json.loads((out / "dataset_description.json").read_text())["DatasetType"] == "derivative"
    assert not list(out.rglob(".tmp-*"))


def test_bad_scans_never_stop_the_others(tmp_path: Path, make_dataset) -> None:
    bids = make_dataset(["01", "crash", "killed", "fault", "noflair", "corrupt"], no_flair=["noflair"])
    corrupt = bids / "sub-corrupt" / "anat" / "sub-corrupt_FLAIR.nii.gz"
    corrupt.write_bytes(corrupt.read_bytes()[:500])
    out = tmp_path / "out"
    result = measure_dataset(bids, out, options())
    assert [name for name, status in statuses(result).items() if status == "done"] == ["sub-01"]
    reasons = {outcome.name: outcome.reason for outcome in result.failed}
    assert "exit code 9" in reasons["sub-crash"]
    assert "SIGKILL" in reasons["sub-killed"]
    assert reasons["sub-fault"] == "no brain was found in the T1w.\n    Look at the image."
    assert "--no-flair" in reasons["sub-noflair"]
    assert "sub-corrupt_FLAIR.nii.gz" in reasons["sub-corrupt"]
    assert [r["participant_id"] for r in read_tsv(out / "volumes.tsv")] == ["sub-01"]
    page = (out / "index.html").read_text()
    assert "sub-killed" in page
    assert (out / ".neurolupus" / "logs" / "sub-fault.log").is_file()
    assert 'href=".neurolupus/logs/sub-fault.log"' in page
    assert "logs/sub-noflair.log" not in page  # it was never begun
    told = {task.name: task.status for task in read_status(out).tasks}
    assert told == {name: "done" if name == "sub-01" else "failed" for name in statuses(result)}
    assert not [p for p in out.iterdir() if p.name.startswith(("sub-crash", "sub-fault", ".tmp-"))]


def test_the_same_again_measures_nothing_and_a_new_threshold_measures_all(tmp_path: Path, make_dataset) -> None:
    bids, out = make_dataset(["01", "02"]), tmp_path / "out"
    measure_dataset(bids, out, options())
    before = (out / "sub-01" / "anat" / "sub-01_provenance.json").read_text()
    again = measure_dataset(bids, out, options())
    assert [(o.status, o.reason) for o in again.outcomes] == [("skipped", ALREADY_DONE)] * 2
    assert (out / "sub-01" / "anat" / "sub-01_provenance.json").read_text() == before
    assert len(again.group.rows) == 2
    changed = measure_dataset(bids, out, options(settings=Settings(wmh_threshold=0.3)))
    assert statuses(changed) == {"sub-01": "done", "sub-02": "done"}


def test_a_changed_sidecar_is_measured_again_and_a_changed_age_is_not(tmp_path: Path, make_dataset) -> None:
    bids, out = make_dataset(["01"], columns={"age": ["30"]}), tmp_path / "out"
    measure_dataset(bids, out, options())
    (bids / "participants.tsv").write_text("participant_id\tage\nsub-01\t31\n")
    assert statuses(measure_dataset(bids, out, options())) == {"sub-01": "skipped"}
    (bids / "FLAIR.json").write_text('{"MagneticFieldStrength": 3}')  # inherited
    assert statuses(measure_dataset(bids, out, options())) == {"sub-01": "done"}


def test_the_same_bytes_twice(tmp_path: Path, make_dataset) -> None:
    bids = make_dataset(["01"])
    outs = [tmp_path / name / "out" for name in ("first", "second")]
    for out in outs:
        measure_dataset(bids, out, options())
    files = [
        {
            p.relative_to(out).as_posix(): p.read_bytes()
            for p in out.rglob("*")
            if p.is_file() and ".neurolupus" not in p.parts and "provenance" not in p.name
        }
        for out in outs
    ]
    assert files[0].keys() == files[1].keys()
    different = [name for name in files[0] if files[0][name] != files[1][name]]
    # the dataset description names the raw data relative to the output; reports tell times
    assert [name for name in different if not name.endswith((".html", "dataset_description.json"))] == []


def test_only_the_participants_and_sessions_asked_for(tmp_path: Path, make_dataset) -> None:
    bids = make_dataset(["01", "02"], sessions=["1", "2"])
    result = measure_dataset(bids, tmp_path / "out", options(participants=("02",), sessions=("1",)))
    assert list(statuses(result)) == ["sub-02_ses-1"]


def test_the_table_keeps_what_earlier_runs_measured_and_drops_what_failed_since(tmp_path: Path, make_dataset) -> None:
    bids, out = make_dataset(["01", "02"]), tmp_path / "out"
    measure_dataset(bids, out, options(participants=("01",)))
    assert len(measure_dataset(bids, out, options(participants=("02",))).group.rows) == 2
    t1w = bids / "sub-01" / "anat" / "sub-01_T1w.nii.gz"
    t1w.write_bytes(t1w.read_bytes()[:500])
    result = measure_dataset(bids, out, options())
    assert statuses(result) == {"sub-01": "failed", "sub-02": "skipped"}
    assert [r["participant_id"] for r in read_tsv(out / "volumes.tsv")] == ["sub-02"]


def test_declared_diseases_make_volumes_unusable(tmp_path: Path, make_dataset) -> None:
    bids = make_dataset(["01", "02"], sessions=["1", "2"], columns={"exclude": ["n/a", "tumour"]})
    table = tmp_path / "exclusions.tsv"
    table.write_text("participant_id\tsession_id\treason\nsub-01\tses-2\tarachnoid cyst\n")
    result = measure_dataset(bids, tmp_path / "out", options(exclusions=table))
    told = {row.scan_id.stem: (row.usable, row.measurements["unusable_reason"]) for row in result.group.rows}
    assert told == {
        "sub-01_ses-1": (True, None),
        "sub-01_ses-2": (False, "arachnoid cyst"),
        "sub-02_ses-1": (False, "tumour"),
        "sub-02_ses-2": (False, "tumour"),
    }


def test_versions_are_not_mixed_unasked(tmp_path: Path, make_dataset) -> None:
    bids, out = make_dataset(["01", "02"]), tmp_path / "out"
    measure_dataset(bids, out, options())
    path = out / "sub-01" / "anat" / "sub-01_volumes.json"
    told = json.loads(path.read_text())
    told["measurements"]["version"]["value"] = told["version"] = "0.0.1"
    path.write_text(json.dumps(told))
    with pytest.raises(TableError, match=r"0\.0\.1"):
        write_group_level(bids, out, options())
    assert len(write_group_level(bids, out, options(allow_mixed_versions=True)).group.rows) == 2


def test_a_pair_of_files(tmp_path: Path, make_dataset) -> None:
    anat = make_dataset(["07"], sessions=["2"]) / "sub-07" / "ses-2" / "anat"
    t1w, flair = (anat / f"sub-07_ses-2_{kind}.nii.gz" for kind in ("T1w", "FLAIR"))
    result = measure_pair(t1w, flair, tmp_path / "out", options())
    assert statuses(result) == {"sub-07_ses-2": "done"}
    named = measure_pair(t1w, flair, tmp_path / "out", options(), scan_id=ScanId("x"))
    assert statuses(named) == {"sub-x": "done"}
    alone = measure_pair(t1w, None, tmp_path / "alone", options(need_flair=False))
    assert alone.group.rows[0].measurements.get("wmh_ml") is None
    assert not list((tmp_path / "alone").rglob("*WMH*"))


def test_two_patients_whose_files_have_one_name_do_not_replace_each_other(tmp_path: Path, make_dataset) -> None:
    anat = make_dataset(["07"]) / "sub-07" / "anat"
    for patient in ("a", "b"):
        (tmp_path / patient).mkdir()
        content = (anat / "sub-07_T1w.nii.gz").read_bytes()
        (tmp_path / patient / "T1.nii.gz").write_bytes(gzip.compress(gzip.decompress(content), 1 + (patient == "b")))
    out, alone = tmp_path / "out", options(need_flair=False)
    assert statuses(measure_pair(tmp_path / "a" / "T1.nii.gz", None, out, alone)) == {"sub-T1": "done"}
    table = (out / "volumes.tsv").read_text()
    with pytest.raises(UsageError, match=r"holds sub-T1, measured from another T1w(.|\n)*--participant-label NAME"):
        measure_pair(tmp_path / "b" / "T1.nii.gz", None, out, alone)
    assert (out / "volumes.tsv").read_text() == table
    again = measure_pair(tmp_path / "a" / "T1.nii.gz", None, out, alone)
    assert [outcome.status for outcome in again.outcomes] != ["failed"]
    replaced = measure_pair(tmp_path / "b" / "T1.nii.gz", None, out, options(need_flair=False, rerun="all"))
    assert statuses(replaced) == {"sub-T1": "done"}


@pytest.mark.parametrize(
    ("flair", "need_flair", "words"),
    [(None, True, "--no-flair"), ("missing.nii.gz", True, "not found"), ("there", False, "together")],
)
def test_a_pair_that_makes_no_sense(
    tmp_path: Path, make_dataset, flair: str | None, need_flair: bool, words: str
) -> None:
    anat = make_dataset(["07"]) / "sub-07" / "anat"
    second = anat / "sub-07_FLAIR.nii.gz" if flair == "there" else Path(flair) if flair else None
    with pytest.raises(UsageError, match=words):
        measure_pair(anat / "sub-07_T1w.nii.gz", second, tmp_path / "out", options(need_flair=need_flair))
    assert not (tmp_path / "out").exists()


def test_the_data_set_is_not_its_own_output(make_dataset) -> None:
    bids = make_dataset(["01"])
    with pytest.raises(UsageError, match="must differ"):
        measure_dataset(bids, bids, options())


def test_the_group_level_of_nothing(tmp_path: Path, make_dataset) -> None:
    with pytest.raises(UsageError, match="no measured scan"):
        write_group_level(make_dataset(["01"]), tmp_path, options())


def test_the_work_folder_takes_the_logs(tmp_path: Path, make_dataset) -> None:
    result = measure_dataset(make_dataset(["01"]), tmp_path / "out", options(work=tmp_path / "work"))
    assert result.outcomes[0].log == tmp_path / "work" / "logs" / "sub-01.log"
    assert not (tmp_path / "out" / ".neurolupus" / "logs").exists()


def test_a_finished_scan_is_read_as_it_was_written(tmp_path: Path, make_dataset) -> None:
    out = tmp_path / "out"
    measure_dataset(make_dataset(["01", "02"], no_flair=["02"]), out, options(participants=("01",)))
    (scan,) = finished_scans(out)
    measured = read_finished_scan(out, scan.scan_id)
    assert measured.measurements.number("wmh_ml") == scan.row["wmh_ml"]
    # 2 x 3 x 2 voxels of 6 mm
    assert measured.wmh_mask is not None
    assert measured.wmh_mask.sum() * measured.t1w.voxel_volume_ml == pytest.approx(12 * 0.216)
    assert measured.intracranial_mask.sum() * 0.216 == pytest.approx(measured.measurements.number("tiv_ml"))
    assert measured.settings == Settings()
    assert measured.lesions[0].region == "deep"
