"""Studies: kept, checked, run; results for those who may export."""

from __future__ import annotations

import json
import shutil
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response

from neurolupus.store.studies import (
    Run,
    Study,
    begin_run,
    list_studies,
    remove_study,
    run_of,
    runs_of,
    study_of,
)
from neurolupus.web.access import Editor, Exporter, Kept, Viewer
from neurolupus.web.api.models import (
    PREFIX,
    PROBLEMS,
    CriteriaIn,
    Id,
    IfMatch,
    Made,
    Plain,
    RunOut,
    SourceOut,
    StudyIn,
    StudyOut,
    version_of,
)
from neurolupus.workflows.clinic.store_cohort import Stale, staleness
from neurolupus.workflows.clinic.study_sources import run_sources
from neurolupus.workflows.clinic.study_store import StudyChecks, flow_of
from neurolupus.workflows.clinic.study_upload import change_study, keep_study

router = APIRouter(prefix=PREFIX, tags=["studies"], responses=PROBLEMS)


@router.post("/cohort")
def cohort(store: Kept, _: Viewer, body: CriteriaIn) -> Plain:
    """The counted flow of criteria on the present store; no patient's row."""
    return flow_of(store, body.model_dump(exclude_defaults=True))


@router.get("/studies")
def find(store: Kept, _: Viewer) -> list[StudyOut]:
    """Every study."""
    with store.read() as connection:
        return [_out(one) for one in list_studies(connection)]


@router.post("/studies", status_code=201)
def add(store: Kept, who: Editor, body: StudyIn, response: Response) -> Made:
    """Keep a study on patients of the store."""
    criteria = body.criteria.model_dump(exclude_defaults=True)
    made = keep_study(store, who.name, name=body.name, text=body.text, criteria=criteria)
    response.headers["Location"], response.headers["ETag"] = f"/api/v1/studies/{made}", '"1"'
    return Made(id=made, version=1)


@router.get("/studies/{study}")
def read(store: Kept, _: Viewer, study: Id, response: Response) -> StudyOut:
    """One study; the ETag is its version."""
    with store.read() as connection:
        found = study_of(connection, study)
    response.headers["ETag"] = f'"{found.version}"'
    return _out(found)


@router.put("/studies/{study}")
def replace(store: Kept, who: Editor, study: Id, body: StudyIn, response: Response, if_match: IfMatch = None) -> Made:
    """Keep a study as edited from the version that If-Match names."""
    version = version_of(if_match)
    with store.read() as connection:
        found = study_of(connection, study)
    criteria = body.criteria.model_dump(exclude_defaults=True)
    later = change_study(store, who.name, found, version, name=body.name, text=body.text, criteria=criteria)
    response.headers["ETag"] = f'"{later}"'
    return Made(id=study, version=later)


@router.delete("/studies/{study}", status_code=204)
def remove(store: Kept, who: Editor, study: Id) -> None:
    """Take a study out, with its runs and reports."""
    with store.write(who.name) as writer:
        folder = study_of(writer.connection, study).folder
        remove_study(writer, study)
    shutil.rmtree(store.files / folder, ignore_errors=True)


@router.get("/studies/{study}/check")
def check(request: Request, store: Kept, _: Viewer, study: Id) -> Plain:
    """What the check says; 422 with every fault."""
    with store.read() as connection:
        found = study_of(connection, study)
    checks: StudyChecks = request.app.state.checks
    return checks.check(found)


@router.post("/studies/{study}/runs", status_code=202)
def run(request: Request, store: Kept, who: Editor, study: Id) -> RunOut:
    """Begin a run; its state is asked for by its id."""
    with store.write(who.name) as writer:
        study_of(writer.connection, study)
        begun = run_of(writer.connection, study, begin_run(writer, study))
    request.app.state.studies.add(study, begun.id)
    return _run(begun, Stale())


@router.get("/studies/{study}/runs")
def runs(store: Kept, _: Viewer, study: Id) -> list[RunOut]:
    """Every run, the latest first, and whether it is stale."""
    with store.read() as connection:
        found = study_of(connection, study)
        return [_run(one, staleness(connection, found, one)) for one in runs_of(connection, study)]


@router.get("/studies/{study}/runs/{run_id}")
def read_run(store: Kept, _: Viewer, study: Id, run_id: Id) -> RunOut:
    """One run."""
    with store.read() as connection:
        found = study_of(connection, study)
        one = run_of(connection, study, run_id)
        return _run(one, staleness(connection, found, one))


@router.get("/studies/{study}/runs/{run_id}/results")
def results(store: Kept, who: Exporter, study: Id, run_id: Id) -> Plain:
    """Every number of a run with its method, and every warning; kept in the trail as an export."""
    with store.read() as connection:
        found = run_of(connection, study, run_id)
    path = store.files / found.folder / "results.json"
    if found.status != "done" or not path.is_file():
        raise HTTPException(404, "This run has no results; it has not ended, or it failed.")
    with store.write(who.name) as writer:
        writer.note("study.exported", run_id, after={"file": path.name})
    told: Plain = json.loads(path.read_text("utf-8"))
    return told


@router.get("/studies/{study}/runs/{run_id}/sources")
def sources(
    store: Kept,
    who: Exporter,
    study: Id,
    run_id: Id,
    number: Annotated[str, Query(max_length=300, description="Path of a number; everybody analysed without.")] = "",
) -> list[SourceOut]:
    """The patients behind a number of a run, with the versions of record and scan; kept in the trail as an export."""
    view = run_sources(store, study, run_id, number=number)
    with store.write(who.name) as writer:
        writer.note("sources.exported", run_id, after={"number": number, "patients": len(view.patients)})
    return [SourceOut(**{name: getattr(one, name) for name in SourceOut.model_fields}) for one in view.patients]


def _out(one: Study) -> StudyOut:
    return StudyOut(**{name: getattr(one, name) for name in StudyOut.model_fields})


def _run(one: Run, stale: Stale) -> RunOut:
    names = ("id", "status", "message", "study_version", "who", "flow", "started", "finished")
    count = len(one.patients["included"]) if "included" in one.patients else None
    told = stale.in_words() or None if one.status == "done" else None
    return RunOut(**{name: getattr(one, name) for name in names}, patients=count, stale=told)
