"""Studies: the list, a new one, an edited one; patients from the store by criteria, or from a table."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from neurolupus.errors import Conflict, NeurolupusError, UsageError
from neurolupus.store.cohort_rows import patient_marks
from neurolupus.store.engine import Store
from neurolupus.store.patients import STATUSES
from neurolupus.store.studies import Study, latest_runs, list_studies, remove_study, study_of
from neurolupus.web.access import Editor, Kept, Viewer
from neurolupus.web.guard.bodies import takes_uploads
from neurolupus.web.render import page
from neurolupus.workflows.clinic.cohort_criteria import CONSENSUS, SYNDROMES, criteria_of
from neurolupus.workflows.clinic.store_cohort import staleness
from neurolupus.workflows.clinic.study_queue import StudyQueue
from neurolupus.workflows.clinic.study_store import StudyChecks, flow_of
from neurolupus.workflows.clinic.study_text import LARGEST_STUDY_BYTES
from neurolupus.workflows.clinic.study_upload import LARGEST_TABLE_BYTES, Table, change_study, keep_study, study_text
from neurolupus.workflows.examples import example_path

EXAMPLES = {
    "clinic.study.yaml": "Patients of one clinic, treated intrathecally or not",
    "mri-phenotypes.study.yaml": "Brain volumes in phenotypes (Inglese et al. 2021)",
    "intrathecal.study.yaml": "Intrathecal treatment (Nie et al. 2023)",
}
Plain = dict[str, Any]


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    app.state.studies = StudyQueue(app.state.store)
    app.state.studies.start()
    app.state.checks = StudyChecks(app.state.store)
    yield
    app.state.studies.close()


router = APIRouter(lifespan=_running)


@router.get("/studies")
def study_list(request: Request, store: Kept, _: Viewer) -> Response:
    """Every study with its latest run, and whether that is stale."""
    with store.read() as connection:
        found, runs, marks = list_studies(connection), latest_runs(connection), patient_marks(connection)
        rows = []
        for one in found:
            run = runs.get(one.id)
            is_done = run is not None and run.status == "done"
            rows.append((one, run, staleness(connection, one, run, marks) if run and is_done else None))
    return page(request, "studies.html.j2", rows=rows)


@router.get("/studies/new")
def new_study(request: Request, store: Kept, _: Editor) -> Response:
    """The form for a new study."""
    return _form(request, store)


@router.post("/studies")
@takes_uploads
def add(
    request: Request,
    store: Kept,
    who: Editor,
    name: Annotated[str, Form(max_length=400)] = "",
    file: UploadFile | None = None,
    example: Annotated[str, Form(max_length=64)] = "",
    source: Annotated[str, Form(max_length=16)] = "store",
    table: UploadFile | None = None,
    age_from: Annotated[str, Form(max_length=16)] = "",
    age_to: Annotated[str, Form(max_length=16)] = "",
    sex: Annotated[str, Form(max_length=8)] = "",
    statuses: Annotated[list[str] | None, Form()] = None,
    syndromes: Annotated[list[str] | None, Form()] = None,
    consensus: Annotated[list[str] | None, Form()] = None,
    scan: Annotated[str, Form(max_length=16)] = "",
) -> Response:
    """Keep a new study."""
    typed = _typed(age_from, age_to, sex, statuses, syndromes, consensus, scan)
    try:
        text = _text(file, example)
        given = _patients(source, typed, table)
        study = keep_study(store, who.name, name=name, text=text, **given)
    except NeurolupusError as error:
        return _form(request, store, name=name, typed=typed, example=example, source=source, fault=str(error))
    return RedirectResponse(f"/studies/{study}", 303)


@router.get("/studies/flow")
def flow(
    request: Request,
    store: Kept,
    _: Viewer,
    age_from: str = "",
    age_to: str = "",
    sex: str = "",
    statuses: str = "",
    syndromes: str = "",
    consensus: str = "",
    scan: str = "",
) -> Response:
    """The counted flow of criteria as they are chosen."""
    query = request.query_params
    lists = {name: query.getlist(name) for name in ("statuses", "syndromes", "consensus")}
    try:
        criteria = _criteria(_typed(age_from, age_to, sex, **lists, scan=scan))
        counted = flow_of(store, criteria)
    except NeurolupusError as error:
        return page(request, "study_flow.html.j2", flow=None, fault=str(error))
    return page(request, "study_flow.html.j2", flow=counted, fault="")


@router.get("/studies/{study}/edit")
def edit_form(request: Request, store: Kept, _: Editor, study: str) -> Response:
    """The form for a study that is kept."""
    with store.read() as connection:
        found = study_of(connection, study)
    typed = _as_typed(found.cohort.get("criteria", {}))
    source = "store" if "criteria" in found.cohort else "table"
    return _form(request, store, found=found, name=found.name, typed=typed, source=source, text=found.text)


@router.post("/studies/{study}")
@takes_uploads
def edit(
    request: Request,
    store: Kept,
    who: Editor,
    study: str,
    version: Annotated[int, Form()],
    name: Annotated[str, Form(max_length=400)] = "",
    text: Annotated[str, Form(max_length=LARGEST_STUDY_BYTES)] = "",
    file: UploadFile | None = None,
    source: Annotated[str, Form(max_length=16)] = "store",
    table: UploadFile | None = None,
    age_from: Annotated[str, Form(max_length=16)] = "",
    age_to: Annotated[str, Form(max_length=16)] = "",
    sex: Annotated[str, Form(max_length=8)] = "",
    statuses: Annotated[list[str] | None, Form()] = None,
    syndromes: Annotated[list[str] | None, Form()] = None,
    consensus: Annotated[list[str] | None, Form()] = None,
    scan: Annotated[str, Form(max_length=16)] = "",
) -> Response:
    """Keep a study as edited."""
    typed = _typed(age_from, age_to, sex, statuses, syndromes, consensus, scan)
    with store.read() as connection:
        found = study_of(connection, study)
    new_text = text.replace("\r\n", "\n")
    try:
        if file is not None and file.filename:
            new_text = _text(file, "")
        is_kept = source == "table" and "table" in found.cohort and not (table and table.filename)
        given: Plain = {} if is_kept else _patients(source, typed, table)
        change_study(store, who.name, found, version, name=name, text=new_text, **given)
    except NeurolupusError as error:
        code = 409 if isinstance(error, Conflict) else 422
        return _form(
            request, store, found=found, version=version, name=name, typed=typed, source=source, text=new_text,
            fault=str(error), code=code,
        )  # fmt: skip
    return RedirectResponse(f"/studies/{study}", 303)


@router.post("/studies/{study}/remove")
def remove(store: Kept, who: Editor, study: str) -> Response:
    """Take a study out, with its runs and files."""
    with store.write(who.name) as writer:
        folder = study_of(writer.connection, study).folder
        remove_study(writer, study)
    shutil.rmtree(store.files / folder, ignore_errors=True)
    return RedirectResponse("/studies", 303)


def _form(
    request: Request,
    store: Store,
    *,
    found: Study | None = None,
    version: int | None = None,
    name: str = "",
    typed: Plain | None = None,
    example: str = "clinic.study.yaml",
    source: str = "store",
    text: str = "",
    fault: str = "",
    code: int = 422,
) -> Response:
    typed = typed or _typed("", "", "", [], [], [], "")
    built, wrong = None, ""
    try:
        built = flow_of(store, _criteria(typed))
    except NeurolupusError as error:
        wrong = str(error)
    return page(
        request, "study_form.html.j2", code=code if fault else 200, found=found, name=name, typed=typed, text=text,
        from_version=version if version is not None else found.version if found else 0, example=example, source=source,
        told=fault, flow=built, fault=wrong, statuses=STATUSES, syndromes=SYNDROMES, decisions=CONSENSUS,
        examples=EXAMPLES,
    )  # fmt: skip


def _text(file: UploadFile | None, example: str) -> str:
    if file is not None and file.filename:
        return study_text(file.file.read(LARGEST_STUDY_BYTES + 1))
    return study_text(example_path(example if example in EXAMPLES else next(iter(EXAMPLES))).read_bytes())


def _patients(source: str, typed: Plain, table: UploadFile | None) -> Plain:
    if source != "table":
        return {"criteria": _criteria(typed)}
    name = table.filename if table is not None and table.filename else ""
    content = table.file.read(LARGEST_TABLE_BYTES + 1) if table is not None else b""
    return {"table": Table(name, content)}


def _typed(
    age_from: str,
    age_to: str,
    sex: str,
    statuses: list[str] | None,
    syndromes: list[str] | None,
    consensus: list[str] | None,
    scan: str,
) -> Plain:
    return {
        "age_from": age_from.strip(), "age_to": age_to.strip(), "sex": sex, "statuses": statuses or [],
        "syndromes": syndromes or [], "consensus": consensus or [], "scan": scan,
    }  # fmt: skip


def _criteria(typed: Plain) -> Plain:
    """What the form says, as criteria.

    Raises
    ------
    UsageError
        An age that is no number, or another fault.
    """
    found: Plain = {name: typed[name] for name in ("sex", "statuses", "syndromes", "consensus") if typed[name]}
    for name in ("age_from", "age_to"):
        if typed[name]:
            try:
                found[name] = float(typed[name])
            except ValueError:
                raise UsageError(f"{name.replace('_', ' ')} is {typed[name]!r}; a number of years is needed.") from None
    found["with_scan"], found["usable_scan"] = typed["scan"] in ("measured", "usable"), typed["scan"] == "usable"
    return criteria_of(found).as_data()


def _as_typed(criteria: Plain) -> Plain:
    scan = "usable" if criteria.get("usable_scan") else "measured" if criteria.get("with_scan") else ""
    ages = {name: f"{criteria[name]:g}" if name in criteria else "" for name in ("age_from", "age_to")}
    lists = {name: criteria.get(name, []) for name in ("statuses", "syndromes", "consensus")}
    return {**ages, **lists, "sex": criteria.get("sex", ""), "scan": scan}
