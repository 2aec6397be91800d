"""One study: its check, its runs with live progress, its report, and what leaves the store from it."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, RedirectResponse, Response

from neurolupus.errors import NeurolupusError
from neurolupus.jobs.scratch import scratch
from neurolupus.store.engine import Store
from neurolupus.store.studies import Run, begin_run, run_of, runs_of, study_of
from neurolupus.web.access import Editor, Exporter, Kept, Viewer
from neurolupus.web.render import page
from neurolupus.workflows.clinic.store_cohort import staleness, write_cohort
from neurolupus.workflows.clinic.study_store import REPORTS, TABLE, cohort_of

router = APIRouter()
# the report is a page of its own with its style inside; it may load nothing, run nothing and stand only in our frame
REPORT_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; "
    "form-action 'none'; sandbox"
)


@router.get("/studies/{study}")
def show(request: Request, store: Kept, _: Viewer, study: str, run: str = "") -> Response:
    """A study with its latest run, or another one of its history."""
    with store.read() as connection:
        found, runs = study_of(connection, study), runs_of(connection, study)
        chosen = next((one for one in runs if one.id == run), None) if run else runs[0] if runs else None
        done = next((one for one in runs if one.status == "done"), None)
        shown = chosen if chosen is not None and chosen.status == "done" else done
        stale = {one.id: staleness(connection, found, one) for one in runs[:1] if one.status == "done"}
        if shown is not None and shown.id not in stale:
            stale[shown.id] = staleness(connection, found, shown)
    return page(
        request, "study.html.j2", study=found, runs=runs, shown=shown, stale=stale,
        latest=runs[0] if runs else None,
    )  # fmt: skip


@router.get("/studies/{study}/check")
def check(request: Request, store: Kept, _: Viewer, study: str) -> Response:
    """What the check says, as a part of the page."""
    with store.read() as connection:
        found = study_of(connection, study)
    try:
        return page(request, "study_check.html.j2", found=request.app.state.checks.check(found), fault="")
    except NeurolupusError as error:
        return page(request, "study_check.html.j2", found=None, fault=str(error))


@router.post("/studies/{study}/runs")
def run(request: Request, store: Kept, who: Editor, study: str) -> Response:
    """Begin a run."""
    with store.write(who.name) as writer:
        begun = begin_run(writer, study)
    request.app.state.studies.add(study, begun)
    return RedirectResponse(f"/studies/{study}", 303)


@router.get("/studies/{study}/runs/{run}/progress")
def progress(request: Request, store: Kept, _: Viewer, study: str, run: str) -> Response:
    """How far a run is; when it has ended, the page is loaded anew."""
    with store.read() as connection:
        found = run_of(connection, study, run)
    if found.status in ("done", "failed"):
        return Response(headers={"HX-Redirect": f"/studies/{study}"})
    return page(request, "study_progress.html.j2", run=found)


@router.get("/studies/{study}/runs/{run}/report")
def report(store: Kept, _: Viewer, study: str, run: str) -> Response:
    """The report of a run."""
    found = _file(store, study, run, "report.html")
    headers = {"Content-Security-Policy": REPORT_POLICY, "X-Content-Type-Options": "nosniff"}
    return FileResponse(found, media_type="text/html", headers=headers)


@router.get("/studies/{study}/runs/{run}/files/{name}")
def download(store: Kept, who: Exporter, study: str, run: str, name: str) -> Response:
    """A file of a run, taken out of the store."""
    if name not in REPORTS:
        raise HTTPException(404, f"A run has no such file; it has {', '.join(REPORTS)}.")
    found = _file(store, study, run, name)
    with store.write(who.name) as writer:
        writer.note("study.exported", run, after={"file": name})
    return FileResponse(found, media_type=REPORTS[name], filename=name, content_disposition_type="attachment")


@router.get("/studies/{study}/cohort.csv")
def cohort(store: Kept, who: Exporter, study: str) -> Response:
    """The cohort's table as the store would make it now, taken out of the store."""
    with store.read() as connection:
        found = study_of(connection, study)
    if "criteria" not in found.cohort:
        raise HTTPException(404, "This study's patients come from an uploaded table, not from the store.")
    built = cohort_of(store, found.cohort["criteria"])
    with scratch("neurolupus-cohort") as folder:
        path = folder / TABLE
        write_cohort(path, built)
        content = path.read_bytes()
    with store.write(who.name) as writer:
        writer.note("cohort.exported", study, after={"patients": len(built.rows)})
    headers = {"Content-Disposition": 'attachment; filename="cohort.csv"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


def _file(store: Store, study: str, run: str, name: str) -> Path:
    with store.read() as connection:
        found: Run = run_of(connection, study, run)
    path = store.files / found.folder / name
    if found.status != "done" or not path.is_file():
        raise HTTPException(404, "This run has no report; it has not ended, or it failed.")
    return path
