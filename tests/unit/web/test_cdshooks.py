"""The CDS Hooks 2.0 service against its specification: https://cds-hooks.hl7.org/2.0/"""

from __future__ import annotations

import copy
import json
import logging
import re
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the extra web")
pytest.importorskip("httpx", reason="needs httpx")

from cds_calls import ORDER, REQUEST, VIEW, call

from neurolupus.web.cards import order_cards
from neurolupus.web.orders import DRUG_CODES
from neurolupus.workflows.advise import advise_data


def request(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(REQUEST), **changes}


def fact(code: str, **value: Any) -> dict[str, Any]:
    coded = {"coding": [{"system": "urn:neurolupus:fact", "code": code}]}
    return {"resourceType": "Observation", "status": "final", "code": coded, **value}


def order(drug: str, request_: dict[str, Any] | None = None) -> dict[str, Any]:
    draft = {
        "resourceType": "MedicationRequest",
        "id": "d1",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {"text": drug},
    }
    found = request_ or request()
    found["hook"] = "order-select"
    found["context"] |= {
        "selections": ["MedicationRequest/d1"],
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": draft}]},
    }
    return found


# Attributes of CDS Hooks 2.0: https://cds-hooks.hl7.org/2.0/ (discovery, card attributes, source, link)
SERVICE_NEEDS, SERVICE_MAY = {"hook", "description", "id"}, {"title", "prefetch", "usageRequirements", "extension"}
CARD_NEEDS = {"summary", "indicator", "source"}
CARD_MAY = {"uuid", "detail", "suggestions", "selectionBehavior", "overrideReasons", "links", "extension"}
SOURCE_NEEDS, SOURCE_MAY = {"label"}, {"url", "icon", "topic"}
LINK_NEEDS, LINK_MAY = {"label", "url", "type"}, {"appContext"}
QUERY = r"(Patient/\{\{context\.patientId\}\}|[A-Z][A-Za-z]+\?patient=\{\{context\.patientId\}\}(&[a-z-]+=[a-z,-]+)*)"


def holds(one: dict[str, Any], needs: set[str], may: set[str]) -> bool:
    return needs <= set(one) <= needs | may


def empty_parts(value: Any) -> list[Any]:
    inside = list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, list) else []
    return [one for one in inside if one in ("", [], {}, None)] + [hit for one in inside for hit in empty_parts(one)]


def test_discovery_names_both_services_with_what_they_need():
    services = call("GET", "/cds-services").json()["services"]
    assert {one["hook"] for one in services} == {"patient-view", "order-select"}
    for one in services:
        assert holds(one, SERVICE_NEEDS, SERVICE_MAY)
        for query in one["prefetch"].values():
            assert re.fullmatch(QUERY, query), query


def test_cards_have_what_the_specification_requires():
    answer = call("POST", VIEW, json=REQUEST)
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"cards"}  # no systemActions
    assert body["cards"]
    assert empty_parts(body) == []  # null, "", [] and {} are prohibited
    for card in body["cards"]:
        assert holds(card, CARD_NEEDS, CARD_MAY)
        assert 0 < len(card["summary"]) < 140
        assert "\n" not in card["summary"]
        assert card["indicator"] in ("info", "warning", "critical")
        assert holds(card["source"], SOURCE_NEEDS, SOURCE_MAY)
        assert "suggestions" not in card  # nothing to accept: a card informs
        assert "not a medical device" in card["detail"]
        assert "unreviewed" in card["detail"]
        assert all({"code", "system", "display"} == set(reason) for reason in card["overrideReasons"])
        for link in card.get("links", []):
            assert holds(link, LINK_NEEDS, LINK_MAY)
            assert link["type"] == "absolute"
            assert link["url"].startswith("https://")
    assert len({card["uuid"] for card in body["cards"]}) == len(body["cards"])
    assert any(card.get("links") for card in body["cards"])


def test_a_long_summary_is_cut_below_140_characters():
    data = advise_data({"events": [{"syndrome": "psychosis"}]})
    cards = order_cards(data, [*DRUG_CODES, "antithrombotic", "a drug of a very long name indeed"])
    assert cards[0]["summary"].endswith("…")
    assert len(cards[0]["summary"]) == 139


