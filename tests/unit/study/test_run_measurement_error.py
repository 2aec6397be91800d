"""Corrections for measurement error in a study file: sizes by hand, models by peers, truths that are known."""

import sys
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

from a_run import HEAD, patients, population_of, said, value

from neurolupus.errors import StudyFileError
from neurolupus.io.yamlfile import parse_yaml
from neurolupus.stats.measurement_error import sd_of_sdc
from neurolupus.study.parse import parse_study
from neurolupus.study.run import full_context, run_study
from neurolupus.study.run.cohorts import made_cohorts
from neurolupus.study.run.error_sd import error_sd_of
from neurolupus.study.schema.measurement_error import MeasurementError

FIELDS = "  flair: {label: FLAIR, type: nominal, levels: [2D, 3D], role: other}\ngroups:"
MODELS = """
outcomes:
  ill: {type: binary}
  death: {type: time_to_event, time: years, event: dead}
models:
  volumes: {type: linear, outcomes: [gm], adjust: {primary: [age, wmh]}}
  lesions: {type: linear, outcomes: [wmh], adjust: {primary: [age, male]}}
  risk: {type: logistic, outcome: ill, terms: [arm, age, wmh]}
  hazard: {type: cox, outcome: death, terms: [arm, wmh]}
sensitivity:
  error:
    label: Error of lesion volumes
    rerun: [volumes]
    measurement_error: {variable: wmh, error_sd: 0.4, replicates: 30}
"""
SIZE = "{variable: wmh, error_sd: 0.4, replicates: 30}"


def study_of(text=MODELS):
    return parse_study(parse_yaml(HEAD.replace("groups:", FIELDS) + text, "toy.yaml"))


def cohort(n=160, seed=3, **columns):
    """Patients whose illness and death depend on the logarithm of the true lesion volume."""
    frame = patients(n, seed)
    rng = np.random.default_rng([seed, 1])
    flair = np.where(rng.random(n) < 0.65, "2D", "3D")
    true = rng.normal(0.2 + 0.6 * frame.it, 1)
    sd = np.where(flair == "2D", 0.6, 0.4)
    seen = true + sd * rng.normal(size=n)
    return frame.assign(
        flair=flair, true=true, wmh=np.exp(seen).round(6),
        ill=(rng.random(n) < 1 / (1 + np.exp(0.3 - 0.8 * true))).astype(int),
        years=rng.exponential(np.exp(-0.8 * true)).round(5) + 0.001, dead=1,
    ).assign(**columns)  # fmt: skip


def run(text=MODELS, frame=None):
    study = study_of(text)
    return run_study(study, population_of(study, cohort() if frame is None else frame))


def sizes(how, frame):
    study = study_of(MODELS.replace(SIZE, f"{{variable: wmh, {how}}}"))
    context = full_context(study, population_of(study, frame).frame)
    error = study.sensitivity["error"].measurement_error
    assert isinstance(error, MeasurementError)
    return error_sd_of(context, error, context.full.frame)


def by_hand(frame, path, error_sd, refit, data_sets):
    """SIMEX with a parabola, written out: the same random numbers, each fit by another program."""
    rng = np.random.default_rng([1, 41, zlib.crc32(f"wmh.{path}".encode())])
    w = np.log(1000 * frame.wmh.to_numpy())
    noise = rng.standard_normal((data_sets, len(w))) * error_sd
    at = [0.0, 0.5, 1.0, 1.5, 2.0]
    curve, variance = [], []
    for strength in at:
        fits = [refit(w + np.sqrt(strength) * row) for row in (noise if strength else noise[:1])]
        values, errors = np.array([f[0] for f in fits]), np.array([f[1] for f in fits])
        curve.append(values.mean(axis=0))
        variance.append(errors.mean(axis=0) - (values.var(axis=0, ddof=1) if strength else 0))
    ends = [np.polyval(np.polyfit(at, np.array(several), 2), -1.0) if np.ndim(several[0]) == 0 else
            np.array([np.polyval(np.polyfit(at, column, 2), -1.0) for column in np.array(several).T])
            for several in (curve, variance)]  # fmt: skip
    return ends[0], np.sqrt(ends[1])


