"""Feedback on cards is kept without ids of persons and without words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the extra web")
pytest.importorskip("httpx", reason="needs httpx")

from cds_calls import REQUEST, VIEW, call

from neurolupus.web.cards import OVERRIDE_SYSTEM
from neurolupus.web.cdshooks import CdsSettings

CARD = "9368d37b-283f-44a0-93ea-547cebab93ed"


def entry(**changes: Any) -> dict[str, Any]:
    # the attributes of CDS Hooks 2.0, https://cds-hooks.hl7.org/2.0/#feedback
    reason = {"code": "already-done", "system": OVERRIDE_SYSTEM}
    return {
        "card": CARD,
        "outcome": "overridden",
        "overrideReason": {"reason": reason, "userComment": "Mrs Canaryson has had it"},
        "outcomeTimestamp": "2026-01-01T10:05:31Z",
    } | changes


def test_feedback_on_a_card_of_ours_is_kept_without_words(tmp_path: Path):
    path = tmp_path / "feedback.jsonl"
    card = call("POST", VIEW, json=REQUEST).json()["cards"][0]["uuid"]
    body = {"feedback": [entry(card=card), entry(outcome="accepted", overrideReason={"userComment": "Canaryson"})]}
    assert call("POST", VIEW + "/feedback", CdsSettings(feedback=path), json=body).status_code == 200
    assert call("POST", VIEW + "/feedback", CdsSettings(feedback=path), json=body).status_code == 200
    kept = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [one["outcome"] for one in kept] == ["overridden", "accepted"] * 2
    assert (kept[0]["card"], kept[0]["reason"], kept[1]["reason"]) == (card, "already-done", None)
    assert "Canaryson" not in path.read_text("utf-8")
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("system", "code"), [(OVERRIDE_SYSTEM, "Mrs Canaryson"), ("urn:hospital", "already-done")])
def test_a_reason_that_is_not_ours_is_kept_as_other(system: str, code: str, tmp_path: Path):
    path = tmp_path / "feedback.jsonl"
    reason = {"reason": {"code": code, "system": system}}
    call("POST", VIEW + "/feedback", CdsSettings(feedback=path), json={"feedback": [entry(overrideReason=reason)]})
    assert json.loads(path.read_text("utf-8"))["reason"] == "other"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"feedback": {}},
        {"feedback": ["x"]},
        {"feedback": [entry(outcome="seen")]},
        {"feedback": [entry(card="Mrs Canaryson")]},
        {"feedback": [entry(), entry(card=None)]},
        {"feedback": [entry()] * 101},
    ],
    ids=range(7),
)
def test_feedback_of_another_form_is_refused_and_none_of_it_kept(body: dict[str, Any], tmp_path: Path):
    path = tmp_path / "feedback.jsonl"
    assert call("POST", VIEW + "/feedback", CdsSettings(feedback=path), json=body).status_code == 400
    assert not path.exists()


@pytest.mark.parametrize("reason", ["already-done", {"reason": "already-done"}, {"reason": []}, [], None])
def test_a_reason_of_another_form_is_no_reason(reason: Any, tmp_path: Path):
    path = tmp_path / "feedback.jsonl"
    body = {"feedback": [entry(overrideReason=reason)]}
    assert call("POST", VIEW + "/feedback", CdsSettings(feedback=path), json=body).status_code == 200
    assert json.loads(path.read_text("utf-8"))["reason"] is None


def test_without_a_file_feedback_is_checked_and_forgotten():
    assert call("POST", VIEW + "/feedback", json={"feedback": [entry()]}).status_code == 200
    assert call("POST", "/cds-services/other/feedback", json={"feedback": [entry()]}).status_code == 404
