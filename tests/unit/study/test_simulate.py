"""Made-up cohorts: marginals as published, effects recovered by other programs, the same seed the same cohort."""

import math
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

from study_texts import SMALL, parsed

from neurolupus.errors import StudyFileError, UsageError
from neurolupus.study.check import check_table
from neurolupus.study.population import Population
from neurolupus.study.schema.models import Linear, Multinomial
from neurolupus.study.simulate import Simulation, simulate_cohort
from neurolupus.study.simulate.distributions import MEDIAN_IQR, from_counts, from_percentiles, from_share
from neurolupus.study.simulate.truth import TrueEffect, truth_of_study, with_exposure_effects
from neurolupus.workflows.study_check import read_study

EXAMPLES = Path(__file__).parents[3] / "examples"
INTRATHECAL, MRI = EXAMPLES / "intrathecal.study.yaml", EXAMPLES / "mri-phenotypes.study.yaml"
LARGE = 40_000


@cache
def large(path: Path) -> tuple[Simulation, Population]:
    study = read_study(path)
    simulation = simulate_cohort(study, n=LARGE, seed=1)
    return simulation, check_table(study, simulation.as_table())


def value_of(truth: tuple[TrueEffect, ...], **wanted: str) -> float:
    (found,) = [one.value for one in truth if all(getattr(one, key) == text for key, text in wanted.items())]
    return found


@settings(deadline=None)
@given(
    middle=st.floats(-100, 100), below=st.floats(0.01, 50), skew=st.floats(0.05, 20),
    percents=st.sampled_from([(25.0, 50.0, 75.0), (10.0, 50.0, 90.0), (25.0, 50.0, 73.4), (45.0, 75.0, 95.0)]),
)  # fmt: skip
def test_percentiles_come_back(middle: float, below: float, skew: float, percents: tuple[float, float, float]) -> None:
    values = (middle - below, middle, middle + below * skew)
    scores = ndtri(np.array(percents) / 100)
    assert from_percentiles(scores, percents, values) == pytest.approx(values, rel=1e-6, abs=1e-6)
    between = from_percentiles(np.linspace(-2, 2, 50), percents, values)
    assert (np.diff(between) > 0).all()


def test_equal_distances_are_normal() -> None:
    scores = np.linspace(-3, 3, 7)
    sd = 10 / ndtri(0.75)  # quartiles 10 from the median
    assert from_percentiles(scores, MEDIAN_IQR, (40, 50, 60)) == pytest.approx(50 + sd * scores)


def test_shares_and_counts_are_met_by_even_scores() -> None:
    scores = ndtri((np.arange(1000) + 0.5) / 1000)
    assert from_share(scores, 0.135).sum() == 135
    assert [from_share(scores, share).sum() for share in (0.0, 1.0)] == [0, 1000]
    levels = from_counts(scores, {"a": 2, "b": 5, "c": 3})
    assert [int((levels == level).sum()) for level in "abc"] == [200, 500, 300]


@pytest.mark.parametrize("path", [INTRATHECAL, MRI], ids=["intrathecal", "mri"])
def test_both_papers_cohorts_fit_their_files(path: Path) -> None:
    study = read_study(path)
    simulation = simulate_cohort(study)
    population = check_table(study, simulation.as_table())
    assert simulation.n == population.n == (386 if path == INTRATHECAL else 155)
    assert simulation.n + simulation.n_screened == (5604 if path == INTRATHECAL else 216)
    sizes = population.frame[next(iter(study.groups))].value_counts().to_dict()
    assert sizes == ({"0": 192, "1": 194} if path == INTRATHECAL else {"non": 117, "inf": 26, "isc": 12})
    assert population.is_synthetic
    assert population.flow.agrees
    assert (simulation.frame["synthetic"] == 1).all()


@pytest.mark.parametrize("path", [INTRATHECAL, MRI], ids=["intrathecal", "mri"])
@pytest.mark.parametrize("seed", range(5))
def test_cohorts_of_other_seeds_fit_too(path: Path, seed: int) -> None:
    study = read_study(path)
    assert check_table(study, simulate_cohort(study, seed=seed, screened=False).as_table()).n > 150


