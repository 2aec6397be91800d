"""`neurolupus db`: what it says, its exit codes, and where a password must not stand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("sqlalchemy", reason="needs the extra web")
pytest.importorskip("alembic", reason="needs the extra web")
pytest.importorskip("cryptography", reason="needs the extra web")

from click.testing import Result

from neurolupus.cli.app import app
from neurolupus.store.engine import open_store
from neurolupus.store.files import hash_folder, note_files
from neurolupus.store.patients import add_patient


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store with one patient and one file."""
    store = open_store(tmp_path / "store", make=True)
    (store.files / "scans").mkdir()
    (store.files / "scans" / "T1w.nii.gz").write_bytes(b"T1w")
    with store.write("anna") as writer:
        add_patient(writer, {"id": "P1"})
        note_files(writer, hash_folder(store.files, "scans"))
    store.close()
    return tmp_path / "store"


def db(*words: object, **options: str) -> Result:
    return CliRunner().invoke(app, ["db", *map(str, words)], **options)  # type: ignore[arg-type]


def test_a_whole_store_verifies_and_an_altered_one_does_not(folder: Path):
    good = db("verify", "--store", folder, "--json")
    told = json.loads(good.stdout)
    assert (good.exit_code, told["whole"], told["files"], told["faults"]) == (0, True, 1, [])
    assert "All is whole." in good.stderr
    assert db("verify", "--store", folder, "--noted", told["trail"]).exit_code == 0
    (folder / "files" / "scans" / "T1w.nii.gz").write_bytes(b"T2w")
    bad = db("verify", "--store", folder, "--json")
    assert (bad.exit_code, json.loads(bad.stdout)["whole"]) == (15, False)
    assert json.loads(bad.stdout)["faults"] == ["files: scans/T1w.nii.gz is not what was put there"]
    assert "✗ files: scans/T1w.nii.gz is not what was put there" in bad.stderr
    other = db("verify", "--store", folder, "--noted", f"2:{'0' * 64}")
    assert "entry 2 is not the one that was noted down" in other.stderr


@pytest.mark.parametrize("noted", ["", "2", "2:xyz", f"-1:{'0' * 64}", f"2:{'0' * 63}"])
def test_what_is_no_end_of_a_trail_is_told(folder: Path, noted: str):
    result = db("verify", "--store", folder, "--noted", noted)
    assert result.exit_code == 2
    assert "is no end of a trail" in result.stderr


@pytest.mark.slow
def test_a_backup_is_restored_elsewhere(folder: Path, tmp_path: Path):
    target = tmp_path / "backup.zip"
    done = db("backup", target, "--store", folder, "--json")
    assert (done.exit_code, json.loads(done.stdout)["files"]) == (0, 1)
    assert "It is not encrypted" in done.stderr
    assert db("backup", target, "--store", folder).exit_code == 2
    assert db("backup", target, "--store", folder, "--overwrite").exit_code == 0
    back = db("restore", target, "--store", tmp_path / "back", "--json")
    assert back.exit_code == 0, back.output
    assert "Patients erased since are back" in back.stderr
    assert db("verify", "--store", tmp_path / "back").exit_code == 0
    assert db("restore", target, "--store", folder).exit_code == 15
    assert db("restore", tmp_path / "none.zip", "--store", tmp_path / "other").exit_code == 2


def test_erasing_asks_first(folder: Path):
    assert db("erase", "P1", "--store", folder, input="n\n").exit_code == 1
    assert db("erase", "P1", "--store", folder).exit_code == 1, "nobody there to ask"
    done = db("erase", "P1", "--store", folder, input="y\n")
    assert done.exit_code == 0
    assert "Backups made before still hold the patient" in done.stderr
    again = db("erase", "P1", "--store", folder, "--yes")
    assert (again.exit_code, "No patient 'P1' is kept" in again.stderr) == (15, True)


def test_upgrading_the_present_version_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NEUROLUPUS_STORE", str(folder))
    result = db("upgrade")
    assert (result.exit_code, "already" in result.stderr) == (0, True)


@pytest.mark.parametrize("verb", [["upgrade"], ["verify"], ["backup", "b.zip"], ["erase", "P1", "--yes"]])
def test_where_there_is_no_store_it_says_so_and_makes_none(verb: list[str], tmp_path: Path):
    result = db(*verb, "--store", tmp_path / "none")
    assert (result.exit_code, "holds no store" in result.stderr) == (15, True)
    assert not (tmp_path / "none").exists()


PASSWORD, NOWHERE = "hunter2", "127.0.0.1:1/clinic"
ADDRESS = f"postgresql+pg8000://clinic:{PASSWORD}@{NOWHERE}"


def test_the_address_comes_from_a_file_or_the_environment_and_is_never_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pytest.importorskip("pg8000", reason="needs the extra postgresql")
    secret = tmp_path / "address"
    secret.write_text(f"{ADDRESS}\n")
    secret.chmod(0o600)
    by_file = db("verify", "--store", folder, "--db", secret)
    monkeypatch.setenv("NEUROLUPUS_DB", ADDRESS)
    by_environment = db("verify", "--store", folder)
    for result in (by_file, by_environment):
        assert (result.exit_code, "could not be opened" in result.stderr) == (15, True)
        assert PASSWORD not in result.output
        assert "Everyone" not in result.output
    monkeypatch.delenv("NEUROLUPUS_DB")
    by_hand = db("verify", "--store", folder, "--db", ADDRESS)
    assert "Everyone on this machine can see that password" in by_hand.stderr
    assert PASSWORD not in by_hand.output
    assert "Everyone" not in db("verify", "--store", folder, "--db", f"postgresql://clinic@{NOWHERE}").stderr
    secret.chmod(0o644)
    assert "Others can read" in db("verify", "--store", folder, "--db", secret).stderr


@pytest.mark.parametrize("content", [b"", b"clinic", b"postgresql://a@b/c\npostgresql://d@e/f", b"\xff\xfe", None])
def test_a_file_without_one_address_is_told(content: bytes | None, folder: Path, tmp_path: Path):
    if content is not None:
        (tmp_path / "address").write_bytes(content)
    result = db("verify", "--store", folder, "--db", tmp_path / "address")
    assert result.exit_code == 2
    assert "address" in result.stderr