def test_a_linear_model_is_corrected_as_statsmodels_and_a_parabola_would():
    frame = cohort()
    results = run(frame=frame)

    def refit(w):
        fit = sm.OLS(frame.gm, np.column_stack([np.ones(len(w)), frame.it, frame.age, w])).fit()
        return fit.params.to_numpy()[[1, 3]], fit.bse.to_numpy()[[1, 3]] ** 2

    values, errors = by_hand(frame, "volumes.full.primary.1_vs_0.gm", 0.4, refit, 30)
    stem = "sensitivity.error.volumes.full.primary.1_vs_0.gm."
    assert value(results, f"{stem}difference") == pytest.approx(values[0], rel=1e-7)
    assert value(results, f"{stem}wmh.coefficient") == pytest.approx(values[1], rel=1e-7)
    assert value(results, f"{stem}se") == pytest.approx(errors[0], rel=1e-7)
    assert value(results, f"{stem}wmh.se") == pytest.approx(errors[1], rel=1e-7)
    naive = refit(np.log(1000 * frame.wmh.to_numpy()))
    assert value(results, f"{stem}wmh.as_measured.coefficient") == pytest.approx(naive[0][1], rel=1e-9)
    assert value(results, f"{stem}as_measured.difference") == pytest.approx(
        value(results, "volumes.full.primary.1_vs_0.gm.difference"), rel=1e-12
    )


def test_reliability_is_that_of_the_variance_the_other_terms_leave():
    frame = cohort()
    results = run(frame=frame)
    w = np.log(1000 * frame.wmh)
    left = sm.OLS(w, sm.add_constant(frame[["it", "age"]].astype(float))).fit().mse_resid
    stem = "sensitivity.error.volumes.full.primary.1_vs_0.gm."
    assert value(results, f"{stem}reliability") == pytest.approx(1 - 0.16 / w.var(), rel=1e-9)
    assert value(results, f"{stem}reliability_conditional") == pytest.approx(1 - 0.16 / left, rel=1e-9)
    assert value(results, f"{stem}error_sd") == pytest.approx(0.4)


@pytest.mark.slow
def test_a_logistic_model_is_corrected_as_statsmodels_would():
    frame = cohort()
    results = run(MODELS.replace("rerun: [volumes]", "rerun: [risk]"), frame)

    def refit(w):
        x = np.column_stack([np.ones(len(w)), frame.it, frame.age, w])
        fit = sm.Logit(frame.ill, x).fit(disp=0, tol=1e-12)
        return fit.params.to_numpy()[1:], fit.bse.to_numpy()[1:] ** 2

    values, errors = by_hand(frame, "risk.full", 0.4, refit, 30)
    for i, name in enumerate(("arm", "age", "wmh")):
        stem = f"sensitivity.error.risk.full.{name}."
        assert value(results, f"{stem}odds_ratio") == pytest.approx(np.exp(values[i]), rel=1e-6)
        assert value(results, f"{stem}se") == pytest.approx(errors[i], rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("model", "what"), [("risk", "odds_ratio"), ("hazard", "hazard_ratio")])
@pytest.mark.parametrize("method", ["simex, extrapolation: rational", "regression_calibration"])
def test_with_the_error_of_each_protocol_the_truth_comes_back(model, what, method):
    # 3000 patients, log odds and log hazard 0.8 per log volume: as measured nearer to zero, corrected within 0.1
    size = f"{{variable: wmh, error_sd: {{2D: 0.6, 3D: 0.4}}, by: flair, replicates: 20, method: {method}}}"
    results = run(MODELS.replace(SIZE, size).replace("[volumes]", f"[{model}]"), cohort(3000, 5))
    stem = f"sensitivity.error.{model}.full."
    assert np.log(value(results, f"{stem}wmh.as_measured.{what}")) < 0.68
    corrected = np.log(value(results, f"{stem}wmh.{what}"))
    # calibration is an approximation for hazards, on the small side (Carroll 2006, 14.4)
    assert corrected == pytest.approx(0.8, abs=0.17 if (model, method[0]) == ("hazard", "r") else 0.11)
    # the arm has no effect of its own: what it took over from the lesions goes back to them
    assert abs(np.log(value(results, f"{stem}arm.{what}"))) < abs(
        np.log(value(results, f"{stem}arm.as_measured.{what}"))
    )


