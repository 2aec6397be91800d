"""Who asks: by the session of the browser's cookie, or a program's token. Nobody unknown gets past, but to sign in."""

from __future__ import annotations

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from neurolupus.store.api_tokens import user_of_token
from neurolupus.store.engine import Store
from neurolupus.store.second_factor import must_enrol
from neurolupus.store.sessions import keep_session, session_of
from neurolupus.web.access import Who
from neurolupus.web.cookies import session_cookie
from neurolupus.web.guard.hosts import MACHINES
from neurolupus.web.render import told
from neurolupus.web.settings import Settings

PUBLIC = ("/sign-in", "/static/", "/health", *MACHINES)
BEFORE_ENROLMENT = ("/account", "/sign-out", "/session", "/static/", "/health")


class Identity:
    """Puts who asks into `request.state.who`; an unknown one is sent to sign in before a body is read."""

    def __init__(self, app: ASGIApp, settings: Settings, store: Store, local: Who) -> None:
        self.app, self.settings, self.store, self.local = app, settings, store, local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or to the page to sign in."""
        if scope["type"] != "http" or scope["path"].startswith("/static/"):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        request.state.who = await self._who(request)
        if request.state.who is None and not scope["path"].startswith(PUBLIC):
            await _unknown(request)(scope, receive, send)
            return
        who = request.state.who
        if who is not None and who.must_enrol and not scope["path"].startswith(BEFORE_ENROLMENT):
            await _unenrolled(request)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    async def _who(self, request: Request) -> Who | None:
        if not self.settings.users:
            return self.local
        if "authorization" in request.headers and request.url.path.startswith("/api/"):
            return await run_in_threadpool(self._of_token, request.headers["authorization"])
        token = request.cookies.get(session_cookie(request))
        if not token or len(token) > 128:
            return None
        return await run_in_threadpool(self._of_session, token)

    def _of_session(self, token: str) -> Who | None:
        with self.store.read() as connection:
            found = session_of(connection, token, self.settings.limits)
            enrols = found is not None and must_enrol(connection, found.user)
        if found is None:
            return None
        if found.is_due:
            with self.store.write(found.user.name) as writer:
                keep_session(writer, token)
        return Who(found.user.name, found.user.role, found.user.may_export, found.csrf, must_enrol=enrols)

    def _of_token(self, said: str) -> Who | None:
        kind, _, token = said.partition(" ")
        if kind.lower() != "bearer" or not token or len(token) > 128:
            return None
        with self.store.read() as connection:
            found = user_of_token(connection, token.strip())
        return None if found is None else Who(found.name, found.role, found.may_export, "", by_token=True)


def _unenrolled(request: Request) -> Response:
    """To the page where the second factor is set up that the settings ask for."""
    if request.method != "GET" or request.url.path.startswith("/api/"):
        return told(request, 403, "Set up your second factor first: /account/second-factor.")
    return RedirectResponse("/account/second-factor", 303)


def _unknown(request: Request) -> Response:
    """To the page to sign in, as each asker can follow."""
    if request.url.path.startswith("/api/"):
        return told(request, 401, "Sign in first.")
    if Headers(scope=request.scope).get("hx-request"):
        return Response(status_code=401)  # the page asks to sign in and keeps what was typed: static/session.js
    if request.method != "GET":
        return told(request, 401, "Your session has ended; nothing was changed.\nSign in and do it again.")
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/sign-in?next={quote(back, safe='')}" if back != "/" else "/sign-in", 303)
