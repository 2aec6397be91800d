"""The whole of `run_study` on small studies: what goes on when a part fails, what is said, what stays the same."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

from a_run import patients, population_of, results_of, said, study_of, value

from neurolupus.study.run import run_study
from neurolupus.study.run.validate import PublishedNumber

STUDY = """
table1: {by: arm}
outcomes:
  better: {type: binary}
models:
  volumes: {type: linear, outcomes: [gm], adjust: {primary: [age]}}
  odds: {type: logistic, outcome: better, terms: [arm]}
sensitivity:
  women: {label: Women only, drop: male, rerun: [volumes]}
"""


def cohort(**columns):
    rng = np.random.default_rng(2)
    return patients(better=rng.integers(0, 2, 120), **columns)


def test_sections_come_in_the_order_of_a_paper():
    results = results_of(STUDY, cohort())
    assert [section.id for section in results.sections] == ["flow", "table1", "volumes", "odds", "sensitivity"]


def test_a_model_that_cannot_be_fitted_is_told_and_the_others_go_on():
    text = STUDY.replace("terms: [arm]", "terms: [arm, male]")
    results = results_of(text, cohort(male=[0, 1] * 60))
    assert value(results, "volumes.full.primary.1_vs_0.gm.difference") < 0
    assert "odds.full.arm.odds_ratio" not in {n.id for n in results.numbers}
    assert "Not estimated" in said(results)


def test_simulated_patients_are_known_as_such():
    assert results_of(STUDY, cohort(synthetic=1)).is_synthetic
    assert not results_of(STUDY, cohort()).is_synthetic


def test_a_sensitivity_analysis_counts_whom_it_leaves_out_and_is_set_beside_the_main_one():
    frame = cohort()
    results = results_of(STUDY, frame)
    women = int((frame.male == 0).sum())
    (one,) = [n for n in results.numbers if n.id == "sensitivity.women.volumes.full.primary.1_vs_0.gm.difference"]
    assert one.n == women
    (table,) = [t for t in results.tables if t.id == "sensitivity"]
    assert [row.cells[0].text for row in table.rows[1:]] == ["main analysis", "Women only"]
    assert f"{120 - women} of 120 patients left out" in said(results)


def test_nothing_depends_on_the_order_of_rows_and_columns():
    frame = cohort()
    first = results_of(STUDY, frame)
    again = results_of(STUDY, frame.sample(frac=1, random_state=3)[list(reversed(frame.columns))])
    assert [n.id for n in first.numbers] == [n.id for n in again.numbers]
    for one, other in zip(first.numbers, again.numbers, strict=True):
        assert one.value == pytest.approx(other.value, rel=1e-9, abs=1e-12, nan_ok=True), one.id


def test_published_numbers_are_compared():
    study = study_of(STUDY)
    population = population_of(study, cohort())
    n = PublishedNumber("flow.n", "120", "Figure 1")
    results = run_study(study, population, published=[n])
    assert value(results, "validate.agreeing") == 1
    assert results.sections[-1].id == "published"


def test_every_number_says_how_it_was_made():
    results = results_of(STUDY, cohort())
    assert len(results.numbers) > 50
    assert len({n.id for n in results.numbers}) == len(results.numbers)
    assert all(n.method and n.scale for n in results.numbers)


def test_methods_and_checklist_are_written():
    results = results_of(STUDY, cohort())
    words = " ".join(part.text for part in results.methods)
    for expected in ("linear regression", "Binary logistic regression", "seed 1", "two-sided"):
        assert expected in words
    flow = {item.number: item.where for item in results.strobe}["13a"]
    assert flow == "Selection of patients"


def test_the_steps_are_told_as_they_begin():
    study, steps = study_of(STUDY), []
    run_study(study, population_of(study, cohort()), say=steps.append)
    assert steps == ["matching and weighting", "characteristics", "volumes", "odds", "women"]


def test_missing_values_are_imputed_and_pooled():
    text = STUDY + "  imputed: {impute: {m: 5, iterations: 3}, rerun: [volumes]}\n"
    frame = cohort()
    rng = np.random.default_rng(1)
    frame.loc[rng.random(120) < 0.2, "age"] = np.nan
    results = results_of(text, frame)
    path = "sensitivity.imputed.volumes.full.primary.1_vs_0.gm"
    (one,) = [n for n in results.numbers if n.id == f"{path}.difference"]
    assert one.n == 120
    assert 0 < value(results, f"{path}.fraction_missing") < 0.9
