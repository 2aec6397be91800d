"""Univariable Cox models, and concordance by hand."""

import numpy as np
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.concordance import concordance, cox_concordance
from neurolupus.stats.cox import cox_regression
from neurolupus.stats.cox_screen import cox_screen

TIME = np.array([5, 6, 6, 2, 9, 4, 8, 3, 7, 1, 10, 11], float)
EVENT = np.array([1, 1, 0, 1, 0, 1, 1, 1, 0, 1, 1, 0])
AGE = np.array([60, 55, 41, 70, 35, 58, 47, 44, 39, 66, 52, 30.0])
LEVEL = np.arange(12) % 3
DESIGN = np.column_stack([AGE, LEVEL == 1, LEVEL == 2, np.ones(12)]).astype(float)
NAMES = ["age", "b", "c", "constant"]


def test_each_term_alone_levels_together_faults_told():
    found = cox_screen(TIME, EVENT, DESIGN, NAMES, terms=["age", "group", "group", "constant"])
    assert [one.term for one in found] == ["age", "group", "constant"]
    age, group, constant = found
    alone = cox_regression(TIME, EVENT, DESIGN[:, :1], ["age"])
    assert age.fit is not None
    assert age.fit.coefficients == pytest.approx(alone.coefficients)
    assert age.p_value == alone.tests[0].p_value
    assert group.fit is not None
    assert group.fit.tests[0].df == 2
    assert (constant.fit, constant.p_value) == (None, None)
    assert "constant" in constant.notes[0]


def test_robust_errors_take_the_wald_test():
    (one,) = cox_screen(TIME, EVENT, DESIGN[:, :1], ["age"], errors="robust")
    assert one.fit is not None
    assert one.p_value == next(t.p_value for t in one.fit.tests if t.method == "Wald")


def test_a_term_for_each_column():
    with pytest.raises(StatsError, match="1 terms for 4 columns"):
        cox_screen(TIME, EVENT, DESIGN, NAMES, terms=["age"])


def test_concordance_of_four_patients_by_hand():
    # events at 1 and 3, censored at 2 and 4; comparable: 1-2, 1-3, 1-4, 3-4
    # risks 4 1 3 3: concordant 1-2, 1-3, 1-4; 3-4 tied: (3 + 1/2) / 4
    found = concordance([1, 2, 3, 4], [1, 0, 1, 0], [4, 1, 3, 3])
    assert (found.concordant, found.discordant, found.tied) == (3, 0, 1)
    assert found.value == pytest.approx(0.875)


def test_ties_in_time():
    # two events at 1 are not compared with each other; the one censored at 1 outlives them
    found = concordance([1, 1, 1], [1, 1, 0], [2, 3, 1])
    assert (found.concordant, found.discordant, found.tied) == (2, 0, 0)


def test_concordance_that_cannot_be_computed():
    with pytest.raises(StatsError, match="nobody outlives an event"):
        concordance([1, 2], [0, 1], [1, 2])
    fit = cox_regression(TIME, EVENT, DESIGN[:, :1], ["age"], start=np.zeros(12))
    with pytest.raises(StatsError, match="entry times"):
        cox_concordance(fit)
