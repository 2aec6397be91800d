"""Follow-up checked; times that differ by rounding held for tied, as R does (survival's `timefix`)."""

import numpy as np
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.cox import cox_regression
from neurolupus.stats.kaplan_meier import kaplan_meier
from neurolupus.stats.survival_data import complete_labels, distinct_times, follow_up


def test_times_that_rounding_keeps_apart_are_one():
    # 0.1 + 0.2 and 0.3 years differ in the last bit
    curve = kaplan_meier([0.1 + 0.2, 0.3, 1.0], [1, 1, 0])
    assert len(curve.time) == 2
    assert curve.survival == pytest.approx([1 / 3, 1 / 3])
    rounded = cox_regression([0.3, 0.3, 1.0, 2.0], [1, 1, 1, 0], [[1.0], [2.0], [1.5], [1.0]], ["x"])
    not_quite = cox_regression([0.1 + 0.2, 0.3, 1.0, 2.0], [1, 1, 1, 0], [[1.0], [2.0], [1.5], [1.0]], ["x"])
    assert not_quite.log_likelihood == rounded.log_likelihood


def test_days_as_years_stay_apart():
    years = np.arange(1, 40_000) / 365.25
    assert len(distinct_times(years)) == len(years)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (([1, -2], [1, 0], None), "Row 1 has time -2; follow-up cannot be negative"),
        (([1, 2], [1, 2], None), "Row 1 has event 2; 1 .event. or 0 .censored. is needed"),
        (([1, 2], [1], None), "2 times and 1 events"),
        (([1, np.nan], [1, 0], None), "time has 1 missing"),
        (([1, 2], [1, np.nan], None), "event has 1 missing"),
        (([1, "three"], [1, 0], None), "'three'"),
        (([1, 2], [1, 0], [0, 2]), "Row 1 starts at 2.0 and ends at 2.0"),
        (([1, 2], [1, 0], [0]), "1 starts for 2 times"),
    ],
)
def test_follow_up_that_cannot_be_right(given, words):
    time, event, start = given
    with pytest.raises(StatsError, match=words):
        follow_up(time, event, start=start)


def test_labels_are_complete():
    assert complete_labels(["b", "a", "b"], "strata", 3).tolist() == [0, 1, 0]
    with pytest.raises(StatsError, match="strata is missing in 1 of 3 rows"):
        complete_labels(["b", None, "b"], "strata", 3)
    with pytest.raises(StatsError, match="2 labels of cluster for 3 rows"):
        complete_labels([1, 2], "cluster", 3)
