"""Visits of one patient: added, corrected and taken out on the patient's page."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from neurolupus.errors import NotKept
from neurolupus.store.engine import Store
from neurolupus.store.visits import add_visit, delete_visit, edit_visit, visit_of
from neurolupus.web.access import Editor, Kept
from neurolupus.web.form_data import Fields, version_of

router = APIRouter()


@router.post("/patients/{patient}/visits")
def add(store: Kept, who: Editor, patient: str, form: Fields) -> Response:
    """Keep a new visit."""
    with store.write(who.name) as writer:
        add_visit(writer, patient, **_said(form))
    return _back(patient)


@router.post("/patients/{patient}/visits/{visit}")
def edit(store: Kept, who: Editor, patient: str, visit: str, form: Fields) -> Response:
    """Keep a visit as corrected from the version that was shown."""
    _check_whose(store, patient, visit)
    with store.write(who.name) as writer:
        edit_visit(writer, visit, version_of(form), **_said(form))
    return _back(patient)


@router.post("/patients/{patient}/visits/{visit}/delete")
def delete(store: Kept, who: Editor, patient: str, visit: str, form: Fields) -> Response:
    """Take a visit out; the trail keeps what it said."""
    _check_whose(store, patient, visit)
    with store.write(who.name) as writer:
        delete_visit(writer, visit, version_of(form))
    return _back(patient)


def _check_whose(store: Store, patient: str, visit: str) -> None:
    with store.read() as connection:
        if visit_of(connection, visit).patient != patient:
            raise NotKept("No such visit of this patient is kept.\n    Load the patient's page again.")


def _said(form: Fields) -> dict[str, str]:
    return {name: str(form.get(name, "")).strip() for name in ("date", "kind", "note")}


def _back(patient: str) -> Response:
    return RedirectResponse(f"/patients/{patient}#visits", 303)
