"""One patient: what the weekly meeting looks at."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, RedirectResponse, Response

from neurolupus import __version__
from neurolupus.report.advice_page import MECHANISM, advice_body, attribution_words, grouped, score_scale
from neurolupus.report.puncture_chart import injections_of, puncture_chart, punctures_of
from neurolupus.report.radiology import Found, radiology_paragraph
from neurolupus.report.timeline import timeline
from neurolupus.store.patients import STATUSES, patient_of
from neurolupus.store.scans import scan_of
from neurolupus.store.sealing import open_volumes, volumes_open
from neurolupus.store.trail import history
from neurolupus.store.visits import KINDS
from neurolupus.web.access import Editor, Kept, Viewer
from neurolupus.web.form_data import Fields, version_of
from neurolupus.web.render import page
from neurolupus.web.sections import SECTIONS
from neurolupus.workflows.clinic.map_pictures import map_picture, maps_of
from neurolupus.workflows.clinic.patient_advice import move_patient, recompute
from neurolupus.workflows.clinic.patient_page import PatientView, patient_view, puncture_limits, runs_with
from neurolupus.workflows.clinic.patient_volumes import REGIONS, SHOWN
from neurolupus.workflows.clinic.quality_page import OPEN_MAPS

router = APIRouter()
_HISTORY = 30


@router.get("/patients/{patient}")
def one_patient(request: Request, store: Kept, _: Viewer, patient: str) -> Response:
    """The page: time line, scan, volumes, attribution, advice, lumbar punctures."""
    with store.read() as connection:
        view = patient_view(connection, patient)
    record, data = view.stored.record, view.data
    punctures, injections = punctures_of(record), injections_of(record)
    return page(
        request, "patient.html.j2", view=view, record=record, data=data, sections=SECTIONS, statuses=STATUSES,
        moments=view.moments, timeline=timeline(view.moments), shown=SHOWN, regions=REGIONS,
        body=None if data is None else advice_body(data), groups=[] if data is None else grouped(data),
        scale=None if data is None else score_scale(data["attribution"]),
        standing=None if data is None else attribution_words(data["attribution"]),
        mechanism=None if data is None else MECHANISM[data["mechanism"]["value"]],
        punctures=punctures, injections=injections,
        puncture_chart=puncture_chart(punctures, injections, limits=puncture_limits()),
        paragraph=paragraph_of(view), visit_kinds=KINDS,
    )  # fmt: skip


@router.post("/patients/{patient}/advice")
def compute(store: Kept, who: Editor, patient: str) -> Response:
    """Compute the advice anew and keep it."""
    with store.write(who.name) as writer:
        recompute(writer, patient)
    return RedirectResponse(f"/patients/{patient}#changes", 303)


@router.post("/patients/{patient}/status")
def set_status(store: Kept, who: Editor, patient: str, form: Fields) -> Response:
    """Move the patient in the work list; what was computed from the record still holds."""
    with store.write(who.name) as writer:
        move_patient(writer, patient, version_of(form), str(form.get("status", "")))
    return RedirectResponse(f"/patients/{patient}", 303)


@router.post("/patients/{patient}/volumes/open")
def open_sealed(store: Kept, who: Editor, patient: str, form: Fields) -> Response:
    """Break the seal; who did it, when and why stays in the trail."""
    with store.write(who.name) as writer:
        patient_of(writer.connection, patient)
        open_volumes(writer, patient, str(form.get("why", "")).strip()[:500])
    return RedirectResponse(f"/patients/{patient}#volumes", 303)


@router.get("/patients/{patient}/downstream")
def downstream(request: Request, store: Kept, _: Viewer, patient: str) -> Response:
    """The study runs that read this patient, fetched after the page is shown."""
    with store.read() as connection:
        runs = runs_with(connection, patient)
    return page(request, "parts/downstream.html.j2", runs=runs)


@router.get("/patients/{patient}/scans/{scan}/picture.webp")
def picture(store: Kept, _: Viewer, patient: str, scan: str) -> Response:
    """Six slices of a scan: with its hyperintensities where the volumes may be seen, else without."""
    with store.read() as connection:
        found, is_open = scan_of(connection, scan), volumes_open(connection, patient)
    maps = [name for name in maps_of(store, found) if is_open or name in OPEN_MAPS]
    wanted = next((name for name in ("WMH", "FLAIR", "T1w") if name in maps), None)
    if found.patient_id != patient or wanted is None:
        raise HTTPException(404, "No picture of this scan is kept.")
    headers = {"Cache-Control": "private, no-cache"}
    return FileResponse(map_picture(store, found, wanted), media_type="image/webp", headers=headers)


@router.get("/patients/{patient}/history")
def changes(request: Request, store: Kept, _: Viewer, patient: str) -> Response:
    """Who changed what, the latest first; values of the record stay in the trail, names of fields are told."""
    with store.read() as connection:
        patient_of(connection, patient)
        entries = list(history(connection, patient=patient, limit=_HISTORY))
    return page(request, "parts/history.html.j2", entries=entries)


def paragraph_of(view: PatientView) -> str | None:
    """The radiologist's paragraph on the latest scan; None without one, or while it is sealed."""
    if view.latest is None:
        return None
    numbers = {name: Found(one.value, one.low, one.high, one.text) for name, one in view.latest.numbers.items()}
    places = {name: (place.percentile, place.n) for name, place in view.places.items()}
    warnings = [f"The scan must not be analysed: {view.latest.unusable}"] if view.latest.unusable else []
    return radiology_paragraph(
        numbers, acquired=view.latest.acquired, percentiles=places, warnings=warnings,
        software=f"neurolupus {__version__}",
    )  # fmt: skip