def test_an_outcome_with_error_is_not_corrected_but_its_precision_is_told():
    frame = cohort()
    results = run(MODELS.replace("rerun: [volumes]", "rerun: [lesions]"), frame)
    y = np.log(1000 * frame.wmh)
    fit = sm.OLS(y, sm.add_constant(frame[["it", "age", "male"]].astype(float))).fit()
    stem = "sensitivity.error.lesions.full.primary.1_vs_0.wmh."
    whole = 1 - 0.16 / y.var()
    assert value(results, f"{stem}reliability") == pytest.approx(whole, rel=1e-9)
    assert value(results, f"{stem}r_squared") == pytest.approx(fit.rsquared, rel=1e-9)
    assert value(results, f"{stem}r_squared_corrected") == pytest.approx(fit.rsquared / whole, rel=1e-9)
    assert value(results, f"{stem}residual_share") == pytest.approx(0.16 / fit.mse_resid, rel=1e-9)
    assert value(results, f"{stem}se_factor") == pytest.approx(np.sqrt(1 - 0.16 / fit.mse_resid), rel=1e-9)
    (table,) = [t for t in results.tables if t.id.endswith("outcome")]
    assert "does not bias B" in table.notes[0]


def test_errors_of_outcomes_are_those_of_the_rows_of_each_contrast():
    # unequal errors: the treated alone have one; those without an age are left out of model and mean
    frame = cohort()
    frame["sdc"] = np.where(frame.it == 1, 1.0, 0.0)
    frame.loc[[1, 3, 5, 7], "age"] = np.nan
    text = MODELS.replace(SIZE, "{variable: gm, sdc: sdc}").replace("rerun: [volumes]", "rerun: [plain]")
    text = text.replace("models:", "models:\n  plain: {type: linear, outcomes: [gm], adjust: {primary: [age]}}")
    results = run(text, frame)
    used = frame[frame.age.notna()]
    mean = np.mean(sd_of_sdc(used.sdc) ** 2)
    stem = "sensitivity.error.plain.full.primary.1_vs_0.gm."
    assert value(results, f"{stem}reliability") == pytest.approx(1 - mean / used.gm.var(), rel=1e-9)


def test_both_stand_side_by_side_with_the_main_analysis():
    results = run()
    front, corrected = (next(t for t in results.tables if t.id == key) for key in ("sensitivity", "sensitivity-error"))
    assert [row.cells[0].text for row in front.rows[1:]] == ["main analysis", "Error of lesion volumes, corrected"]
    assert [c.span for c in corrected.columns] == ["", *["as measured"] * 2, *["corrected"] * 2]
    assert [row.cells[0].text for row in corrected.rows[1:]] == ["Treated vs Control", "log WMH"]
    assert "reliability 0." in corrected.rows[0].cells[0].text
    assert "error SD 0.4" in corrected.notes[0]
    cited = {key for part in results.methods for key in part.citations}
    assert {"cook1994", "stefanski1995"} <= cited


@pytest.mark.slow
def test_another_model_moves_no_number_of_this_one():
    both = run(MODELS.replace("rerun: [volumes]", "rerun: [risk, volumes]"))
    path = "sensitivity.error.volumes.full.primary.1_vs_0.gm.difference"
    assert value(both, path) == value(run(), path)


def test_patients_whose_error_is_not_known_are_left_out_and_counted():
    frame = cohort()
    frame.loc[[2, 9], "flair"] = None
    size = "{variable: wmh, error_sd: {2D: 0.5, 3D: 0.3}, by: flair, replicates: 20}"
    results = run(MODELS.replace(SIZE, size), frame)
    assert "not known for 2 of 160 patients; 2 left out" in said(results)
    (one,) = [n for n in results.numbers if n.id == "sensitivity.error.volumes.full.primary.1_vs_0.gm.difference"]
    assert one.n == 158


