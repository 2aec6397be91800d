"""GuidanceResponse against its R4 definition, https://hl7.org/fhir/R4/guidanceresponse.html"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from neurolupus.report.fhir_guidance import guidance_response
from neurolupus.workflows.advise import advise_data, advise_patient

PATIENTS = sorted((Path(__file__).resolve().parents[3] / "examples" / "patients").glob("*.patient.yaml"))
# R4: the elements of GuidanceResponse, and the codes of its status
ELEMENTS = {
    "resourceType", "id", "contained", "requestIdentifier", "identifier", "moduleUri", "status", "subject", "encounter",
    "occurrenceDateTime", "performer", "reasonCode", "reasonReference", "note", "evaluationMessage", "outputParameters",
    "result", "dataRequirement",
}  # fmt: skip
STATUS = {"success", "data-requested", "data-required", "in-progress", "failure", "entered-in-error"}


@pytest.fixture(params=PATIENTS, ids=[path.stem for path in PATIENTS])
def data(request: pytest.FixtureRequest) -> dict[str, Any]:
    return advise_patient(request.param).data


def test_a_response_has_r4_elements_and_codes_only(data: dict[str, Any]):
    found = guidance_response(data, subject="Patient/1")
    assert set(found) <= ELEMENTS
    assert found["status"] in STATUS
    assert found["moduleUri"]
    assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", found["id"])
    assert found["outputParameters"]["reference"] == "#" + found["contained"][0]["id"]


def test_missing_facts_are_data_requirements(data: dict[str, Any]):
    found = guidance_response(data)
    asked = [one["codeFilter"][0]["code"][0]["code"] for one in found.get("dataRequirement", [])]
    assert asked == data["data_requests"]


@pytest.mark.parametrize(
    ("asked", "waits", "attribution", "status"),
    [
        ([], [], "attributed", "success"),
        (["apl.positive"], [], "attributed", "data-requested"),
        (["apl.positive"], [], "insufficient_data", "data-required"),
        (["apl.positive"], ["RX_GC_IS"], "attributed", "data-required"),
    ],
)
def test_status_as_r4_defines_it(asked: list[str], waits: list[str], attribution: str, status: str):
    # data-required: the evaluation cannot be completed; data-requested: it could only become more accurate
    data = advise_data({"events": [{"syndrome": "psychosis"}]})
    item = data["deferred"][0]
    data |= {
        "data_requests": asked,
        "deferred": [{**item, "code": code} for code in waits],
        "attribution": {**data["attribution"], "status": attribution},
    }
    assert guidance_response(data)["status"] == status


def test_an_empty_record_requires_data():
    found = guidance_response(advise_data({}))
    assert found["status"] == "data-required"
    assert found["dataRequirement"]


def empty_parts(value: Any) -> list[Any]:
    inside = list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, list) else []
    return [one for one in inside if one in ("", [], {}, None)] + [hit for one in inside for hit in empty_parts(one)]


@pytest.mark.parametrize("record", [{}, {"events": [{"syndrome": "psychosis"}]}])
def test_nothing_in_a_response_is_empty(record: dict[str, Any]):
    # https://hl7.org/fhir/R4/json.html: no empty string, list or object, and no null
    assert empty_parts(guidance_response(advise_data(record))) == []


def test_every_item_is_a_parameter_with_strength_and_sources(data: dict[str, Any]):
    parameters = guidance_response(data)["contained"][0].get("parameter", [])
    items = [item for part in ("active", "options", "deferred", "warnings", "gaps") for item in data[part]]
    assert len(parameters) == len(items)
    for one in parameters:
        names = [part["name"] for part in one["part"]]
        assert {"code", "text", "strength", "cites"} <= set(names)
        for part in one["part"]:  # inv-1 of R4 Parameters: one and only one of value, resource and part
            assert len(set(part) - {"name"}) == 1


def test_the_same_advice_has_the_same_id_and_text_says_what_it_is():
    data = advise_data({"events": [{"syndrome": "psychosis"}]})
    assert guidance_response(data) == guidance_response(data)
    assert "not a medical device" in json.dumps(guidance_response(data))


def test_fhir_resources_takes_it(data: dict[str, Any]):
    # fhir.resources models R4B; GuidanceResponse and Parameters are the same there as in R4
    module = pytest.importorskip("fhir.resources.R4B.guidanceresponse", reason="needs the extra fhir")
    module.GuidanceResponse.model_validate(guidance_response(data, subject="Patient/1"))
