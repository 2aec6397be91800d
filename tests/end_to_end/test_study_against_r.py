"""The whole intrathecal example study on a made-up cohort: every kind of number beside R's, and everything written."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurolupus.study.check import check_table
from neurolupus.study.run import full_context, run_study
from neurolupus.study.run.cohorts import make_cohort
from neurolupus.study.simulate import simulate_cohort
from neurolupus.workflows.study_check import read_cohort, read_study
from neurolupus.workflows.study_run import write_results

ROOT = Path(__file__).resolve().parents[2]
STUDY = ROOT / "examples" / "intrathecal.study.yaml"
SCRIPT = ROOT / "tests" / "reference" / "study_intrathecal.R"
pytestmark = pytest.mark.slow
# R's coxph and multinom stop early; `multinom` by far the earliest
LOOSE = {"fig2": 1e-4}


@pytest.fixture(scope="module")
def study():
    return read_study(STUDY)


@pytest.fixture(scope="module")
def population(study):
    return check_table(study, simulate_cohort(study, screened=False).as_table())


@pytest.fixture(scope="module")
def results(study, population):
    from dataclasses import replace

    quick = {name: one for name, one in study.sensitivity.items() if not one.bootstrap}
    return run_study(replace(study, power=None, sensitivity=quick), population)


def r_numbers(study, population, folder: Path) -> dict[str, float]:
    """What R computes of the same patients and the same pairs."""
    if shutil.which("Rscript") is None:
        pytest.skip("needs R with its packages survival and nnet")
    context = full_context(study, population.frame)
    made = make_cohort(context, "psm").cohort
    plain = population.frame.drop(columns=["subtypes"])
    plain = plain.assign(event=(plain.endpoint != "none").astype(int), it=plain["it"].astype(int))
    plain.to_csv(folder / "full.csv", index=False)
    plain.loc[made.frame.index].assign(pair=made.pairs).to_csv(folder / "matched.csv", index=False)
    command = ["Rscript", str(SCRIPT), str(folder / "full.csv"), str(folder / "matched.csv")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if "there is no package" in ended.stderr:
        pytest.skip("needs R's packages survival and nnet")
    assert ended.returncode == 0, ended.stderr
    return {
        name: float(number) for name, number in (line.split("=") for line in ended.stdout.splitlines() if "=" in line)
    }


def test_every_kind_of_number_is_that_of_r(study, population, results, tmp_path) -> None:
    expected = r_numbers(study, population, tmp_path)
    assert len(expected) > 30
    ours = {one.id: one.value for one in results.numbers}
    for name, number in expected.items():
        tolerance = next((t for key, t in LOOSE.items() if name.startswith(key)), 1e-6)
        assert ours[name] == pytest.approx(number, rel=tolerance), name


def test_all_that_the_paper_shows_is_there(results) -> None:
    tables, figures = {t.id for t in results.tables}, {f.id for f in results.figures}
    assert {"flow-steps", "table1", "table1-2", "balance", "km", "t3", "adj", "fig2-full", "csf-full"} <= tables
    assert {"safety-events", "syndromes", "sensitivity", "subgroups-psm"} <= tables
    assert {"flow", "love", "overlap-psm", "km-curves", "fig2-full-forest", "subgroups-psm-forest"} <= figures
    assert results.is_synthetic


def test_the_warnings_of_a_good_statistician_are_given(results) -> None:
    said = " ".join(f"{w.where}: {w.text}" for w in results.warnings)
    for words in (
        "baseline variables are not balanced",
        "not one of like with like",  # who was measured again
        "Immortal time",
        "by chance alone",  # a screen of 32 variables
        "subgroup tests",
        "per term",
    ):
        assert words in said


def test_what_is_written_can_be_read_again(results, tmp_path) -> None:
    write_results(tmp_path, results, {"cohort.csv": "0" * 64}, started="now")
    told = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert told["synthetic"] is True
    assert len(told["numbers"]) == len(results.numbers)
    for path in (tmp_path / "tables").iterdir():
        table = pd.read_csv(path, encoding="utf-8-sig")
        assert "synthetic" in table.columns, path.name
        assert (table["synthetic"].str.startswith("SYNTHETIC")).all()
        cells = table.to_numpy().astype(str).ravel()
        assert not any(cell.startswith(("=", "+", "@")) for cell in cells), path.name
    assert np.all([(tmp_path / "figures" / f"{f.id}.svg").exists() for f in results.figures])


def test_the_command_line_says_of_a_made_up_cohort_that_it_is_one(tmp_path, neurolupus) -> None:
    """On a smaller example: that of the papers is run whole by the demo (test_demo.py)."""
    study, table = STUDY.with_name("clinic.study.yaml"), tmp_path / "cohort.csv"
    assert neurolupus("study", "simulate", study, "-o", table).returncode == 0
    ended = neurolupus("study", "run", study, "--data", table, "-o", tmp_path / "out", "--json")
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert (told["n"], told["synthetic"]) == (200, True)
    assert "SYNTHETIC" in ended.stderr
    assert "warnings" in ended.stderr
    assert read_cohort(read_study(study), study, table).is_synthetic
