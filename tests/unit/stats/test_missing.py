"""Imputation by chained equations: pooled results against what was simulated; Rubin's rules against R."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.design import Term, build_design
from neurolupus.stats.imputation import draw_binary, draw_level, match_predictive_mean
from neurolupus.stats.missing import impute
from neurolupus.stats.regression import linear_regression
from neurolupus.stats.rubin import pool, pool_scalar
from neurolupus.stats.wald import wald_estimate

R = json.loads((Path(__file__).parents[2] / "reference" / "paired.json").read_text())
TERMS = [
    Term("wmh"),
    Term("age"),
    Term("male", "binary"),
    Term("dx", "nominal", ("non", "inflammatory", "ischaemic")),
]


def _cohort(n, rng):
    """Log lesion volume rises with age, in men and in ischaemic disease; what is missing depends on age."""
    age, male = rng.normal(45, 12, n), rng.random(n) < 0.3
    dx = rng.choice(3, n, p=[0.6, 0.25, 0.15])
    wmh = 0.05 * age + 0.5 * male + 0.8 * (dx == 2) + rng.normal(0, 0.8, n)
    table = pd.DataFrame(
        {"wmh": wmh, "age": age, "male": male.astype(object), "dx": np.array(TERMS[3].levels, dtype=object)[dx]}
    )
    table["male"] = male.astype(float)
    table.loc[rng.random(n) < 1 / (1 + np.exp(-(age - 55) / 5)), "wmh"] = np.nan
    table.loc[rng.random(n) < 0.2, "male"] = np.nan
    table.loc[rng.random(n) < 0.15, "dx"] = None
    return table


def _pooled(frames, n):
    fits = []
    for frame in frames:
        design = build_design(frame, TERMS[1:])
        fits.append(linear_regression(frame["wmh"].to_numpy(float), design.matrix, design.names).estimates)
    return pool(fits, complete_df=n - 5, n=n)


@pytest.mark.slow
def test_pooled_coefficients_cover_what_was_simulated():
    # 60 cohorts of 250 × 4 coefficients: coverage of 95 % limits within 3 Monte-Carlo standard errors of it
    truth = {"age": 0.05, "male": 0.5, "dx[inflammatory]": 0.0, "dx[ischaemic]": 0.8}
    covered = total = 0
    rng = np.random.default_rng(20)
    found = {name: [] for name in truth}
    for _ in range(60):
        table = _cohort(250, rng)
        pooled = _pooled(impute(table, TERMS, m=5, rng=rng, iterations=3).frames, 250)
        for e in pooled.estimates[1:]:
            covered += e.ci_low <= truth[e.name] <= e.ci_high
            total += 1
            found[e.name].append(e.value)
    assert covered / total > 0.95 - 3 * np.sqrt(0.95 * 0.05 / total)
    for name, value in truth.items():
        values = np.array(found[name])
        assert values.mean() == pytest.approx(value, abs=3.5 * values.std() / np.sqrt(60))


def test_only_missing_cells_change_and_imputed_values_are_possible_ones():
    table = _cohort(120, np.random.default_rng(3))
    result = impute(table, TERMS, m=3, rng=np.random.default_rng(4), iterations=4)
    assert len(result.frames) == 3
    for frame in result.frames:
        assert not frame[[t.name for t in TERMS]].isna().any().any()
        for t in TERMS:
            there = table[t.name].notna()
            assert (frame.loc[there, t.name] == table.loc[there, t.name]).all()
        assert set(frame["wmh"]) == set(table["wmh"].dropna())  # donors give observed values only
        assert set(frame["dx"]) <= set(TERMS[3].levels)
    assert table["dx"].isna().any()  # the table given stays as it was
    assert [(g.column, g.n_missing) for g in result.missing] == sorted(
        ((t.name, int(table[t.name].isna().sum())) for t in TERMS if table[t.name].isna().any()), key=lambda x: x[1]
    )
    assert any("Imputed dx" in note for note in result.notes)
    assert len(result.chains) == 3


def test_same_generator_same_tables():
    table = _cohort(80, np.random.default_rng(5))
    a, b = (impute(table, TERMS, m=2, rng=np.random.default_rng(6), iterations=2) for _ in range(2))
    for one, other in zip(a.frames, b.frames, strict=True):
        pd.testing.assert_frame_equal(one, other)
    assert not a.frames[0]["wmh"].equals(a.frames[1]["wmh"])


def test_nothing_missing_is_told():
    table = pd.DataFrame({"age": [1.0, 2, 3, 4], "male": [0, 1, 0, 1]})
    result = impute(table, [Term("age"), Term("male", "binary")], m=2, rng=np.random.default_rng(1))
    assert "No value was missing" in result.notes[0]
    assert result.frames[0].equals(table)


def test_constant_and_dependent_predictors_do_not_stop_it():
    rng = np.random.default_rng(7)
    table = pd.DataFrame({"a": rng.normal(size=60), "c": np.ones(60)}).assign(b=lambda t: 2 * t["a"])
    table.loc[:10, "a"] = np.nan
    filled = impute(table, [Term("a"), Term("b"), Term("c")], m=1, rng=rng, iterations=2).frames[0]
    observed = np.sort(table["a"].dropna())
    # b tells a exactly: each imputed value is one of the observed ones nearest to b / 2
    for value, known in zip(filled["a"][:11], filled["b"][:11] / 2, strict=True):
        nearest = np.sort(np.abs(observed - known))[:5]
        assert abs(value - known) <= nearest[-1] + 1e-9


def test_predictive_mean_matching_draws_from_the_five_nearest():
    rng = np.random.default_rng(8)
    x = np.column_stack([np.ones(100), np.arange(100.0)])
    y = np.arange(100.0)
    drawn = np.concatenate([match_predictive_mean(y, x, np.array([[1.0, 50.2]]), rng) for _ in range(200)])
    assert set(drawn) == {48.0, 49.0, 50.0, 51.0, 52.0}


def test_coefficients_are_drawn_not_only_values():
    # imputation is proper only when the uncertainty of the model itself is drawn too
    rng = np.random.default_rng(12)
    y, ones = np.repeat([0.0, 1.0], 15), np.ones((30, 1))
    shares = [draw_binary(y, ones, np.ones((200, 1)), rng).mean() for _ in range(300)]
    # variance of a share: 0.25 / 200 from the draws, about 0.25 / 30 from the coefficient
    assert np.var(shares) == pytest.approx(0.25 / 200 + 0.25 / 30, rel=0.35)
    codes = y.astype(np.intp)
    shares = [draw_level(codes, ones, np.ones((200, 1)), 2, rng).mean() for _ in range(300)]
    assert np.var(shares) == pytest.approx(0.25 / 200 + 0.25 / 30, rel=0.35)
    x = np.column_stack([np.ones(30), rng.normal(size=30)])
    values = x[:, 1] + rng.normal(size=30)
    donors = {match_predictive_mean(values, x, np.array([[1.0, 0.0]]), rng)[0] for _ in range(200)}
    assert len(donors) > 5


@pytest.mark.slow
def test_separated_columns_are_drawn_with_finite_chances():
    x = np.column_stack([np.ones(40), np.repeat([0.0, 1.0], 20)])
    rng = np.random.default_rng(9)
    ones = [draw_binary(x[:, 1], x, x[:1], rng)[0] for _ in range(200)]
    assert 0 < np.mean(ones) < 0.3
    codes = (x[:, 1] * 2).astype(np.intp)
    codes[0] = 1
    levels = [draw_level(codes, x, x[-1:], 3, rng)[0] for _ in range(200)]
    assert np.mean(np.array(levels) == 2) > 0.7


def test_predictors_can_be_named():
    table = _cohort(60, np.random.default_rng(10))
    with pytest.raises(StatsError, match="'agee'"):
        impute(table, TERMS, m=1, rng=np.random.default_rng(1), predictors={"wmh": ["agee"]})
    result = impute(table, TERMS, m=1, rng=np.random.default_rng(1), iterations=1, predictors={"wmh": ["age"]})
    assert result.frames[0]["wmh"].notna().all()


def test_only_named_predictors_are_used():
    rng = np.random.default_rng(13)
    table = pd.DataFrame({"a": rng.normal(size=400), "c": rng.normal(size=400)}).assign(b=lambda t: t["a"])
    table.loc[:150, "b"] = np.nan
    terms = [Term("a"), Term("b"), Term("c")]
    used, kept_out = (
        impute(table, terms, m=1, rng=rng, iterations=1, predictors=p).frames[0].loc[:150] for p in ({}, {"b": ["c"]})
    )
    assert np.corrcoef(used["a"], used["b"])[0, 1] > 0.9
    assert abs(np.corrcoef(kept_out["a"], kept_out["b"])[0, 1]) < 0.3


@pytest.mark.slow
def test_chains_that_do_not_mix_are_told():
    rng = np.random.default_rng(14)
    table = pd.DataFrame({"a": rng.normal(size=100)})
    table["b"] = table["a"] + 1e-6 * rng.normal(size=100)
    # a is known from b only and b from a only, with both missing: each chain keeps what it began with
    table.loc[:50, ["a", "b"]] = np.nan
    result = impute(table, [Term("a"), Term("b")], m=10, rng=rng, iterations=10, donors=1)
    assert any("had not mixed" in note for note in result.notes)
    mixed = impute(_cohort(120, rng), TERMS, m=10, rng=rng, iterations=10)
    assert not any("had not mixed" in note for note in mixed.notes)


def test_an_all_missing_column_is_refused():
    table = pd.DataFrame({"age": [1.0, 2], "csf": [np.nan, np.nan]})
    with pytest.raises(StatsError, match="csf has no value in any of 2 rows"):
        impute(table, [Term("age"), Term("csf")], m=2, rng=np.random.default_rng(1))


def test_rubins_rules():
    found = pool_scalar([0.52, 0.61, 0.40, 0.55, 0.47], [0.041, 0.038, 0.044, 0.040, 0.043], complete_df=380)
    value, total, df, fmi, p, low, high = R["rubin"]
    e = found.estimate
    assert (e.value, e.se**2, found.df, found.fraction_missing) == pytest.approx((value, total, df, fmi))
    assert (e.p_value, e.ci_low, e.ci_high) == pytest.approx((p, low, high))


def test_equal_imputations_pool_to_themselves():
    one = [wald_estimate("age", 0.3, 0.1, df=57)]
    found = pool([one, one, one], complete_df=57, n=60).estimates[0]
    assert (found.value, found.se) == pytest.approx((0.3, 0.1))
    unlimited = pool([one, one], n=60).pooled[0]
    assert np.isinf(unlimited.df)
    assert unlimited.estimate.p_value == pytest.approx(wald_estimate("age", 0.3, 0.1).p_value)


def test_what_cannot_be_pooled():
    one, other = [wald_estimate("age", 0.3, 0.1)], [wald_estimate("sex", 0.3, 0.1)]
    with pytest.raises(StatsError, match="two or more"):
        pool([one], n=10)
    with pytest.raises(StatsError, match="different terms"):
        pool([one, other], n=10)
    with pytest.raises(StatsError, match="age has no finite"):
        pool([one, [wald_estimate("age", np.inf, 1.0)]], n=10)
