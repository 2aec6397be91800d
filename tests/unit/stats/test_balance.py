"""Balance of lalonde before and after weighting against R with survey: tests/reference/balance.R."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.balance import BalanceColumn, balance_table
from neurolupus.stats.matching import match_nearest
from neurolupus.stats.weighting import propensity_weights

R = json.loads((Path(__file__).parents[2] / "reference" / "balance.json").read_text())
SCORE = np.array(R["score"])
LEVELS = ("white", "black", "hispan")


@pytest.fixture(scope="module")
def lalonde(shared):
    return pd.read_csv(shared / "data" / "tabular" / "lalonde.csv")


@pytest.fixture(scope="module")
def columns(lalonde):
    return [
        BalanceColumn("age", lalonde["age"]),
        BalanceColumn("re74", lalonde["re74"], in_score=False),
        BalanceColumn("married", lalonde["married"], "binary"),
        BalanceColumn("race", lalonde["race"], "nominal", LEVELS),
    ]


@pytest.mark.parametrize("denominator", ["full_cohort_sd", "pooled_sd", "treated_sd", "control_sd"])
def test_differences_before_and_after_keep_the_full_cohorts_denominator(lalonde, columns, denominator):
    weights = propensity_weights(SCORE, lalonde["treat"], estimand="ATT", stabilised=False).weights
    table = balance_table(columns, lalonde["treat"], weights, denominator=denominator)
    for row in table.rows:
        assert [row.smd_before, row.smd_after] == pytest.approx(R[f"{row.name} {denominator}"]), row.name
    assert table.rows[0].ratio_before == pytest.approx(R["ratio age before"][0])
    assert table.rows[3].ratio_before is None
    assert denominator.replace("_", " ") in table.method


def test_imbalance_after_is_said_aloud(lalonde, columns):
    match = match_nearest(SCORE, lalonde["treat"], caliper=0.2)
    table = balance_table(columns, lalonde["treat"], match.weights)
    off = [row.name for row in table.rows if abs(row.smd_after) > 0.1]
    assert off
    assert table.notes[0].startswith(f"{len(off)} of 4 baseline columns are not balanced (|SMD| > 0.1): {off[0]} (")
    assert table.n_after == match.n - match.n_dropped
    assert table.largest_after < table.largest_before
    quiet = balance_table(columns, lalonde["treat"], match.weights, warn_smd=9, variance_ratio=(0, 99))
    assert quiet.notes == ()


def test_love_plot_has_the_worst_on_top(lalonde, columns):
    rows = balance_table(columns, lalonde["treat"], np.ones(len(lalonde))).love_rows()
    before = [abs(row.smd_before) for row in rows]
    assert before == sorted(before, reverse=True)
    assert [row.smd_before for row in rows] == pytest.approx([row.smd_after for row in rows])
    assert {row.name for row in rows if not row.in_score} == {"re74"}


def test_missing_cells_are_counted_in_their_row():
    column = BalanceColumn("sledai2k", [4.0, np.nan, 8, 6, 2, 10])
    table = balance_table([column], [1, 1, 1, 0, 0, 0], np.ones(6))
    assert (table.rows[0].n, table.rows[0].n_missing) == (5, 1)
    assert table.notes == ("Missing values were left out of their own rows: sledai2k (1).",)
    assert table.rows[0].smd_after == 0


def test_constant_column_has_no_scale_after_either():
    table = balance_table([BalanceColumn("x", np.ones(6))], [1, 1, 1, 0, 0, 0], np.ones(6))
    assert table.rows[0].smd_before == 0
    flat = balance_table(
        [BalanceColumn("x", [1.0, 1, 1, 2, 2, 2])], [1, 1, 1, 0, 0, 0], np.ones(6), denominator="treated_sd"
    )
    assert flat.rows[0].smd_after is None
    assert flat.notes[-1] == "No standardised difference, as the denominator is zero: x."


def test_an_arm_without_weight_names_the_column():
    for column in (BalanceColumn("age", np.arange(4.0)), BalanceColumn("sex", list("fmfm"), "nominal", ("f", "m"))):
        with pytest.raises(StatsError, match=f"Balance of {column.name}: "):
            balance_table([column], [1, 1, 0, 0], [1.0, 1, 0, 0])


def test_one_pair_has_no_variance_ratio():
    table = balance_table([BalanceColumn("age", [30.0, 40, 31, 60])], [1, 1, 0, 0], [1.0, 0, 1, 0])
    assert table.rows[0].ratio_after is None
