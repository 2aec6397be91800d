"""Advice and scores: of a patient who is kept, or of a record that is not."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from neurolupus.store.patients import patient_of
from neurolupus.web.access import Kept, Viewer
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
def advice_of(store: Kept, _: Viewer, patient: Id, trace: Trace = False) -> AdviceOut:
    """Advice on a patient's present record."""
    with store.read() as connection:
        found = patient_of(connection, patient)
    return AdviceOut(of_version=found.version, advice=advise_data(found.record, with_trace=trace))


@router.get("/patients/{patient}/scores")
def scores_of(store: Kept, _: Viewer, patient: Id) -> ScoresOut:
    """Scores of a patient's present record."""
    with store.read() as connection:
        found = patient_of(connection, patient)
    return ScoresOut(of_version=found.version, scores=advise_data(found.record, with_trace=False)["scores"])
