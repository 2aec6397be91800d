"""The names of tests, and when two p-values say different things."""

from __future__ import annotations

from collections.abc import Sequence

from neurolupus.study.audit.printed import PrintedP
from neurolupus.study.audit.results import Recomputed

PEARSON, YATES, N_MINUS_1, FISHER = "chi-square", "chi-square with Yates' correction", "N - 1 chi-square", "Fisher"
STUDENT, WELCH = "Student's t", "Welch's t"
_CHI2 = (PEARSON, YATES, N_MINUS_1)
STATED: dict[str, tuple[str, ...]] = {
    "chi2": _CHI2,
    "chi2_pearson": (PEARSON,),
    "chi2_yates": (YATES,),
    "chi2_n_minus_1": (N_MINUS_1,),
    "fisher": (FISHER,),
    "chi2_or_fisher": (*_CHI2, FISHER),
    "t": (STUDENT, WELCH),
    "student": (STUDENT,),
    "welch": (WELCH,),
    "mann_whitney": (),
}
_WORDS = {
    "chi2": "the chi-square test",
    "chi2_pearson": "Pearson's chi-square test",
    "chi2_yates": "the chi-square test with Yates' correction",
    "chi2_n_minus_1": "the N - 1 chi-square test",
    "fisher": "Fisher's exact test",
    "chi2_or_fisher": "chi-square or Fisher's test",
    "t": "the t-test",
    "student": "Student's t-test",
    "welch": "Welch's t-test",
    "mann_whitney": "the Mann–Whitney test",
}


def stated_words(test: str) -> str:
    """The test a paper says it used, in words.

    Examples
    --------
    >>> stated_words("t")
    'the t-test'
    """
    return _WORDS[test]


def changes_conclusion(p_value: PrintedP, found: Sequence[Recomputed]) -> bool:
    """Whether every recomputed p-value lies on the other side of 0.05 than the printed one."""
    printed = p_value.is_significant
    known = [one for one in found if one.value == one.value]
    if printed is None or not known:
        return False
    return all(one.low > 0.05 if printed else one.high < 0.05 for one in known)
