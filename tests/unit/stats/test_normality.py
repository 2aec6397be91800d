"""Shape of a column against R 4.2.2 and against SPSS's formulas: tests/reference/tests.R."""

import json
from pathlib import Path

import numpy as np
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.normality import (
    histogram,
    judge_normality,
    kurtosis_se,
    normality,
    quantile_points,
    skewness_se,
)

R = json.loads((Path(__file__).parents[2] / "reference" / "tests.json").read_text())
SKEWED = np.array([0.1, 0.2, 0.2, 0.4, 0.9, 1.3, 2.8, 6.5, 14.2, 30.1])
A = np.array([6.1, 7.4, 5.2, 8.8, 9.1, 4.7, 6.6, 7.9])


def test_skewness_and_kurtosis_of_type_2():
    shape = normality(SKEWED)
    assert (shape.skewness, shape.kurtosis) == pytest.approx(tuple(R["shape_skewed"]))


def test_standard_errors_as_spss_prints_them():
    # SPSS output for n = 10: SE of skewness .687, of kurtosis 1.334 (any SPSS descriptives table of ten cases)
    assert skewness_se(10) == pytest.approx(0.687, abs=5e-4)
    assert kurtosis_se(10) == pytest.approx(1.334, abs=5e-4)


@pytest.mark.parametrize(("values", "key"), [(SKEWED, "shapiro_skewed"), (A, "shapiro_a"), (R["u"], "shapiro_u")])
def test_shapiro_wilk(values, key):
    shape = normality(values)
    # both are AS R94; polynomial sums are ordered differently
    assert (shape.shapiro_w, shape.shapiro_p) == pytest.approx(tuple(R[key]), rel=1e-6)


def test_points_of_the_qq_plot():
    assert quantile_points(SKEWED).theoretical == pytest.approx(np.array(R["qq"]))
    assert quantile_points(R["u"]).theoretical == pytest.approx(np.array(R["qq_u"]))


def test_few_equal_and_very_many_values():
    assert normality([1.0, 2.0]).shapiro_p is None
    assert "equal" in normality([3.0, 3.0, 3.0]).notes[0]
    many = normality(np.random.default_rng(1).normal(size=5001))
    assert many.shapiro_p is None
    assert "5001" in many.notes[0]


def test_verdicts():
    assert judge_normality(A).normal
    assert not judge_normality(SKEWED).normal
    assert not judge_normality(SKEWED, ["skew_kurtosis"]).normal
    assert judge_normality(SKEWED, []).normal
    with pytest.raises(StatsError, match="kolmogorov"):
        judge_normality(A, ["kolmogorov"])


def test_histogram_holds_every_value():
    bars = histogram(SKEWED)
    assert bars.counts.sum() == len(SKEWED)
    assert len(bars.edges) == len(bars.counts) + 1
