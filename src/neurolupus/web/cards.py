"""Advice as CDS Hooks cards: few, short, each with its source; nothing is done by itself."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from neurolupus.guidelines.load import load_knowledge
from neurolupus.web.orders import DRUG_CODES

LONGEST_SUMMARY = 139  # CDS Hooks 2.0: fewer than 140 characters
SOURCE = {
    "label": "neurolupus: statements of cited sources; unreviewed rules; not a medical device",
    "url": "https://doi.org/10.1186/s13075-023-03030-w",
}
OVERRIDE_SYSTEM = "urn:neurolupus:override"
OVERRIDES = (
    ("not-attributed", "The event is not due to SLE"),
    ("decided-otherwise", "The multidisciplinary meeting decided otherwise"),
    ("already-done", "Already done or under way"),
    ("contraindicated", "Contraindicated in this patient"),
    ("facts-wrong", "The facts are wrong or out of date"),
)
_STRENGTH = {"option_observational": "observed", "may": "may be considered"}
_NAMESPACE = uuid.UUID("6f1c2f0e-2f3c-5b1a-9a86-2a7f0c8f5b11")


def patient_cards(
    data: Mapping[str, Any], *, read: Mapping[str, date | None], ignored: Mapping[str, int]
) -> list[dict[str, Any]]:
    """What a clinician sees on opening a chart: where attribution stands, what is supported, what waits, what to ask.

    Parameters
    ----------
    data : mapping
        The advice as data.
    read : mapping of dotted fact to date or None
        What was read, and of which day it is.
    ignored : mapping of reason to count
        Resources that were not read.
    """
    if not data["trace"] and not data["active"] and "events" in data["data_requests"]:
        return [_data_card(data, read, ignored, "No neuropsychiatric event is recorded; nothing is advised.")]
    cards = [_standing(data)]
    options = {item["code"] for item in data["options"]}
    supported = [item for item in data["active"] if item["code"] not in options]
    if supported:
        cards.append(_items_card(data, f"The sources support {_count(len(supported), 'item')}", supported, "info"))
    withheld = [item for item in data["deferred"] if item["code"].startswith(("RX_", "OPT_"))]
    if withheld:
        cards.append(
            _items_card(
                data,
                f"Withheld: {_count(len(withheld), 'treatment')}, prerequisites unknown or not met",
                withheld,
                "warning",
            )
        )
    if data["options"]:
        cards.append(
            _items_card(
                data, f"For the meeting to weigh: {_count(len(data['options']), 'option')}", data["options"], "info"
            )
        )
    if data["warnings"] or data["conflicts"]:
        cards.append(_cautions(data))
    asked = len(data["data_requests"])
    summary = (
        f"{_count(asked, 'fact')} would settle what waits" if asked else "What was read of the chart, and what not"
    )
    return [*cards, _data_card(data, read, ignored, summary)]


def order_cards(data: Mapping[str, Any], drugs: Sequence[str]) -> list[dict[str, Any]]:
    """What concerns the drugs that are being ordered: what waits, and what must be said beside it."""
    codes = {code for drug in drugs for code in DRUG_CODES.get(drug, ())}
    waits = [item for item in data["deferred"] if item["code"] in codes]
    active = [item for item in (*data["active"], *data["options"]) if item["code"] in codes]
    cards = []
    if waits:
        names = ", ".join(sorted(set(drugs)))
        cards.append(_items_card(data, f"Ordered {names}: prerequisites are unknown or not met", waits, "warning"))
    if active and any(item["must_show"] for item in active):
        cards.append(_items_card(data, "To be known beside this order", list(_once(active)), "info"))
    return cards


def _standing(data: Mapping[str, Any]) -> dict[str, Any]:
    attribution, mechanism = data["attribution"], data["mechanism"]
    low, high = attribution["score_range"]
    score = f"score {low}" if low == high else f"score {low} to {high}"
    words = attribution["status"].replace("_", " ")
    summary = f"NPSLE: {words} ({score}); suspected mechanism: {mechanism['value'].replace('_', ' ')}"
    lines = [_cited(attribution["sentence"], attribution["cites"]), _cited(mechanism["sentence"], mechanism["cites"])]
    lines += [_cited(gap["text"], gap["cites"]) for gap in data["gaps"]]
    cites = [*attribution["cites"], *mechanism["cites"], *(cite for gap in data["gaps"] for cite in gap["cites"])]
    return _card(data, summary, "\n\n".join(lines), "info", cites)


def _cautions(data: Mapping[str, Any]) -> dict[str, Any]:
    """What limits the advice, and where the sources do not agree; neither is resolved here."""
    told = [*data["warnings"], *(side for one in data["conflicts"] for side in one["positions"])]
    lines = [f"- {_cited(one['text'], one['cites'])}" for one in data["warnings"]]
    for one in data["conflicts"]:
        lines.append(f"- The sources do not agree. {one['text']}")
        lines += [f"    - {_cited(side['text'], side['cites'])}" for side in one["positions"]]
    counts = (
        f"{_count(len(data['warnings']), 'caution')}, {_count(len(data['conflicts']), 'disagreement')} of the sources"
    )
    return _card(data, f"To be known: {counts}", "\n".join(lines), "info", [c for one in told for c in one["cites"]])


def _items_card(
    data: Mapping[str, Any], summary: str, items: Sequence[Mapping[str, Any]], indicator: str
) -> dict[str, Any]:
    lines = []
    for item in items:
        strength = _STRENGTH.get(item["strength"], item["strength"])
        lines.append(f"- **{item['title']}** ({strength}). {_cited(item['text'], item['cites'])}")
        if item.get("waiting_for"):
            lines.append(f"    - waits for {', '.join(item['waiting_for'])}")
        lines += [f"    - {note['text']}" for note in item["must_show"]]
    return _card(data, summary, "\n".join(lines), indicator, [cite for item in items for cite in item["cites"]])


def _data_card(
    data: Mapping[str, Any], read: Mapping[str, date | None], ignored: Mapping[str, int], summary: str
) -> dict[str, Any]:
    lines = [f"- {one['question']} (`{one['fact']}`)" for one in data["questions"]]
    if read:
        days = [f"{fact} ({day.isoformat() if day else 'no date'})" for fact, day in sorted(read.items())]
        lines.append(f"\nRead: {', '.join(days)}.")
    if ignored:
        lines.append(
            "\nNot read: " + "; ".join(f"{reason} ({count})" for reason, count in sorted(ignored.items())) + "."
        )
    return _card(data, summary, "\n".join(lines), "info")


def _card(
    data: Mapping[str, Any], summary: str, detail: str, indicator: str, cites: Iterable[str] = ()
) -> dict[str, Any]:
    knowledge = data["knowledge"]
    closing = f"\n\n*{data['intended_use']} Knowledge {knowledge['hash'][:12]}; {knowledge['review_status']}.*"
    card = {
        "uuid": str(uuid.uuid5(_NAMESPACE, summary + detail + knowledge["hash"])),
        "summary": summary if len(summary) <= LONGEST_SUMMARY else summary[: LONGEST_SUMMARY - 1] + "…",
        "detail": detail + closing,
        "indicator": indicator,
        "source": SOURCE,
        "overrideReasons": [{"code": code, "system": OVERRIDE_SYSTEM, "display": text} for code, text in OVERRIDES],
    }
    links = _links(cites)
    return {**card, "links": links} if links else card  # an empty list is not allowed


def _links(cites: Iterable[str]) -> list[dict[str, str]]:
    """Where the cited sources can be read, each once."""
    knowledge = load_knowledge()
    sources = {knowledge.statements[cite].source for cite in cites}
    cited = [source for name, source in knowledge.sources.items() if name in sources]
    return [
        {"label": f"{one.authors.partition(',')[0]} et al., {one.edition}", "url": one.address, "type": "absolute"}
        for one in cited
        if one.address.startswith("https://")
    ]


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"


def _cited(text: str, cites: Iterable[str]) -> str:
    return f"{text} [{' '.join(cites)}]"


def _once(items: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    return {item["code"]: item for item in items}.values()