def test_a_matched_set_is_left_out_whole():
    frame = cohort()
    frame.loc[frame.index[:40], "flair"] = None
    size = "{variable: wmh, error_sd: {2D: 0.5, 3D: 0.3}, by: flair, replicates: 20}"
    text = (
        MODELS.replace(SIZE, size)
        .replace("[volumes]", "[risk]")
        .replace("wmh]}\n  hazard", "wmh], cohort: psm}\n  hazard")
    )
    study = study_of(text + "match:\n  psm: {covariates: [age]}\n")
    population = population_of(study, frame)
    (matched,) = (c for c in made_cohorts(full_context(study, population.frame))[0].values() if c.kind == "matched")
    broken = set(matched.pairs[matched.frame.flair.isna().to_numpy()].tolist())
    whole = [pair for pair in set(matched.pairs.tolist()) if pair not in broken]
    numbers = {n.id: n for n in run_study(study, population).numbers}
    assert numbers["sensitivity.error.risk.psm.wmh.odds_ratio"].n == 2 * len(whole)
    assert 0 < len(whole) < len(set(matched.pairs.tolist()))


def test_errors_of_a_hazard_model_are_those_of_its_patients():
    # without a time, without lesions: others' errors must not take their place
    frame = cohort()
    frame.loc[[0, 4], ["years", "dead"]] = None
    frame.loc[[1, 2], "wmh"] = None
    size = "{variable: wmh, error_sd: {2D: 0.6, 3D: 0.1}, by: flair, replicates: 20}"
    frame["flair"] = ["2D" if i < 80 else "3D" for i in range(160)]
    results = run(MODELS.replace(SIZE, size).replace("[volumes]", "[hazard]"), frame)
    # of 156 patients 76 have a 2D FLAIR
    by_hand = np.sqrt((76 * 0.36 + 80 * 0.01) / 156)
    assert value(results, "sensitivity.error.hazard.full.error_sd") == pytest.approx(by_hand, rel=1e-9)


@pytest.mark.slow
def test_a_joint_model_gives_the_contrast_of_the_main_analysis_as_measured():
    how = "contrast_model: joint, by: abc, contrasts: [[b, a], [bc, a]], adjust: {primary: [age, wmh]}}\n  risk"
    text = MODELS.replace("adjust: {primary: [age, wmh]}}\n  lesions: {type: linear, outcomes: [wmh], adjust: "
                          "{primary: [age, male]}}\n  risk", how)  # fmt: skip
    assert "joint" in text
    head = HEAD.replace("groups:", FIELDS) + (
        "  abc: {levels: {a: A, b: B, c: C}, reference: a, merge: {bc: {levels: [b, c], label: B or C}}}\n"
    )
    study = parse_study(parse_yaml(head + text, "toy.yaml"))
    frame = cohort(abc=np.resize(["a", "b", "c", "a", "b"], 160))
    results = run_study(study, population_of(study, frame))
    frame = cohort(abc=np.resize(["a", "b", "c", "a", "b"], 160))
    results = run_study(study, population_of(study, frame))
    for pair in ("b_vs_a", "bc_vs_a"):
        path = f"volumes.full.primary.{pair}.gm"
        again = value(results, f"sensitivity.error.{path}.as_measured.difference")
        assert again == pytest.approx(value(results, f"{path}.difference"), rel=1e-9)


def test_sizes_on_the_scale_of_logarithms():
    frame = cohort(n=4 * 10)
    assert sizes("error_sd: 0.3", frame).values == pytest.approx(0.3)
    found = sizes("error_sd: {2D: 0.5, 3D: 0.3}, by: flair", frame).values
    assert found == pytest.approx(np.where(frame.flair == "2D", 0.5, 0.3))
    logs = np.log(1000 * frame.wmh)
    found = sizes("reliability: {2D: 0.8, 3D: 0.9}, by: flair", frame).values
    for level, share in (("2D", 0.8), ("3D", 0.9)):
        is_so = (frame.flair == level).to_numpy()
        assert found[is_so] == pytest.approx(np.sqrt((1 - share) * logs[is_so].var()))
    # an interval of a factor 2 both ways: ln 2 / 1.96
    limits = frame.assign(low=frame.wmh / 2, high=frame.wmh * 2)
    assert sizes("interval: [low, high]", limits).values == pytest.approx(np.log(2) / 1.959964, rel=1e-6)
    # an SDC of 1.96 √2 × 20 % of the value: CV 0.2, SD of logs √ln 1.04
    changes = frame.assign(sdc=0.2 * 1.959964 * np.sqrt(2) * frame.wmh)
    assert sizes("sdc: sdc", changes).values == pytest.approx(np.sqrt(np.log(1.04)), rel=1e-6)


