"""Users, for administrators: who may sign in, what they may, new passwords."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from neurolupus.errors import Conflict, NeurolupusError
from neurolupus.store.second_factor import take_off, who_has_one
from neurolupus.store.users import ROLES, add_user, change_user, list_users, set_password
from neurolupus.web.access import Admin, Kept
from neurolupus.web.render import page

router = APIRouter()
Name = Annotated[str, Form(max_length=64)]
Text = Annotated[str, Form(max_length=4096)]


@router.get("/users")
def everyone(request: Request, store: Kept, _: Admin, done: str = "") -> Response:
    """All of them."""
    return _page(request, store, done=done[:80])


@router.post("/users")
def add(
    request: Request,
    store: Kept,
    who: Admin,
    name: Name,
    role: Annotated[str, Form()],
    password: Text,
    may_export: Annotated[bool, Form()] = False,
) -> Response:
    """A new one, with a first password."""
    try:
        with store.write(who.name) as writer:
            user = add_user(writer, name, role, password=password, may_export=may_export)
    except NeurolupusError as error:
        return _page(request, store, code=422, text=str(error))
    return _back(f"{user.name} was added")


@router.post("/users/{name}")
def change(
    request: Request,
    store: Kept,
    who: Admin,
    name: str,
    role: Annotated[str, Form()],
    version: Annotated[int, Form()],
    may_export: Annotated[bool, Form()] = False,
    disabled: Annotated[bool, Form()] = False,
) -> Response:
    """Another role, the right to export, or no way in any more."""
    try:
        with store.write(who.name) as writer:
            change_user(writer, name, role=role, may_export=may_export, disabled=disabled, version=version)
    except NeurolupusError as error:
        return _page(request, store, code=409 if isinstance(error, Conflict) else 422, text=str(error))
    return _back(f"{name} was changed")


@router.post("/users/{name}/password")
def reset(request: Request, store: Kept, who: Admin, name: str, password: Text) -> Response:
    """Another password, to be handed over in person."""
    try:
        with store.write(who.name) as writer:
            set_password(writer, name, password)
    except NeurolupusError as error:
        return _page(request, store, code=422, text=str(error))
    return _back(f"{name} has another password")


@router.post("/users/{name}/second-factor")
def drop_second_factor(request: Request, store: Kept, who: Admin, name: str) -> Response:
    """Take a user's second factor off, after seeing that it is the user who asks."""
    try:
        with store.write(who.name) as writer:
            take_off(writer, name)
    except NeurolupusError as error:
        return _page(request, store, code=422, text=str(error))
    return _back(f"{name} signs in with the password alone")


def _back(done: str) -> Response:
    return RedirectResponse(f"/users?done={quote(done)}", 303)


def _page(request: Request, store: Kept, *, code: int = 200, text: str = "", done: str = "") -> Response:
    with store.read() as connection:
        found, factors = list_users(connection), who_has_one(connection)
    signing_in = request.app.state.settings.users
    return page(
        request,
        "users.html.j2",
        code=code,
        users=found,
        factors=factors,
        roles=ROLES,
        text=text,
        done=done,
        signing_in=signing_in,
    )
