"""Erasing a patient, for administrators: what it destroys is shown, and the pseudonym typed, before it is done."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from neurolupus.errors import StoreError
from neurolupus.store.erasure import erasable, erase
from neurolupus.store.patients import patient_of
from neurolupus.web.access import Admin, Kept
from neurolupus.web.render import page
from neurolupus.workflows.clinic.patient_page import runs_with

router = APIRouter()
REASONS = (
    "the patient asked for it", "consent was withdrawn", "entered by mistake", "the time to keep it is over",
    "another legal ground",
)  # fmt: skip


@router.get("/patients/{patient}/erase")
def ask(request: Request, store: Kept, _: Admin, patient: str) -> Response:
    """What would be destroyed, and what would not."""
    return _page(request, store, patient)


@router.post("/patients/{patient}/erase")
def destroy(
    request: Request,
    store: Kept,
    who: Admin,
    patient: str,
    typed: Annotated[str, Form(max_length=64)] = "",
    why: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Erase, where the pseudonym was typed and a reason chosen."""
    with store.read() as connection:
        pseudonym = patient_of(connection, patient).pseudonym
    if typed.strip() != pseudonym or why not in REASONS:
        told = "Type the pseudonym exactly as it stands above, and choose a reason. Nothing was erased."
        return _page(request, store, patient, code=422, told=told, why=why)
    try:
        done = erase(store, pseudonym, who.name, why=why)
    except StoreError as error:
        return _page(request, store, patient, code=409, told=f"{error}\nNothing was erased.", why=why)
    return page(request, "erased.html.j2", done=done, scans=done.scans, why=why)


def _page(request: Request, store: Kept, patient: str, *, code: int = 200, told: str = "", why: str = "") -> Response:
    with store.read() as connection:
        found, runs = patient_of(connection, patient), runs_with(connection, patient)
        what = erasable(connection, patient)
    return page(
        request, "erase.html.j2", code=code, patient=found, what=what, runs=runs, told=told, why=why, reasons=REASONS
    )
