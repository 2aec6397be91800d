"""The way in and out: name and password, or the organisation's account."""

from __future__ import annotations

import asyncio
import re
import secrets
from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from neurolupus.store.engine import Store
from neurolupus.store.sessions import begin_session, end_session
from neurolupus.store.sign_in import check_sign_in
from neurolupus.store.users import User, find_user, has_admin
from neurolupus.web.access import Anyone, Kept, Viewer
from neurolupus.web.cookies import drop_cookie, form_cookie, put_cookie, session_cookie
from neurolupus.web.oidc import Flows
from neurolupus.web.render import page
from neurolupus.web.settings import Settings

router = APIRouter()
FAILED_S = 0.7  # every refusal takes as long, whether the name is known or not
REFUSED = (
    "Name or password is wrong, or the code of the second factor is missing, wrong or used already. "
    "After five wrong attempts the next one must wait: half a minute at first."
)
LOCAL_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\\]*")


@router.get("/health")
def health(_: Anyone) -> Response:
    """Whether the server answers; for whoever watches over it."""
    return PlainTextResponse("ok\n")


@router.get("/sign-in")
def sign_in_page(request: Request, store: Kept, who: Anyone, next: str = "/") -> Response:  # noqa: A002
    """The form."""
    if who is not None:
        return RedirectResponse(inside(next), 303)
    return sign_in_form(request, store, back=inside(next))


@router.post("/sign-in")
async def sign_in(
    request: Request,
    store: Kept,
    _: Anyone,
    name: Annotated[str, Form(max_length=64)],
    password: Annotated[str, Form(max_length=4096)],
    code: Annotated[str, Form(max_length=64)] = "",
    back: Annotated[str, Form()] = "/",
) -> Response:
    """A session for whoever brings the right password, and the right code where there is a second factor."""
    begun, address, throttle = monotonic(), request.state.address, request.app.state.throttle
    wait = throttle.wait_s(address)
    if wait > 0:
        minutes = f"{wait / 60:.0f}" if wait > 90 else "1 to 2"
        text = f"Too many wrong passwords came from this address. Wait {minutes} minutes."
        return await run_in_threadpool(sign_in_form, request, store, back=inside(back), code=429, text=text)
    user = await run_in_threadpool(check_sign_in, store, name, password, code=code, address=address)
    if user is None:
        throttle.failed(address)
        await asyncio.sleep(max(0.0, FAILED_S - (monotonic() - begun)))
        return await run_in_threadpool(sign_in_form, request, store, back=inside(back), code=401, text=REFUSED)
    return await run_in_threadpool(enter, request, store, user, inside(back))


@router.get("/session")
def session(who: Viewer) -> Response:
    """Whose session it is and its secret: for a page that was loaded in one that has ended."""
    return JSONResponse({"name": who.name, "csrf": who.csrf})


@router.get("/signed-in")
def signed_in(request: Request, _: Viewer) -> Response:
    """Where a tab that was opened to sign in again ends."""
    return page(request, "signed_in.html.j2")


@router.post("/sign-out")
def sign_out(request: Request, store: Kept, who: Viewer) -> Response:
    """The end of this session."""
    token = request.cookies.get(session_cookie(request), "")
    with store.write(who.name) as writer:
        end_session(writer, token)
        user = find_user(writer.connection, who.name)
    flows: Flows | None = request.app.state.flows
    way = flows.way_out() if flows is not None and user is not None and not user.local else None
    request.state.who = None
    answer: Response = RedirectResponse("/sign-in", 303)
    if flows is not None and way is not None:
        answer = page(request, "signed_out.html.j2", way=way, label=flows.provider.label)
    drop_cookie(answer, request, session_cookie(request))
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


def enter(request: Request, store: Store, user: User, back: str) -> Response:
    """To a page in a session that begins now; what the browser held before is worth nothing any more."""
    settings: Settings = request.app.state.settings
    with store.write(user.name) as writer:
        end_session(writer, request.cookies.get(session_cookie(request), ""))
        token = begin_session(writer, user.name, settings.limits, address=request.state.address)
    answer = RedirectResponse(back, 303)
    put_cookie(answer, request, session_cookie(request), token)
    drop_cookie(answer, request, form_cookie(request))
    return answer


def inside(path: str) -> str:
    """A path of this server to go to; the start for anything else."""
    return path if LOCAL_PATH.fullmatch(path) and len(path) < 1024 else "/"


def sign_in_form(request: Request, store: Store, *, back: str, code: int = 200, text: str = "") -> Response:
    """The page, with what was wrong before."""
    settings: Settings = request.app.state.settings
    secret = request.cookies.get(form_cookie(request)) or secrets.token_urlsafe(32)
    with store.read() as connection:
        empty = settings.provider is None and not has_admin(connection)
    answer = page(
        request, "sign_in.html.j2", code=code, text=text, back=back, secret=secret, empty=empty,
        provider=settings.provider,
    )  # fmt: skip
    put_cookie(answer, request, form_cookie(request), secret)
    return answer