def test_a_volume_of_zero_has_the_error_of_half_the_detection_limit():
    frame = cohort(n=40)
    frame.loc[3, "wmh"] = 0.0
    half = frame.wmh[frame.wmh > 0].min() / 2
    made = sizes(
        "interval: [low, high]", frame.assign(low=frame.wmh / 2, high=frame.wmh * 2 + 4 * half * (frame.wmh == 0))
    )
    assert made.values[3] == pytest.approx(np.log(4) / (2 * 1.959964), rel=1e-6)  # half to 4 × half
    assert "1 lower limits were below half the detection limit" in " ".join(made.notes)
    changes = sizes("sdc: sdc", frame.assign(sdc=1.959964 * np.sqrt(2) * half))
    assert changes.values[3] == pytest.approx(np.sqrt(np.log(2)), rel=1e-6)  # SD as large as the value: CV 1


def test_other_scales_of_logarithms_and_none():
    frame = cohort(n=40).assign(low=lambda f: f.wmh / 2, high=lambda f: f.wmh * 2, sdc=3.0)
    for fn, per_log in (("log2", np.log(2)), ("log10", np.log(10))):
        head = HEAD.replace("groups:", FIELDS).replace("fn: log,", f"fn: {fn},")
        text = MODELS.replace(SIZE, "{variable: wmh, interval: [low, high]}")
        study = parse_study(parse_yaml(head + text, "t"))
        context = full_context(study, population_of(study, frame).frame)
        found = error_sd_of(context, study.sensitivity["error"].measurement_error, context.full.frame).values
        assert found == pytest.approx(np.log(2) / 1.959964 / per_log, rel=1e-6)
    head = HEAD.replace("groups:", FIELDS).replace(", transform: {fn: log, scale: 1000}, back: ratio", "")
    plain = parse_study(parse_yaml(head + MODELS.replace(SIZE, "{variable: wmh, sdc: sdc}"), "t"))
    context = full_context(plain, population_of(plain, frame).frame)
    found = error_sd_of(context, plain.sensitivity["error"].measurement_error, context.full.frame).values
    assert found == pytest.approx(3 / (1.959964 * np.sqrt(2)), rel=1e-6)


def test_values_outside_their_own_interval_are_counted():
    frame = cohort(n=40).assign(low=lambda f: f.wmh / 2, high=lambda f: f.wmh * 2)
    frame.loc[[1, 2], "low"] = frame.wmh[[1, 2]] * 1.5
    assert "2 of 40 values lie outside their own interval (low to high)" in " ".join(
        sizes("interval: [low, high]", frame).notes
    )


def test_an_error_larger_than_the_measurement_is_a_warning_and_no_number():
    results = run(MODELS.replace("error_sd: 0.4", "error_sd: 4"))
    assert "not corrected. The error's SD is 4" in said(results)
    assert not [n for n in results.numbers if n.id.startswith("sensitivity.")]


def test_much_error_asks_for_a_better_extrapolation():
    assert "takes back only a part" in said(run(MODELS.replace("error_sd: 0.4", "error_sd: 0.8")))
    assert "takes back only a part" not in said(run())


def test_a_line_is_told_to_take_back_a_part_where_a_parabola_takes_back_the_whole():
    text = MODELS.replace("error_sd: 0.4", "error_sd: 0.5, extrapolation: linear")
    results = run(text)
    share = value(results, "sensitivity.error.volumes.full.primary.1_vs_0.gm.reliability_conditional")
    ends = np.polyval(np.polyfit([0, 0.5, 1, 1.5, 2], [share / (share + (1 + s) * (1 - share)) for s in
                                                       (0, 0.5, 1, 1.5, 2)], 1), -1.0)  # fmt: skip
    assert 0.7 < share < 0.9  # above what used to be silent
    assert f"it ends at {100 * ends:.0f} % of the true coefficient, from {100 * share:.0f} % as measured" in said(
        results
    )


