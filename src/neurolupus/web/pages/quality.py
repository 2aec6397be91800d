"""Quality control: the mosaic of all scans, where their measures lie, the ratings and how raters agree."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import FileResponse, Response

from neurolupus.store.engine import Store
from neurolupus.store.ratings import MAPS, REASONS, Rating, rate, raters_wanted, ratings_of, visible
from neurolupus.store.scans import RATABLE, Scan, list_scans, scan_by_code
from neurolupus.store.sealing import volumes_open
from neurolupus.web.access import Editor, Exporter, Kept, Viewer, Who
from neurolupus.web.pages.scan import may_rate
from neurolupus.web.pages.scans import queue_of
from neurolupus.web.render import page
from neurolupus.workflows.clinic.held_scans import export_exclusions, release_held
from neurolupus.workflows.clinic.map_pictures import map_picture, maps_of
from neurolupus.workflows.clinic.quality_page import OPEN_MAPS, quality_view
from neurolupus.workflows.clinic.rating_agreement import export_ratings
from neurolupus.workflows.clinic.scan_groups import groups_of

router = APIRouter()
Name = Annotated[str, Query(alias="map")]


@router.get("/quality")
def mosaic(request: Request, store: Kept, who: Viewer, name: Name = "T1w", blinded: bool = False) -> Response:
    """Every scan."""
    name = name if name in MAPS else MAPS[0]
    view = quality_view(store, who.name, name, rates=may_rate(who), blinded=blinded)
    return page(request, "quality.html.j2", view=view, name=name, maps=MAPS, blinded=blinded, editor=may_rate(who))


@router.get("/quality/ratings.tsv")
def ratings_table(store: Kept, who: Exporter) -> Response:
    """Every rating as a table."""
    with store.write(who.name) as writer:
        text = export_ratings(writer)
    headers = {"Content-Disposition": 'attachment; filename="ratings.tsv"', "Cache-Control": "no-store"}
    return Response(text, media_type="text/tab-separated-values; charset=utf-8", headers=headers)


@router.get("/quality/exclusions.tsv")
def exclusions_table(store: Kept, who: Exporter) -> Response:
    """What raters excluded, for measuring elsewhere."""
    with store.write(who.name) as writer:
        text = export_exclusions(writer)
    headers = {"Content-Disposition": 'attachment; filename="exclusions.tsv"', "Cache-Control": "no-store"}
    return Response(text, media_type="text/tab-separated-values; charset=utf-8", headers=headers)


@router.post("/quality/release")
def release(request: Request, store: Kept, who: Editor) -> Response:
    """Measure the held scans that raters let pass."""
    done = release_held(store, who.name)
    queue_of(request).wake()
    return page(request, "released.html.j2", done=done)


@router.get("/quality/{code}")
def rating_page(request: Request, store: Kept, who: Viewer, code: str, blinded: bool = False) -> Response:
    """One scan's maps, each with its form."""
    with store.read() as connection:
        scan = scan_by_code(connection, code)
        others = [one.blinded for one in list_scans(connection, statuses=RATABLE)]
        group = None if blinded else groups_of(connection, [scan]).get(scan.id)
        is_open = blinded or volumes_open(connection, scan.patient_id)
    others.sort()
    after = next((one for one in others if one > code), others[0] if others else code)
    maps = [name for name in maps_of(store, scan) if is_open or name in OPEN_MAPS]
    return page(
        request, "rating.html.j2", scan=scan, group=group, maps=maps, blinded=blinded, after=after,
        editor=may_rate(who), reasons=REASONS, sealed=not is_open,
        cards=[_card(store, who, scan, name) for name in maps],
    )  # fmt: skip


@router.get("/quality/{code}/{name}.webp")
def picture(store: Kept, _: Viewer, code: str, name: str) -> Response:
    """Six slices of one map.

    Addressed by code, not by scan: who rates blinded must see every map, and the code names nobody.
    """
    with store.read() as connection:
        scan = scan_by_code(connection, code)
    headers = {"Cache-Control": "private, no-cache"}
    return FileResponse(map_picture(store, scan, name), media_type="image/webp", headers=headers)


@router.post("/quality/{code}/{name}")
def give_rating(
    request: Request,
    store: Kept,
    who: Editor,
    code: str,
    name: str,
    verdict: Annotated[str, Form()],
    version: Annotated[int, Form()],
    reason: Annotated[str, Form()] = "",
    note: Annotated[str, Form()] = "",
    blinded: Annotated[bool, Form()] = False,
) -> Response:
    """Keep the own rating of a map; the answer is its card, with what others said from now on."""
    with store.write(who.name) as writer:
        scan = scan_by_code(writer.connection, code)
        if name not in maps_of(store, scan):
            raise HTTPException(404, "The scan has no such map.")
        rate(writer, scan.id, name, verdict, reason=reason or None, note=note, blinded=blinded, version=version)
    return page(
        request, "rating_card.html.j2", scan=scan, blinded=blinded, editor=True, reasons=REASONS,
        card=_card(store, who, scan, name),
    )  # fmt: skip


def _card(store: Store, who: Who, scan: Scan, name: str) -> dict[str, object]:
    """What the card of a map shows."""
    with store.read() as connection:
        found = [one for one in ratings_of(connection, [scan.id]) if one.map == name]
        wanted = raters_wanted(connection)
    own: Rating | None = next((one for one in found if one.rater == who.name), None)
    others = [one for one in visible(found, who.name, rates=may_rate(who), wanted=wanted) if one.rater != who.name]
    hidden = len(found) - len(others) - (own is not None)
    return {"map": name, "own": own, "others": others, "hidden": hidden}
