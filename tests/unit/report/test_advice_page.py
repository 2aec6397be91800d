"""The page of advice: everything said is on it, with and without volumes, and nothing of a record runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from neurolupus.io.patient_file import parse_patient, read_patient
from neurolupus.report.advice_page import advice_body, write_advice_page
from neurolupus.workflows.advise import advised

PATIENTS = sorted((Path(__file__).resolve().parents[3] / "examples" / "patients").glob("*.patient.yaml"))


@pytest.mark.parametrize("path", PATIENTS, ids=[path.stem for path in PATIENTS])
def test_every_item_gap_and_question_is_on_the_page(path: Path, tmp_path: Path):
    data = advised(read_patient(path)).data
    page = tmp_path / "advice.html"
    write_advice_page(page, data, title="Advice")
    html = page.read_text("utf-8").replace("&#39;", "'").replace("&amp;", "&").replace("&gt;", ">")
    for part in ("active", "options", "deferred", "warnings", "evidence", "gaps", "conflicts"):
        for item in data[part]:
            assert item["text"] in html, item["code"]
    for one in data["questions"]:
        assert one["question"] in html
    assert "not a medical device" in html


def test_volumes_stand_beside_the_published_groups_and_the_own_cohort():
    record = read_patient(PATIENTS[3])
    measured = replace(record, mri=replace(record.mri, wmh_ml=11.5, tbv_ml=1010.0, tiv_ml=1400.0))
    data = advised(measured).data
    html = advice_body(data)
    assert "White matter hyperintensities" in html
    assert "0.60 (0.11" in html  # S0-V01: the published median
    assert "Among" not in html
    one = {"name": "wmh_ml", "value_ml": 11.5, "expected_ml": 1.0, "low_ml": 0.1, "high_ml": 9.0, "percentile": 98.0}
    data["context"]["own_cohort"] = {"table": "mine.csv", "volumes": [{**one, "n": 40, "n_dropped": 0}]}
    assert "Among mine.csv" in advice_body(data)


def test_attribution_by_a_score_alone_is_headed_as_a_suspicion():
    record = {"events": [{"syndrome": "psychosis"}], "attribution": {"italian_score": 8}}
    by_score = advice_body(advised(parse_patient(record)).data)
    assert '<p class="big">Suspected to be due to SLE</p>' in by_score
    record["attribution"]["mdt_consensus"] = "attributed"
    assert '<p class="big">Attributed to SLE</p>' in advice_body(advised(parse_patient(record)).data)


def test_a_record_without_anything_has_a_page_of_questions():
    html = advice_body(advised(parse_patient({})).data)
    assert "Which neuropsychiatric event is it?" in html
    assert "Treatment</h2>" not in html