def test_what_differs_between_strata_is_no_variance_of_the_measurement():
    """A baseline hazard for each protocol leaves what a term for it leaves."""
    frame = cohort().assign(wmh=lambda f: (f.wmh * np.where(f.flair == "2D", 6, 1)).round(6))
    shares = []
    for terms in ("terms: [arm, wmh], strata: [flair]", "terms: [arm, wmh, flair]", "terms: [arm, wmh]"):
        text = MODELS.replace("terms: [arm, wmh]", terms).replace("rerun: [volumes]", "rerun: [hazard]")
        shares.append(value(run(text, frame), "sensitivity.error.hazard.full.reliability_conditional"))
    assert shares[0] == pytest.approx(shares[1], rel=1e-12)
    sides = sm.add_constant(np.column_stack([frame.it, frame.flair == "2D"]).astype(float))
    left = sm.OLS(np.log(1000 * frame.wmh), sides).fit().mse_resid
    assert shares[0] == pytest.approx(1 - 0.4**2 / left, rel=1e-9)
    assert shares[2] > shares[0]  # where nothing says that protocols differ, that counts as true variance


def test_a_weighted_model_has_the_level_of_the_study():
    text = MODELS.replace("outcomes:\n  ill", "weights:\n  iptw: {covariates: [age, wmh]}\noutcomes:\n  ill")
    text = text.replace("{type: linear, outcomes: [gm], ", "{type: linear, outcomes: [gm], cohort: [iptw], ")
    study = parse_study(
        parse_yaml(HEAD.replace("groups:", FIELDS).replace("seed: 1", "seed: 1, level: 0.9") + text, "toy.yaml")
    )
    results = run_study(study, population_of(study, cohort()))
    stem, again = "volumes.iptw.primary.1_vs_0.gm", "sensitivity.error.volumes.iptw.primary.1_vs_0.gm.as_measured"
    for part in ("difference", "ci_low", "ci_high"):
        assert value(results, f"{stem}.{part}") == pytest.approx(value(results, f"{again}.{part}"), rel=1e-9)
    half = (value(results, f"{stem}.ci_high") - value(results, f"{stem}.ci_low")) / 2
    assert half == pytest.approx(1.655 * value(results, f"{stem}.se"), rel=2e-3)  # t of 90 % and 156 df
    assert "patients were weighted by WMH as measured" in said(results)


def test_simex_is_cautioned_against_where_an_error_in_ml_enters_a_logarithm():
    frame = cohort().assign(sdc=0.1)
    words = "SIMEX then takes back a third or less"
    for how, is_told in (
        ("variable: wmh, sdc: sdc", True),
        ("variable: wmh, sdc: sdc, method: regression_calibration", False),
        ("variable: wmh, error_sd: 0.4", False),
        ("variable: gm, sdc: sdc", False),
    ):
        text = MODELS.replace(SIZE, f"{{{how}, replicates: 30}}")
        text = text.replace("primary: [age, wmh]", "primary: [age, gm]") if "gm" in how else text
        text = text.replace("outcomes: [gm]", "outcomes: [wm]")
        assert (words in said(run(text, frame))) is is_told, how


def test_what_is_corrected_has_the_errors_of_the_model_that_is_printed():
    """By matched set in a matched cohort; HC3 where a logistic model asks for them."""
    text = MODELS.replace("outcomes:\n  ill", "match:\n  one: {covariates: [age]}\noutcomes:\n  ill")
    text = text.replace("outcomes: [gm], ", "outcomes: [gm], cohort: [one], ")
    text = text.replace("outcome: ill, ", "outcome: ill, se: hc3, ").replace("[volumes]", "[volumes, risk]")
    results = run(text)
    for stem, what in (("volumes.one.primary.1_vs_0.gm", "difference"), ("risk.full.arm", "odds_ratio")):
        for part in (what, "ci_low", "ci_high"):
            again = f"sensitivity.error.{stem}.as_measured.{part}"
            assert value(results, f"{stem}.{part}") == pytest.approx(value(results, again), rel=1e-9)


