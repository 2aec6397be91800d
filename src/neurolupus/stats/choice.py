"""Which test compares a column between groups: declared rules, applied the same way to every row, told in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from neurolupus.errors import StatsError
from neurolupus.stats.crosstabs import chi_square, expected_counts, nonempty
from neurolupus.stats.fisher import fisher_exact, fisher_exact_rxc
from neurolupus.stats.normality import Criterion, judge_normality
from neurolupus.stats.ranks import kruskal_wallis, mann_whitney
from neurolupus.stats.tests import Comparison, anova, several_samples, student_t, welch_anova, welch_t

CountTest = Literal["chi2_pearson", "chi2_yates", "chi2_n_minus_1", "fisher"]
SmallRule = Literal["expected<5", "cochran", "never"]
MeanTest = Literal["student", "welch"]
RankTest = Literal["mann_whitney_cc", "mann_whitney_nocc", "kruskal"]
Preset = Literal["r_default", "spss", "tableone"]

_SMALL_WORDS = {
    "expected<5": "an expected count below 5",
    "cochran": "more than 20 % of expected counts below 5, or one below 1",
    "never": "",
}
_TEST_WORDS = {
    "chi2_pearson": "Pearson's chi-square",
    "chi2_yates": "chi-square with Yates' correction (2 × 2; Pearson's for larger tables)",
    "chi2_n_minus_1": "N - 1 chi-square",
    "fisher": "Fisher's exact test",
    "student": "Student's t-test (analysis of variance for more than two groups)",
    "welch": "Welch's t-test (Welch's analysis of variance for more than two groups)",
    "mann_whitney_cc": "Mann–Whitney as in R: exact when both groups are below 50 without ties, else with continuity "
    "correction (Kruskal–Wallis for more than two groups)",
    "mann_whitney_nocc": "Mann–Whitney, normal approximation without continuity correction (Kruskal–Wallis for more "
    "than two groups)",
    "kruskal": "Kruskal–Wallis (for two groups: Mann–Whitney, normal approximation without continuity correction)",
}
_CRITERION_WORDS = {"shapiro": "Shapiro–Wilk", "skew_kurtosis": "skewness and kurtosis"}


@dataclass(frozen=True, slots=True)
class Rules:
    """The house rules of one table: one test for each kind of column.

    Attributes
    ----------
    counts : str
        Test of binary and nominal columns.
    small : str
        The test instead of it where `small_rule` says that counts are small.
    small_rule : str
        `expected<5` (any expected count), `cochran` (more than a fifth below 5, or one below 1), or `never`.
    normal, skewed : str
        Test of numeric columns held for normal, and of the others.
    normality : tuple of str
        By what a column is held for normal in every group; empty: normal unless declared skewed.
    """

    name: str
    counts: CountTest
    small: CountTest
    small_rule: SmallRule
    normal: MeanTest
    skewed: RankTest
    normality: tuple[Criterion, ...] = ()

    def in_words(self) -> str:
        """The rules as a sentence to print under a table."""
        text = f"Counts: {_TEST_WORDS[self.counts]}"
        if self.small_rule != "never" and self.small != self.counts:
            text += f"; {_TEST_WORDS[self.small]} with {_SMALL_WORDS[self.small_rule]}"
        criteria = " and ".join(_CRITERION_WORDS[c] for c in self.normality)
        judged = f"held for normal by {criteria} in every group" if criteria else "not declared skewed"
        return f"{text}. Numbers {judged}: {_TEST_WORDS[self.normal]}; others: {_TEST_WORDS[self.skewed]}."


PRESETS: dict[str, Rules] = {
    # R's chisq.test, t.test and wilcox.test with their defaults.
    "r_default": Rules("r_default", "chi2_yates", "fisher", "expected<5", "welch", "mann_whitney_cc", ("shapiro",)),
    # CROSSTABS, T-TEST (first line) and NPAR TESTS as papers quote them.
    "spss": Rules("spss", "chi2_pearson", "chi2_pearson", "never", "student", "mann_whitney_nocc", ("shapiro",)),
    # CreateTableOne: everything normal and approximate unless `nonnormal` and `exact` are declared.
    "tableone": Rules("tableone", "chi2_yates", "chi2_yates", "never", "student", "kruskal"),
}


def rules(preset: Preset = "r_default", **changes: Any) -> Rules:
    """The rules of a preset, some of them changed.

    Raises
    ------
    StatsError
        The preset, a field or a test is unknown.

    Examples
    --------
    >>> rules("spss", small="fisher", small_rule="cochran").counts
    'chi2_pearson'
    """
    if preset not in PRESETS:
        raise StatsError(f"Preset {preset!r} is unknown; choose one of {', '.join(PRESETS)}.")
    allowed = {
        "counts": get_args(CountTest),
        "small": get_args(CountTest),
        "small_rule": get_args(SmallRule),
        "normal": get_args(MeanTest),
        "skewed": get_args(RankTest),
    }
    for field, value in changes.items():
        if field == "normality":
            continue
        if field not in allowed:
            raise StatsError(f"Rule {field!r} is unknown; there are {', '.join(allowed)} and normality.")
        if value not in allowed[field]:
            raise StatsError(f"{field} {value!r} is unknown; choose one of {', '.join(allowed[field])}.")
    return replace(PRESETS[preset], name=f"{preset}, changed" if changes else preset, **changes)


def compare_counts(table: ArrayLike, by: Rules, *, rng: Generator | None = None) -> Comparison:
    """The rules' test of a (levels, groups) table of counts; `rule` says why it was this one.

    Parameters
    ----------
    table : (levels, groups) int array
    by : Rules
    rng : Generator or None
        For Fisher's test of tables too large to enumerate.
    """
    counts, _ = nonempty(table)
    expected = expected_counts(counts)
    small = _is_small(expected, by.small_rule)
    chosen = by.small if small else by.counts
    told = f"smallest expected count {expected.min():.2f}"
    why = f"{told}: {_SMALL_WORDS[by.small_rule]}" if small else told
    return replace(_count_test(table, counts.shape, chosen, rng), rule=why)


def compare_numbers(groups: Sequence[ArrayLike], by: Rules, *, normal: bool | None = None) -> Comparison:
    """The rules' test of a numeric column between two or more groups; `rule` says why it was this one.

    Parameters
    ----------
    groups : sequence of (n_k,) float arrays
        Complete.
    by : Rules
    normal : bool or None
        What the study declares; None lets the rules judge each group.
    """
    samples = several_samples(groups)
    if normal is None:
        verdicts = [judge_normality(sample, by.normality) for sample in samples]
        normal = all(v.normal for v in verdicts)
        why = "; ".join(v.why for v in verdicts if v.normal == normal) if by.normality else "held for normal by default"
    else:
        why = f"declared {'normal' if normal else 'skewed'}"
    return replace(_number_test(samples, by, normal), rule=why)


def _is_small(expected: Any, rule: SmallRule) -> bool:
    if rule == "never":
        return False
    if rule == "expected<5":
        return bool((expected < 5).any())
    return bool((expected < 1).any() or np.mean(expected < 5) > 0.2)


def _count_test(table: ArrayLike, shape: tuple[int, ...], chosen: CountTest, rng: Generator | None) -> Comparison:
    if chosen == "fisher":
        return fisher_exact(table) if shape == (2, 2) else fisher_exact_rxc(table, rng=rng)
    if chosen == "chi2_pearson":
        return chi_square(table, correction="none")
    return chi_square(table, correction="yates" if chosen == "chi2_yates" else "n_minus_1")


def _number_test(samples: Sequence[ArrayLike], by: Rules, normal: bool) -> Comparison:
    if len(samples) > 2 or (not normal and by.skewed == "kruskal"):
        if not normal:
            return kruskal_wallis(samples)
        return anova(samples) if by.normal == "student" else welch_anova(samples)
    a, b = samples
    if normal:
        return student_t(a, b) if by.normal == "student" else welch_t(a, b)
    if by.skewed == "mann_whitney_cc":
        return mann_whitney(a, b)
    return mann_whitney(a, b, correction=False, exact=False)
