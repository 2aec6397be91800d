"""The consensus: every decision on a patient, and a further one signed."""

from __future__ import annotations

from fastapi import APIRouter

from neurolupus.store.decisions import Decision, decisions_of
from neurolupus.store.patients import patient_of
from neurolupus.web.access import Editor, Exporter, Kept
from neurolupus.web.api.models import PREFIX, PROBLEMS, DecisionOut, Id, MeetingIn
from neurolupus.workflows.clinic.consensus import Meeting, record_consensus

router = APIRouter(prefix=PREFIX, tags=["consensus"], responses=PROBLEMS)


@router.get("/patients/{patient}/consensus")
def decisions(store: Kept, who: Exporter, patient: Id) -> list[DecisionOut]:
    """Every decision, the first one first; kept in the trail as an export."""
    with store.write(who.name) as writer:
        patient_of(writer.connection, patient)
        found = decisions_of(writer.connection, patient)
        writer.note("consensus.exported", patient, after={"decisions": len(found)}, patient=patient)
    return [_out(one) for one in found]


@router.post("/patients/{patient}/consensus", status_code=201)
def sign(store: Kept, who: Editor, patient: Id, body: MeetingIn) -> DecisionOut:
    """Sign a decision in the caller's name; a decision is never altered, a revision is a further one."""
    meeting = Meeting(
        date=body.date, attribution=body.attribution, mechanism=body.mechanism, present=tuple(body.present),
        dissent=tuple((one.by, one.opinion) for one in body.dissent), atrophy=body.atrophy, note=body.note,
        why=body.why,
    )  # fmt: skip
    with store.write(who.name) as writer:
        patient_of(writer.connection, patient)
        return _out(record_consensus(writer, patient, body.record_version, body.number, meeting))


def _out(one: Decision) -> DecisionOut:
    return DecisionOut(
        number=one.number, date=one.date, content=one.content, signed_by=one.signed_by, signed=one.signed,
        volumes_seen=one.volumes_seen, sha256=one.sha256,
    )  # fmt: skip
