"""Runs: how far the measuring of data sets on this server's folders is."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

from neurolupus.errors import UsageError
from neurolupus.web.access import Editor
from neurolupus.web.render import page
from neurolupus.workflows.clinic.runs import output_folders, shown_run

router = APIRouter()


@router.get("/runs")
def run_list(request: Request, _: Editor) -> Response:
    """The output folders that this server may read."""
    roots = request.app.state.settings.scan_roots
    return page(request, "runs.html.j2", roots=roots, folders=output_folders(roots))


@router.get("/runs/folder")
def one_folder(request: Request, _: Editor, folder: str = "") -> Response:
    """How far one of them is; only that part of the page where it looks again."""
    if "\0" in folder:
        raise UsageError("That is no name of a folder.")
    run = shown_run(Path(folder), request.app.state.settings.scan_roots)
    part = request.headers.get("hx-target") == "run"
    return page(request, "run_state.html.j2" if part else "run.html.j2", run=run)
