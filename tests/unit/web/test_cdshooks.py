"""The CDS Hooks 2.0 service against its specification: https://cds-hooks.hl7.org/2.0/"""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the extra web")
pytest.importorskip("httpx", reason="needs httpx")

import httpx

from neurolupus.web.cdshooks import CdsSettings, create_app
from neurolupus.web.tokens import Clients

REQUEST = json.loads((Path(__file__).parents[2] / "cases" / "fhir" / "patient_view.json").read_text("utf-8"))
VIEW, ORDER = "/cds-services/neurolupus-patient-view", "/cds-services/neurolupus-order-select"


def call(method: str, path: str, settings: CdsSettings | None = None, **options: Any) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=create_app(settings))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8910") as client:
            return await client.request(method, path, **options)

    return asyncio.run(ask())


def request(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(REQUEST), **changes}


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


def test_discovery_names_both_services_with_what_they_need():
    services = call("GET", "/cds-services").json()["services"]
    assert {one["hook"] for one in services} == {"patient-view", "order-select"}
    for one in services:
        assert {"id", "title", "description", "prefetch"} <= set(one)
        assert "Patient/{{context.patientId}}" in one["prefetch"].values()


def test_cards_have_what_the_specification_requires():
    answer = call("POST", VIEW, json=REQUEST)
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"cards"}  # no systemActions
    assert body["cards"]
    for card in body["cards"]:
        assert 0 < len(card["summary"]) < 140
        assert card["indicator"] in ("info", "warning", "critical")
        assert card["source"]["label"]
        assert card["overrideReasons"]
        assert "suggestions" not in card
        assert "not a medical device" in card["detail"]
        assert "unreviewed" in card["detail"]
    assert len({card["uuid"] for card in body["cards"]}) == len(body["cards"])


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


@pytest.mark.parametrize("patient", ["absent", None])
def test_without_the_patient_it_is_412(patient: str | None):
    body = request()
    if patient == "absent":
        del body["prefetch"]["patient"]
    else:
        body["prefetch"]["patient"] = None
    answer = call("POST", VIEW, json=body)
    assert answer.status_code == 412
    assert "patient" in answer.json()["error"]


def test_nothing_recorded_is_an_answer():
    body = request()
    body["prefetch"] = {"patient": REQUEST["prefetch"]["patient"]}
    cards = call("POST", VIEW, json=body).json()["cards"]
    assert len(cards) == 1
    assert "No neuropsychiatric event" in cards[0]["summary"]


def test_an_order_of_cyclophosphamide_with_infection_unknown_is_warned_of():
    body = request()
    body["prefetch"]["observations"]["entry"].append(
        {
            "resource": {
                "resourceType": "Observation",
                "status": "final",
                "code": {"coding": [{"system": "urn:neurolupus:fact", "code": "secondary.metabolic"}]},
                "valueBoolean": False,
            }
        }
    )
    cards = call("POST", ORDER, json=order("Cyclophosphamide 500 mg", body)).json()["cards"]
    assert cards
    assert cards[0]["indicator"] == "warning"
    assert "secondary.cns_infection" in cards[0]["detail"]


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
    deep = '{"a":' * 5000 + "1" + "}" * 5000
    assert call("POST", VIEW, content=deep).status_code == 400
    assert call("POST", VIEW, content=b" " * (5 << 20)).status_code == 413


def test_an_unknown_service_is_404():
    assert call("POST", "/cds-services/other", json=REQUEST).status_code == 404


def test_feedback_is_kept_without_ids_or_words(tmp_path: Path):
    path = tmp_path / "feedback.jsonl"
    body = {
        "feedback": [
            {
                "card": "9368d37b-283f-44a0-93ea-547cebab93ed",
                "outcome": "overridden",
                "overrideReason": {
                    "reason": {"code": "already-done", "system": "urn:x"},
                    "userComment": "Mrs Canaryson",
                },
                "outcomeTimestamp": "2026-01-01T10:05:31Z",
            }
        ]
    }
    assert call("POST", VIEW + "/feedback", CdsSettings(feedback=path), json=body).status_code == 200
    kept = json.loads(path.read_text("utf-8"))
    assert (kept["outcome"], kept["reason"]) == ("overridden", "already-done")
    assert "Canaryson" not in path.read_text("utf-8")
    assert path.stat().st_mode & 0o077 == 0
    assert call("POST", VIEW + "/feedback", json={"feedback": [{"card": "x", "outcome": "seen"}]}).status_code == 400


def test_logs_hold_no_patient(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG, logger="neurolupus.cdshooks"):
        call("POST", VIEW, json=REQUEST)
    text = caplog.text
    assert "knowledge" in text
    for canary in ("Canaryson", "1994-04-02", "invented-1"):
        assert canary not in text


@pytest.fixture(scope="module")
def signer() -> tuple[Any, Clients]:
    ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec", reason="needs the extra web")
    private = ec.generate_private_key(ec.SECP384R1())
    return private, Clients({"https://ehr.example": {"k1": private.public_key()}})


def token(private: Any, **changes: Any) -> str:
    import jwt

    now = int(time.time())
    claims = {
        "iss": "https://ehr.example",
        "aud": "http://127.0.0.1:8910" + VIEW,
        "iat": now,
        "exp": now + 300,
        "jti": "1",
    }
    claims |= changes
    return jwt.encode(
        {k: v for k, v in claims.items() if v is not None}, private, algorithm="ES384", headers={"kid": "k1"}
    )


def test_a_token_in_order_is_taken(signer: tuple[Any, Clients]):
    private, clients = signer
    headers = {"authorization": f"Bearer {token(private)}"}
    assert call("POST", VIEW, CdsSettings(clients), json=REQUEST, headers=headers).status_code == 200


@pytest.mark.parametrize("changes", [{"iss": "https://other"}, {"aud": "http://x"}, {"exp": 1}, {"jti": None}])
def test_a_token_that_proves_nothing_is_refused(signer: tuple[Any, Clients], changes: dict[str, Any]):
    private, clients = signer
    headers = {"authorization": f"Bearer {token(private, **changes)}"}
    assert call("POST", VIEW, CdsSettings(clients), json=REQUEST, headers=headers).status_code == 401


def test_no_token_an_unsigned_one_and_another_key_are_refused(signer: tuple[Any, Clients]):
    import jwt
    from cryptography.hazmat.primitives.asymmetric import ec

    _, clients = signer
    other = ec.generate_private_key(ec.SECP384R1())
    unsigned = jwt.encode({"iss": "https://ehr.example"}, None, algorithm="none", headers={"kid": "k1"})
    for headers in ({}, {"authorization": f"Bearer {unsigned}"}, {"authorization": f"Bearer {token(other)}"}):
        assert call("POST", VIEW, CdsSettings(clients), json=REQUEST, headers=headers).status_code == 401


def test_serving_beyond_loopback_needs_clients():
    from typer.testing import CliRunner

    from neurolupus.cli.app import app

    result = CliRunner().invoke(app, ["serve", "--cds", "--host", "0.0.0.0"])
    assert result.exit_code == 2
    assert "--clients" in result.output
