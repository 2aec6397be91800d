import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

import a_run
from a_run import context_of, patients, said, value

from neurolupus.errors import StudyFileError
from neurolupus.study.run.linear import linear_part
from neurolupus.study.run.terms import model_terms

MODEL = """
models:
  volumes: {type: linear, outcomes: [gm, wm, tbv, wmh], adjust: {primary: [age, male]}, se: [classical, hc3],
            report: [holm, benjamini_hochberg, mde80]}
"""
PATH = "volumes.full.primary.1_vs_0."


def linear_of(frame, text=MODEL):
    context = context_of(text, frame)
    return linear_part(context, context.study.models["volumes"])


def peer(frame, y):
    x = sm.add_constant(frame[["it", "age", "male"]].astype(float))
    return sm.OLS(np.asarray(y, float), x).fit()


@pytest.mark.parametrize("outcome", ["gm", "wm", "tbv"])
def test_difference_and_its_errors_are_those_of_statsmodels(outcome):
    frame = patients()
    part, fit = linear_of(frame), peer(frame, frame[outcome])
    low, high = fit.conf_int().loc["it"]
    assert value(part, f"{PATH}{outcome}.difference") == pytest.approx(fit.params["it"], rel=1e-9)
    assert value(part, f"{PATH}{outcome}.ci_low") == pytest.approx(low, rel=1e-9)
    assert value(part, f"{PATH}{outcome}.ci_high") == pytest.approx(high, rel=1e-9)
    assert value(part, f"{PATH}{outcome}.p_value") == pytest.approx(fit.pvalues["it"], rel=1e-9)
    assert value(part, f"{PATH}{outcome}.hc3.se") == pytest.approx(fit.HC3_se["it"], rel=1e-9)


@pytest.mark.parametrize("se", ["[hc3]", "[hc3, classical]"])
def test_the_main_table_is_by_the_errors_named_first(se):
    frame = patients()
    frame["wm"] = (frame.wm + np.random.default_rng(1).normal(0, 60, 120) * frame["it"]).round(1)
    frame["tbv"] = (frame.gm + frame.wm).round(1)
    text = MODEL.replace("[classical, hc3]", se)
    part, fit = linear_of(frame, text), peer(frame, frame.wm)
    robust = fit.get_robustcov_results("HC3", use_t=True)
    at = fit.model.exog_names.index("it")
    assert value(part, f"{PATH}wm.ci_low") == pytest.approx(robust.conf_int()[at, 0], rel=1e-9)
    assert value(part, f"{PATH}wm.p_value") == pytest.approx(robust.pvalues[at], rel=1e-9)
    plain = linear_of(frame)
    assert value(part, f"{PATH}wm.mde80") / value(plain, f"{PATH}wm.mde80") == pytest.approx(
        robust.bse[at] / fit.bse["it"], rel=1e-9
    )
    assert value(part, f"{PATH}wm.p_holm") != value(plain, f"{PATH}wm.p_holm")
    main, precision = part.blocks[:2]
    assert any("HC3 errors" in note for note in main.notes)
    titles = [column.title for column in precision.columns]
    row = next(row for row in precision.rows if row.cells[0].text.startswith("White"))
    if se == "[hc3]":
        assert titles == ["", "MDE80"]
    else:
        assert titles[1:3] == ["SE, classical", "SE, HC3"]
        assert row.cells[1].value == pytest.approx(fit.bse["it"], rel=1e-9)
        assert row.cells[2].value == pytest.approx(robust.bse[at], rel=1e-9)
    assert "intervals and p-values are by heteroscedasticity-consistent (HC3) errors" in part.methods[-1].text


def test_tukeys_correction_has_no_hc3_errors():
    text = "models:\n  volumes: {type: linear, outcomes: [gm], contrast_model: joint, correction: tukey, se: [hc3]}\n"
    with pytest.raises(StudyFileError, match=r"correction is tukey, which needs a constant residual variance.*holm"):
        context_of(text, patients())


def test_a_log_outcome_is_given_as_a_ratio_too():
    frame = patients()
    part, fit = linear_of(frame), peer(frame, np.log(1000 * frame.wmh))
    assert value(part, f"{PATH}wmh.difference") == pytest.approx(fit.params["it"], rel=1e-9)
    assert value(part, f"{PATH}wmh.ratio") == pytest.approx(np.exp(fit.params["it"]), rel=1e-9)


def test_a_ratio_is_printed_only_where_the_variable_asks_for_it():
    context = context_of(MODEL, patients())
    asked = linear_part(context, context.study.models["volumes"]).blocks[0]
    variable = replace(context.fields["wmh"].variable, back="none")
    fields = {**context.fields, "wmh": replace(context.fields["wmh"], variable=variable)}
    silent = linear_part(replace(context, fields=fields), context.study.models["volumes"]).blocks[0]
    titles = [[column.title for column in table.columns] for table in (asked, silent)]
    assert "ratio (95 % CI)" in titles[0]
    assert "ratio (95 % CI)" not in titles[1]


def test_a_patient_without_lesions_counts_as_half_the_detection_limit_and_the_model_runs_without_them_too():
    frame = patients()
    frame.loc[3, "wmh"] = 0.0
    part = linear_of(frame)
    smallest = frame.wmh[frame.wmh > 0].min()
    fit = peer(frame, np.log(1000 * frame.wmh.replace(0.0, smallest / 2)))
    assert value(part, f"{PATH}wmh.difference") == pytest.approx(fit.params["it"], rel=1e-9)
    without = frame[frame.wmh > 0]
    fit = peer(without, np.log(1000 * without.wmh))
    again = value(part, "volumes.full.primary.without_zeros.1_vs_0.wmh.difference")
    assert again == pytest.approx(fit.params["it"], rel=1e-9)
    assert "1 of 120 values are zero" in said(part)


