"""Checking a store: whole when it is whole, and every kind of damage told."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, text, update
from stores import tampering

from neurolupus.errors import StoreError
from neurolupus.store.engine import DATABASE, Store
from neurolupus.store.files import confined, forget_files, hash_folder, note_files
from neurolupus.store.integrity import check_store
from neurolupus.store.patients import add_patient
from neurolupus.store.schema import audit, scans
from neurolupus.store.trail import now


@pytest.fixture
def filled(store: Store) -> Store:
    with store.write("anna") as writer:
        add_patient(writer, {"id": "P1", "events": [{"syndrome": "headache"}]})
        for name in ("one/T1w.nii.gz", "one/sub/FLAIR.nii.gz", "onetwo/T1w.nii.gz"):
            (store.files / "scans" / name).parent.mkdir(parents=True, exist_ok=True)
            (store.files / "scans" / name).write_bytes(name.encode())
        note_files(writer, hash_folder(store.files, "scans/one"))
        note_files(writer, hash_folder(store.files, "scans/onetwo"))
    return store


def faults(store: Store) -> tuple[str, ...]:
    return check_store(store).faults


def test_a_whole_store_has_no_fault(filled: Store):
    (filled.files / "later.txt").write_text("x")
    seen: list[str] = []
    found = check_store(filled, seen=seen.append)
    assert (found.faults, found.entries, found.files, found.unnoted) == ((), 3, 3, 1)
    assert sorted(seen) == ["scans/one/T1w.nii.gz", "scans/one/sub/FLAIR.nii.gz", "scans/onetwo/T1w.nii.gz"]
    assert check_store(filled, noted=(found.entries, found.hash)).faults == ()
    assert check_store(filled, noted=(2, "0" * 64)).faults == ("trail: entry 2 is not the one that was noted down",)


def test_a_file_altered_missing_or_become_a_link_is_told(filled: Store):
    one, two, three = (
        filled.files / "scans" / name for name in ("one/T1w.nii.gz", "one/sub/FLAIR.nii.gz", "onetwo/T1w.nii.gz")
    )
    raw = one.read_bytes()
    one.write_bytes(raw[:-1] + b"?")
    two.unlink()
    kept = three.rename(filled.folder / "elsewhere")
    three.symlink_to(kept)
    assert faults(filled) == (
        "files: scans/one/T1w.nii.gz is not what was put there",
        "files: scans/one/sub/FLAIR.nii.gz is missing",
        "files: scans/onetwo/T1w.nii.gz is missing",
    )


def test_noting_again_takes_the_place_of_what_was_noted(filled: Store):
    (filled.files / "scans" / "one" / "T1w.nii.gz").write_bytes(b"measured again")
    (filled.files / "scans" / "one" / "sub" / "FLAIR.nii.gz").unlink()
    with filled.write("anna") as writer:
        note_files(writer, hash_folder(filled.files, "scans/one"))
    assert faults(filled) == ()
    with filled.write("anna") as writer:
        forget_files(writer, "scans/one")
    assert (check_store(filled).files, check_store(filled).unnoted) == (1, 1)


def test_a_measured_scan_without_its_folder_is_told(filled: Store):
    row = {"id": "s", "participant": "01", "message": "", "blinded": "b", "version": 1}
    with filled.write("anna") as writer:
        for status in ("measured", "queued"):
            values = row | {"id": status, "status": status, "folder": f"scans/{status}"}
            writer.connection.execute(insert(scans).values(**values, created=now(), updated=now()))
    assert faults(filled) == ("files: scans/measured of a scan is missing",)


def test_a_tampered_trail_is_told(filled: Store):
    with tampering(filled) as connection:
        connection.execute(update(audit).where(audit.c.seq == 1).values(who="eve"))
    assert faults(filled) == ("trail: entry 1 was altered",)


def test_a_row_of_no_patient_is_told(sqlite: Store):
    with sqlite.engine.connect() as connection:
        cursor = connection.connection.cursor()
        cursor.execute("PRAGMA foreign_keys=OFF")
        cursor.execute("INSERT INTO events (id, patient_id, name) VALUES ('e', 'nobody', 'headache')")
        cursor.execute("PRAGMA foreign_keys=ON")
    assert faults(sqlite) == ("database: a row of events belongs to no row of patients",)


@pytest.mark.slow
def test_a_damaged_database_is_told(sqlite: Store):
    with sqlite.write("anna") as writer:
        for number in range(200):
            add_patient(writer, {"id": f"P{number}", "note": "x" * 500})
    with sqlite.engine.connect() as connection:
        page = connection.scalar(text("SELECT rootpage FROM sqlite_master WHERE name = 'ix_patients_status_pseudonym'"))
        size = connection.scalar(text("PRAGMA page_size"))
    sqlite.close()
    path = sqlite.folder / DATABASE
    raw = bytearray(path.read_bytes())
    raw[(page - 1) * size + 100 : page * size] = bytes(size - 100)
    path.write_bytes(raw)
    assert any(fault.startswith("database: ") for fault in faults(sqlite))


@pytest.mark.parametrize(
    "path", ["", ".", "..", "/etc/passwd", "a/../b", "a//b", "a/", "./a", "a\\b", "C:a", "a\0b", "x" * 513]
)
def test_what_leads_out_of_the_folder_is_no_place(sqlite: Store, path: str):
    with pytest.raises(StoreError, match="no place below"):
        confined(sqlite.files, path)
