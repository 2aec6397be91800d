"""One scan: the viewer and the images it loads, volumes, lesions, report."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, Response

from neurolupus.store.engine import Store
from neurolupus.store.ratings import excluded, shown_ratings
from neurolupus.store.scans import Scan, scan_of
from neurolupus.store.sealing import volumes_open
from neurolupus.store.users import ROLES
from neurolupus.web.access import Kept, Viewer, Who
from neurolupus.web.render import page
from neurolupus.workflows.clinic.scan_files import image_path, labels_to_edit, report_of
from neurolupus.workflows.clinic.scan_page import SEALED_IMAGES, scan_view

router = APIRouter()
# The report is one file with its own script and style: shown as if from nowhere, it can reach nothing of the app
REPORT_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PRIVATE = {"Cache-Control": "no-store"}


@router.get("/scans/{scan_id}")
def one_scan(request: Request, store: Kept, who: Viewer, scan_id: str) -> Response:
    """The scan's page."""
    view = scan_view(store, scan_id)
    with store.read() as connection:
        reasons = excluded(shown_ratings(connection, who.name, rates=may_rate(who), scan_ids=[scan_id]))
    response = page(
        request, "scan.html.j2", view=view, excluded=reasons.get(scan_id, []), editor=may_rate(who), who_csrf=who.csrf
    )
    response.headers.update(PRIVATE)
    return response


@router.get("/scans/{scan_id}/image/{name}.nii.gz")
def image(store: Kept, _: Viewer, scan_id: str, name: str) -> Response:
    """One image of the scan for the viewer."""
    scan = _scan(store, scan_id, sealed=name in SEALED_IMAGES)
    return FileResponse(image_path(store, scan, name), media_type="application/octet-stream", headers=PRIVATE)


@router.get("/scans/{scan_id}/labels.nii.gz")
def labels(store: Kept, _: Viewer, scan_id: str) -> Response:
    """What the program found, as labels to correct by hand."""
    content = labels_to_edit(store, _scan(store, scan_id, sealed=True))
    return Response(content, media_type="application/octet-stream", headers=PRIVATE)


@router.get("/scans/{scan_id}/report")
def report(store: Kept, _: Viewer, scan_id: str) -> Response:
    """The report that measuring wrote."""
    scan = _scan(store, scan_id, sealed=True)
    headers = PRIVATE | {"Content-Security-Policy": REPORT_POLICY, "X-Content-Type-Options": "nosniff"}
    return FileResponse(report_of(store, scan), media_type="text/html; charset=utf-8", headers=headers)


def may_rate(who: Who) -> bool:
    """Whether somebody may rate and edit."""
    return ROLES.index(who.role) >= ROLES.index("editor")


def _scan(store: Store, scan_id: str, *, sealed: bool) -> Scan:
    """The scan; what is `sealed` only where the volumes of its patient are open."""
    with store.read() as connection:
        scan = scan_of(connection, scan_id)
        if sealed and not volumes_open(connection, scan.patient_id):
            raise HTTPException(403, "The volumes are sealed until the consensus is recorded.")
    return scan
