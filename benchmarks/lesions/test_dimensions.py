"""2D beside 3D, by hand."""

import pytest
from dimensions import apart, means, pairs
from lesion_cases import BOTH, CALIBRATION, TURNED, all_cases, others, turned

from neurolupus.imaging.wmh_calibration import calibration


def rows_of(case, group, contrast, at_low, at_point, expected, method="network"):
    point = calibration().operating_point
    same = {"case": case, "group": group, "contrast": contrast, "method": method, "expected_ml": expected}
    return [{**same, "threshold": 0.2, "found_ml": at_low}, {**same, "threshold": point, "found_ml": at_point}]


def test_a_difference_is_a_share_of_the_mean_of_both():
    assert apart(0.9, 1.1) == pytest.approx(20)
    assert apart(1.1, 0.9) == pytest.approx(-20)
    assert apart(0.0, 0.0) == 0


def test_means_over_persons_and_who_has_both():
    rows = [
        *rows_of("1ml_3d_head-03", "0.5-1", 0.3, 0.9, 1.0, 1.0),
        *rows_of("1ml_2d_head-03", "0.5-1", 0.1, 1.1, 1.0, 3.0),
        *rows_of("other-00_3d_head-08", CALIBRATION, 0.2, 1.2, 2.0, 1.0),
        *rows_of("other-00_2d_head-08", TURNED, 0.4, 0.8, 2.0, 1.0),
        *rows_of("5ml_3d_head-09", "5-20", 0.2, 5.0, 5.0, 5.0),  # has no 2D
        *rows_of("1ml_3d_head-03", "0.5-1", 0.3, 7.0, 7.0, 7.0, "boosting"),
    ]
    found = pairs(rows)
    assert [(p.name, p.contrast) for p in found] == [("1ml_head-03", 0.1), ("other-00_head-08", 0.2)]
    low, point, expected = means(found)
    assert (low.size, low.signed) == (pytest.approx(30), pytest.approx(-10))  # +20 and -40 %
    assert (point.size, point.low, point.high) == (0, 0, 0)
    assert (expected.size, expected.signed) == (pytest.approx(50), pytest.approx(50))  # +100 and 0 %
    half = 1.96 * 70.7107 / 2**0.5  # SD of 100 and 0
    assert (expected.low, expected.high) == (pytest.approx(50 - half, abs=1e-3), pytest.approx(50 + half, abs=1e-3))


def test_some_others_are_scanned_once_with_each():
    for one, again in zip(others()[:BOTH], turned(), strict=True):
        assert one.pair == again.pair
        assert {one.options["flair"], again.options["flair"]} == {"2d", "3d"}
        assert one.options["person_seed"] == again.options["person_seed"]
        assert one.options["seed"] != again.options["seed"]
    names = [case.name for case in all_cases()]
    assert len(set(names)) == len(names)
