"""The five worked cases and their metamorphic changes, read in place beside the repository."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from advice_cases import TODAY, changed

from neurolupus.guidelines.answer import advice_as_data
from neurolupus.guidelines.engine import advise
from neurolupus.guidelines.load import load_knowledge
from neurolupus.guidelines.model import TIERS
from neurolupus.io.patient_file import parse_patient

NAMES = ("V01", "V05", "V07", "V14", "V18")


@pytest.fixture(scope="module")
def worked() -> Mapping[str, Any]:
    path = Path(__file__).resolve().parents[4] / "shared" / "guidance" / "worked_cases.yaml"
    if not path.is_file():
        pytest.skip("needs the worked cases in shared/ beside the repository")
    return yaml.safe_load(path.read_text("utf-8"))


def answer(inputs: Mapping[str, Any]) -> dict[str, Any]:
    record = parse_patient(inputs, today=TODAY)
    knowledge = load_knowledge()
    return advice_as_data(advise(record, knowledge, today=TODAY), record, knowledge)


def codes(found: Mapping[str, Any], part: str) -> dict[str, Any]:
    return {item["code"]: item for item in found[part]}


def visible(found: Mapping[str, Any]) -> dict[str, Any]:
    return {**codes(found, "active"), **codes(found, "options")}


def inputs_of(worked: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return next(case["inputs"] for case in worked["cases"] if case["id"] == name)


@pytest.mark.parametrize("name", NAMES)
def test_worked_case(worked: Mapping[str, Any], name: str):
    expected = next(case["expected"] for case in worked["cases"] if case["id"] == name)
    found = answer(inputs_of(worked, name))
    active, options, deferred = (codes(found, part) for part in ("active", "options", "deferred"))
    assert found["attribution"]["status"] == expected["attribution"]["status"]
    assert set(found["attribution"]["cites"]) & set(expected["attribution"]["cites"])
    assert found["mechanism"]["value"] == expected["mechanism"]["value"]
    assert set(found["mechanism"]["cites"]) & set(expected["mechanism"]["cites"])
    for one in expected.get("recommend", []):
        item = active[one["code"]]
        assert TIERS[item["strength"]] <= TIERS[one["strength"]]
        assert set(item["cites"]) & set(one["cites"])
    for one in expected.get("options", []):
        item = options[one["code"]]
        assert TIERS[item["strength"]] <= TIERS[one["strength"]]
        assert set(item["cites"]) & set(one["cites"])
        assert set(one.get("protocol_cites", ())) <= set(item.get("protocol_cites", ()))
    for one in expected.get("allowed", []):
        item = visible(found).get(one["code"])
        assert item is None or TIERS[item["strength"]] <= TIERS[one["strength"]]
    assert {one["code"] for one in expected.get("deferred", [])} <= set(deferred)
    assert not {one["code"] for one in expected.get("must_not", [])} & set(visible(found))
    for one in expected.get("surface", []):
        assert set(codes(found, "warnings")[one["code"]]["cites"]) & set(one["cites"])
    assert set(expected.get("data_requests", [])) <= set(found["data_requests"])
    findings = {key: value for key, value in expected.get("findings", {}).items() if key != "cites"}
    assert findings.items() <= found["findings"].items()


def test_infection_unknown_moves_immunosuppression_to_deferred(worked: Mapping[str, Any]):
    found = answer(changed(inputs_of(worked, "V01"), {"secondary.cns_infection": None}))
    assert not {"RX_GC_IS", "RX_CYC_IV"} & set(visible(found))
    assert {"RX_GC_IS", "RX_CYC_IV"} <= set(codes(found, "deferred"))


@pytest.mark.parametrize(
    ("score", "status", "borderline"), [(5, "not_attributed", False), (6, "attributed", True), (7, "attributed", False)]
)
def test_scores_around_both_cut_offs(worked: Mapping[str, Any], score: int, status: str, borderline: bool):
    found = answer(changed(inputs_of(worked, "V01"), {"attribution.italian_score": score}))
    assert found["attribution"]["status"] == status
    assert found["attribution"]["borderline"] is borderline
    assert ("W_ATTR_CUTOFF_BORDERLINE" in codes(found, "warnings")) is borderline
    assert ("RX_GC_IS" in visible(found)) is (status == "attributed")
    assert found["attribution"]["by_cut_off"] == {"6": score >= 6, "7": score >= 7}


def test_initial_control_activates_maintenance(worked: Mapping[str, Any]):
    found = answer(changed(inputs_of(worked, "V01"), {"treatment.initial_control": True}))
    assert "RX_MAINT_AZA_MMF" in codes(found, "active")


def test_volumes_change_nothing_but_the_context(worked: Mapping[str, Any]):
    inputs = inputs_of(worked, "V01")
    volumes = {"mri.wmh_ml": 18.5, "mri.tbv_ml": 900, "mri.tiv_ml": 1400}
    assert answer(changed(inputs, volumes)) == answer(inputs)


def test_equal_protein_in_another_unit_gives_the_same_answer(worked: Mapping[str, Any]):
    inputs = inputs_of(worked, "V14")
    assert answer(changed(inputs, {"csf.protein": {"value": 72, "unit": "mg/dL"}})) == answer(inputs)


def test_protein_at_the_limit_loses_the_claim_of_the_subgroup(worked: Mapping[str, Any]):
    found = answer(changed(inputs_of(worked, "V14"), {"csf.protein": {"value": 0.5, "unit": "g/L"}}))
    assert found["findings"]["csf_protein_raised"] is False
    item = codes(found, "options").get("OPT_IT_MTX_DEX")
    assert item is None or "S2-091" not in item["cites"]
    assert "EV_IT_CSF_SUBGROUP" not in codes(found, "evidence")


def test_protein_without_unit_is_unknown_and_its_unit_asked_for(worked: Mapping[str, Any]):
    found = answer(changed(inputs_of(worked, "V14"), {"csf.protein": {"value": 0.72, "unit": None}}))
    assert found["findings"]["csf_protein_raised"] is None
    assert "csf.protein.unit" in found["data_requests"]


def test_renal_function_unknown_defers_intrathecal_methotrexate(worked: Mapping[str, Any]):
    found = answer(changed(inputs_of(worked, "V14"), {"patient.renal_insufficiency": None}))
    assert "OPT_IT_MTX_DEX" not in visible(found)
    assert "patient.renal_insufficiency" in codes(found, "deferred")["OPT_IT_MTX_DEX"]["waiting_for"]
    assert "patient.renal_insufficiency" in found["data_requests"]


def test_vocabulary_is_spoken_exactly(worked: Mapping[str, Any]):
    path = Path(__file__).resolve().parents[4] / "shared" / "guidance" / "vocabulary.yaml"
    named = yaml.safe_load(path.read_text("utf-8"))["output"]["codes"]
    assert set(named) <= {rule.code for rule in load_knowledge().rules}
