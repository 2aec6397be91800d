"""The work list: search and filters."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from neurolupus.store.patients import STATUSES, list_patients
from neurolupus.web.access import Kept, Viewer
from neurolupus.web.render import page

router = APIRouter()
PAGE = 50


@router.get("/")
def start(_: Viewer) -> Response:
    """To the work list."""
    return RedirectResponse("/patients", 303)


@router.get("/patients")
def work_list(
    request: Request, store: Kept, _: Viewer, text: str = "", status: str = "", event: str = "", at: int = 0
) -> Response:
    """Those found, latest change first."""
    with store.read() as connection:
        rows, count = list_patients(connection, text=text, status=status, event=event, offset=max(0, at), limit=PAGE)
    return page(
        request, "patients.html.j2", rows=rows, count=count, statuses=STATUSES, text=text, status=status,
        event=event, at=at, size=PAGE,
    )  # fmt: skip
