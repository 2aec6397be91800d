"""A patient's right to erasure: nothing is left in the rows, the files, or the bytes of the database."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert, select, update
from stores import Place

from neurolupus.errors import StoreError
from neurolupus.store.engine import DATABASE, Store, open_store
from neurolupus.store.erasure import erase
from neurolupus.store.files import check_files, hash_folder, note_files
from neurolupus.store.patients import add_patient, find_patient, list_patients
from neurolupus.store.schema import files, patient_keys, scans, studies, study_runs
from neurolupus.store.trail import history, now, verify

SECRET = "an aunt with the same illness"


@pytest.fixture
def patient(store: Store) -> str:
    """P1 with a scan and two files, beside P2 with one of each."""
    with store.write("anna") as writer:
        made = [add_patient(writer, {"id": name, "note": f"{SECRET} {name}"}) for name in ("P1", "P2")]
        for number, one in enumerate(made):
            folder = store.files / "scans" / f"s{number}"
            folder.mkdir(parents=True)
            (folder / "T1w.nii.gz").write_bytes(b"T1w")
            row = {"id": f"s{number}", "patient_id": one, "participant": "01", "status": "measured", "message": ""}
            row |= {"folder": f"scans/s{number}", "blinded": "b", "version": 1, "created": now(), "updated": now()}
            writer.connection.execute(insert(scans).values(**row))
            note_files(writer, hash_folder(store.files, f"scans/s{number}"), patient=one)
    return made[0]


def test_rows_key_and_files_go_and_those_of_others_stay(store: Store, patient: str):
    done = erase(store, "P1", "ben")
    assert (done.scans, done.runs, done.overwritten) == (1, (), True)
    assert [path.name for path in (store.files / "scans").iterdir()] == ["s1"]
    with store.read() as connection:
        assert [row.pseudonym for row in list_patients(connection)[0]] == ["P2"]
        assert connection.execute(select(files.c.path)).scalars().all() == ["scans/s1/T1w.nii.gz"]
        assert connection.execute(select(patient_keys.c.patient_id)).scalars().all() != [patient]
        assert check_files(connection, store.files) == ((), 0)
        assert verify(connection).faults == ()
        assert not any(one.readable for one in history(connection, patient=patient))
        assert [one.who for one in history(connection) if one.action == "patient.erased"] == ["ben"]


def test_nothing_is_left_in_the_bytes_of_the_database(sqlite: Store):
    with sqlite.write("anna") as writer:
        found = add_patient(writer, {"id": "P1", "note": SECRET})
        key = writer.connection.scalar(select(patient_keys.c.key).where(patient_keys.c.patient_id == found))
    assert isinstance(key, bytes)

    def holding(what: bytes) -> list[str]:
        return [path.name for path in sqlite.folder.glob(f"{DATABASE}*") if what in path.read_bytes()]

    assert holding(SECRET.encode())
    assert holding(key)
    erase(sqlite, "P1", "ben")
    assert (holding(SECRET.encode()), holding(key)) == ([], [])


def test_while_somebody_reads_it_is_told_that_the_files_still_hold_the_rows(
    store: Store, patient: str, place: Place, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("neurolupus.store.engine.BUSY_S", 0.2)
    impatient = open_store(*place)
    with store.read() as connection:
        assert list_patients(connection)[1] == 2
        assert not erase(impatient, "P1", "ben").overwritten
        assert list_patients(connection)[1] == 2, "what was being read is not pulled away"
    impatient.close()
    with store.read() as connection:
        assert list_patients(connection)[1] == 1


@pytest.mark.parametrize("status", ["queued", "running"])
def test_a_scan_that_is_being_measured_comes_first(store: Store, patient: str, status: str):
    with store.write("anna") as writer:
        writer.connection.execute(update(scans).where(scans.c.id == "s0").values(status=status))
    with pytest.raises(StoreError, match="being measured"):
        erase(store, "P1", "ben")
    assert (store.files / "scans" / "s0").is_dir()
    with store.read() as connection:
        assert find_patient(connection, "P1") is not None


def test_an_unknown_patient_is_told(store: Store, patient: str):
    with pytest.raises(StoreError, match="No patient 'p1' is kept"):
        erase(store, "p1", "ben")


@pytest.mark.parametrize("folder", ["../outside", "/outside", "scans/../../outside"])
def test_a_folder_that_leads_out_of_the_store_is_not_removed(store: Store, patient: str, folder: str):
    outside = store.folder.parent / "outside"
    outside.mkdir(exist_ok=True)
    with store.write("anna") as writer:
        writer.connection.execute(update(scans).where(scans.c.id == "s0").values(folder=folder))
    with pytest.raises(StoreError, match="no place below"):
        erase(store, "P1", "ben")
    assert outside.is_dir()
    with store.read() as connection:
        assert find_patient(connection, "P1") is not None


def test_it_can_be_called_again_after_it_failed_half_way(store: Store, patient: str, monkeypatch: pytest.MonkeyPatch):
    def fail(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as changed:
        changed.setattr("shutil.rmtree", fail)
        with pytest.raises(PermissionError):
            erase(store, "P1", "ben")
    with store.read() as connection:
        assert find_patient(connection, "P1") is not None
    assert erase(store, "P1", "ben").scans == 1


def test_runs_that_counted_the_patient_are_told_and_none_quotes_the_record(store: Store, patient: str):
    with store.write("anna") as writer:
        moments = {"created": now(), "updated": now()}
        study = {"id": "s", "name": "cohort", "text": "", "cohort": {}, "version": 1, **moments}
        writer.connection.execute(insert(studies).values(**study))
        for name, screened, included in (
            ("with", {patient: "1"}, [patient]),
            ("screened", {patient: "1"}, []),
            ("without", {"other": "1"}, ["other"]),
        ):
            run = {
                "id": name,
                "study_id": "s",
                "status": "failed",
                "message": "age 31 of P1",
                "folder": f"studies/{name}",
            }
            run |= {"study_version": 1, "who": "anna", "flow": {}, "started": now()}
            read = {"screened": screened, "included": included}
            writer.connection.execute(insert(study_runs).values(**run, patients=read))
    assert erase(store, "P1", "ben").runs == ("studies/with",)
    with store.read() as connection:
        rows = connection.execute(select(study_runs.c.id, study_runs.c.message))
        said = {row.id: row.message for row in rows}
    assert "P1" not in said["with"] + said["screened"]
    assert said["without"] == "age 31 of P1"
