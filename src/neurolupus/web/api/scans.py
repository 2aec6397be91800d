"""Scans: list, upload, volumes while they may be shown, ratings."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from starlette.concurrency import run_in_threadpool

from neurolupus.store.measurements import measurements_of
from neurolupus.store.ratings import rate, shown_ratings
from neurolupus.store.scans import Scan, list_scans, scan_of
from neurolupus.store.sealing import volumes_open
from neurolupus.web.access import Editor, Exporter, Kept, Viewer
from neurolupus.web.api.models import PREFIX, PROBLEMS, Id, NumberOut, RatingIn, RatingOut, ReleasedOut, ScanOut
from neurolupus.web.guard.bodies import takes_uploads
from neurolupus.web.pages.scan import may_rate
from neurolupus.web.pages.scans import queue_of, take_form
from neurolupus.web.uploads import form_with_files
from neurolupus.workflows.clinic.held_scans import release_held

router = APIRouter(prefix=PREFIX, tags=["scans"], responses=PROBLEMS)
_FILE = {"type": "string", "format": "binary", "description": "NIfTI, .nii or .nii.gz"}
_WORD = {"type": "string", "maxLength": 64}
_FIELDS = {
    "participant": _WORD,
    "session": _WORD,
    "acquired": _WORD,
    "patient": _WORD,
    "hold": _WORD,
    "t1w": _FILE,
    "flair": _FILE,
}
_FORM = {"type": "object", "required": ["participant", "t1w"], "properties": _FIELDS}
UPLOAD = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}}


@router.get("/scans")
def find(
    store: Kept,
    who: Exporter,
    patient: Annotated[str | None, Query(max_length=64, description="Of one patient, by the store's id.")] = None,
    text: Annotated[str, Query(max_length=64)] = "",
) -> list[ScanOut]:
    """Scans with their status; kept in the trail as an export."""
    with store.write(who.name) as writer:
        found = list_scans(writer.connection, patient=patient, text=text)
        writer.note("scans.exported", "scans", after={"rows": len(found)})
    return [_out(one) for one in found]


@router.post("/scans", status_code=201, openapi_extra=UPLOAD)
@takes_uploads
async def upload(request: Request, store: Kept, who: Editor) -> ScanOut:
    """Take in a T1w and its FLAIR (multipart form); they are measured as soon as those before are done."""
    async with form_with_files(request) as form:
        scan = await run_in_threadpool(take_form, store, who.name, form)
    queue_of(request).wake()
    with store.read() as connection:
        return _out(scan_of(connection, scan))


@router.post("/scans/release")
def release(request: Request, store: Kept, who: Editor) -> ReleasedOut:
    """Measure the held scans whose images two raters have rated and nobody excluded."""
    done = release_held(store, who.name)
    queue_of(request).wake()
    return ReleasedOut(queued=list(done.queued), excluded=list(done.excluded), waiting=list(done.waiting))


@router.get("/scans/{scan}")
def read(store: Kept, _: Viewer, scan: Id) -> ScanOut:
    """How far one scan is."""
    with store.read() as connection:
        return _out(scan_of(connection, scan))


@router.get("/scans/{scan}/volumes")
def volumes(store: Kept, who: Exporter, scan: Id) -> list[NumberOut]:
    """What was measured; 403 while the patient's volumes are sealed. Kept in the trail as an export."""
    with store.write(who.name) as writer:
        found = scan_of(writer.connection, scan)
        if not volumes_open(writer.connection, found.patient_id):
            raise HTTPException(403, "The volumes are sealed until the consensus is recorded.")
        measured = [NumberOut(**asdict(one)) for one in measurements_of(writer.connection, scan).values()]
        writer.note("volumes.exported", scan, after={"rows": len(measured)}, patient=found.patient_id)
    return measured


@router.get("/scans/{scan}/ratings")
def ratings(store: Kept, who: Exporter, scan: Id) -> list[RatingOut]:
    """Ratings of a scan's maps; of a map that the caller has to rate, only after that. Kept in the trail."""
    with store.write(who.name) as writer:
        patient = scan_of(writer.connection, scan).patient_id
        found = shown_ratings(writer.connection, who.name, rates=may_rate(who), scan_ids=[scan])
        writer.note("ratings.exported", scan, after={"rows": len(found)}, patient=patient)
    return [RatingOut(**{name: getattr(one, name) for name in RatingOut.model_fields}) for one in found]


@router.put("/scans/{scan}/ratings")
def rate_map(store: Kept, who: Editor, scan: Id, body: RatingIn) -> int:
    """Rate a map in the caller's name; the rating's new version comes back."""
    with store.write(who.name) as writer:
        scan_of(writer.connection, scan)
        return rate(writer, scan, body.map, body.verdict, reason=body.reason, note=body.note, version=body.version)


def _out(one: Scan) -> ScanOut:
    return ScanOut(**{name: getattr(one, name) for name in ScanOut.model_fields})