PUBLISHED_SHARES = {  # Table 1 of the intrathecal paper: control, intrathecal
    "male": (0.135, 0.093), "nephritis": (0.625, 0.479), "aps": (0.109, 0.0412), "mpp": (0.495, 0.716),
    "csf_high": (0.266, 0.500), "headache": (0.323, 0.227), "psychosis": (0.172, 0.294), "cyc_use": (0.599, 0.701),
}  # fmt: skip
PUBLISHED_QUARTILES = {
    "age": ((21.75, 29, 40.25), (24, 31, 39.75)), "sledai": ((10, 14, 19), (12, 17, 22)),
    "c3": ((0.36, 0.53, 0.73), (0.31, 0.50, 0.71)), "icp": ((130, 162, 210), (132, 173.5, 230)),
}  # fmt: skip


@pytest.mark.slow
def test_marginals_of_the_intrathecal_cohort_are_the_published_ones() -> None:
    frame = large(INTRATHECAL)[1].frame
    arms = [frame[frame["it"] == level] for level in ("0", "1")]
    for name, shares in PUBLISHED_SHARES.items():
        for arm, share in zip(arms, shares, strict=True):
            # 20,000 patients an arm: standard error at most 0.0036; labels are met through redrawing, so 4 of them
            assert arm[name].mean() == pytest.approx(share, abs=0.0145), name
    for name, quartiles in PUBLISHED_QUARTILES.items():
        for arm, expected in zip(arms, quartiles, strict=True):
            got = arm[name].quantile([0.25, 0.5, 0.75]).to_numpy()
            assert got == pytest.approx(expected, rel=0.03, abs=1), name
    assert [arm["icp_high"].mean() for arm in arms] == pytest.approx([0.365, 0.469], abs=0.03)
    assert frame["n_subtypes"].min() == 1
    assert [arm["multiple_subtypes"].mean() for arm in arms] == pytest.approx([0.380, 0.521], abs=0.06)
    assert frame["headache_only"].mean() == pytest.approx(67 / 386, abs=0.03)
    assert (frame["endpoint"] != "none").sum() / frame["fu_years"].sum() == pytest.approx(47 / 1007.69, rel=0.05)


@pytest.mark.slow
def test_a_cox_model_recovers_the_hazard_ratios_put_in() -> None:
    # lifelines, another program, on 40,000 patients and about 5,500 events: 4 standard errors
    lifelines = pytest.importorskip("lifelines")
    simulation, population = large(INTRATHECAL)
    terms = ["it", "csf_high", "acs", "mpp", "cyc_use"]
    frame = population.frame[[*terms, "fu_years"]].astype(float).assign(event=population.frame["endpoint"] != "none")
    fit = lifelines.CoxPHFitter().fit(frame, "fu_years", "event")
    for term in terms:
        truth = value_of(simulation.truth, outcome="relapse_or_death", term=term)
        assert abs(fit.params_[term] - truth) < 4 * fit.standard_errors_[term], term
        assert fit.standard_errors_[term] < 0.06


@pytest.mark.slow
def test_a_multinomial_model_recovers_the_odds_ratios_put_in() -> None:
    api = pytest.importorskip("statsmodels.api")
    simulation, population = large(INTRATHECAL)
    model = read_study(INTRATHECAL).models["fig2"]
    assert isinstance(model, Multinomial)
    frame = population.frame[list(model.terms)].astype(float)
    codes = population.frame["discharge"].map({"exacerbation": 0, "partial": 1, "complete": 2})
    fit = api.MNLogit(codes, api.add_constant(frame)).fit(disp=0)
    for column, level in enumerate(("partial", "complete")):
        for term in model.terms:
            stated = [one.value for one in simulation.truth
                      if (one.outcome, one.outcome_level, one.term) == ("discharge", level, term)]  # fmt: skip
            expected = stated[0] if stated else 0.0  # what is not stated is without effect
            assert abs(fit.params.loc[term, column] - expected) < 4 * fit.bse.loc[term, column], (level, term)


