"""Advice and scores: of a patient who is kept, or of a record that is not."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from neurolupus.store.engine import Store
from neurolupus.store.patients import Stored, patient_of
from neurolupus.web.access import Exporter, Kept, Viewer
from neurolupus.web.api.models import PREFIX, PROBLEMS, AdviceOut, Id, RecordOnly, ScoresOut
from neurolupus.workflows.advise import advise_data

router = APIRouter(prefix=PREFIX, tags=["advice"], responses=PROBLEMS)
Trace = Annotated[bool, Query(description="With how each rule was decided.")]


@router.post("/advise")
def advise(_: Viewer, body: RecordOnly, trace: Trace = False) -> AdviceOut:
    """Advice on a record; nothing is kept."""
    return AdviceOut(of_version=None, advice=advise_data(body.record, with_trace=trace))


@router.post("/scores")
def score(_: Viewer, body: RecordOnly) -> ScoresOut:
    """Scores of a record; nothing is kept."""
    return ScoresOut(of_version=None, scores=advise_data(body.record, with_trace=False)["scores"])


@router.get("/patients/{patient}/advice")
def advice_of(store: Kept, who: Exporter, patient: Id, trace: Trace = False) -> AdviceOut:
    """Advice on a patient's present record; kept in the trail as an export."""
    found = _taken(store, who.name, patient, "advice")
    return AdviceOut(of_version=found.version, advice=advise_data(found.record, with_trace=trace))


@router.get("/patients/{patient}/scores")
def scores_of(store: Kept, who: Exporter, patient: Id) -> ScoresOut:
    """Scores of a patient's present record; kept in the trail as an export."""
    found = _taken(store, who.name, patient, "scores")
    return ScoresOut(of_version=found.version, scores=advise_data(found.record, with_trace=False)["scores"])


def _taken(store: Store, who: str, patient: str, what: str) -> Stored:
    """The patient of whom something leaves the store."""
    with store.write(who) as writer:
        found = patient_of(writer.connection, patient)
        writer.note(f"{what}.exported", patient, after={"version": found.version}, patient=patient)
    return found
