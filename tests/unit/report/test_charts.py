import xml.etree.ElementTree as ET

import pytest

from neurolupus.report import charts
from neurolupus.report.content import Step, ThresholdPoint

HOSTILE = '<script>alert("x")</script>'


def circles(svg, class_):
    return [c for c in ET.fromstring(svg).iter("circle") if c.get("class") == class_]


def test_fences_worked_by_hand():
    # quartiles of 1..9 are 3 and 7: fences 3 - 6 and 7 + 6
    assert charts.fences(list(range(1, 10))) == (-3, 13)
    assert charts.fences([1, 2, 3, 4]) is None


def test_outlier_is_ringed_in_the_plot():
    dots = [charts.Dot(f"sub-{n}", f"sub-{n}", float(n)) for n in range(1, 10)] + [charts.Dot("far", "far", 40.0)]
    assert charts.outliers(dots) == {"far"}
    assert [c.get("data-scan") for c in circles(charts.strip_plot("x", "ml", dots, 1), "dot far")] == ["far"]


def test_zero_on_a_logarithmic_scale_is_kept_at_the_edge():
    dots = [charts.Dot(str(n), str(n), v) for n, v in enumerate((0.0, 0.2, 1.0, 10.0, 30.0, 50.0))]
    svg = charts.strip_plot("WMH", "ml", dots, 2, log=True)
    places = {c.get("data-scan"): float(c.get("cx")) for c in ET.fromstring(svg).iter("circle")}
    assert len(places) == 6
    assert places["0"] < places["1"] < places["2"] < places["5"]


def test_larger_values_lie_further_right():
    pairs = [charts.Pair("sub-01", 500.0, 510.0, 505.0, 515.0), charts.Pair("sub-02", 600.0, 590.0)]
    svg = charts.dumbbells("Grey matter", pairs, 1)
    truth, measured = circles(svg, "truth"), circles(svg, "measured")
    assert float(truth[0].get("cx")) < float(measured[0].get("cx"))
    assert float(measured[1].get("cx")) < float(truth[1].get("cx"))


def test_words_are_escaped():
    for svg in (
        charts.strip_plot(HOSTILE, HOSTILE, [charts.Dot(HOSTILE, HOSTILE, 1.0)], 1),
        charts.dumbbells(HOSTILE, [charts.Pair(HOSTILE, 1.0, 2.0)], 1),
        charts.time_bars([Step(HOSTILE, 1.0)]),
    ):
        assert "<script" not in svg
        ET.fromstring(svg)


@pytest.mark.parametrize("chosen", [0.05, 0.1, 0.2, 0.5, 0.9])
def test_threshold_curve_for_any_choice(chosen):
    curve = [ThresholdPoint(0.1, 3.0), ThresholdPoint(0.3, 1.0), ThresholdPoint(0.5, 0.0)]
    svg = charts.threshold_curve(curve, chosen, 1.5)
    assert len(circles(svg, "dot-wmh")) == (1 if 0.1 <= chosen <= 0.5 else 0)


def test_empty_data_draw_empty_charts():
    ET.fromstring(charts.volume_bar((0.0, 0.0, 0.0)))
    ET.fromstring(charts.time_bars([]))
    ET.fromstring(charts.threshold_curve([ThresholdPoint(0.1, 0.0), ThresholdPoint(0.5, 0.0)], 0.2, 0.0))
    ET.fromstring(charts.strip_plot("x", "", [charts.Dot("a", "a", 2.0)], 1))


def test_ticks_are_round():
    assert charts.Scale(0.0, 10.0, 0, 1).ticks(4) == (0.0, 2.5, 5.0, 7.5, 10.0)
    assert charts.Scale(0.1, 100, 0, 1, log=True).ticks() == pytest.approx((0.1, 1, 10, 100))
