"""Time line, lumbar punctures in series, and the radiologist's paragraph."""

from __future__ import annotations

import re
from datetime import date
from xml.etree import ElementTree

from neurolupus.report.puncture_chart import Puncture, injections_of, puncture_chart, punctures_of
from neurolupus.report.radiology import CAVEAT, Found, radiology_paragraph
from neurolupus.report.timeline import Moment, moments_of, ticks, timeline

RECORD = {
    "events": [{"syndrome": "psychosis", "date": "2025-06-10", "refractory": True}, {"syndrome": "headache"}],
    "lumbar_punctures": [
        {"date": "2025-07-01", "csf": {"opening_pressure_mmH2O": 220, "wbc_10e6_per_L": 3}},
        {"date": "2025-06-12", "csf": {"opening_pressure_mmH2O": 160, "protein": {"value": 72, "unit": "mg/dL"}}},
    ],
    "intrathecal_sessions": [{"date": "2025-07-01", "methotrexate_mg": 10, "dexamethasone_mg": 0}],
    "follow_up": {"last_contact": "2026-01-01", "relapses": [{"date": "2025-12-01"}], "death": {"date": "2026-02-01"}},
}


def marks(svg: str, kind: str) -> list[tuple[float, float]]:
    root = ElementTree.fromstring(svg)
    return [
        (float(one.get("cx", "nan")), float(one.get("cy", "nan")))
        for one in root.iter("circle")
        if kind in (one.get("class") or "").split()
    ]


def test_what_a_record_dates_is_told_and_what_it_does_not_is_kept() -> None:
    found = moments_of(RECORD)
    assert Moment("Events", date(2025, 6, 10), "Psychosis", "refractory") in found
    assert [one.label for one in found if one.when is None] == ["Headache"]
    assert Moment("Intrathecal", date(2025, 7, 1), "", "methotrexate 10 mg") in found
    assert {one.label for one in found if one.lane == "Course"} == {"Last contact", "Relapse", "Death"}


def test_days_lie_in_proportion_and_none_outside() -> None:
    svg = str(timeline([Moment("Course", date(2025, 1, day), str(day)) for day in (1, 11, 31)]))
    places = sorted(marks(svg, "moment"))
    first, second, third = (x for x, _ in places)
    assert abs((second - first) / (third - first) - 1 / 3) < 1e-3
    assert 0 < first < third < 960


def test_words_of_one_lane_never_overlap() -> None:
    many = [Moment("Events", date(2025, 1, 1 + n), "Cerebrovascular disease") for n in range(9)]
    rows = {y for _, y in marks(str(timeline(many)), "moment")}
    assert len(rows) > 3


def test_without_a_date_nothing_is_drawn() -> None:
    assert timeline([Moment("Events", None, "Headache")]) == ""


def test_one_day_alone_is_drawn() -> None:
    assert marks(str(timeline([Moment("MRI", date(2025, 1, 1), "MRI")])), "mri")


def test_the_axis_has_at_most_twelve_labels_over_any_time() -> None:
    for last in (date(2025, 2, 1), date(2025, 9, 1), date(2028, 1, 1), date(2060, 1, 1)):
        assert 1 <= len(ticks(date(2025, 1, 1), last)) <= 12


def test_words_of_the_record_are_escaped() -> None:
    svg = str(timeline([Moment("Events", date(2025, 1, 1), "<script>", '"')]))
    assert "<script>" not in svg
    ElementTree.fromstring(svg)


def test_protein_is_drawn_in_one_unit_and_by_date() -> None:
    found = punctures_of(RECORD)
    assert [one.when.month for one in found] == [6, 7]
    assert [one.protein_g_per_L for one in found] == [0.72, None]
    assert injections_of(RECORD) == (date(2025, 7, 1),)


def test_each_known_quantity_has_a_panel_and_zero_is_its_floor() -> None:
    svg = str(puncture_chart(punctures_of(RECORD), injections_of(RECORD), limits={"pressure_mmH2O": 180.0}))
    root = ElementTree.fromstring(svg)
    words = [one.text for one in root.iter("text") if one.get("class") == "strong"]
    assert words == ["Opening pressure, mmH₂O", "Protein, g/L", "White cells, 10⁶/L"]
    assert len(marks(svg, "value")) == 4
    assert len([one for one in root.iter("line") if one.get("class") == "injection"]) == 1
    cut = next(float(one.get("y1", "nan")) for one in root.iter("line") if one.get("class") == "cut")
    pressures = sorted(y for _, y in marks(svg, "value"))[:2]
    assert pressures[0] < cut < pressures[1]  # 220 above the line of 180, 160 below it


def test_nothing_known_draws_nothing() -> None:
    assert puncture_chart([Puncture(date(2025, 1, 1), None, None, None)], []) == ""


def test_the_paragraph_tells_what_was_measured_and_its_limits() -> None:
    numbers = {
        "wmh_ml": Found(2.534, 1.9, 3.4), "wmh_count": Found(1.0), "wmh_deep_ml": Found(0.5),
        "wmh_deep_count": Found(3.0), "tiv_ml": Found(1432.4), "infarct_like_count": Found(1.0),
    }  # fmt: skip
    said = radiology_paragraph(
        numbers, acquired=None, percentiles={"wmh_ml": (94.6, 31)}, warnings=["Motion."], software="neurolupus 1"
    )
    assert said.startswith("Brain MRI, date not recorded. White matter hyperintensities: 2.53 ml")
    assert "(95 % interval in simulated scans 1.90 to 3.40 ml), 1 lesion." in said
    assert "deep 0.50 ml (3)" in said
    assert "intracranial volume 1432 ml" in said
    assert "Infarct-like lesions: 1" in said
    assert re.search(r"among 31 other patients .* white matter hyperintensities 95\. Motion\. ", said)
    assert said.endswith(f"{CAVEAT} neurolupus 1.")


def test_what_was_not_measured_is_said_and_never_zero() -> None:
    said = radiology_paragraph({"wmh_ml": Found(None)}, acquired="2025-01-01", percentiles={}, software="x")
    assert "were not measured" in said
    assert "0.00" not in said


def test_the_paragraph_says_which_region_is_not_known():
    numbers = {"wmh_ml": Found(0.5), "wmh_deep_ml": Found(0.5), "wmh_deep_count": Found(3)}
    numbers["wmh_infratentorial_ml"] = Found(None)
    said = radiology_paragraph(numbers, acquired=None, percentiles={}, software="x")
    assert "By region (number of lesions): deep 0.50 ml (3), infratentorial not known." in said
