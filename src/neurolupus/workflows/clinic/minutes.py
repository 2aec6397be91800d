"""A signed decision -> its minutes, from nothing but what was signed."""

from __future__ import annotations

from neurolupus.report.minutes import minutes_pdf
from neurolupus.store.decisions import Decision

_WORDS = {
    "attributed": "attributed to SLE",
    "not_attributed": "not attributed to SLE",
    "uncertain": "uncertain",
    "ischemic_thrombotic": "ischaemic or thrombotic",
    "F": "female",
    "M": "male",
}
_REACHED = {True: "reached", False: "not reached", None: "open, items are unknown"}


def minutes_of(decision: Decision, pseudonym: str) -> bytes:
    """The PDF; the same for the same decision."""
    content, basis = decision.content, decision.content["basis"]
    is_first = decision.number == 1 and not content["why"]
    return minutes_pdf(
        title=f"Consensus on {pseudonym}" if is_first else f"Revised consensus on {pseudonym}",
        parts=(
            ("Decision", _decision(decision)),
            ("Who decided", _who(decision)),
            ("What lay before the meeting", _basis(decision)),
        ),
        signature={
            "Signed by": decision.signed_by,
            "Signed": f"{decision.signed:%Y-%m-%d %H:%M:%S} UTC",
            "Decision number": str(decision.number),
        },
        sha256=decision.sha256,
        knowledge=basis["knowledge"]["hash"],
    )


def _decision(decision: Decision) -> list[tuple[str, str]]:
    content = decision.content
    rows = [("Date of the meeting", decision.date), ("Attribution", _worded(content["attribution"]))]
    if content["mechanism"]:
        rows.append(("Mechanism", _worded(content["mechanism"])))
    rows.append(("Atrophy on the scan influenced it", content["atrophy_influenced"]))
    rows.append(("Volumes could be seen before signing", "yes" if decision.volumes_seen else "no"))
    rows += [(label, content[name]) for name, label in (("why", "Why revised"), ("note", "Note")) if content[name]]
    return rows


def _who(decision: Decision) -> list[tuple[str, str]]:
    content = decision.content
    dissent = [(f"Dissent: {one['by']}", one["opinion"]) for one in content["dissent"]] or [
        ("Dissent", "none recorded")
    ]
    return [("Present", ", ".join(content["present"])), *dissent]


def _basis(decision: Decision) -> list[tuple[str, str]]:
    basis = decision.content["basis"]
    who = [f"{basis['age']:g} years" if basis["age"] is not None else "", _worded(basis["sex"] or "")]
    low, high = basis["score_range"]
    reached = "; ".join(f"cut-off {points}: {_REACHED[held]}" for points, held in basis["by_cut_off"].items())
    events = [one["label"] + (f" ({one['date']})" if one["date"] else "") for one in basis["events"]]
    return [
        ("Patient", ", ".join(one for one in who if one) or "age and sex unknown"),
        ("Events", "; ".join(events) or "none recorded"),
        ("Italian attribution score", f"{low if low == high else f'{low} to {high}'} of 10; {reached}"),
        ("Mechanism by the rules", _worded(basis["suspected_mechanism"])),
        ("Version of the record", str(basis["record_version"])),
        ("Knowledge base", basis["knowledge"]["version"]),
        ("Rules", basis["knowledge"]["review_status"]),
    ]


def _worded(code: str) -> str:
    return _WORDS.get(code, code.replace("_", " "))
