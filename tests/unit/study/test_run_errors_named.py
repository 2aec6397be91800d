"""What a study says of its errors, cohorts and quartiles is what was done; separation takes no other term with it."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

import a_run
from a_run import context_of, patients, said, study_of, value

from neurolupus.errors import StudyFileError
from neurolupus.study.run.change import change_part
from neurolupus.study.run.cohorts import made_cohorts
from neurolupus.study.run.models import model_part

MATCHED = "match: {one: {covariates: [age], order: data}}\nweights: {iptw: {exposure: arm, covariates: [age]}}\n"
SURVIVAL = "outcomes: {death: {type: time_to_event, time: years, event: died}}\n"
SHRUNK = "outcomes: {shrunk: {type: binary, column: shrunk}}\n"


def timed(n=200, seed=5):
    rng = np.random.default_rng(seed)
    frame = patients(n=n, seed=seed)
    time = rng.exponential(4, n).round(3)
    shrunk = (frame.gm + rng.normal(0, 20, n) < frame.gm.median()).astype(int)
    return frame.assign(years=time, died=(rng.random(n) < 0.6).astype(int), shrunk=shrunk)


def run(text, frame, name="m"):
    context = context_of(text, frame)
    cohorts, part = made_cohorts(context)
    return model_part(replace(context, cohorts=cohorts), context.study.models[name]), part, cohorts


def words_of(part):
    return " ".join(one.text for one in part.methods)


def numbers_of(part):
    return {one.id: one.value for one in part.numbers}


@pytest.mark.parametrize("cohort", ["one", "iptw"])
def test_one_separated_level_leaves_the_other_terms_their_robust_errors(cohort):
    frame = timed()
    frame.loc[frame.drug == "none", "shrunk"] = 1  # nobody without a drug is free of the outcome
    text = (
        MATCHED + SHRUNK + f"models: {{m: {{type: logistic, outcome: shrunk, terms: [age, drug], cohort: {cohort}}}}}"
    )
    part, _, cohorts = run(text, frame)
    found = numbers_of(part)
    assert found[f"m.{cohort}.drug[none].p_value"] is None
    # in the limit the separated patients say nothing of the others
    rows = cohorts[cohort].frame.drug.to_numpy() != "none"
    kept = cohorts[cohort].frame.loc[rows]
    x = sm.add_constant(np.column_stack([kept.age.astype(float), kept.drug == "mmf"]).astype(float))
    y = kept.shrunk.astype(float).to_numpy()
    w = np.ones(len(y)) if cohorts[cohort].weights is None else cohorts[cohort].weights[rows]
    b = sm.GLM(y, x, family=sm.families.Binomial(), freq_weights=w).fit(tol=1e-14).params
    share = 1 / (1 + np.exp(-x @ b))
    scores = x * (w * (y - share))[:, None]
    if cohort == "one":
        scores = np.array(
            [scores[cohorts["one"].pairs[rows] == k].sum(axis=0) for k in set(cohorts["one"].pairs[rows])]
        )
    bread = np.linalg.inv((x * (w * share * (1 - share))[:, None]).T @ x)
    se = np.sqrt(np.diag(bread @ scores.T @ scores @ bread))[1]
    assert found[f"m.{cohort}.age.odds_ratio"] == pytest.approx(np.exp(b[1]))
    assert found[f"m.{cohort}.age.se"] == pytest.approx(se)


def test_a_landmark_is_set_in_every_cohort():
    models = (
        "models:\n"
        "  m: {type: cox, outcome: death, terms: [arm, age], cohort: [full, one], landmark: 1, figure: forest}\n"
        "  k: {type: kaplan_meier, outcome: death, cohort: [full, one], landmark: 1}\n"
    )
    frame = timed()
    part, _, cohorts = run(MATCHED + SURVIVAL + models, frame)
    found = numbers_of(part)
    assert {f"m.{name}.arm.hazard_ratio" for name in ("full", "one", "full_from_1", "one_from_1")} <= set(found)
    left = {name: int((cohort.frame.years > 1).sum()) for name, cohort in cohorts.items()}
    sizes = {one.id: one.n for one in part.numbers}
    assert [sizes[f"m.{name}_from_1.arm.hazard_ratio"] for name in ("full", "one")] == [left["full"], left["one"]]
    headings = [row.cells[0].text for row in part.blocks[0].rows if row.is_heading]
    assert headings[3].startswith(f"{cohorts['one'].label}, from 1 on ({left['one']} patients")
    titles = [block.title for block in part.blocks[1:]]
    assert len(set(titles)) == 4
    assert said(part).count("those left, with the exposure as it was then, need no longer be alike") == 1
    curves, _, _ = run(MATCHED + SURVIVAL + models, frame, "k")
    assert len(curves.blocks[0].panels) == 4
    assert sum(one.id.startswith("k.one_from_1.") and one.id.endswith(".events") for one in curves.numbers) == 2


def test_limits_of_a_median_are_given_reached_or_not():
    # by hand: 4 of 10 die at 1, 2, 3 and 4, six are followed for 9; at most 3 of 10 in the other arm
    rows = [(1, 1), (2, 1), (3, 1), (4, 1), *[(9, 0)] * 6]
    years = [t for t, _ in rows] + [1, 1, 1, 1, 1, 1, 1, 1, 1, 9]
    died = [d for _, d in rows] + [1] * 9 + [0]
    frame = patients(n=20).assign(years=years, died=died, it=[0] * 10 + [1] * 10)
    part, _, _ = run(SURVIVAL + "models: {m: {type: kaplan_meier, outcome: death}}", frame)
    found = numbers_of(part)
    # nobody else dies between, so the lower limit of the curve (symmetric on the log scale) crosses a half at 2:
    # S(2) = 0.8, se of log S = sqrt(2/(10*8)) = 0.158, lower 0.587; S(3) = 0.7, se 0.207, lower 0.467
    assert (found["m.full.0.median"], found["m.full.0.median_ci_low"], found["m.full.0.median_ci_high"]) == (
        None,
        3,
        None,
    )
    assert (found["m.full.1.median"], found["m.full.1.median_ci_low"]) == (1, 1)
    cells = [cell.text for row in part.blocks[1].rows for cell in row.cells]
    assert "not reached (3.0 to not reached)" in cells
    assert not any("––" in text for text in cells)


def test_methods_name_the_errors_that_were_used():
    terms = "outcome: death, terms: [arm, age], cohort"
    expected = {
        "full": "",
        "one": "Standard errors are robust and clustered by matched set in matched cohorts.",
        "iptw": "Standard errors are robust in weighted cohorts.",
        "[full, one, iptw]": "Standard errors are robust in weighted cohorts, robust and clustered by matched set in "
        "matched cohorts, those of the model in the full cohort.",
    }
    for cohort, words in expected.items():
        part, _, _ = run(MATCHED + SURVIVAL + f"models: {{m: {{type: cox, {terms}: {cohort}}}}}", timed())
        told = [one.text for one in part.methods if one.text.startswith("Standard errors")]
        assert told == ([words] if words else [])
    for cohort, more, words in (
        ("full", "", "(maximum likelihood)"),
        ("full", ", se: hc3", "(maximum likelihood, HC3 errors)"),
        ("one", "", "(maximum likelihood, robust errors by matched set)"),
        ("iptw", "", "(maximum likelihood, robust errors)"),
    ):
        text = f"models: {{m: {{type: logistic, outcome: shrunk, terms: [arm, age], cohort: {cohort}{more}}}}}"
        part, _, _ = run(MATCHED + SHRUNK + text, timed())
        assert words in words_of(part)


@pytest.mark.parametrize("ratio", [1, 2])
def test_linear_models_of_matched_cohorts_have_errors_by_set(ratio):
    frame = timed()
    frame["it"] = (np.arange(200) % 4 == 0).astype(int)
    match = f"match: {{one: {{covariates: [age], ratio: {ratio}}}}}\n"
    model = "{type: linear, outcomes: [gm], adjust: {age: [age]}, cohort: [full, one], se: [classical, hc3]}"
    part, _, cohorts = run(match + f"models: {{m: {model}}}", frame)
    cohort = cohorts["one"]
    matched = cohort.frame
    x = sm.add_constant(np.column_stack([matched.arm == "1", matched.age]).astype(float))
    weights = np.ones(len(x)) if cohort.weights is None else cohort.weights
    fit = sm.WLS(matched.gm.astype(float).to_numpy(), x, weights=weights).fit(
        cov_type="cluster", cov_kwds={"groups": cohort.pairs}
    )
    found = numbers_of(part)
    path = "m.one.age.1_vs_0.gm"
    assert (found[f"{path}.difference"], found[f"{path}.se"]) == pytest.approx((fit.params[1], fit.bse[1]))
    df = len(x) - 3
    assert found[f"{path}.p_value"] == pytest.approx(2 * scipy.stats.t.sf(abs(fit.tvalues[1]), df))
    assert found[f"{path}.hc3.se"] != pytest.approx(fit.bse[1], rel=1e-3)
    assert {one.method for one in part.numbers if one.id == f"{path}.se"} == {
        f"{'weighted' if ratio == 2 else 'ordinary'} least squares, errors by matched set"
    }
    notes = {block.id: " ".join(block.notes) for block in part.blocks if hasattr(block, "notes")}
    assert "clustered by matched set" in notes["m-one-age"]
    assert "clustered by matched set" not in notes["m-full-age"]
    assert "In matched cohorts intervals and p-values are robust and clustered by matched set." in words_of(part)
    assert "no account" not in said(part)


def test_a_screen_names_the_method_of_the_rows_that_are_not_marked():
    frame = timed()
    frame["rare"] = 0
    frame.loc[[0, 1, 2, 3], "rare"] = 1
    frame.loc[[0, 1, 2, 3], "died"] = 0
    models = "models: {m: {type: cox, outcome: death, each: [male, age]}}"
    frame["male"] = frame["rare"]  # the first row is Firth's
    part, _, _ = run(SURVIVAL + models, frame)
    (about,) = [note for note in part.blocks[0].notes if note.startswith("Each row")]
    assert "Firth" not in about
    assert "Cox regression, Efron ties" in about


def test_methods_say_for_whom_partners_were_sought_and_on_which_scale():
    text = "match: {one: {covariates: [age], distance: score}}\n"
    _, part, _ = run(text + SURVIVAL + "models: {m: {type: cox, outcome: death, terms: [arm]}}", timed())
    assert "Treated patients were matched 1:1 to the nearest neighbour on the score, without" in words_of(part)


@pytest.mark.parametrize(("preset", "method"), [("spss", "weibull"), ("r_default", "linear")])
def test_quartiles_of_a_change_are_those_of_the_preset(preset, method):
    text = (
        f"tests: {{preset: {preset}}}\noutcomes: {{d: {{type: change, label: D, before: gm, after: wm}}}}\n"
        "models: {m: {type: change, outcomes: [d]}}\n"
    )
    frame = patients(n=22)
    part = change_part(context_of(text, frame), context_of(text, frame).study.models["m"])
    change = (frame.wm - frame.gm)[frame["it"] == 1]
    for name, share in (("q1", 0.25), ("q3", 0.75)):
        assert value(part, f"m.full.d.exposed.change.{name}") == pytest.approx(
            np.quantile(change, share, method=method)
        )


TWO_GROUPS = "groups:\n  sexes: {label: Sex, column: male, levels: {0: F, 1: M}, reference: 0}\n  arm:"


def test_weights_of_a_matchs_score_have_its_exposure(monkeypatch):
    head = a_run.HEAD.replace("groups:\n  arm:", TWO_GROUPS).replace(
        "male: {label: Male", "boy: {column: x, label: Male"
    )
    monkeypatch.setattr(a_run, "HEAD", head)
    text = "match: {psm: {exposure: arm, covariates: [age]}}\nweights: {iptw: {from: psm%s}}\n"
    assert study_of(text % "").weights["iptw"].exposure == "arm"
    with pytest.raises(StudyFileError, match=r"exposure is 'sexes', and the score of 'psm' is of 'arm'"):
        study_of(text % ", exposure: sexes")


def test_the_test_of_proportional_hazards_stands_under_the_variable_it_is_of():
    part, _, _ = run(SURVIVAL + "models: {m: {type: cox, outcome: death, terms: [arm, drug]}}", timed())
    tests = {one.id for one in part.numbers if one.id.endswith("ph_p")}
    assert tests == {"m.full.arm.ph_p", "m.full.drug.ph_p", "m.full.GLOBAL.ph_p"}
    assert "m.full.drug[mmf].hazard_ratio" in numbers_of(part)