def test_a_full_cohort_has_no_score():
    assert "as measured. What its error left" not in said(run())


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("error_sd: 0.4", "label: x", "'label' is not a key of sensitivity.error.measurement_error"),
        ("error_sd: 0.4, ", "", "does not say how large the error is; give exactly one of error_sd, reliability"),
        ("error_sd: 0.4", "error_sd: 0.4, sdc: s", "has error_sd and sdc; give exactly one"),
        ("error_sd: 0.4", "error_sd: -1", "error_sd is -1; zero or more, not all zero"),
        ("error_sd: 0.4", "error_sd: {2D: 0.4, 3D: 0.2}", "has levels; name their variable with by:"),
        ("error_sd: 0.4", "error_sd: {2D: 0.4}, by: flair", "says nothing about '3D' of flair"),
        ("error_sd: 0.4", "error_sd: {2D: 0.4, 4D: 0.2, 3D: 1}, by: flair", "'4D' is no level of flair"),
        ("error_sd: 0.4", "error_sd: {2D: 0.4, 3D: 0.2}, by: flare", "'flare' is no variable"),
        ("error_sd: 0.4", "error_sd: {2D: 0.4, 3D: 0.2}, by: age", "'age' is continuous"),
        ("error_sd: 0.4", "error_sd: 0.4, by: flair", "is one number, and by: names 'flair'"),
        ("error_sd: 0.4", "sdc: s, by: flair", "there is no error_sd or reliability by level"),
        ("error_sd: 0.4", "reliability: 1.2", "reliability is 1.2; numbers above 0 and at most 1"),
        ("error_sd: 0.4", "reliability: 1", "not all 1, are needed"),
        ("error_sd: 0.4", "interval: [low]", "has 1 entries; 2 are needed"),
        ("error_sd: 0.4", "interval: [low, low]", "has 'low' twice"),
        ("error_sd: 0.4", "error_sd: much", "error_sd is 'much'; a number is needed"),
        ("replicates: 30", "replicates: 3", "replicates is 3; at least 20 are needed"),
        ("replicates: 30", "method: symex", "'symex' is unknown. Did you mean 'simex'?"),
        ("replicates: 30", "extrapolation: cubic", "'cubic' is unknown; choose quadratic, linear or rational"),
        ("variable: wmh", "variable: drug", "'drug' is nominal; continuous is needed"),
        ("variable: wmh", "variable: wnh", "label or group. Did you mean 'wmh'?"),
        ("variable: wmh", "variable: wm", "'volumes' has no term and no outcome 'wm'"),
        ("rerun: [volumes]", "rerun: [volumes]\n    add: male", "measurement_error and add stand together"),
        ("rerun: [volumes]", "rerun: [km]", "'km' is of type kaplan_meier; models of type linear, logistic and cox"),
        ("rerun: [volumes]", "rerun: [screen]", "'screen' is a screen"),
        ("primary: [age, wmh]", "primary: [wmh, much]", "also has 'much', which is made from 'wmh'"),
        ("terms: [arm, wmh]}", "terms: [wmh, more]}", "'hazard' also has 'more', which is made from 'wmh'"),
    ],
)  # fmt: skip
def test_every_fault_of_the_file_is_told_with_its_line(old, new, told):
    more = (
        "  km: {type: kaplan_meier, outcome: death}\n  screen: {type: cox, outcome: death, each: [age]}\nsensitivity:"
    )
    made = "derived:\n  much: {is: wmh > 2}\n  more: {value: wm + 2*much}\noutcomes:"
    text = MODELS.replace("sensitivity:", more).replace("outcomes:", made, 1)
    text = text.replace("rerun: [volumes]", "rerun: [volumes, hazard]") if "hazard" in told else text
    assert old in text
    with pytest.raises(StudyFileError) as caught:
        study_of(text.replace(old, new, 1))
    lines = str(caught.value).split("\n")
    assert any(told in line and line.strip().startswith("line ") for line in lines), lines


def test_the_columns_of_intervals_are_asked_of_the_table():
    study = study_of(MODELS.replace("error_sd: 0.4", "interval: [wmh_low, wmh_high]"))
    from neurolupus.errors import TableError

    with pytest.raises(TableError, match=r"'wmh_low' \(sensitivity.error.measurement_error, line \d+ of toy.yaml\)"):
        population_of(study, cohort())
    frame = cohort().assign(wmh_low="much", wmh_high=1.0)
    with pytest.raises(TableError, match="wmh_low 'much', 'much', 'much' is no number"):
        population_of(study, pd.DataFrame(frame))
