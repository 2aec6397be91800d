"""What changed between two advices on one patient: attribution, mechanism, scores, and every item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["attribution", "mechanism", "score", "added", "gone", "moved", "strength", "knowledge"]
_PLACES = {"active": "supported", "options": "option", "deferred": "waits", "warnings": "caution"}
_SCORES = {
    "italian": "Italian attribution score",
    "sledai2k": "SLEDAI-2K",
    "sdi_neuropsychiatric_items": "Neuropsychiatric items of the SDI",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not as it was.

    Attributes
    ----------
    kind : Kind
    title : str
    before, after : str
        In words; empty where there was, or is, none.
    """

    kind: Kind
    title: str
    before: str
    after: str


def advice_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """What changed, the weightiest first.

    Parameters
    ----------
    before, after : mapping
        Advice as data.
    """
    return (*_standing(before, after), *_scores(before, after), *_items(before, after), *_knowledge(before, after))


def _standing(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    was, now = before["attribution"], after["attribution"]
    if (was["status"], was["by_cut_off"], was["basis"]) != (now["status"], now["by_cut_off"], now["basis"]):
        yield Change("attribution", "Attribution", _attribution(was), _attribution(now))
    was, now = before["mechanism"], after["mechanism"]
    if was["value"] != now["value"]:
        yield Change("mechanism", "Mechanism", _words(was["value"]), _words(now["value"]))


def _attribution(one: Mapping[str, Any]) -> str:
    reached = {True: "reached", False: "not reached", None: "open"}
    cut_offs = ", ".join(f"from {points}: {reached[held]}" for points, held in one["by_cut_off"].items())
    return f"{one['sentence']} {cut_offs[:1].upper()}{cut_offs[1:]}."


def _scores(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name, title in _SCORES.items():
        was, now = (_score(one["scores"].get(name)) for one in (before, after))
        if was != now:
            yield Change("score", title, was, now)


def _score(one: Mapping[str, Any] | None) -> str:
    if one is None:
        return ""
    return str(one["low"]) if one["low"] == one["high"] else f"{one['low']} to {one['high']}"


def _items(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    was, now = _placed(before), _placed(after)
    for code in sorted({*was, *now}, key=lambda one: (one not in now, one in was, one)):
        if code not in was:
            yield Change("added", now[code][2], "", now[code][0])
        elif code not in now:
            yield Change("gone", was[code][2], was[code][0], "")
        elif was[code][0] != now[code][0]:
            yield Change("moved", now[code][2], was[code][0], now[code][0])
        elif was[code][1] != now[code][1]:
            yield Change("strength", now[code][2], was[code][1], now[code][1])


def _placed(data: Mapping[str, Any]) -> dict[str, tuple[str, str, str]]:
    """Code -> where the item stands, how strong it is, its title."""
    found = {}
    for part, place in _PLACES.items():
        for item in data[part]:
            title = str(item.get("title") or item["text"])
            found[str(item["code"])] = (place, _words(str(item.get("strength", ""))), title)
    return found


def _knowledge(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    was, now = before["knowledge"]["hash"], after["knowledge"]["hash"]
    if was != now:
        yield Change("knowledge", "Knowledge base", str(was)[:12], str(now)[:12])


def _words(code: str) -> str:
    return code.replace("_", " ")
