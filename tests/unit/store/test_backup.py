"""Backups: of either database into either, and refused as soon as anything in them is not what it should be."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import insert
from stores import DATABASES, Place

from neurolupus.errors import StoreError
from neurolupus.io.patient_file import patient_as_data, read_patient
from neurolupus.store.backup import count_parts, write_backup
from neurolupus.store.backup_format import kept_tables
from neurolupus.store.engine import Store, open_store
from neurolupus.store.files import check_files, hash_folder, note_files
from neurolupus.store.patients import add_patient, edit_patient, patient_of
from neurolupus.store.restore import restore_backup
from neurolupus.store.schema import audit, audit_head, metadata, sessions, users
from neurolupus.store.settings_rows import set_setting
from neurolupus.store.trail import history, now, verify

EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "patients").glob("*.yaml"))
Rows = dict[str, list[tuple[Any, ...]]]


def fill(store: Store) -> str:
    """Patients, a setting, a signed-in user and two files; returns the id of a patient."""
    with store.write("anna") as writer:
        made = [add_patient(writer, patient_as_data(read_patient(path))) for path in EXAMPLES]
        edit_patient(writer, made[0], 1, {"note": "Ünïcode \u2028 and 'quotes' \"too\""})
        set_setting(writer, "seal_volumes", True, 0)
        moment = now()
        row = {"name": "anna", "role": "admin", "may_export": True, "disabled": False, "failures": 0, "version": 1}
        writer.connection.execute(insert(users).values(**row, created=moment))
        session = {"token": "t", "user": "anna", "csrf": "c", "created": moment, "seen": moment}
        writer.connection.execute(insert(sessions).values(**session))
        folder = store.files / "scans" / "one"
        folder.mkdir(parents=True)
        (folder / "T1w.nii.gz").write_bytes(os.urandom(3_000_000))
        (folder / "empty.tsv").write_bytes(b"")
        note_files(writer, hash_folder(store.files, "scans/one"), patient=made[0])
    return made[0]


def rows_of(store: Store) -> Rows:
    with store.read() as connection:
        found = {
            table.name: [tuple(row) for row in connection.execute(table.select().order_by(*table.primary_key.columns))]
            for table in kept_tables()
        }
    return {name: [tuple(map(repr, row)) for row in rows] for name, rows in found.items()}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "backup.zip"


@pytest.mark.slow
@pytest.mark.parametrize("into", DATABASES)
def test_everything_comes_back_into_either_database(
    store: Store, target: Path, tmp_path: Path, into: str, request: pytest.FixtureRequest
):
    patient = fill(store)
    seen: list[str] = []
    manifest, faults = write_backup(store, target, "ben", seen=seen.append)
    assert (faults, len(seen), manifest.n_files) == ([], count_parts(store), 2)
    server = request.getfixturevalue("postgresql") if into == "postgresql" else None
    folder, url = tmp_path / "back", server and server.lend()
    told, faults = restore_backup(target, folder, url, "carl")
    assert (told, faults) == (manifest, [])
    again = open_store(folder, url)
    before, after = rows_of(store), rows_of(again)
    with again.read() as connection:
        latest = next(iter(history(connection)))
        assert verify(connection, noted=(manifest.entries, manifest.hash)).faults == ()
        assert patient_of(connection, patient).record["note"] == "Ünïcode \u2028 and 'quotes' \"too\""
        assert any(one.readable and one.before for one in history(connection, patient=patient))
        assert check_files(connection, again.files) == ((), 0)
        assert connection.execute(sessions.select()).all() == []
    assert (latest.who, latest.action, latest.after["entries"]) == ("carl", "store.restored", manifest.entries)
    # the restoration itself is the only thing that is new
    assert after.pop("audit")[:-1] == before.pop("audit")
    assert after.pop("audit_head") != before.pop("audit_head")
    assert after == before
    again.close()
    if server:
        server.take_back(url)


def test_every_table_but_the_sessions_is_kept():
    assert {table.name for table in metadata.sorted_tables} - {table.name for table in kept_tables()} == {"sessions"}


def test_only_its_owner_can_read_it_and_nothing_else_is_left(sqlite: Store, target: Path):
    fill(sqlite)
    before = set(target.parent.iterdir())
    os.umask(os.umask(0))
    write_backup(sqlite, target, "ben")
    assert target.stat().st_mode & 0o777 == 0o600
    assert set(target.parent.iterdir()) - before == {target}


def test_one_that_fails_leaves_the_one_before(sqlite: Store, target: Path, monkeypatch: pytest.MonkeyPatch):
    fill(sqlite)
    target.write_bytes(b"the one before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("neurolupus.store.backup._write_file", full)
    before = set(target.parent.iterdir())
    with pytest.raises(OSError, match="No space"):
        write_backup(sqlite, target, "ben")
    assert target.read_bytes() == b"the one before"
    assert set(target.parent.iterdir()) == before


def test_a_backup_is_of_one_moment_while_others_write(store: Store, target: Path):
    """A patient added while tables are being written is in none of them."""
    fill(store)

    def write(name: str) -> None:
        if name == "audit":
            with store.write("ben") as writer:
                add_patient(writer, {"id": "late", "events": [{"syndrome": "headache"}]})

    manifest, faults = write_backup(store, target, "anna", seen=write)
    assert faults == []
    with zipfile.ZipFile(target) as archive:
        assert b'"late"' not in archive.read("tables/patients.jsonl")
        assert archive.read("tables/audit.jsonl").count(b"\n") == manifest.entries
        assert json.loads(archive.read("tables/audit_head.jsonl"))["seq"] == manifest.entries


def test_a_backup_does_not_go_into_the_store_it_is_of(sqlite: Store):
    with pytest.raises(StoreError, match="lies in the store"):
        write_backup(sqlite, sqlite.files / "backup.zip", "anna")
    with pytest.raises(StoreError, match="is no folder"):
        write_backup(sqlite, sqlite.folder.parent / "none" / "backup.zip", "anna")


def test_a_link_among_the_files_is_not_followed(sqlite: Store, target: Path, tmp_path: Path):
    fill(sqlite)
    (tmp_path / "secret").write_text("hunter2")
    (sqlite.files / "scans" / "link").symlink_to(tmp_path / "secret")
    (sqlite.files / "linked").symlink_to(tmp_path)
    manifest, _ = write_backup(sqlite, target, "anna")
    assert manifest.n_files == 2


def test_a_damaged_trail_is_backed_up_and_told(sqlite: Store, target: Path, tmp_path: Path):
    fill(sqlite)
    with sqlite.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_no_update")
        connection.execute(audit.update().where(audit.c.seq == 2).values(who="eve"))
    told = ["entry 2 was altered"]
    assert write_backup(sqlite, target, "anna")[1] == told
    assert restore_backup(target, tmp_path / "back", None, "anna")[1] == told


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_place_that_is_not_empty_is_refused(store: Store, place: Place, target: Path, tmp_path: Path):
    fill(store)
    write_backup(store, target, "anna")
    with pytest.raises(StoreError, match="is not empty"):
        restore_backup(target, place[0], None, "anna")
    (tmp_path / "empty").mkdir()
    restore_backup(target, tmp_path / "empty", None, "anna")


@pytest.mark.slow
def test_a_database_that_is_not_empty_is_refused(postgresql: Any, sqlite: Store, target: Path, tmp_path: Path):
    fill(sqlite)
    write_backup(sqlite, target, "anna")
    url = postgresql.lend()
    used = open_store(tmp_path / "used", url, make=True)
    with used.write("anna") as writer:
        add_patient(writer, {"id": "mine"})
    with pytest.raises(StoreError, match=r"not empty: audit holds 1 rows|not empty: patients holds 1 rows"):
        restore_backup(target, tmp_path / "back", url, "anna")
    assert not (tmp_path / "back").exists()
    assert len(rows_of(used)["patients"]) == 1
    used.close()
    postgresql.take_back(url)


@pytest.mark.slow
def test_a_restoration_into_postgresql_that_fails_leaves_no_rows(
    postgresql: Any, sqlite: Store, target: Path, tmp_path: Path
):
    fill(sqlite)
    write_backup(sqlite, target, "anna")
    altered(target, lambda parts: alter_row(parts, "tables/ratings.jsonl", b"{}\n"))
    url = postgresql.lend()
    with pytest.raises(StoreError, match="cannot be read"):
        restore_backup(target, tmp_path / "back", url, "anna")
    assert not any(path.name.startswith((".tmp-", "back")) for path in tmp_path.iterdir() if path != target)
    (tmp_path / "other").mkdir()
    empty = open_store(tmp_path / "other", url)
    assert {name: rows for name, rows in rows_of(empty).items() if rows and name != "audit_head"} == {}
    empty.close()
    postgresql.take_back(url)


Parts = dict[str, bytes]


def altered(path: Path, change: Callable[[Parts], object], *, mend: bool = True) -> None:
    """Write an archive again with other parts; the manifest is made to agree with them unless it must not."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(parts.pop("manifest.json"))
    change(parts)
    if mend:
        manifest["parts"] = {
            name: {
                "bytes": len(raw),
                "sha256": hashlib.sha256(raw).hexdigest(),
                "rows": raw.count(b"\n") if name.startswith("tables/") else None,
            }
            for name, raw in parts.items()
        }
    with zipfile.ZipFile(path, "w") as archive:
        for name, raw in parts.items():
            archive.writestr(name, raw)
        archive.writestr("manifest.json", json.dumps(manifest))


