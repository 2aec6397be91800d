"""The verbs of `neurolupus study`: what they say and their exit codes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from neurolupus.cli.app import app

EXAMPLES = Path(__file__).parents[3] / "examples"
MRI = str(EXAMPLES / "mri-phenotypes.study.yaml")


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["study", *words])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.study.yaml")))
def test_the_examples_have_no_faults(name: str) -> None:
    code, _, said = run("check", str(EXAMPLES / name))
    assert code == 0
    assert "has no faults" in said


@pytest.mark.slow
def test_a_cohort_is_simulated_and_checked(tmp_path: Path) -> None:
    code, _, said = run("simulate", MRI, "-o", str(tmp_path / "c.csv"))
    assert code == 0
    assert "155 made-up patients and 61 more who were screened" in said
    assert "Synthetic: made-up patients." in said
    code, _, said = run("check", MRI, "--data", str(tmp_path / "c.csv"))
    assert code == 0
    assert "155 of 216 rows are analysed" in said
    assert "Synthetic" in said
    code, told, _ = run("check", MRI, "--data", str(tmp_path / "c.csv"), "--json")
    assert code == 0
    assert json.loads(told)["data"]["synthetic"] is True


def test_simulate_answers_machines(tmp_path: Path) -> None:
    code, told, _ = run("simulate", MRI, "-o", str(tmp_path / "c.csv"), "--n", "60", "--seed", "3", "--json")
    assert code == 0
    assert {key: json.loads(told)[key] for key in ("synthetic", "n", "seed")} == {"synthetic": True, "n": 60, "seed": 3}


def test_faults_have_their_exit_codes(tmp_path: Path) -> None:
    study = tmp_path / "s.yaml"
    study.write_text("study: {id: a, titel: A}\n")
    code, _, said = run("check", str(study))
    assert code == 10
    assert "StudyFileError: s.yaml has 2 faults." in said
    assert "line 1: 'titel' is not a key of study. Did you mean 'title'?" in said
    study.write_text("study: {id: a, title: A}\ndata: {id: id}\nvariables: {x: {}}\n")
    (tmp_path / "t.csv").write_text("id,x\n1,one\n2,2\n")
    code, _, said = run("check", str(study), "--data", str(tmp_path / "t.csv"))
    assert code == 11
    assert "row 2: x 'one' is no number" in said
    assert run("simulate", str(study), "-o", str(tmp_path / "t.csv"))[0] == 2
