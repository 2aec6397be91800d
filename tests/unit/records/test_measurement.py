"""Measurements, their set and the row they make."""

import math

import pytest

from neurolupus.records.measurement import Measurement, MeasurementSet


def a_set(*items: Measurement) -> MeasurementSet:
    return MeasurementSet(items)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", ["value", "low", "high"])
def test_a_measurement_is_finite(place, bad):
    with pytest.raises(ValueError, match="gm_ml is"):
        Measurement("gm_ml", **{"value": 1.0, place: bad})


@pytest.mark.parametrize("value", [None, 0, 0.0, False, "2D"])
def test_unknown_zero_false_and_words_are_values(value):
    assert Measurement("x", value).value is value


def test_a_name_occurs_once():
    with pytest.raises(ValueError, match=r"\['gm_ml'\]"):
        a_set(Measurement("gm_ml", 1.0), Measurement("wm_ml", 1.0), Measurement("gm_ml", 2.0))


def test_a_measurement_is_found_by_name():
    found = a_set(Measurement("gm_ml", 612.0, "ml"), Measurement("wm_ml", 501.0, "ml"))["wm_ml"]
    assert (found.value, found.unit) == (501.0, "ml")


def test_a_name_that_is_not_there_is_told():
    with pytest.raises(KeyError, match="csf_ml"):
        a_set(Measurement("gm_ml", 1.0))["csf_ml"]


@pytest.mark.parametrize(("value", "number"), [(3, 3.0), (2.5, 2.5), (0, 0.0), (True, 1.0)])
def test_a_number(value, number):
    found = a_set(Measurement("x", value)).number("x")
    assert found == number
    assert isinstance(found, float)


@pytest.mark.parametrize("value", [None, "3D"])
def test_what_is_no_number_is_not_taken_for_zero(value):
    with pytest.raises(ValueError, match=f"x is {value!r}"):
        a_set(Measurement("x", value)).number("x")


def test_the_row_has_bounds_only_where_there_is_an_interval():
    measured = a_set(
        Measurement("gm_ml", 600.0, "ml", 590.0, 610.0), Measurement("wmh_count", 4), Measurement("wmh_ml", None)
    )
    assert list(measured.row().items()) == [
        ("gm_ml", 600.0),
        ("gm_ml_low", 590.0),
        ("gm_ml_high", 610.0),
        ("wmh_count", 4),
        ("wmh_ml", None),
    ]


def test_a_bound_of_zero_is_a_bound():
    assert a_set(Measurement("wmh_ml", 0.1, "ml", 0.0, 0.4)).row()["wmh_ml_low"] == 0.0


@pytest.mark.parametrize("high", [0.4, 0.0])
def test_one_bound_alone_leaves_the_other_unknown(high):
    row = a_set(Measurement("wmh_ml", 0.0, "ml", None, high)).row()
    assert row == {"wmh_ml": 0.0, "wmh_ml_low": None, "wmh_ml_high": high}
