"""Estimates with limits, worked by hand."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

from printed_texts import audited, effect_checks, only


def test_the_p_value_of_an_interval() -> None:
    # 0.50 (0.27 to 0.95): se = (ln 0.95 - ln 0.27) / 3.920 = 0.3209, z = ln 0.5 / se = -2.160, p = 0.0308.
    check = only(effect_checks("0.50 (0.27-0.95) | 0.035"), "p-value from its CI")
    assert check.verdict == "agrees within rounding"
    (found,) = check.recomputed
    assert found.value == pytest.approx(0.0308, abs=5e-5)
    assert (found.low, found.high) == pytest.approx((0.0255, 0.0367), abs=1e-4)


def test_a_linear_model_has_its_degrees_of_freedom() -> None:
    # -18.9 (-34.6 to -3.2): se = 15.7 / t(33; 0.975) = 15.7 / 2.0345 = 7.717, t = -2.449, p = 0.0198; z gives 0.018.
    check = only(effect_checks("-18.9 (-34.6 to -3.2) | 0.020", "scale: difference\n    df: 33"), "p-value from its CI")
    assert check.recomputed[0].value == pytest.approx(0.0198, abs=5e-5)
    assert check.verdict == "agrees"
    z = only(effect_checks("-18.9 (-34.6 to -3.2) | 0.020", "scale: difference"), "p-value from its CI")
    assert z.recomputed[0].value == pytest.approx(0.0183, abs=5e-5)


def test_an_estimate_outside_its_interval() -> None:
    check = only(effect_checks("0.71 (0.72-4.63)"), "estimate in its CI")
    assert (check.verdict, check.size) == ("disagrees", "conclusion")
    assert "outside" in check.note


def test_fewer_digits_do_not_put_an_estimate_outside() -> None:
    # 0.5 may be 0.52, the middle of 0.51 and 0.53.
    assert only(effect_checks("0.5 (0.51-0.53)"), "estimate in its CI").verdict == "agrees"


def test_an_estimate_that_is_not_in_the_middle() -> None:
    # sqrt(0.68 · 3.56) = 1.556, not 0.94.
    check = only(effect_checks("0.94 (0.68-3.56)"), "estimate in its CI")
    assert (check.verdict, check.size) == ("disagrees", "number")
    assert check.recomputed[0].value == pytest.approx(math.sqrt(0.68 * 3.56))
    assert (
        only(effect_checks("0.94 (0.68-3.56)", "scale: hazard_ratio\n    limits: other"), "estimate in its CI").verdict
        == "agrees"
    )


def test_the_misprinted_estimate_is_told_from_the_misprinted_limit() -> None:
    # 1.83 (0.72 to 4.63) has p = 0.203; printed beside 1.38 the limits and the p-value agree without it.
    check = only(effect_checks("1.38 (0.72-4.63) | 0.203"), "p-value from its CI")
    assert check.verdict == "disagrees"
    assert "the estimate is the misprint" in check.note


def test_interval_and_p_value_that_contradict_each_other() -> None:
    check = only(effect_checks("0.50 (0.27-0.95) | 0.30"), "p-value from its CI")
    assert (check.verdict, check.size) == ("disagrees", "conclusion")
    assert "The interval excludes no effect" in check.note


def test_separation_is_no_result() -> None:
    (check,) = effect_checks("0 (0-Inf) | 0.997")
    assert check.verdict == "cannot be recomputed"
    assert check.is_notable
    assert "Firth" in check.note


def test_one_interval_beside_two_estimates() -> None:
    text = "effects:\n  E:\n    scale: hazard_ratio\n    rows:\n      x: 0.71 (0.72-4.63)\n      y: 1.83 (0.72-4.63)\n"
    assert only(audited(text).checks, "interval used twice").row == "y"
    assert not [one for one in audited(text.replace("0.71", "1.83")).checks if one.subject == "interval used twice"]


def test_e_values_of_ratios() -> None:
    # RR 3.9 (1.8 to 8.7): E = 3.9 + sqrt(3.9 · 2.9) = 7.26, of the limit 1.8 + sqrt(1.8 · 0.8) = 3.00.
    # VanderWeele and Ding 2017, doi:10.7326/M16-2607.
    (found,) = audited("effects:\n  E:\n    scale: risk_ratio\n    rows: {x: 3.9 (1.8 to 8.7)}\n").e_values
    assert (found.point, found.limit) == pytest.approx((7.263, 3.0), abs=1e-3)
    outside = audited("effects:\n  E:\n    scale: risk_ratio\n    rows: {x: 0.71 (0.72 to 4.63)}\n")
    assert outside.e_values == ()
