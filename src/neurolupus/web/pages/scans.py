"""The list of scans, how they are taken in, and how far their measuring is."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from neurolupus.errors import UsageError
from neurolupus.records.scan import ScanId
from neurolupus.store.engine import Store
from neurolupus.store.measurements import table_of, why_unusable
from neurolupus.store.patients import find_patient
from neurolupus.store.ratings import excluded, shown_ratings
from neurolupus.store.scans import link_scan, list_scans, remove_scan, scan_of, set_status
from neurolupus.web.access import Admin, Editor, Kept, Viewer
from neurolupus.web.guard.bodies import takes_uploads
from neurolupus.web.pages.scan import may_rate
from neurolupus.web.render import page
from neurolupus.web.uploads import field, files_of, form_with_files
from neurolupus.workflows.clinic.scan_files import folder_of
from neurolupus.workflows.clinic.scan_intake import TakenIn, take_folder, take_pair
from neurolupus.workflows.clinic.scan_queue import ScanQueue

router = APIRouter()
STREAM_S, POLL_S = 50.0, 0.5  # a stream ends by itself and the browser opens the next: a server can be stopped


@router.get("/scans")
def scan_list(request: Request, store: Kept, who: Viewer, text: str = "") -> Response:
    """Every scan with its status."""
    with store.read() as connection:
        found = list_scans(connection, text=text)
        told = table_of(connection, names=("usable", "warnings"))
        reasons = excluded(shown_ratings(connection, who.name, rates=may_rate(who)))
    unusable = {scan for scan, measured in told.items() if why_unusable(measured)}
    waiting = [one for one in found if one.status in ("queued", "running")]
    return page(
        request, "scans.html.j2", scans=found, told=told, unusable=unusable, excluded=reasons, waiting=waiting,
        editor=may_rate(who), roots=request.app.state.settings.scan_roots, text=text,
        largest=request.app.state.settings.largest_upload_mb, taken=None,
    )  # fmt: skip


@router.post("/scans")
@takes_uploads
async def upload(request: Request, store: Kept, who: Editor) -> Response:
    """Take in a T1w and its FLAIR."""
    async with form_with_files(request) as form:
        scan = await run_in_threadpool(take_form, store, who.name, form)
    queue_of(request).wake()
    return _see(request, f"/scans/{scan}")


@router.post("/scans/folder")
def from_folder(
    request: Request, store: Kept, who: Admin, folder: Annotated[str, Form()], hold: Annotated[bool, Form()] = False
) -> Response:
    """Take in a folder on the server."""
    if "\0" in folder:
        raise UsageError("That is no name of a folder.")
    taken: TakenIn = take_folder(store, who.name, Path(folder), request.app.state.settings.scan_roots, hold=hold)
    queue_of(request).wake()
    return page(request, "scans_taken.html.j2", taken=taken)


@router.post("/scans/{scan_id}/again")
def measure_again(request: Request, store: Kept, who: Editor, scan_id: str) -> Response:
    """Put a scan that failed or was held into the queue."""
    with store.write(who.name) as writer:
        scan_of(writer.connection, scan_id)
        set_status(writer, scan_id, "queued", begins=("failed", "held"))
    queue_of(request).wake()
    return _see(request, f"/scans/{scan_id}")


@router.post("/scans/{scan_id}/patient")
def belongs_to(
    request: Request,
    store: Kept,
    who: Editor,
    scan_id: str,
    version: Annotated[int, Form()],
    pseudonym: Annotated[str, Form()] = "",
) -> Response:
    """Say whose scan it is; nobody's where the pseudonym is empty."""
    with store.write(who.name) as writer:
        patient = _patient(store, pseudonym)
        link_scan(writer, scan_id, version, patient)
    return _see(request, f"/scans/{scan_id}")


@router.post("/scans/{scan_id}/remove")
def remove(request: Request, store: Kept, who: Admin, scan_id: str, version: Annotated[int, Form()]) -> Response:
    """Take a scan out, files and all."""
    with store.write(who.name) as writer:
        scan = scan_of(writer.connection, scan_id)
        remove_scan(writer, scan_id, version)
    shutil.rmtree(folder_of(store, scan), ignore_errors=True)
    return _see(request, "/scans")


@router.get("/scans/{scan_id}/progress")
def progress(request: Request, store: Kept, _: Viewer, scan_id: str) -> Response:
    """How far a scan is, told whenever that changes (server-sent events)."""
    with store.read() as connection:
        scan_of(connection, scan_id)
    queue = queue_of(request)

    async def told() -> AsyncIterator[str]:
        yield "retry: 1000\n\n"
        last, end = None, time.monotonic() + STREAM_S
        while time.monotonic() < end and not queue.stopping.is_set():
            now = await run_in_threadpool(queue.progress, scan_id)
            if now != last:
                yield f"data: {json.dumps(asdict(now))}\n\n"
                last = now
            if now.status not in ("queued", "running"):
                return
            await asyncio.sleep(POLL_S)

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(told(), media_type="text/event-stream", headers=headers)


def queue_of(request: Request) -> ScanQueue:
    """The app's queue."""
    queue = request.app.state.queue
    assert isinstance(queue, ScanQueue)
    return queue


def take_form(store: Store, who: str, form: FormData) -> str:
    """Take in what a form sends; the scan's id."""
    participant = field(form, "participant").removeprefix("sub-")
    session = field(form, "session").removeprefix("ses-") or None
    day = field(form, "acquired")
    try:
        acquired = date.fromisoformat(day).isoformat() if day else None
    except ValueError:
        raise UsageError(f"{day[:20]!r} is no day; one such as 2024-05-31 is needed.") from None
    patient = _patient(store, field(form, "patient"))
    with files_of(form, store, ("t1w", "flair")) as files:
        if "t1w" not in files:
            raise UsageError("No T1w was sent; volumes need one.\n    Choose the T1w, and the FLAIR beside it.")
        return take_pair(
            store, who, files["t1w"], files.get("flair"), ScanId(participant, session), patient=patient,
            acquired=acquired, hold=field(form, "hold") == "true",
        )  # fmt: skip


def _patient(store: Store, pseudonym: str) -> str | None:
    if not pseudonym.strip():
        return None
    with store.read() as connection:
        found = find_patient(connection, pseudonym.strip())
    if found is None:
        raise UsageError(
            f"No patient {pseudonym.strip()[:64]!r} is kept.\n    Write the pseudonym as in the list of patients."
        )
    return found.id


def _see(request: Request, place: str) -> Response:
    """To a page; by htmx's header where htmx sent the form."""
    if request.headers.get("HX-Request"):
        return Response(headers={"HX-Redirect": place})
    return RedirectResponse(place, 303)
