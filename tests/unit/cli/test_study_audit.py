"""`neurolupus study audit`: what it writes, what it says, and how it ends."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from neurolupus.cli.app import app

PUBLISHED = Path(__file__).parents[3] / "examples" / "published"
MRI = str(PUBLISHED / "mri-phenotypes-2021.published.yaml")
SMALL = """\
paper: {id: small, title: A small paper, doi: 10.1000/1}
tables:
  Table 1:
    arms: {a: 38, b: 117}
    rows:
      "=cmd()": 33 (78%) | 108 (92%) | 0.307
      "<script>x</script>": 5 (13%) | 16 (14%)
effects:
  E:
    scale: hazard_ratio
    rows: {treatment: 0.50 (0.27-0.95) | 0.035, none: 0 (0-Inf) | 0.997}
"""


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["study", "audit", *words])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.published.yaml"
    path.write_text(SMALL)
    return path


def test_an_audit_is_told_gravest_first_and_ends_well_whatever_it_finds(tmp_path: Path) -> None:
    code, told, said = run(MRI, "-o", str(tmp_path / "out"))
    assert code == 0
    assert "130 checked: 92 agree, 21 agree within rounding, 11 disagree, 6 cannot be recomputed." in told
    assert told.index("changes a conclusion") < told.index("another number") < told.index("last digit")
    assert "Diabetes, ischaemic, percentage: 2 (15%) of 12. 2/12 is 16.67 %." in told
    assert "audit.html" in said
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "audit.csv", "audit.html", "audit.json", "provenance.json",
    ]  # fmt: skip


def test_what_is_written_says_the_same(tmp_path: Path, small: Path) -> None:
    out = tmp_path / "out"
    code, told, _ = run(str(small), "-o", str(out), "--json")
    assert code == 0
    answer = json.loads(told)
    assert answer == json.loads((out / "audit.json").read_text())
    assert answer["counts"] == {
        "agrees": 4, "agrees within rounding": 2, "disagrees": 1, "cannot be recomputed": 1,
    }  # fmt: skip
    (wrong,) = answer["disagreements"]
    assert (wrong["where"], wrong["checked"], wrong["gravity"], wrong["line"]) == ("Table 1", "percentage", "number", 6)
    with (out / "audit.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == answer["checked"]
    assert rows[0]["row"] == "'=cmd(), a"  # a spreadsheet would run it
    assert rows[0]["verdict"] == "disagrees"
    provenance = json.loads((out / "provenance.json").read_text())
    assert list(provenance["sha256"]) == [small.name]
    page = (out / "audit.html").read_text()
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page
    assert "question to the authors" in page
    assert "E-value" in page


def test_nothing_is_replaced_without_asking(tmp_path: Path, small: Path) -> None:
    out = tmp_path / "out"
    assert run(str(small), "-o", str(out))[0] == 0
    code, _, said = run(str(small), "-o", str(out))
    assert code == 2
    assert "Replace it with --overwrite" in said
    (out / "stale").touch()
    assert run(str(small), "-o", str(out), "--overwrite")[0] == 0
    assert not (out / "stale").exists()


def test_a_faulty_file_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(SMALL.replace("scale: hazard_ratio", "scale: hazard_ration"))
    code, _, said = run(str(path), "-o", str(tmp_path / "out"))
    assert code == 10
    assert "line 10: effects.E.scale 'hazard_ration' is unknown. Did you mean 'hazard_ratio'?" in said
    assert not (tmp_path / "out").exists()
    assert run(str(tmp_path / "none.yaml"), "-o", str(tmp_path / "out"))[0] == 10


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(PUBLISHED.glob("*.yaml")), ids=lambda path: path.name)
def test_the_readme_of_the_examples_tells_what_is_found(path: Path, tmp_path: Path) -> None:
    _, told, _ = run(str(path), "-o", str(tmp_path / "out"), "--json")
    found = json.loads(told)
    readme = (PUBLISHED.parent / "README.md").read_text()
    assert f"{found['checked']} checks, {found['counts']['disagrees']} disagree." in readme
