"""Kappa by hand, against printed tables, and against R 4.2.2: tests/reference/kappa.R."""

import json
from pathlib import Path

import numpy as np
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.kappa import cohen_kappa, counts_of_ratings, fleiss_kappa, kappa_of_table

R = json.loads((Path(__file__).parents[2] / "reference" / "kappa.json").read_text())
# Fleiss, Cohen and Everitt (1969), Psychol Bull 72:323: 200 patients and three diagnoses
FLEISS_1969 = np.array([[106, 10, 4], [22, 28, 10], [2, 12, 6]])
WEIGHTS_1969 = np.array([[1, 0, 0.4444], [0, 1, 0.6666], [0.4444, 0.6666, 1]])
GRADES = np.array([[20, 5, 1, 0], [4, 15, 6, 1], [0, 3, 18, 5], [0, 0, 4, 12]])
FOURTEEN_RATERS = np.array(
    [
        *([0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1]),
        *([7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]),
    ]
)


def test_by_hand():
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: seen 35/50, by chance 0.5 x 0.6 + 0.5 x 0.4 = 0.5
    found = kappa_of_table([[20, 5], [10, 15]])
    assert (found.observed, found.expected) == (0.7, pytest.approx(0.5))
    assert found.value == pytest.approx(0.4)
    assert found.n == 50


def test_the_diagnoses_of_fleiss_cohen_and_everitt():
    # 0.70 seen, 0.6 x 0.65 + 0.3 x 0.25 + 0.1 x 0.1 = 0.475 by chance: 0.225 / 0.525
    found = kappa_of_table(FLEISS_1969)
    assert found.value == pytest.approx(0.225 / 0.525)
    assert (found.value, found.se) == pytest.approx(tuple(R["fce"]), rel=1e-6)
    weighted = kappa_of_table(FLEISS_1969, weights=WEIGHTS_1969)
    assert (weighted.value, weighted.se) == pytest.approx(tuple(R["fce_weighted"]), rel=1e-6)


@pytest.mark.parametrize(("weights", "name"), [("none", "grades"), ("linear", "grades_linear")])
def test_grades_against_the_delta_method_in_r(weights, name):
    found = kappa_of_table(GRADES, weights=weights)
    assert (found.value, found.se) == pytest.approx(tuple(R[name]), rel=1e-6)
    value, se = R[name]
    assert (found.ci_low, found.ci_high) == pytest.approx((value - 1.959964 * se, value + 1.959964 * se), abs=1e-6)


def test_quadratic_weights_against_r():
    found = kappa_of_table(GRADES, weights="quadratic")
    assert (found.value, found.se) == pytest.approx(tuple(R["grades_quadratic"]), rel=1e-6)


def test_two_categories_need_no_weights():
    values = {w: kappa_of_table([[20, 5], [10, 15]], weights=w).value for w in ("none", "linear", "quadratic")}
    assert len(set(values.values())) == 1


def test_ratings_become_the_table_in_the_order_of_the_categories():
    first, second = ["2", "10", "1", None, "2"], ["10", "10", "1", "1", "2"]
    found = cohen_kappa(first, second, weights="linear")  # 1, 2, 10: one step from 2 to 10
    # seen (3 x 1 + 0.5) / 4; rows 1: 1/4, 2: 2/4, 10: 1/4; columns 1/4, 1/4, 2/4
    expected = (1 / 4) * (1 / 4 + 0.5 / 4) + (2 / 4) * (0.5 / 4 + 1 / 4 + 0.5 * 2 / 4) + (1 / 4) * (0.5 / 4 + 2 / 4)
    assert found.observed == pytest.approx(3.5 / 4)
    assert found.expected == pytest.approx(expected)
    assert (found.n, found.n_dropped) == (4, 1)


def test_full_agreement_has_no_interval_and_one_category_no_kappa():
    full = cohen_kappa(["a", "b"], ["a", "b"])
    assert (full.value, full.ci_low, full.ci_high) == (1.0, None, None)
    one = cohen_kappa(["a", "a"], ["a", "a"])
    assert (one.value, one.observed, one.expected) == (None, 1.0, 1.0)


def test_what_cannot_be_compared_is_told():
    with pytest.raises(StatsError, match="One rater has 1 ratings, the other 2"):
        cohen_kappa(["a"], ["a", "b"])
    with pytest.raises(StatsError, match="'c' is none of a, b"):
        cohen_kappa(["a", "c"], ["a", "b"], categories=["a", "b"])
    with pytest.raises(StatsError, match="0 subjects"):
        cohen_kappa(["a", None], [None, "b"])


def test_fourteen_raters():
    # Seen 0.378 and 0.213 by chance, kappa 0.210: the worked example of Fleiss' kappa that circulates widely
    found = fleiss_kappa(FOURTEEN_RATERS)
    assert (found.observed, found.expected) == pytest.approx((0.378, 0.213), abs=5e-4)
    assert (found.value, found.se, found.ci_low, found.ci_high) == pytest.approx(tuple(R["fleiss"]))
    assert (found.n, found.raters) == (10, 14)


def test_fleiss_by_hand():
    # three raters: aab and bbb; seen (1/3 + 1) / 2; chance (2/6)² + (4/6)² = 5/9; (2/3 - 5/9) / (4/9) = 1/4
    found = fleiss_kappa(counts_of_ratings([["a", "a", "b"], ["b", "b", "b"]]))
    assert found.value == pytest.approx(0.25)
    assert found.se is None  # two subjects are too few to leave one out


def test_uneven_raters_are_refused():
    with pytest.raises(StatsError, match="2 to 3 raters"):
        fleiss_kappa([[2, 1], [1, 1]])
