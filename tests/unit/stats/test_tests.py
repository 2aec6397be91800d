"""Tests between groups against R 4.2.2: tests/reference/tests.R."""

import json
from pathlib import Path

import numpy as np
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.choice import PRESETS, compare_counts, compare_numbers, rules
from neurolupus.stats.crosstabs import chi_square
from neurolupus.stats.fisher import fisher_exact, fisher_exact_rxc
from neurolupus.stats.ranks import kruskal_wallis, mann_whitney
from neurolupus.stats.tests import anova, student_t, student_t_from_summary, welch_anova, welch_t

R = json.loads((Path(__file__).parents[2] / "reference" / "tests.json").read_text())
A = [6.1, 7.4, 5.2, 8.8, 9.1, 4.7, 6.6, 7.9]
B = [5.0, 4.1, 6.3, 3.9, 5.8, 4.4, 7.1]
C = [8.2, 9.9, 7.7, 10.4, 6.9, 8.1]
TIES_A = [1, 2, 2, 3, 4, 4, 4, 6, 7, 9]
TIES_B = [2, 3, 3, 5, 6, 6, 8, 9, 9, 10, 12]
M = [[12, 24], [176, 162]]  # CSF cytology of the intrathecal paper: 12 of 188, 24 of 186
SMALL = [[3, 1], [2, 9]]
ZERO = [[0, 5], [8, 6]]
BIG = [[20, 25], [15, 20], [10, 12], [40, 35], [30, 22], [5, 12], [72, 68]]
SQUARE = [[1, 2, 3, 4], [4, 3, 2, 1], [2, 5, 2, 1], [3, 0, 0, 6]]


@pytest.mark.parametrize(("test", "key"), [(student_t, "student"), (welch_t, "welch")])
def test_t_tests_are_those_of_r(test, key):
    result = test(A, B)
    t, df, p, low, high, se = R[key]
    assert (result.statistic, result.df, result.p_value) == pytest.approx((t, df, p))
    assert (result.effect.ci_low, result.effect.ci_high, result.effect.se) == pytest.approx((low, high, se))


def test_t_test_from_printed_numbers_equals_the_test_of_the_values():
    printed = student_t_from_summary(np.mean(A), np.std(A, ddof=1), 8, np.mean(B), np.std(B, ddof=1), 7)
    assert printed.p_value == pytest.approx(R["student"][2])


@pytest.mark.parametrize(("test", "key"), [(anova, "anova"), (welch_anova, "welch_anova")])
def test_analyses_of_variance_are_those_of_r(test, key):
    result = test([A, B, C])
    assert (result.statistic, result.df, result.df_denominator, result.p_value) == pytest.approx(tuple(R[key]))


def test_exact_mann_whitney_with_its_location_shift():
    result = mann_whitney(A, B, location=True)
    assert "exact" in result.method
    assert (result.statistic, result.p_value) == pytest.approx(tuple(R["mw_exact"][:2]))
    assert (result.effect.value, result.effect.ci_low, result.effect.ci_high) == pytest.approx(tuple(R["mw_exact"][2:]))


def test_exact_mann_whitney_up_to_the_largest_groups_r_takes_exactly():
    result = mann_whitney(R["u"], R["v"])
    assert "exact" in result.method
    assert (result.statistic, result.p_value) == pytest.approx(tuple(R["mw_exact_49_48"]))


def test_fifty_values_in_a_group_are_no_longer_exact():
    values = np.arange(100.0)
    assert "normal" in mann_whitney(values[:50], values[50:99]).method
    assert "normal" in mann_whitney(values[50:99], values[:50]).method
    assert "exact" in mann_whitney(values[:49], values[49:98]).method


@pytest.mark.parametrize(("correction", "key"), [(True, "mw_cc"), (False, "mw_nocc")])
def test_mann_whitney_with_ties(correction, key):
    result = mann_whitney(TIES_A, TIES_B, correction=correction)
    assert (result.statistic, result.p_value) == pytest.approx(tuple(R[key]))


def test_exact_mann_whitney_of_ties_is_refused():
    with pytest.raises(StatsError, match="tie"):
        mann_whitney(TIES_A, TIES_B, exact=True)


def test_equal_values_give_a_p_value_of_one():
    result = mann_whitney([1, 1, 1], [1, 1])
    assert result.p_value == 1
    assert result.notes


def test_kruskal_wallis_with_ties():
    result = kruskal_wallis([TIES_A, TIES_B, [1, 1, 2, 5]])
    assert (result.statistic, result.df, result.p_value) == pytest.approx(tuple(R["kruskal"]))


@pytest.mark.parametrize(
    ("table", "correction", "key"),
    [
        (M, "none", "pearson"),
        (M, "yates", "yates"),
        (M, "n_minus_1", "n_minus_1"),
        ([[10, 11], [11, 10]], "yates", "yates_near"),  # |O - E| = 0.5 in every cell
        ([[10, 10], [11, 11]], "yates", "yates_nearer"),  # |O - E| = 0: nothing to take off
        (BIG, "none", "pearson_big"),
        (BIG, "yates", "pearson_big"),
    ],
)
def test_chi_square_tests(table, correction, key):
    result = chi_square(table, correction=correction)
    assert (result.statistic, result.df, result.p_value) == pytest.approx(tuple(R[key]))


def test_empty_level_is_left_out_and_told():
    result = chi_square([[12, 24], [0, 0], [176, 162]], correction="yates")
    assert result.p_value == pytest.approx(R["yates"][2])
    assert "1 level(s)" in result.notes[0]