@pytest.mark.slow
def test_linear_models_recover_the_differences_put_in() -> None:
    # least squares by numpy on 40,000 patients, the paper's primary adjustment
    simulation, population = large(MRI)
    frame = population.frame
    design = np.column_stack([np.ones(len(frame)), frame["phenotype"] == "inf", frame["phenotype"] == "isc",
                              frame[["age", "female", "tiv"]]]).astype(float)  # fmt: skip
    for outcome, y in (("wm", frame["wm"]), ("gm", frame["gm"]), ("wmh", np.log(frame["wmh"].clip(lower=0.005) * 1e6))):
        coefficients, residual, _, _ = np.linalg.lstsq(design, y.to_numpy(dtype=float), rcond=None)
        sd = math.sqrt(residual[0] / (len(y) - design.shape[1]))
        errors = sd * np.sqrt(np.diag(np.linalg.inv(design.T @ design)))
        for place, level in ((1, "inf"), (2, "isc")):
            truth = value_of(simulation.truth, outcome=outcome, term="phenotype", term_level=level)
            assert abs(coefficients[place] - truth) < 4 * errors[place], (outcome, level)
        assert sd == pytest.approx({"wm": 33, "gm": 32, "wmh": 1.26}[outcome], rel=0.02)
    pooled = (26 * -17.1 + 12 * 0.5) / 38
    assert pooled == pytest.approx(-11.5, abs=0.06)  # NPSLE against non-NPSLE, as Table 2 prints it
    assert np.allclose(frame["tbv"], frame["wm"] + frame["gm"])


MRI_MEANS = {"wm": (482, 57, 468, 56), "gm": (560, 61, 555, 69), "age": (42, 13, 39, 15), "sle_duration": (8, 8, 4, 6)}


def test_marginals_of_the_mri_cohort_are_near_the_published_ones() -> None:
    frame = large(MRI)[1].frame
    non, inf = (frame[frame["phenotype"] == level] for level in ("non", "inf"))
    for name, (mean_non, sd_non, mean_inf, _) in MRI_MEANS.items():
        # what is regressed on age, sex and volume is as near as the printed B and the printed means agree
        assert non[name].mean() == pytest.approx(mean_non, abs=max(2, 0.03 * mean_non)), name
        assert inf[name].mean() == pytest.approx(mean_inf, abs=max(2, 0.03 * mean_inf)), name
        assert non[name].std() == pytest.approx(sd_non, rel=0.15), name
    assert non["wmh"].quantile([0.1, 0.5, 0.9]).to_numpy() == pytest.approx([0.11, 0.60, 5.04], rel=0.25)


def test_the_same_seed_gives_the_same_cohort_and_another_does_not() -> None:
    study = read_study(MRI)
    one, same, other = (simulate_cohort(study, seed=seed).frame for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(one, same)
    assert not one.equals(other)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "sizes"), [(386, [192, 194]), (100, [50, 50]), (3, [1, 2]), (1001, [498, 503])])
def test_groups_keep_their_proportions(n: int, sizes: list[int]) -> None:
    simulation = simulate_cohort(read_study(INTRATHECAL), n=n, screened=False)
    assert simulation.frame["it"].value_counts().sort_index().tolist() == sizes


def test_screened_patients_belong_to_the_files_own_n() -> None:
    simulation = simulate_cohort(read_study(MRI), n=200)
    assert (simulation.n_screened, len(simulation.frame)) == (0, 200)
    assert "belong to n = 155" in simulation.notes[0]


def test_a_file_without_simulate_gives_a_plain_cohort() -> None:
    study = parsed()
    population = check_table(study, simulate_cohort(study).as_table())
    assert population.n == 200
    assert population.frame["it"].value_counts().tolist() == [100, 100]
    assert population.frame["male"].mean() == pytest.approx(0.3, abs=0.15)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(60, 120))
