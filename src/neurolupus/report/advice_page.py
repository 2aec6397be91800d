"""The advice for one patient as one page: readable in the meeting, printable, every word with its source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from neurolupus.report.pages import render_fragment, render_page, write_page
from neurolupus.report.wording import STRENGTHS

BARS = {"recommended": 3, "should": 3, "consider": 2, "may": 1, "option_observational": 1, "note": 0}
GROUPS = (("workup", "Work-up"), ("treatment", "Treatment"), ("advice", "Treatment"), ("follow_up", "Follow-up"))
STATUS = {
    "attributed": ("Attributed to SLE", "by consensus", "good"),
    "not_attributed": ("Not attributed to SLE", "by what is known", "care"),
    "insufficient_data": ("Attribution open", "insufficient data", "care"),
}
MECHANISM = {
    "inflammatory": ("Inflammatory", "suspected mechanism"),
    "ischemic_thrombotic": ("Ischaemic or thrombotic", "suspected mechanism"),
    "mixed": ("Inflammatory and ischaemic", "suspected mechanisms"),
    "undetermined": ("Undetermined", "mechanism"),
}
FINDINGS = {
    "infection_excluded": "Infection excluded",
    "other_causes_excluded": "Metabolic and drug causes excluded",
    "csf_protein_raised": "CSF protein raised",
    "icp_raised": "CSF pressure raised",
    "glucocorticoid_at_psychiatric_dose": "Glucocorticoid at a dose with psychiatric effects",
}


def attribution_words(attribution: Mapping[str, Any]) -> tuple[str, str, str]:
    """Attribution as a heading, how sure it is, and its colour; a score alone raises a suspicion."""
    if attribution["status"] == "attributed" and attribution["basis"] == "score":
        return ("Suspected to be due to SLE", "by score, not by consensus", "good")
    return STATUS[attribution["status"]]


def write_advice_page(path: Path, data: Mapping[str, Any], *, title: str) -> None:
    """Write the page.

    Parameters
    ----------
    path : Path
        The HTML file; replaced when it exists.
    data : mapping
        The advice as data, with its explanation.
    title : str
    """
    write_page(path, render_page("advice.html.j2", title=title, body=advice_body(data), data=data))


def advice_body(data: Mapping[str, Any]) -> Markup:
    """The advice without the frame of a page, to be put beside a scan."""
    return render_fragment(
        "advice_body.html.j2",
        data=data,
        status=attribution_words(data["attribution"]),
        mechanism=MECHANISM[data["mechanism"]["value"]],
        groups=grouped(data),
        shared=shared_notices(data),
        findings=[(label, data["findings"].get(name)) for name, label in FINDINGS.items()],
        why={item["code"]: item for item in data.get("explanation", {}).get("items", [])},
        statements=data.get("explanation", {}).get("statements", {}),
        bars=BARS,
        strengths=STRENGTHS,
        scale=score_scale(data["attribution"]),
    )


def grouped(data: Mapping[str, Any]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Active items under their headings; options are shown by themselves.

    Examples
    --------
    >>> grouped({"active": [{"code": "A", "kind": "workup"}], "options": []})
    [('Work-up', [{'code': 'A', 'kind': 'workup'}])]
    """
    options = {item["code"] for item in data["options"]}
    found: dict[str, list[Mapping[str, Any]]] = {}
    for kind, heading in GROUPS:
        for item in data["active"]:
            if item["kind"] == kind and item["code"] not in options:
                found.setdefault(heading, []).append(item)
    return [(heading, sorted(items, key=_strongest)) for heading, items in found.items()]


def shared_notices(data: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Notices that stand beside several items, by code: said once, at the top, and not on every card.

    Examples
    --------
    >>> note = {"code": "NO_DOSE", "text": "None is given.", "cites": []}
    >>> list(shared_notices({"active": [{"must_show": [note]}] * 2, "options": [], "deferred": []}))
    ['NO_DOSE']
    """
    found: dict[str, list[Mapping[str, Any]]] = {}
    for item in (*data["active"], *data["options"], *data["deferred"]):
        for note in item["must_show"]:
            found.setdefault(note["code"], []).append(note)
    return {code: notes[0] for code, notes in found.items() if len(notes) > 1 and code in _SAID_ONCE}


_SAID_ONCE = ("STARTING_ONLY", "TIME_CRITICAL", "NO_DOSE", "PREGNANCY_GENERAL", "HEPATITIS_B", "CONSENT")


def _strongest(item: Mapping[str, Any]) -> tuple[int, str]:
    return list(BARS).index(item.get("strength", "note")), item["code"]


def score_scale(attribution: Mapping[str, Any]) -> Markup:
    """The attribution score from 0 to 10 with both cut-offs, drawn."""
    low, high = attribution["score_range"]
    return render_fragment("advice_scale.html.j2", low=low, high=high, cut_offs=_cut_offs(attribution["by_cut_off"]))


def _cut_offs(by_cut_off: Mapping[str, Any]) -> Sequence[int]:
    return [int(one) for one in by_cut_off]
