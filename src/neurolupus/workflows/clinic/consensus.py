"""The consensus of the meeting: signed, written into the record, the advice computed anew; one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from neurolupus.errors import PatientFileError
from neurolupus.guidelines.scores.syndromes import LABELS
from neurolupus.io.patient_file import parse_patient
from neurolupus.store.decisions import Decision, decisions_of, sign_decision
from neurolupus.store.patients import edit_patient, patient_of
from neurolupus.store.schema import scans
from neurolupus.store.sealing import volumes_open
from neurolupus.store.trail import Writer
from neurolupus.workflows.clinic.patient_advice import advice_on, recompute

UNCERTAIN = "uncertain"
ATROPHY = ("yes", "no", "no scan was looked at")
CONSENSUS_FIELDS = (
    "mdt_consensus", "mdt_mechanism", "decided", "present", "dissent", "revisions", "atrophy_influenced",
)  # fmt: skip
VOLUMES = ("wmh_ml", "tbv_ml", "tiv_ml", "gm_ml", "wm_ml", "csf_ml")
_NEEDED = {
    "date": "the date of the meeting is needed",
    "attribution": "choose attributed, not attributed or uncertain",
    "atrophy": "say whether atrophy on the scan influenced the decision",
    "present": "say who was present, by roles",
}


@dataclass(frozen=True, slots=True)
class Meeting:
    """What a meeting decided on one patient.

    Attributes
    ----------
    date : str
        ISO.
    attribution : str
        attributed, not_attributed or uncertain.
    mechanism : str
        inflammatory, ischemic_thrombotic, mixed or uncertain; empty where the event is not attributed.
    present : tuple of str
        Roles, no names.
    dissent : tuple of (str, str)
        By whom, and the other opinion.
    atrophy : str
        One of ATROPHY.
    note, why : str
        `why` is needed of a revision.
    """

    date: str
    attribution: str
    mechanism: str
    present: tuple[str, ...]
    dissent: tuple[tuple[str, str], ...]
    atrophy: str
    note: str = ""
    why: str = ""


def is_revision(record: Mapping[str, Any], kept: tuple[Decision, ...]) -> bool:
    """Whether a decision on this record revises one, be it signed here or brought in with the record."""
    return bool(kept) or bool((record.get("attribution") or {}).get("mdt_consensus"))


def record_consensus(writer: Writer, patient: str, version: int, number: int, meeting: Meeting) -> Decision:
    """Sign a decision in the writer's name.

    Parameters
    ----------
    writer : Writer
    patient : str
        The store's id.
    version : int
        Of the record that the meeting saw.
    number : int
        Of the decision: one more than the latest that the meeting knew.
    meeting : Meeting

    Raises
    ------
    PatientFileError
        Something is missing, or contradicts the record; `placed` says what.
    Conflict
        The record or the decisions were changed meanwhile; nothing was signed.
    """
    stored, kept = patient_of(writer.connection, patient), decisions_of(writer.connection, patient)
    revises = is_revision(stored.record, kept)
    _check(meeting, revises=revises)
    record = {**stored.record, "attribution": _attribution(stored.record.get("attribution") or {}, meeting, revises)}
    if str(record.get("as_of") or meeting.date) < meeting.date:
        record["as_of"] = meeting.date  # the meeting looked at the record: it holds until then
    parse_patient(record)
    seen = volumes_open(writer.connection, patient) and _has_volumes(writer.connection, patient, stored.record)
    content = {
        "attribution": meeting.attribution, "mechanism": meeting.mechanism, "present": list(meeting.present),
        "dissent": [{"by": by, "opinion": opinion} for by, opinion in meeting.dissent],
        "atrophy_influenced": meeting.atrophy, "note": meeting.note, "why": meeting.why,
        "basis": _basis(stored.record, stored.version),
    }  # fmt: skip
    edit_patient(writer, patient, version, record, status="decided")
    made = sign_decision(writer, patient, date=meeting.date, content=content, volumes_seen=seen, number=number)
    recompute(writer, patient)
    return made


def _check(meeting: Meeting, *, revises: bool) -> None:
    missing = [(name, told) for name, told in _NEEDED.items() if not getattr(meeting, name)]
    if meeting.atrophy and meeting.atrophy not in ATROPHY:
        missing.append(("atrophy", _NEEDED["atrophy"]))
    if revises and not meeting.why:
        missing.append(("why", "a revision needs its reason"))
    if meeting.attribution == "not_attributed" and meeting.mechanism:
        missing.append(("mechanism", "an event without lupus has no mechanism of lupus; choose none"))
    if meeting.attribution in ("attributed", UNCERTAIN) and not meeting.mechanism:
        missing.append(("mechanism", "choose a mechanism, or uncertain"))
    if missing:
        raise PatientFileError(
            "The decision was not signed.\n" + "\n".join(f"    {told}." for _, told in missing),
            tuple(told for _, told in missing),
            placed=tuple(((name,), told) for name, told in missing),
        )


def _attribution(before: Mapping[str, Any], meeting: Meeting, revises: bool) -> dict[str, Any]:
    """The record's section with the decision in it; the latest meeting's presence and dissent are those that hold."""
    mechanism = None if meeting.mechanism in ("", UNCERTAIN) else meeting.mechanism
    found = {**before, "present": list(meeting.present)}
    found["dissent"] = [{"by": by, "opinion": opinion} for by, opinion in meeting.dissent]
    found["atrophy_influenced"] = {"yes": True, "no": False}.get(meeting.atrophy)
    if not revises:
        return {
            **found, "mdt_consensus": meeting.attribution, "mdt_mechanism": mechanism, "decided": meeting.date,
        }  # fmt: skip
    earlier = [dict(one) for one in before.get("revisions") or ()]
    if meeting.mechanism == UNCERTAIN:  # the record has no word for it: what was agreed before no longer holds
        found["mdt_mechanism"] = None
        earlier = [{**one, "mechanism": None, "changed": one.get("changed") or "see the minutes"} for one in earlier]
    latest = {"date": meeting.date, "why": meeting.why, "attribution": meeting.attribution, "mechanism": mechanism}
    return {**found, "revisions": [*earlier, latest]}


def _basis(record: Mapping[str, Any], version: int) -> dict[str, Any]:
    """What lay before the meeting, kept with the decision so that the minutes never change."""
    data, who = advice_on(record), record.get("patient") or {}
    return {
        "record_version": version, "age": who.get("age"), "sex": who.get("sex"),
        "events": [{"label": LABELS[one["syndrome"]], "date": one.get("date")} for one in record.get("events") or ()],
        "score_range": data["attribution"]["score_range"], "by_cut_off": data["attribution"]["by_cut_off"],
        "suspected_mechanism": data["mechanism"]["value"],
        "knowledge": {name: data["knowledge"][name] for name in ("hash", "version", "review_status")},
    }  # fmt: skip


def _has_volumes(connection: Connection, patient: str, record: Mapping[str, Any]) -> bool:
    mri = record.get("mri") or {}
    if any(mri.get(name) is not None for name in VOLUMES):
        return True
    measured = select(scans.c.id).where(scans.c.patient_id == patient, scans.c.status == "measured").limit(1)
    return connection.execute(measured).first() is not None
