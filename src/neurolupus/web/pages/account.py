"""One's own account: what one may, and another password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from neurolupus.errors import UsageError
from neurolupus.store.second_factor import second_factor_of
from neurolupus.store.sign_in import check_sign_in
from neurolupus.store.users import find_user, set_password, user_of
from neurolupus.web.access import Kept, Viewer, Who
from neurolupus.web.pages.sign_in import enter
from neurolupus.web.render import page

router = APIRouter()
Text = Annotated[str, Form(max_length=4096)]


@router.get("/account")
def account(request: Request, store: Kept, who: Viewer) -> Response:
    """What one may."""
    return _page(request, store, who)


@router.post("/account/password")
async def change_password(request: Request, store: Kept, who: Viewer, old: Text, new: Text, again: Text) -> Response:
    """Another password; every other session of the user ends."""
    return await run_in_threadpool(_change, request, store, who, old, new, again)


def _change(request: Request, store: Kept, who: Who, old: str, new: str, again: str) -> Response:
    if new != again:
        return _page(request, store, who, code=422, text="The new password was not typed the same way twice.")
    if check_sign_in(store, who.name, old, code=None, address=request.state.address) is None:
        return _page(
            request, store, who, code=422, text="The present password is wrong, or too many were: wait a while."
        )
    try:
        with store.write(who.name) as writer:
            set_password(writer, who.name, new)
            user = user_of(writer.connection, who.name)
    except UsageError as error:
        return _page(request, store, who, code=422, text=str(error))
    return enter(request, store, user, "/account?changed=1")


def _page(request: Request, store: Kept, who: Who, *, code: int = 200, text: str = "") -> Response:
    with store.read() as connection:
        user, factor = find_user(connection, who.name), second_factor_of(connection, who.name)
    changed = "changed" in request.query_params and not text
    return page(request, "account.html.j2", code=code, user=user, factor=factor, text=text, changed=changed)