def test_parts_add_up_to_their_sum():
    part = linear_of(patients())
    total = value(part, f"{PATH}gm.difference") + value(part, f"{PATH}wm.difference")
    assert value(part, f"{PATH}tbv.difference") == pytest.approx(total, abs=1e-2)  # tbv is rounded to 0.1 ml
    assert "sums do not hold" not in said(part)


def test_corrected_p_values_are_those_of_this_table():
    part = linear_of(patients())
    p = [value(part, f"{PATH}{o}.p_value") for o in ("gm", "wm", "tbv", "wmh")]
    smallest = min(p)
    name = ("gm", "wm", "tbv", "wmh")[p.index(smallest)]
    assert value(part, f"{PATH}{name}.p_holm") == pytest.approx(4 * smallest)


def test_litres_instead_of_millilitres_change_the_difference_by_a_thousand_and_no_p():
    frame = patients()
    part, litres = (
        linear_of(frame),
        linear_of(frame.assign(gm=frame.gm / 1000, wm=frame.wm / 1000, tbv=frame.tbv / 1000)),
    )
    for outcome in ("gm", "wm"):
        path = f"{PATH}{outcome}"
        assert 1000 * value(litres, f"{path}.difference") == pytest.approx(value(part, f"{path}.difference"))
        assert value(litres, f"{path}.p_value") == pytest.approx(value(part, f"{path}.p_value"))


def test_who_is_left_out_is_counted_and_named():
    frame = patients()
    frame.loc[[1, 5], "age"] = np.nan
    part = linear_of(frame)
    (one,) = [n for n in part.numbers if n.id == f"{PATH}gm.difference"]
    assert (one.n, one.n_dropped) == (118, 2)
    assert "2 patients left out for missing values: Age (2)" in said(part)


def test_a_covariate_that_repeats_the_group_is_told_and_the_other_sets_go_on():
    text = """
models:
  volumes: {type: linear, outcomes: [gm], adjust: {primary: [age], odd: [male]}}
"""
    part = linear_of(patients(male=[0, 1] * 60), text)
    assert value(part, f"{PATH}gm.difference") < 0
    assert value(part, "volumes.full.odd.1_vs_0.gm.difference") is None
    assert "Male" in said(part) or "male" in said(part)


@pytest.mark.slow
def test_three_groups_in_one_model_with_tukey():
    text = """
models:
  volumes: {type: linear, outcomes: [gm], by: which, contrast_model: joint, correction: tukey, adjust: {primary: [age]},
            contrasts: [[b, a], [c, a], [c, b]]}
"""
    frame = patients(which=list("abc") * 40)
    head = "groups:\n"
    extra = "  which: {column: which, levels: [a, b, c]}\n"
    import a_run

    old = a_run.HEAD
    a_run.HEAD = old.replace(head, head + extra)
    try:
        part = linear_of(frame, text)
    finally:
        a_run.HEAD = old
    p, tukey = (value(part, f"volumes.full.primary.b_vs_a.gm.{w}") for w in ("p_value", "p_tukey"))
    assert p < tukey <= 1


def scaled(transform):
    """The model of grey matter alone, with a transform."""
    return MODEL.replace("[gm, wm, tbv, wmh]", "[gm]"), f"gm: {{transform: {transform}, label:"


@pytest.mark.parametrize(
    ("transform", "seen", "unit", "words"),
    [
        ("{scale: 0.01}", lambda y: y / 100, "100 ml", "B is a difference of 0.01 × the value, in units of 100 ml"),
        ("sqrt", np.sqrt, "sqrt", "B is a difference of square roots"),
        ("{fn: sqrt, scale: 4}", lambda y: 2 * np.sqrt(y), "sqrt(4 x)", "square roots of 4 × the value"),
        ("log2", np.log2, "log2", "B is a difference of log2 values"),
    ],
)
def test_a_transformed_outcome_says_what_its_difference_is_of(monkeypatch, transform, seen, unit, words):
    text, declared = scaled(transform)
    monkeypatch.setattr(a_run, "HEAD", a_run.HEAD.replace("gm: {label:", declared))
    frame = patients()
    part, fit = linear_of(frame, text), peer(frame, seen(frame.gm))
    assert value(part, f"{PATH}gm.difference") == pytest.approx(fit.params["it"], rel=1e-9)
    assert {one.scale for one in part.numbers if one.id == f"{PATH}gm.difference"} == {unit}
    assert any(words in note for note in part.blocks[0].notes)
    entered = {"{scale: 0.01}": "0.01 × the value", "log2": "log2 values"}.get(transform, "square roots")
    assert f"Grey entered as {entered}" in part.methods[-1].text
    assert "detection limit" not in part.methods[-1].text


def test_a_scaled_covariate_is_per_so_many_of_its_unit(monkeypatch):
    monkeypatch.setattr(
        a_run, "HEAD", a_run.HEAD.replace("age: {label: Age,", "age: {label: Age, transform: {scale: 0.1},")
    )
    context = context_of("", patients())
    assert model_terms(context, context.full.frame, ["age"]).labels["age"] == "Age, per 10 years"
