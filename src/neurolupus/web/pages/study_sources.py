"""Where the numbers of a study's run come from: patients, scans, versions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from neurolupus.web.access import Kept, Viewer
from neurolupus.web.render import page
from neurolupus.workflows.clinic.study_sources import run_sources

router = APIRouter()
LONGEST = 300


@router.get("/studies/{study}/runs/{run}/sources")
def sources(
    request: Request,
    store: Kept,
    _: Viewer,
    study: str,
    run: str,
    find: Annotated[str, Query(max_length=LONGEST)] = "",
    number: Annotated[str, Query(max_length=LONGEST)] = "",
) -> Response:
    """The numbers of a run, and the patients, scans and versions behind one of them."""
    return page(
        request, "study_sources.html.j2", view=run_sources(store, study, run, search=find, number=number), find=find
    )