def alter_row(parts: Parts, name: str, raw: bytes) -> None:
    parts[name] = raw


T1W = "files/scans/one/T1w.nii.gz"
UNMENDED: dict[str, Callable[[Parts], object]] = {
    "a file altered": lambda parts: parts.update({T1W: b"x" * len(parts[T1W])}),
    "a file cut": lambda parts: parts.update({T1W: parts[T1W][:-1]}),
    "a file left out": lambda parts: parts.pop(T1W),
    "a file put in": lambda parts: parts.update({"files/x": b"x"}),
    "a row altered": lambda parts: parts.update(
        {"tables/patients.jsonl": parts["tables/patients.jsonl"].replace(b'"new"', b'"NEW"')}
    ),
    "a row left out": lambda parts: parts.update(
        {"tables/audit.jsonl": parts["tables/audit.jsonl"].split(b"\n", 1)[1]}
    ),
}
MENDED: dict[str, tuple[Callable[[Parts], object], str]] = {
    "zip-slip": (lambda parts: parts.update({"files/../../evil": b"x"}), "no place below"),
    "an absolute path": (lambda parts: parts.update({"files//etc/evil": b"x"}), "no place below"),
    "a backslash": (lambda parts: parts.update({"files/..\\evil": b"x"}), "no place below"),
    "a drive": (lambda parts: parts.update({"files/C:evil": b"x"}), "no place below"),
    "the database itself": (lambda parts: parts.update({"store.sqlite": b"x"}), "other tables"),
    "a table unknown": (lambda parts: parts.update({"tables/evil.jsonl": b"{}\n"}), "other tables"),
    "a table missing": (lambda parts: parts.pop("tables/users.jsonl"), "other tables"),
    "a column unknown": (lambda parts: parts.update({"tables/settings.jsonl": b'{"x": 1}\n'}), "cannot be read"),
    "no JSON": (lambda parts: parts.update({"tables/settings.jsonl": b"'; DROP TABLE patients\n"}), "cannot be read"),
    "a trail cut": (
        lambda parts: parts.update({"tables/audit.jsonl": parts["tables/audit.jsonl"].rsplit(b"\n", 2)[0] + b"\n"}),
        "does not end where",
    ),
    "a row of nobody": (
        lambda parts: parts.update({"tables/patients.jsonl": b""}),
        "could not be written",
    ),
}


