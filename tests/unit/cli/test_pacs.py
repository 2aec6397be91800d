"""The verbs pacs and export: what they ask for, and what they refuse before anyone is called."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from neurolupus.cli.app import app

runner = CliRunner()
WEB = "http://127.0.0.1:9/dicom-web"


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"NEUROLUPUS_PACS_{name}", raising=False)


@pytest.mark.parametrize(("verb", "module"), [("pacs", "pynetdicom"), ("export", "highdicom")])
def test_a_missing_library_names_its_extra(verb: str, module: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, module, None)
    words = ["find", "--url", WEB] if verb == "pacs" else ["seg", "OUT", "--dicom", "SRC", "-o", "MADE"]
    done = runner.invoke(app, [verb, *words])
    assert done.exit_code == 2
    assert f"{verb} needs {module}, part of the extra dicom" in done.stderr
    assert "pip install 'neurolupus[dicom]'" in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["find", "--url", "http://pacs.example.org/x"], "--insecure"),
        (["find", "--url", WEB, "--user", "me"], "lacks a password"),
        (["find", "--url", WEB, "--date", "yesterday"], "--date 'yesterday'"),
        (["find", "--url", WEB, "--study", "../.."], "is no UID"),
        (["find", "--url", "dicom://A@127.0.0.1:9", "--user", "me"], "DIMSE knows no users"),
        (["fetch", "OUT", "--url", WEB], "all of the archive"),
        (["fetch", "OUT", "--url", WEB, "--study", "1.2", "--method", "move", "--port", "11112"], "WADO-RS"),
        (["fetch", "OUT", "--url", "dicom://A@127.0.0.1:9", "--study", "1.2", "--method", "move"], "--port"),
        (["fetch", "OUT", "--url", "dicom://A@127.0.0.1:9", "--study", "1.2", "--method", "push"], "get or move"),
        (["fetch", "OUT", "--url", WEB, "--study", "1.2", "--key", "k.json"], "--import"),
        (["fetch", "bids/sourcedata", "--url", WEB, "--study", "1.2", "--import", "bids"], "name patients"),
        (["store", "NOWHERE.dcm", "--url", WEB], "NOWHERE.dcm"),
    ],
)
def test_what_is_refused_before_anyone_is_called(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    done = runner.invoke(app, ["pacs", *words])
    assert done.exit_code == 2, done.stderr
    assert told in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_nobody_there_is_told_with_its_own_code():
    done = runner.invoke(app, ["pacs", "find", "--url", WEB, "--tries", "1"])
    assert done.exit_code == 17
    assert "cannot be reached: Connection refused" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_verb_takes_a_password_in_its_words():
    import typer

    command = typer.main.get_command(app)
    for group, verb in (("pacs", "find"), ("pacs", "fetch"), ("pacs", "store"), ("export", "seg")):
        options = {name for one in command.commands[group].commands[verb].params for name in one.opts}  # type: ignore[attr-defined]
        assert {"--password-file", "--token-file"} <= options
        assert not {"--password", "--token"} & options
