"""`neurolupus cohort dictionary` writes one file, once."""

from pathlib import Path

from typer.testing import CliRunner

from neurolupus.cli.app import app


def test_the_dictionary_is_written_and_not_overwritten(tmp_path: Path):
    out = tmp_path / "redcap.csv"
    first = CliRunner().invoke(app, ["cohort", "dictionary", "-o", str(out)])
    assert (first.exit_code, out.read_text("utf-8").count("\n") > 150) == (0, True)
    assert "let these instruments repeat: events" in first.output.replace("\n", " ")
    again = CliRunner().invoke(app, ["cohort", "dictionary", "-o", str(out)])
    assert again.exit_code == 2
    assert CliRunner().invoke(app, ["cohort", "dictionary", "-o", str(out), "--overwrite"]).exit_code == 0
