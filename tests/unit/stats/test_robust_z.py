"""Modified z-scores by hand."""

import pytest

from neurolupus.stats.robust_z import FAR, robust_z


def test_scores_worked_by_hand():
    # median 3, distances 2 1 0 1 97, their median 1: 97 / 1.4826 = 65.4; the mean and the SD would give 1.79
    found = robust_z([1, 2, 3, 4, 100])
    assert found == pytest.approx((-2 / 1.482602, -1 / 1.482602, 0, 1 / 1.482602, 97 / 1.482602))


def test_where_half_are_alike_the_mean_distance_takes_the_place_of_the_median():
    # median 0, MAD 0; the mean distance is 10 / 6: 10 / (1.253314 * 10 / 6) = 4.787
    found = robust_z([0, 0, 0, 0, 0, 10])
    assert found == pytest.approx((0, 0, 0, 0, 0, 4.787), abs=1e-3)
    assert found[-1] > FAR


@pytest.mark.parametrize("values", [[], [1, 2, 3, 4], [7] * 9, [1, 2, 3, 4, float("nan")]])
def test_too_few_or_all_alike_have_no_scores(values: list[float]):
    assert robust_z(values) is None


def test_scale_and_place_do_not_matter():
    values = [3.0, 1.0, 4.0, 1.5, 9.0, 2.6]
    assert robust_z([10 - 2 * one for one in values]) == pytest.approx([-one for one in robust_z(values)])
