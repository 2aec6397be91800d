"""What changed between two advices, told one by one."""

from __future__ import annotations

import copy
from typing import Any

from neurolupus.guidelines.compare import Change, advice_changes
from neurolupus.workflows.advise import advise_data

PATIENT: dict[str, Any] = {
    "patient": {"age": 29, "sex": "F"},
    "events": [{"syndrome": "psychosis", "date": "2025-06-10", "severe_organ_threatening": True}],
    "attribution": {
        "italian_items": {"onset": "within_6mo", "minor_event": False, "confounders": "one", "favouring": "one"}
    },
}


def changes(edit: Any) -> tuple[Change, ...]:
    after = copy.deepcopy(PATIENT)
    edit(after)
    return advice_changes(advise_data(PATIENT), advise_data(after))


def test_the_same_record_changes_nothing() -> None:
    assert changes(lambda record: None) == ()


def test_a_score_that_falls_between_the_cut_offs_is_told_with_both() -> None:
    # 3 + 3 + 1 + 1 = 8; with onset more than 6 months before SLE 0 + 3 + 1 + 1 = 5 (Bortoluzzi et al. 2015)
    found = changes(lambda record: record["attribution"]["italian_items"].update(onset=">6mo_before"))
    score = next(one for one in found if one.kind == "score")
    assert (score.title, score.before, score.after) == ("Italian attribution score", "8", "5")
    attribution = next(one for one in found if one.kind == "attribution")
    assert attribution.before.endswith("From 6: reached, from 7: reached.")
    assert attribution.after.endswith("From 6: not reached, from 7: not reached.")
    assert any(one.kind == "gone" for one in found)


def test_an_unknown_item_makes_a_range() -> None:
    found = changes(lambda record: record["attribution"]["italian_items"].pop("favouring"))
    assert next(one for one in found if one.kind == "score").after == "7 to 9"


def test_an_item_that_no_longer_waits_is_told_as_moved() -> None:
    def excluded(record: dict[str, Any]) -> None:
        record["secondary"] = dict.fromkeys(("cns_infection", "systemic_infection", "metabolic", "drug"), False)
        record["attribution"] |= {"mdt_consensus": "attributed", "mdt_mechanism": "inflammatory"}
        record["events"][0] |= {"acute_inflammatory": True, "refractory": False}

    found = changes(excluded)
    assert {one.kind for one in found} >= {"attribution", "mechanism"}
    moved = [one for one in found if one.kind == "moved"]
    waited = {item["title"] for item in advise_data(PATIENT)["deferred"]}
    assert moved
    assert all(one.before == "waits" for one in moved if one.title in waited)


def test_a_changed_strength_and_another_knowledge_base_are_told() -> None:
    before = advise_data(PATIENT)
    after = copy.deepcopy(before)
    after["active"][0]["strength"] = "note"
    after["knowledge"]["hash"] = "f" * 64
    kinds = {one.kind: one for one in advice_changes(before, after)}
    assert set(kinds) == {"strength", "knowledge"}
    assert kinds["strength"].after == "note"
    assert kinds["knowledge"].after == "f" * 12