def test_any_plain_cohort_fits_its_file(seed: int, n: int) -> None:
    study = parsed(SMALL.replace("components: {relapse: {}, death: {}}, censored: none", "censored: '0'"))
    assert check_table(study, simulate_cohort(study, seed=seed, n=n).as_table()).n == n


@pytest.mark.slow
def test_counterfactual_cohorts_hold_both_outcomes_of_the_same_patients() -> None:
    study = read_study(INTRATHECAL)
    treated, untreated = (simulate_cohort(study, n=5000, seed=2, exposed_as=level).frame for level in ("1", "0"))
    for column in ("it", "age", "csf_prot", "subtypes", "mpp"):
        assert treated[column].equals(untreated[column])
    events = [int((frame["endpoint"] != "none").sum()) for frame in (treated, untreated)]
    assert 0.3 < events[0] / events[1] < 0.65  # the hazard ratio put in is 0.42
    observed = simulate_cohort(study, n=5000, seed=2).frame
    is_treated = observed["it"] == "1"
    assert observed.loc[is_treated, "endpoint"].equals(treated.loc[is_treated, "endpoint"])
    assert observed.loc[~is_treated, "endpoint"].equals(untreated.loc[~is_treated, "endpoint"])


def test_a_scenario_changes_the_effect_of_the_exposure_only() -> None:
    study = read_study(INTRATHECAL)
    truth = truth_of_study(with_exposure_effects(study, {"relapse_or_death": 1.0, "discharge": 2.0}))
    assert value_of(truth, outcome="relapse_or_death", term="it") == 0.0
    assert value_of(truth, outcome="relapse_or_death", term="acs") == pytest.approx(math.log(3.75))
    assert value_of(truth, outcome="discharge", term="it", outcome_level="partial") == pytest.approx(math.log(2))
    mri = read_study(MRI)
    truth = truth_of_study(with_exposure_effects(mri, {"wm": -30.0}))
    assert [value_of(truth, outcome="wm", term="phenotype", term_level=level) for level in ("inf", "isc")] == [-30, -30]
    assert isinstance(mri.models["volumes"], Linear)


@pytest.mark.slow
def test_interactions_and_missing_values_are_put_in() -> None:
    text = SMALL + (
        "simulate:\n  n: 20000\n  variables:\n"
        "    {prot: {mean_sd: [0.5, 0.1], missing: {0: 0.2, 1: 0}}, male: {share: 0.5}}\n"
        "  effects: {relapse: {rate: 0.2, hazard_ratios: {it: 1, 'it:male': 3}, follow_up: [3, 2, 4]}}\n"
    )
    study = parsed(text)
    frame = check_table(study, simulate_cohort(study, seed=5).as_table()).frame
    missing = frame["prot"].isna().groupby(frame["it"]).mean()
    assert missing["0"] == pytest.approx(0.2, abs=0.015)
    assert missing["1"] == 0
    rates = frame.groupby(["it", "male"])[["ep", "years"]].apply(
        lambda part: (part["ep"] != "none").sum() / part["years"].sum()
    )
    assert rates["1", 1.0] / rates["0", 1.0] == pytest.approx(3, rel=0.1)
    assert rates["1", 0.0] / rates["0", 0.0] == pytest.approx(1, rel=0.1)


def test_what_cannot_be_made_up_is_told() -> None:
    study = parsed()
    with pytest.raises(UsageError, match="1 patients are asked for"):
        simulate_cohort(study, n=1)
    with pytest.raises(UsageError, match="no level of the first group"):
        simulate_cohort(study, exposed_as="2")
    few = parsed(SMALL + "simulate: {variables: {subtypes: {at_least_one: true, labels: {seizure: 0.2, acs: 0.1}}}}\n")
    with pytest.raises(StudyFileError, match=r"add up to 0\.30"):
        simulate_cohort(few)
    circle = SMALL.replace("  male:", "  a: {}\n  b: {}\n  male:") + (
        "simulate: {variables: {a: {value: b + age}, b: {value: a - age}}}\n"
    )
    with pytest.raises(StudyFileError, match="made from one another"):
        simulate_cohort(parsed(circle))
