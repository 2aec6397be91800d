"""Settings kept with the store, for administrators, and how this server runs."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from neurolupus.store.engine import Store
from neurolupus.store.ratings import SEAL_RATINGS
from neurolupus.store.sealing import SEAL_VOLUMES
from neurolupus.store.second_factor import REQUIRED_FROM
from neurolupus.store.settings_rows import set_setting, setting_of
from neurolupus.web.access import Admin, Kept, Who
from neurolupus.web.render import page

router = APIRouter()


@router.get("/settings")
def settings_page(request: Request, store: Kept, _: Admin, saved: bool = False) -> Response:
    """What is switched on."""
    with store.read() as connection:
        seal, ratings = setting_of(connection, SEAL_VOLUMES, False), setting_of(connection, SEAL_RATINGS, True)
        factor = setting_of(connection, REQUIRED_FROM, "")
    server = request.app.state.settings
    return page(request, "settings.html.j2", seal=seal, ratings=ratings, factor=factor, saved=saved, server=server)


@router.post("/settings")
def save(
    store: Kept, who: Admin, version: Annotated[int, Form()], seal_volumes: Annotated[bool, Form()] = False
) -> Response:
    """Whether volumes are sealed; a stale page is refused."""
    return _keep(store, who, SEAL_VOLUMES, seal_volumes, version)


@router.post("/settings/ratings")
def save_ratings(
    store: Kept, who: Admin, version: Annotated[int, Form()], seal_ratings: Annotated[bool, Form()] = False
) -> Response:
    """Whether ratings wait for a second rater."""
    return _keep(store, who, SEAL_RATINGS, seal_ratings, version)


@router.post("/settings/second-factor")
def save_second_factor(
    store: Kept, who: Admin, version: Annotated[int, Form()], least: Annotated[Literal["", "editor", "admin"], Form()]
) -> Response:
    """Of whom a second factor is asked."""
    return _keep(store, who, REQUIRED_FROM, least, version)


def _keep(store: Store, who: Who, name: str, value: bool | str, version: int) -> Response:
    with store.write(who.name) as writer:
        set_setting(writer, name, value, version)
    return RedirectResponse("/settings?saved=true", 303)
