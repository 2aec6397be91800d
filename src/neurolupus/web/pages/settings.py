"""Settings kept with the store, for administrators, and how this server runs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from neurolupus.store.settings_rows import set_setting, setting_of
from neurolupus.web.access import Admin, Kept
from neurolupus.web.render import page

router = APIRouter()
SEAL_VOLUMES = "seal_volumes"


@router.get("/settings")
def settings_page(request: Request, store: Kept, _: Admin, saved: bool = False) -> Response:
    """What is switched on."""
    with store.read() as connection:
        seal = setting_of(connection, SEAL_VOLUMES, False)
    return page(request, "settings.html.j2", seal=seal, saved=saved, server=request.app.state.settings)


@router.post("/settings")
def save(
    store: Kept, who: Admin, version: Annotated[int, Form()], seal_volumes: Annotated[bool, Form()] = False
) -> Response:
    """Keep them; a stale page is refused."""
    with store.write(who.name) as writer:
        set_setting(writer, SEAL_VOLUMES, seal_volumes, version)
    return RedirectResponse("/settings?saved=true", 303)
