"""Both example studies against their own simulated truth: effects put in are found, and limits cover as they say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurolupus.stats.cox import cox_regression
from neurolupus.study.check import check_table
from neurolupus.study.run import full_context, run_study
from neurolupus.study.run.cohorts import made_cohorts
from neurolupus.study.schema import StudyFile
from neurolupus.study.schema.simulate import EVERYBODY
from neurolupus.study.simulate import simulate_cohort
from neurolupus.study.simulate.truth import truth_of_study
from neurolupus.workflows.study_check import read_study

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
MOST_ERRORS = 4.0  # standard errors a recovered effect may lie away: 1 in 16,000 for each
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def intrathecal() -> StudyFile:
    return read_study(EXAMPLES / "intrathecal.study.yaml")


@pytest.fixture(scope="module")
def phenotypes() -> StudyFile:
    return read_study(EXAMPLES / "mri-phenotypes.study.yaml")


def only(study: StudyFile, *models: str) -> StudyFile:
    """The study with some of its models and nothing else to compute."""
    kept = {name: study.models[name] for name in models}
    return replace(study, models=kept, table1=(), sensitivity={}, subgroups={}, power=None, safety=None)


def numbers(study: StudyFile, *, n: int | None = None, seed: int) -> Mapping[str, float]:
    table = simulate_cohort(study, n=n, seed=seed, screened=False).as_table()
    return {one.id: one.value for one in run_study(study, check_table(study, table)).numbers}


def test_cox_and_multinomial_models_recover_what_was_put_in(intrathecal: StudyFile):
    found = numbers(only(intrathecal, "adj", "fig2"), n=60_000, seed=11)
    checked = 0
    for one in truth_of_study(intrathecal):
        name = {
            "relapse_or_death": f"adj.full.{one.term}.hazard_ratio",
            "discharge": f"fig2.full.{one.outcome_level}.{one.term}.odds_ratio",
        }.get(one.outcome)
        if name is None:
            continue
        se = found[name.rpartition(".")[0] + ".se"]
        assert abs(math.log(found[name]) - one.value) < MOST_ERRORS * se, name
        checked += 1
    assert checked == 9  # five hazard ratios, two odds ratios at each of two levels


def test_linear_models_recover_what_was_put_in(phenotypes: StudyFile):
    table = simulate_cohort(phenotypes, n=30_000, seed=12, screened=False).as_table()
    study = only(phenotypes, "volumes_joint")
    found = {one.id: one.value for one in run_study(study, check_table(study, table)).numbers}
    put_in = {(one.outcome, one.term_level): one.value for one in truth_of_study(phenotypes) if one.term == "phenotype"}
    expected = {("tbv", level): put_in["wm", level] + put_in["gm", level] for level in ("inf", "isc")} | put_in
    for (outcome, level), b in expected.items():
        stem = f"volumes_joint.full.primary.{level}_vs_non.{outcome}."
        assert abs(found[stem + "difference"] - b) < MOST_ERRORS * found[stem + "se"], stem
    assert len(expected) == 8


def with_common_events(study: StudyFile) -> StudyFile:
    """The study with six times its events, so that marginal and conditional hazard ratios lie far apart.

    Every confounder of the outcome is in the score, and the caliper is narrow: at 0.2 SD and this n the nearest control
    left for the many treated patients with high scores is a different patient (|SMD| above 0.1). Follow-up is alike in
    both arms, so that both estimates average over the same times. Weights are not trimmed.
    """
    match = study.match["psm"]
    score = ("csf_high", "acs", "mpp", "cyc_use", "age", "male", "sledai")
    effect = replace(study.simulate.effects["relapse_or_death"], rate=0.3, follow_up={EVERYBODY: (2.6, 1.2, 4.0)})
    effects = {**study.simulate.effects, "relapse_or_death": effect}
    return replace(
        study,
        match={"psm": replace(match, covariates=score, caliper=replace(match.caliper, value=0.01))},
        weights={name: replace(one, trim=0.0) for name, one in study.weights.items()},
        simulate=replace(study.simulate, effects=effects),
    )


def potential_outcomes(study: StudyFile, *, n: int, seed: int) -> list[pd.DataFrame]:
    """The same patients as if nobody, and as if everybody, were treated."""
    worlds = (simulate_cohort(study, n=n, seed=seed, screened=False, exposed_as=level) for level in ("0", "1"))
    return [check_table(study, world.as_table()).frame.reset_index(drop=True) for world in worlds]


def marginal_log_hazard_ratio(worlds: list[pd.DataFrame], weights: np.ndarray) -> tuple[float, float]:
    """Both potential outcomes of the same weighted patients compared, and the error of that."""
    both, rows = pd.concat(worlds), np.tile(np.arange(len(weights)), 2)
    weights = np.tile(weights, 2)
    used = weights > 0
    fit = cox_regression(
        both["fu_years"].to_numpy(float)[used],
        (both["endpoint"] != "none").to_numpy()[used],
        np.repeat([0.0, 1.0], len(worlds[0]))[used, None],
        ["treated"],
        weights=weights[used],
        cluster=rows[used],
    )
    return fit.estimates[0].value, float(fit.estimates[0].se)


def test_matched_and_weighted_analyses_find_the_marginal_effect_of_their_own_patients(intrathecal: StudyFile):
    n, seed = 60_000, 13
    study = only(with_common_events(intrathecal), "weighted")
    population = check_table(study, simulate_cohort(study, n=n, seed=seed, screened=False).as_table())
    found = {one.id: one.value for one in run_study(study, population).numbers}
    cohorts, _ = made_cohorts(full_context(study, population.frame))
    worlds = potential_outcomes(study, n=n, seed=seed)
    patients = population.frame.reset_index(drop=True)
    is_treated = patients["it"].astype(str) == "1"
    matched_treated = is_treated & patients[study.data.id].isin(cohorts["psm"].frame[study.data.id])
    weights = {"psm": matched_treated.to_numpy(float), "overlap": cohorts["overlap"].weights, "iptw": np.ones(n)}
    for name, share in weights.items():
        truth, error = marginal_log_hazard_ratio(worlds, np.asarray(share))
        value, se = found[f"weighted.{name}.it.hazard_ratio"], found[f"weighted.{name}.it.se"]
        assert abs(math.log(value) - truth) < MOST_ERRORS * math.hypot(se, error), name
        # hazard ratios do not collapse: the one put in is that of patients alike, and no such analysis finds it
        assert math.log(value) - math.log(0.42) > MOST_ERRORS * se, name


RUNS = 400
# Of 400 intervals that cover with 95 %, 363 to 395 do so in 999.8 of 1000 such tests (exact binomial).
LOWEST, HIGHEST = 363, 395


def test_limits_of_the_cox_model_cover_at_the_papers_size(intrathecal: StudyFile):
    study = replace(only(intrathecal, "adj"), match={}, weights={})  # this model is of the full cohort
    truth = {one.term: one.value for one in truth_of_study(study) if one.outcome == "relapse_or_death"}
    covered = dict.fromkeys(truth, 0)
    for seed in range(RUNS):
        found = numbers(study, seed=1000 + seed)
        for term, value in truth.items():
            stem = f"adj.full.{term}."
            low, high = found[stem + "ci_low"], found[stem + "ci_high"]
            covered[term] += bool(low <= math.exp(value) <= high)
    assert all(LOWEST <= count <= HIGHEST for count in covered.values()), covered


def test_limits_of_the_linear_model_cover_at_the_papers_size(phenotypes: StudyFile):
    study = only(phenotypes, "volumes_joint")
    put_in = {
        one.outcome: one.value for one in truth_of_study(study) if one.term == "phenotype" and one.term_level == "inf"
    }
    covered = dict.fromkeys(put_in, 0)
    for seed in range(RUNS):
        frame = check_table(study, simulate_cohort(study, seed=2000 + seed, screened=False).as_table()).frame
        for outcome, value in put_in.items():
            low, high = limits_of_inflammatory(frame, outcome)
            covered[outcome] += bool(low <= value <= high)
    assert all(LOWEST <= count <= HIGHEST for count in covered.values()), covered


def limits_of_inflammatory(frame: pd.DataFrame, outcome: str) -> tuple[float, float]:
    """The paper's primary model: volume by phenotype, age, sex and TIV; log lesions."""
    from neurolupus.stats.regression import linear_regression

    phenotype = frame["phenotype"].astype(str)
    y = frame[outcome].to_numpy(float)
    if outcome == "wmh":
        y = np.log(1e6 * np.maximum(y, 0.005))
    design = np.column_stack(
        [
            np.ones(len(frame)),
            phenotype == "inf",
            phenotype == "isc",
            frame["age"].to_numpy(float),
            frame["female"].astype(float),
            frame["tiv"].to_numpy(float),
        ]
    ).astype(float)
    fit = linear_regression(y, design, ["one", "inf", "isc", "age", "female", "tiv"])
    return fit.estimates[1].ci_low, fit.estimates[1].ci_high
