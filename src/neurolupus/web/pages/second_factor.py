"""One's own second factor: set up by scanning a picture, and taken off again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from neurolupus.errors import StoreError
from neurolupus.store.second_factor import enrol, is_required, second_factor_of, take_off
from neurolupus.store.sign_in import check_sign_in
from neurolupus.store.totp import enrolment_address, new_secret
from neurolupus.store.users import find_user
from neurolupus.web.access import Kept, Viewer, Who
from neurolupus.web.qr import qr_picture
from neurolupus.web.render import page

router = APIRouter()
Text = Annotated[str, Form(max_length=4096)]
WRONG = "The password is wrong, or too many were: wait a while."


@router.get("/account/second-factor")
def second_factor(request: Request, store: Kept, who: Viewer) -> Response:
    """The picture to scan, or since when there is one."""
    return _page(request, store, who)


@router.post("/account/second-factor")
def set_up(request: Request, store: Kept, who: Viewer, secret: Text, code: Text, password: Text) -> Response:
    """Set it up; the recovery codes are shown this once."""
    if check_sign_in(store, who.name, password, code=None, address=request.state.address) is None:
        return _page(request, store, who, code=422, text=WRONG, secret=secret)
    try:
        with store.write(who.name) as writer:
            codes = enrol(writer, who.name, secret, code)
    except StoreError as error:
        return _page(request, store, who, code=422, text=str(error), secret=secret)
    return page(request, "recovery_codes.html.j2", codes=codes)


@router.post("/account/second-factor/off")
def off(request: Request, store: Kept, who: Viewer, password: Text, code: Text) -> Response:
    """Take it off, with password and code; one signs in anew."""
    with store.read() as connection:
        user = find_user(connection, who.name)
        if user is not None and is_required(connection, user):
            raise HTTPException(403, f"A second factor is asked of every {user.role} here; it cannot be taken off.")
    if check_sign_in(store, who.name, password, code=code, address=request.state.address) is None:
        return _page(request, store, who, code=422, text="Password or code is wrong, or too many were: wait a while.")
    with store.write(who.name) as writer:
        take_off(writer, who.name)
    return RedirectResponse("/sign-in", 303)


def _page(request: Request, store: Kept, who: Who, *, code: int = 200, text: str = "", secret: str = "") -> Response:
    with store.read() as connection:
        user, factor = find_user(connection, who.name), second_factor_of(connection, who.name)
        needed = user is not None and is_required(connection, user)
    if user is None or not user.local:
        raise HTTPException(404, "You do not sign in with a password here.")
    secret = secret if factor is None and secret else new_secret()
    address = enrolment_address(secret, who.name, request.url.hostname or "")
    return page(
        request, "second_factor.html.j2", code=code, factor=factor, needed=needed, text=text, secret=secret,
        picture=qr_picture(address), address=address,
    )  # fmt: skip
