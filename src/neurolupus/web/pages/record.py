"""The forms of a patient's record: checked as they are typed, saved with the version they began from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from neurolupus.errors import Conflict, PatientFileError, StoreError
from neurolupus.guidelines.compare import advice_changes
from neurolupus.io.patient_file import parse_patient
from neurolupus.report.advice_page import score_scale
from neurolupus.store.engine import Store
from neurolupus.store.patients import Stored, add_patient, edit_patient, patient_of
from neurolupus.store.sealing import volumes_open
from neurolupus.web.access import Editor, Kept
from neurolupus.web.form_data import Fields
from neurolupus.web.form_values import form_name, typed
from neurolupus.web.forms import Context, form_of, place_name
from neurolupus.web.render import page
from neurolupus.web.sections import BY_NAME, SECTIONS, Section, hidden_fields
from neurolupus.workflows.clinic.patient_advice import advice_on, kept_advice, recompute

router = APIRouter()
Faults = Sequence[tuple[str, str]]  # name in the form, what is wrong


@router.get("/patients/new")
def new(request: Request, _: Editor) -> Response:
    """An empty form: the pseudonym and who the patient is."""
    return _form(request, BY_NAME["patient"], None, {})


@router.post("/patients/new")
def add(request: Request, store: Kept, who: Editor, form: Fields) -> Response:
    """Keep a new patient."""
    section = BY_NAME["patient"]
    record = typed(form, section.fields, {}, frozenset())
    try:
        parse_patient(record)
        with store.write(who.name) as writer:
            found = add_patient(writer, record)
            recompute(writer, found)
    except PatientFileError as error:
        return _form(request, section, None, record, faults=_faults((), error), code=422)
    except StoreError as error:
        return _form(request, section, None, record, told=[str(error)], code=422)
    return RedirectResponse(f"/patients/{found}", 303)


@router.post("/patients/new/check")
def check_new(request: Request, _: Editor, form: Fields) -> Response:
    """Faults and scores of what is being typed."""
    return _checked(request, form, typed(form, BY_NAME["patient"].fields, {}, frozenset()), None)


@router.get("/patients/{patient}/record/{name}")
def edit(request: Request, store: Kept, _: Editor, patient: str, name: str) -> Response:
    """One section of the record."""
    section = _section(name)
    with store.read() as connection:
        stored, opened = patient_of(connection, patient), volumes_open(connection, patient)
    return _form(request, section, stored, stored.record, sealed=not opened)


@router.post("/patients/{patient}/record/{name}")
def save(request: Request, store: Kept, who: Editor, patient: str, name: str, form: Fields) -> Response:
    """Keep a section as typed."""
    section = _section(name)
    stored, sealed, record = _typed(store, patient, section, form)
    version = str(form.get("version", ""))
    try:
        if version != str(stored.version):
            raise Conflict("changed meanwhile")
        parse_patient(record)
        with store.write(who.name) as writer:
            edit_patient(writer, patient, stored.version, record)
            if form.get("then") == "advise":
                recompute(writer, patient)
    except PatientFileError as error:
        return _form(request, section, stored, record, faults=_faults((), error), sealed=sealed, code=422)
    except Conflict:
        with store.read() as connection:
            stored = patient_of(connection, patient)
        return _form(request, section, stored, record, conflict=True, sealed=sealed, code=409)
    except StoreError as error:
        return _form(request, section, stored, record, told=[str(error)], sealed=sealed, code=422)
    return RedirectResponse(f"/patients/{patient}", 303)


@router.post("/patients/{patient}/record/{name}/check")
def check(request: Request, store: Kept, _: Editor, patient: str, name: str, form: Fields) -> Response:
    """Faults, scores, and what saving would change in the advice."""
    _stored, _sealed, record = _typed(store, patient, _section(name), form)
    with store.read() as connection:
        before = kept_advice(connection, patient)
    return _checked(request, form, record, None if before is None else before.content["data"])


def _typed(store: Store, patient: str, section: Section, form: FormData) -> tuple[Stored, bool, dict[str, Any]]:
    with store.read() as connection:
        stored, sealed = patient_of(connection, patient), not volumes_open(connection, patient)
    return stored, sealed, typed(form, section.fields, stored.record, hidden_fields(sealed=sealed))


def _checked(request: Request, form: FormData, record: Mapping[str, Any], before: Mapping[str, Any] | None) -> Response:
    try:
        data = advice_on(record)
    except PatientFileError as error:
        return page(request, "parts/checked.html.j2", faults=_faults(form.keys(), error))
    changes = advice_changes(before, data) if before is not None else ()
    return page(
        request, "parts/checked.html.j2", faults=(), data=data, scale=score_scale(data["attribution"]),
        changes=changes, compared=before is not None,
    )  # fmt: skip


def _faults(names: Any, error: PatientFileError) -> Faults:
    """Each fault with the name of its field; one that lacks something belongs to the field that it lacks."""
    found = []
    for place, what in error.placed:
        place_ = (*place, what.partition("lacks '")[2].partition("'")[0]) if " lacks '" in what else place
        found.append((form_name(names, place_) if names else place_name(place_), what))
    return found


def _section(name: str) -> Section:
    if name not in BY_NAME:
        raise HTTPException(404, "The record has no such section.")
    return BY_NAME[name]


def _form(
    request: Request, section: Section, stored: Stored | None, record: Mapping[str, Any], *, faults: Faults = (),
    told: Sequence[str] = (), conflict: bool = False, sealed: bool = False, code: int = 200,
) -> Response:  # fmt: skip
    by_name: dict[str, list[str]] = {}
    for name, what in faults:
        by_name.setdefault(name, []).append(what)
    context = Context(by_name, stored.record if conflict and stored is not None else None, hidden_fields(sealed=sealed))
    form = form_of(section.fields, record, context)
    address = "/patients/new" if stored is None else f"/patients/{stored.id}/record/{section.name}"
    return page(
        request, "record_form.html.j2", code=code, section=section, sections=SECTIONS, patient=stored, form=form,
        begun=0 if stored is None else stored.version, action=address, check=f"{address}/check",
        told=[*told, *(what for _, what in faults)], conflict=conflict,
    )  # fmt: skip
