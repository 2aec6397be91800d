"""The invented FHIR cases: valid R4B, and the story of the febrile confusion from resources alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from neurolupus.io.fhir import read_fhir
from neurolupus.workflows.advise import advise_data

CASES = Path(__file__).parents[2] / "cases" / "fhir"
TODAY = date(2026, 1, 15)


def resources(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.get("resourceType") not in (None, "Bundle"):
            yield value
        for one in value.values():
            yield from resources(one)
    elif isinstance(value, list):
        for one in value:
            yield from resources(one)


def case(name: str) -> Any:
    return json.loads((CASES / name).read_text("utf-8"))


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.glob("*.json")))
def test_the_cases_are_valid_fhir(name: str):
    # fhir.resources models R4B; the resources used here differ from R4 in none of the elements used
    models = pytest.importorskip("fhir.resources.R4B", reason="needs the extra fhir")
    found = list(resources(case(name)))
    assert found
    for one in found:
        models.get_fhir_model_class(one["resourceType"]).model_validate(one)


def advised(*bundles: Any) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    data = advise_data(read_fhir(list(bundles), today=TODAY).data, today=TODAY)
    return data, {item["code"]: item for item in data["deferred"]}


def test_immunosuppression_waits_until_a_puncture_and_cultures_exclude_infection():
    before, waits = advised(case("febrile_confusion.json"))
    assert "secondary.cns_infection" in waits["RX_GC_IS"]["waiting_for"]
    assert "WU_LP_CSF" in {item["code"] for item in before["active"]}
    assert before["findings"]["csf_protein_raised"] is None
    after, waits = advised(case("febrile_confusion.json"), case("febrile_confusion_after_puncture.json"))
    assert "RX_GC_IS" not in waits
    assert "RX_GC_IS" in {item["code"] for item in after["active"]}
    assert after["findings"]["csf_protein_raised"] is True  # 72 mg/dL = 0.72 g/L
    assert after["mechanism"]["value"] == "inflammatory"


def test_the_order_of_resources_decides_nothing():
    both = [*resources(case("febrile_confusion.json")), *resources(case("febrile_confusion_after_puncture.json"))]
    straight, turned = (read_fhir(order, today=TODAY) for order in (both, both[::-1]))
    assert straight.data == turned.data
    assert straight.ignored == turned.ignored
    assert advise_data(straight.data, today=TODAY) == advise_data(turned.data, today=TODAY)


def test_leaving_a_resource_out_never_adds_a_treatment():
    # SR-04 through FHIR: what is absent is unknown, and unknown never opens a treatment
    both = [*resources(case("febrile_confusion.json")), *resources(case("febrile_confusion_after_puncture.json"))]
    held = {item["code"] for item in advise_data(read_fhir(both, today=TODAY).data, today=TODAY)["active"]}
    for left_out in both:
        rest = read_fhir([one for one in both if one is not left_out], today=TODAY)
        active = {item["code"] for item in advise_data(rest.data, today=TODAY)["active"]}
        assert {code for code in active - held if code.startswith(("RX_", "OPT_"))} == set(), left_out["id"]
