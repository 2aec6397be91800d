"""The suspected mechanism: inflammatory, ischaemic or thrombotic, both, or undetermined; always a suspicion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from neurolupus.guidelines.attribution import Attribution
from neurolupus.guidelines.conditions import Facts, truth
from neurolupus.guidelines.logic import Truth, any_of
from neurolupus.guidelines.model import Knowledge

Value = Literal["inflammatory", "ischemic_thrombotic", "mixed", "undetermined"]
_SAID = {
    "inflammatory": "An inflammatory mechanism is suspected",
    "ischemic_thrombotic": "An ischaemic or thrombotic mechanism is suspected",
    "mixed": "Both an inflammatory and an ischaemic or thrombotic mechanism are suspected",
}


@dataclass(frozen=True, slots=True)
class Mechanism:
    """The suspected mechanism, with what it rests on.

    Attributes
    ----------
    value : inflammatory, ischemic_thrombotic, mixed or undetermined
    inflammatory, ischaemic : bool or None
        Each arm by itself.
    basis : consensus, facts or none
    cites : tuple of str
    sentence : str
    """

    value: Value
    inflammatory: Truth
    ischaemic: Truth
    basis: Literal["consensus", "facts", "none"]
    cites: tuple[str, ...]
    sentence: str


def suspected_mechanism(attribution: Attribution, events: Sequence[Facts], knowledge: Knowledge) -> Mechanism:
    """The mechanism that consensus has agreed, or that the facts of the events suggest.

    An event that is not attributed to SLE has no mechanism of SLE. A mechanism is told while attribution is still open,
    as a suspicion; nothing is treated on it before attribution.
    """
    arms = {name: any_of(_holds(name, facts, knowledge) for facts in events) for name in ("inflammatory", "ischaemic")}
    if not events or attribution.status == "not_attributed":
        why = "No event is recorded" if not events else "The event is not attributed to SLE"
        return Mechanism("undetermined", None, None, "none", ("S0-011",), f"{why}; no mechanism is suspected.")
    inflammatory, ischaemic = arms["inflammatory"], arms["ischaemic"]
    agreed = events[0]["consensus.mechanism"] != "none_recorded"
    value: Value = "undetermined"
    if inflammatory and ischaemic:
        value = "mixed"
    elif inflammatory:
        value = "inflammatory"
    elif ischaemic:
        value = "ischemic_thrombotic"
    if value == "undetermined":
        sentence = "The mechanism is undetermined; it is agreed from radiological, serological and clinical data."
        return Mechanism(value, inflammatory, ischaemic, "none", ("S0-006", "S0-011"), sentence)
    by = "by multidisciplinary consensus" if agreed else "multidisciplinary consensus is needed"
    return Mechanism(
        value,
        inflammatory,
        ischaemic,
        "consensus" if agreed else "facts",
        _cites(value, events, knowledge),
        f"{_SAID[value]}; {by}.",
    )


def _holds(name: str, facts: Facts, knowledge: Knowledge) -> Truth:
    return truth(knowledge.conditions[name], facts, knowledge.conditions)


def _cites(value: Value, events: Sequence[Facts], knowledge: Knowledge) -> tuple[str, ...]:
    names = {"inflammatory": ("inflammatory",), "ischemic_thrombotic": ("ischaemic",)}.get(
        value, ("inflammatory", "ischaemic")
    )
    cites = [cite for name in names for cite in knowledge.definitions[name].cites]
    if "inflammatory" in names:
        if any(facts["event.syndrome"] == "psychosis" for facts in events):
            cites.append("S2-004")
        if any(_holds("csf_protein_raised", facts, knowledge) for facts in events):
            cites.append("S2-120")
    return tuple(dict.fromkeys(cites))