def test_what_limits_the_advice_and_where_sources_disagree_is_a_card():
    body = request()
    body["prefetch"]["conditions"] = None
    body["prefetch"]["observations"]["entry"].append({"resource": fact("events", valueString="psychosis")})
    body["prefetch"]["observations"]["entry"][2]["resource"]["valueInteger"] = 6  # between two published cut-offs
    told = [
        card["detail"] for card in call("POST", VIEW, json=body).json()["cards"] if "To be known" in card["summary"]
    ]
    assert len(told) == 1
    assert "do not agree" in told[0]


def test_the_last_card_tells_what_was_read_and_of_which_day():
    detail = call("POST", VIEW, json=REQUEST).json()["cards"][-1]["detail"]
    assert "csf.protein (no date)" in detail
    body = request()
    body["prefetch"]["observations"]["entry"][0]["resource"]["effectiveDateTime"] = "2019-03-02"
    assert "csf.protein (2019-03-02)" in call("POST", VIEW, json=body).json()["cards"][-1]["detail"]


def test_missing_infection_status_is_a_warning_card_and_named():
    cards = call("POST", VIEW, json=REQUEST).json()["cards"]
    waiting = next(card for card in cards if card["indicator"] == "warning")
    assert "secondary.cns_infection" in waiting["detail"]


def test_the_same_call_gives_the_same_cards():
    assert call("POST", VIEW, json=REQUEST).content == call("POST", VIEW, json=REQUEST).content


def test_absent_and_null_prefetch_are_kept_apart():
    null = call("POST", VIEW, json=REQUEST).json()["cards"][-1]["detail"]
    assert "imaging: not supplied" in null
    assert "allergies: not supplied" not in null  # supplied as null: nothing was found


@pytest.mark.parametrize("patient", ["absent", None, {"resourceType": "OperationOutcome", "issue": []}, "x", []])
def test_without_the_patient_it_is_412(patient: Any):
    body = request()
    if patient == "absent":
        del body["prefetch"]["patient"]
    else:
        body["prefetch"]["patient"] = patient
    answer = call("POST", VIEW, json=body)
    assert answer.status_code == 412
    assert "patient" in answer.json()["error"]


def test_another_patient_is_refused_and_what_is_anothers_is_not_read():
    body = request()
    body["prefetch"]["patient"]["id"] = "other"
    assert call("POST", VIEW, json=body).status_code == 400
    body = request()
    del body["prefetch"]["patient"]["id"]
    body["prefetch"]["conditions"]["entry"][0]["resource"]["subject"]["reference"] = "Patient/other"
    cards = call("POST", VIEW, json=body).json()["cards"]
    assert "No neuropsychiatric event" in cards[0]["summary"]
    assert "of another patient (1)" in cards[0]["detail"]


def test_a_fault_of_the_record_is_422_with_its_place_and_no_card():
    body = request()
    body["prefetch"]["observations"]["entry"][2]["resource"]["valueInteger"] = 11
    answer = call("POST", VIEW, json=body)
    assert answer.status_code == 422
    assert "italian_score" in answer.json()["faults"][0]
    assert "cards" not in answer.json()


def test_a_fhir_server_that_is_offered_is_never_asked(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was made")

    expected = call("POST", VIEW, json=REQUEST).content
    monkeypatch.setattr(socket.socket, "connect", refuse)
    offered = request(fhirServer="http://127.0.0.1:1/fhir", fhirAuthorization={"access_token": "x"})
    assert call("POST", VIEW, json=offered).content == expected


def test_nothing_recorded_is_an_answer():
    body = request()
    body["prefetch"] = {"patient": REQUEST["prefetch"]["patient"]}
    cards = call("POST", VIEW, json=body).json()["cards"]
    assert len(cards) == 1
    assert "No neuropsychiatric event" in cards[0]["summary"]


def test_an_order_of_cyclophosphamide_with_infection_unknown_is_warned_of():
    body = request()
    body["prefetch"]["observations"]["entry"].append({"resource": fact("secondary.metabolic", valueBoolean=False)})
    cards = call("POST", ORDER, json=order("Cyclophosphamide 500 mg", body)).json()["cards"]
    assert cards
    assert cards[0]["indicator"] == "warning"
    assert "secondary.cns_infection" in cards[0]["detail"]


def test_only_selected_orders_are_looked_at():
    body = order("Cyclophosphamide 500 mg")
    body["context"]["selections"] = ["NutritionOrder/1"]
    assert call("POST", ORDER, json=body).json()["cards"] == []


def test_an_order_that_concerns_nothing_gets_no_card():
    assert call("POST", ORDER, json=order("Paracetamol 500 mg")).json()["cards"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({**REQUEST, "hook": "order-select"}, 400),
        ({**REQUEST, "context": {"userId": "x"}}, 400),
        ({**REQUEST, "prefetch": [1]}, 400),
        ([1, 2], 400),
    ],
)
def test_calls_of_another_form_are_refused(body: Any, status: int):
    assert call("POST", VIEW, json=body).status_code == status