@pytest.mark.parametrize("name", UNMENDED)
def test_what_is_not_as_the_manifest_says_is_refused(name: str, sqlite: Store, target: Path, tmp_path: Path):
    fill(sqlite)
    write_backup(sqlite, target, "anna")
    altered(target, UNMENDED[name], mend=False)
    refused(target, tmp_path, "nothing was restored")


@pytest.mark.parametrize("name", MENDED)
def test_what_a_forged_manifest_vouches_for_is_refused(name: str, sqlite: Store, target: Path, tmp_path: Path):
    fill(sqlite)
    write_backup(sqlite, target, "anna")
    change, told = MENDED[name]
    altered(target, change)
    refused(target, tmp_path, told)


def test_a_backup_larger_than_the_disk_is_refused(
    sqlite: Store, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    fill(sqlite)
    write_backup(sqlite, target, "anna")
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=3_000_000))
    refused(target, tmp_path, "more than are free")


@pytest.mark.slow
def test_a_part_that_unpacks_to_more_than_it_says_is_refused(sqlite: Store, target: Path, tmp_path: Path):
    """50 MB of zeros in 50 kB, of which directory and manifest say that they are 1000 bytes."""
    fill(sqlite)
    write_backup(sqlite, target, "anna")
    altered(target, lambda parts: parts.update({"files/bomb": b"\0" * 50_000_000}))
    with zipfile.ZipFile(target) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(parts["manifest.json"])
    manifest["parts"]["files/bomb"]["bytes"] = 1000
    parts["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in parts.items():
            archive.writestr(name, raw)
    raw = bytearray(target.read_bytes())
    entry = raw.rindex(b"files/bomb") - 46  # of the central directory; the uncompressed size is 24 bytes into it
    assert raw[entry : entry + 4] == b"PK\x01\x02"
    raw[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")
    target.write_bytes(raw)
    refused(target, tmp_path, "nothing was restored")


@pytest.mark.parametrize("raw", [b"", b"PK", b"no archive at all", None])
def test_what_is_no_backup_is_told(raw: bytes | None, target: Path, tmp_path: Path):
    if raw is None:
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr("notes.txt", "x")
    else:
        target.write_bytes(raw)
    refused(target, tmp_path, "no backup")


@pytest.mark.parametrize(
    "manifest",
    [b"[]", b"{}", b'{"format": "x"}', b'{"format": "neurolupus store", "version": 1, "parts": []}', b"\xff"],
)
def test_what_is_no_manifest_is_told(manifest: bytes, target: Path, tmp_path: Path):
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("manifest.json", manifest)
    refused(target, tmp_path, "no backup that can be read")


def test_a_backup_of_another_version_is_told(sqlite: Store, target: Path, tmp_path: Path):
    fill(sqlite)
    write_backup(sqlite, target, "anna")
    with zipfile.ZipFile(target) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["manifest.json"] = parts["manifest.json"].replace(b'"revision": "0003"', b'"revision": "0000"')
    with zipfile.ZipFile(target, "w") as archive:
        for name, raw in parts.items():
            archive.writestr(name, raw)
    refused(target, tmp_path, "of version '0000'")


def refused(target: Path, tmp_path: Path, told: str) -> None:
    before = {path for path in tmp_path.rglob("*") if ".sqlite-" not in path.name}
    with pytest.raises(StoreError, match=told):
        restore_backup(target, tmp_path / "back", None, "anna")
    assert {path for path in tmp_path.rglob("*") if ".sqlite-" not in path.name} == before
    assert not Path("/etc/evil").exists()


@pytest.mark.slow
def test_the_head_of_an_empty_trail_is_restored_too(sqlite: Store, target: Path, tmp_path: Path):
    manifest, _ = write_backup(sqlite, target, "anna")
    restore_backup(target, tmp_path / "back", None, "anna")
    again = open_store(tmp_path / "back")
    with again.read() as connection:
        assert connection.execute(audit_head.select()).one().seq == manifest.entries + 1 == 2
    again.close()