@pytest.mark.parametrize(("table", "key"), [(SMALL, "small"), (ZERO, "zero"), (M, "m")])
def test_fisher_two_by_two(table, key):
    result = fisher_exact(table)
    assert result.p_value == pytest.approx(R[f"fisher_{key}"][0])
    value, low, high = (np.nan if x is None else x for x in R[f"or_{key}"])
    found = result.effect
    if table is ZERO:
        assert found.value == found.ci_low == -np.inf
        assert found.ci_high == pytest.approx(high)
    else:
        assert (found.value, found.ci_low, found.ci_high) == pytest.approx((value, low, high))


def test_fisher_odds_ratio_is_that_of_fisher_test_up_to_its_tolerance():
    # fisher.test stops its root-finding at .Machine$double.eps^0.25 = 1.2e-4 on a scale of 0 to 1
    found = fisher_exact(SMALL).effect
    assert (found.value, found.ci_low, found.ci_high) == pytest.approx(tuple(R["or_small_fisher_test"]), rel=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("table", "key"), [(BIG, "fisher_big"), (SQUARE, "fisher_square")])
def test_fisher_of_larger_tables(table, key):
    assert fisher_exact_rxc(table).p_value == pytest.approx(R[key][0])
    assert fisher_exact_rxc(np.transpose(table)).p_value == pytest.approx(R[key][0])


def test_monte_carlo_fisher_states_its_error_and_covers_the_exact_value():
    result = fisher_exact_rxc(SQUARE, rng=np.random.default_rng(4), most_paths=1, replicates=40_000)
    exact = R["fisher_square"][0]
    assert "Monte Carlo" in result.method
    assert "standard error" in result.notes[-1]
    assert result.p_value == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 40_000))


def test_table_too_large_to_enumerate_without_a_generator_is_refused():
    with pytest.raises(StatsError, match="seed"):
        fisher_exact_rxc(SQUARE, most_paths=1)


@pytest.mark.parametrize(
    ("bad", "words"),
    [([[1, 2]], "two of each"), ([[1.5, 2], [3, 4]], "whole numbers"), ([[-1, 2], [3, 4]], "whole numbers")],
)
def test_bad_counts_are_refused(bad, words):
    with pytest.raises(StatsError, match=words):
        chi_square(bad)


def test_missing_value_is_refused_with_its_count():
    with pytest.raises(StatsError, match="group 2 has 1 missing or infinite of 3"):
        student_t([1, 2, 3], [1, np.nan, 2])


def test_constant_groups_are_refused():
    with pytest.raises(StatsError, match="no spread"):
        student_t([1, 1], [2, 2])


@pytest.mark.parametrize(("preset", "key"), [("r_default", "yates"), ("spss", "pearson"), ("tableone", "yates")])
def test_presets_choose_the_test_of_counts(preset, key):
    result = compare_counts(M, PRESETS[preset])
    assert result.p_value == pytest.approx(R[key][2])
    assert "smallest expected count 17.90" in result.rule  # 36 × 186 / 374


def test_small_expected_counts_call_for_fisher_in_r_and_not_in_spss():
    assert compare_counts(SMALL, rules("r_default")).p_value == pytest.approx(R["fisher_small"][0])
    assert compare_counts(SMALL, rules("spss")).method == "Pearson's chi-square test"


@pytest.mark.parametrize(
    ("preset", "normal", "words"),
    [
        ("r_default", True, "Welch"),
        ("spss", True, "Student"),
        ("tableone", None, "Student"),
        ("tableone", False, "Kruskal"),
        ("r_default", False, "exact"),
        ("spss", False, "without"),
    ],
)
def test_presets_choose_the_test_of_numbers(preset, normal, words):
    assert words in compare_numbers([A, B], rules(preset), normal=normal).method


def test_a_skewed_group_turns_the_test_to_ranks_and_says_why():
    skewed = [0.1, 0.2, 0.2, 0.4, 0.9, 1.3, 2.8, 6.5, 14.2, 30.1]
    result = compare_numbers([A, skewed], rules("r_default"))
    assert "Mann–Whitney" in result.method
    assert "Shapiro–Wilk p 0.000266" in result.rule


def test_kruskal_wallis_of_two_groups_is_mann_whitney_without_correction():
    assert kruskal_wallis([TIES_A, TIES_B]).p_value == pytest.approx(R["mw_nocc"][1])


def test_location_shift_of_very_many_pairs_is_left_out_and_told():
    a, b = np.arange(5000.0), np.arange(5000.0) + 0.5
    result = mann_whitney(a, b, location=True)
    assert result.effect is None
    assert "not computed" in result.notes[0]


def test_more_than_two_groups():
    assert compare_numbers([A, B, C], rules("spss"), normal=True).p_value == pytest.approx(R["anova"][3])
    assert "Kruskal" in compare_numbers([A, B, C], rules("spss"), normal=False).method


def test_rules_are_told_in_words():
    assert rules("r_default").in_words().startswith("Counts: chi-square with Yates' correction")
    assert "expected count below 5" in rules("r_default").in_words()


@pytest.mark.parametrize(("field", "value"), [("counts", "chi2"), ("colour", "red")])
def test_unknown_rules_are_refused(field, value):
    with pytest.raises(StatsError, match="unknown"):
        rules("spss", **{field: value})