def test_deep_and_large_bodies_are_refused():
    kind = {"content-type": "application/json"}
    for deep in ('{"a":' * 5000 + "1" + "}" * 5000, '{"a":' + "[" * 100 + "]" * 100 + "}", "[" * 200_000):
        assert call("POST", VIEW, content=deep, headers=kind).status_code == 400
    assert call("POST", VIEW, content=b" " * (5 << 20), headers=kind).status_code == 413
    assert call("POST", VIEW, content=in_pieces(b" " * (1 << 20), 5), headers=kind).status_code == 413
    nested: Any = 1
    for _ in range(100):
        nested = [nested]
    assert call("POST", VIEW, json=request(extension=nested)).status_code == 400


async def in_pieces(piece: bytes, number: int) -> AsyncIterator[bytes]:
    """A body that does not say how long it is."""
    for _ in range(number):
        yield piece


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_no_json_is_refused(constant: str):
    text = json.dumps(REQUEST).replace('"value": 72', f'"value": {constant}')
    assert constant in text
    answer = call("POST", VIEW, content=text, headers={"content-type": "application/json"})
    assert answer.status_code == 400


@pytest.mark.parametrize("body", ["", "{", "NaN", '{"hook": NaN}', "\xff", "null"])
def test_what_is_no_json_object_is_refused(body: str):
    answer = call("POST", VIEW, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_what_a_web_page_may_post_unasked_is_refused(kind: str):
    assert call("POST", VIEW, content=b"{}", headers={"content-type": kind}).status_code == 415


JUNK: list[dict[str, Any]] = [
    {"prefetch": {"patient": 3}},
    {"prefetch": {"patient": {"resourceType": "Observation"}}},
    {"prefetch": {"patient": {"resourceType": "Patient"}, "conditions": "x", "imaging": [1, [2]], "observations": 7}},
    {"context": {"userId": "u", "patientId": ["invented-1"]}},
    {"context": {"userId": "u", "patientId": "invented-1", "draftOrders": 3, "selections": 4}, "hook": "order-select"},
    {"hookInstance": 3},
]


@pytest.mark.parametrize("change", JUNK, ids=range(len(JUNK)))
def test_junk_is_an_answer_or_a_refusal_and_never_a_fault_of_ours(change: dict[str, Any]):
    path = ORDER if change.get("hook") else VIEW
    assert call("POST", path, json=request(**change)).status_code in (200, 400, 412)


def test_an_unknown_service_is_404():
    assert call("POST", "/cds-services/other", json=REQUEST).status_code == 404


def test_an_internal_fault_tells_its_kind_and_nothing_of_the_patient(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fail(*_: object, **__: object) -> None:
        raise KeyError("Canaryson")

    monkeypatch.setattr("neurolupus.web.cdshooks.advise_data", fail)
    with caplog.at_level(logging.DEBUG):
        answer = call("POST", VIEW, json=REQUEST)
    assert answer.status_code == 500
    assert "KeyError" in caplog.text
    assert "Canaryson" not in caplog.text + answer.text


def test_logs_hold_no_patient(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG, logger="neurolupus.cdshooks"):
        call("POST", VIEW, json=REQUEST)
        broken = request()
        broken["prefetch"]["observations"]["entry"][2]["resource"]["valueInteger"] = 11
        call("POST", VIEW, json=broken)
    text = caplog.text
    assert "knowledge" in text
    for canary in ("Canaryson", "1994-04-02", "invented-1"):
        assert canary not in text
