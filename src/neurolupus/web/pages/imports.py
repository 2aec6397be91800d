"""Patients from files: first what would change, then all of it in one go."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile

from neurolupus.web.access import Editor, Kept
from neurolupus.web.form_data import MOST_FIELDS, Fields
from neurolupus.web.guard.bodies import takes_up_to
from neurolupus.web.render import page
from neurolupus.workflows.clinic.import_draft import draft_of, drop_draft, keep_draft
from neurolupus.workflows.clinic.patient_import import Proposal, apply, proposals, read_files

router = APIRouter()
LARGEST_UPLOAD_BYTES = 16 << 20
MOST_FILES = 500
STATES = ("new", "changed", "unchanged", "faulty")
MOST_SHOWN = 100  # of each state with all their values; of the others the page tells how many change


async def read_upload(request: Request) -> tuple[FormData, list[tuple[str, bytes]]]:
    """The fields and files of an upload, no more than the limits."""
    claimed = request.headers.get("content-length", "")
    if not claimed.isdecimal() or int(claimed[:20]) > LARGEST_UPLOAD_BYTES:
        raise HTTPException(413, f"At most {LARGEST_UPLOAD_BYTES >> 20} MB are read at once.")
    async with request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS) as form:
        files = [one for one in form.getlist("files") if isinstance(one, UploadFile) and one.filename]
        return form, [(str(one.filename), await one.read()) for one in files]


Upload = Annotated[tuple[FormData, list[tuple[str, bytes]]], Depends(read_upload)]


@router.get("/patients/import")
def choose(request: Request, _: Editor) -> Response:
    """Which files."""
    return page(request, "import.html.j2", told="")


@router.post("/patients/import")
@takes_up_to(LARGEST_UPLOAD_BYTES)
def preview(request: Request, store: Kept, who: Editor, upload: Upload) -> Response:
    """What would change; nothing is kept yet."""
    form, files = upload
    if not files:
        return page(request, "import.html.j2", code=422, told="Choose at least one file.")
    given = read_files(files, pseudonym=str(form.get("pseudonym", "")).strip())
    with store.read() as connection:
        found = proposals(connection, given, replace=form.get("left_out") == "unknown")
    token = keep_draft(store.files, who.name, found)
    return page(request, "import_preview.html.j2", token=token, groups=_grouped(found), most_shown=MOST_SHOWN, told="")


@router.post("/patients/import/{token}")
def keep(request: Request, store: Kept, who: Editor, token: str, form: Fields) -> Response:
    """Keep what was chosen, in one transaction."""
    if form.get("then") == "cancel":
        drop_draft(store.files, token)
        return RedirectResponse("/patients", 303)
    wanted = {str(one) for one in form.getlist("take")}
    chosen = [one for one in draft_of(store.files, who.name, token) if one.pseudonym in wanted and _can_be_kept(one)]
    with store.write(who.name) as writer:
        apply(writer, chosen, compute=form.get("compute") == "yes")
    drop_draft(store.files, token)
    return RedirectResponse("/patients", 303)


def _can_be_kept(one: Proposal) -> bool:
    return one.state in ("new", "changed")


def _grouped(found: list[Proposal]) -> list[tuple[str, list[Proposal]]]:
    groups = [(state, [one for one in found if one.state == state]) for state in STATES]
    return [(state, some) for state, some in groups if some]
