"""The work list: search as one types, filters, status."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from neurolupus.guidelines.scores.syndromes import LABELS
from neurolupus.store.patients import STATUSES, list_patients
from neurolupus.web.access import Kept, Viewer
from neurolupus.web.render import page

router = APIRouter()
PAGE = 50
LONGEST_SEARCH = 64


@router.get("/")
def start(_: Viewer) -> Response:
    """To the work list."""
    return RedirectResponse("/patients", 303)


@router.get("/patients")
def work_list(
    request: Request, store: Kept, _: Viewer, text: str = "", status: str = "", event: str = "", at: int = 0
) -> Response:
    """Those found, latest change first; only the table where htmx asks for it."""
    text, at = text.strip()[:LONGEST_SEARCH], min(max(0, at), 10**6)
    with store.read() as connection:
        rows, count = list_patients(connection, text=text, status=status, event=event, offset=at, limit=PAGE)
    wanted = "parts/work_list.html.j2" if request.headers.get("hx-target") == "found" else "patients.html.j2"
    return page(
        request, wanted, rows=rows, count=count, statuses=STATUSES, syndromes=LABELS, text=text, status=status,
        event=event, at=at, size=PAGE,
    )  # fmt: skip
