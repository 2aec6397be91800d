"""Lesion masks edited by hand: taken in, measured in the queue, drawn beside the automatic one."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from neurolupus.errors import StoreError, UsageError
from neurolupus.store.edits import edit_of
from neurolupus.store.engine import Store
from neurolupus.store.scans import scan_of
from neurolupus.store.sealing import volumes_open
from neurolupus.web.access import Editor, Kept, Viewer
from neurolupus.web.guard.bodies import takes_uploads
from neurolupus.web.pages.scans import queue_of
from neurolupus.web.uploads import files_of, form_with_files
from neurolupus.workflows.clinic.edited_masks import take_mask
from neurolupus.workflows.clinic.scan_files import edit_mask

router = APIRouter()


@router.post("/scans/{scan_id}/edits")
@takes_uploads
async def upload_mask(request: Request, store: Kept, who: Editor, scan_id: str) -> Response:
    """Take in a mask; measuring it begins when its turn comes."""
    await run_in_threadpool(_open_or_refuse, store, scan_id)
    async with form_with_files(request) as form:
        await run_in_threadpool(_take, store, who.name, scan_id, form)
    queue_of(request).wake()
    return RedirectResponse(f"/scans/{scan_id}#edits", 303)


@router.get("/scans/{scan_id}/edits/{edit_id}/mask.nii.gz")
def edited_mask(store: Kept, _: Viewer, scan_id: str, edit_id: str) -> Response:
    """An edited mask for the viewer."""
    _open_or_refuse(store, scan_id)
    with store.read() as connection:
        scan, edit = scan_of(connection, scan_id), edit_of(connection, edit_id)
    if edit.scan_id != scan.id:
        raise StoreError("That mask was drawn for another scan.")
    headers = {"Cache-Control": "no-store"}
    return FileResponse(edit_mask(store, scan, edit), media_type="application/octet-stream", headers=headers)


def _take(store: Store, who: str, scan_id: str, form: FormData) -> None:
    with files_of(form, store, ("mask",)) as files:
        if "mask" not in files:
            raise UsageError("No mask was sent.\n    Choose the file that was edited.")
        take_mask(store, who, scan_id, files["mask"])


def _open_or_refuse(store: Store, scan_id: str) -> None:
    with store.read() as connection:
        if not volumes_open(connection, scan_of(connection, scan_id).patient_id):
            raise HTTPException(403, "The volumes are sealed until the consensus is recorded.")
