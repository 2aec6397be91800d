"""Each request gets a number and a line in the log: the route, not the address typed, which holds ids and searches."""

from __future__ import annotations

import logging
import secrets
import traceback
from pathlib import Path
from time import perf_counter

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from neurolupus.web.render import told

LOG = logging.getLogger("neurolupus.web")
LOG.addHandler(logging.NullHandler())


class Faults:
    """Answers what went wrong inside with a page that tells nothing of it but its number in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; a fault becomes an answer of 500."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        number, begun, status = secrets.token_hex(6), perf_counter(), 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = number
            await send(message)

        try:
            await self.app(scope, receive, sent)
        except Exception as error:
            LOG.error("%s %s in %s", number, type(error).__name__, _place(error))
            if status:  # the answer has begun: all that is left is to break it off
                raise RuntimeError(f"answer {number} broken off") from None
            text = f"Something went wrong here; it is not your fault.\nTell your administrator the number {number}."
            await told(Request(scope), 500, text)(scope, receive, sent)
        who = scope["state"].get("who") if "state" in scope else None
        LOG.info(
            "%s %s %s %d %.0f ms %s", number, scope["method"], _route(scope), status, 1000 * (perf_counter() - begun),
            who.name if who else "-",
        )  # fmt: skip


def _route(scope: Scope) -> str:
    """The pattern that matched, such as `/patients/{patient}`."""
    path = getattr(scope.get("route"), "path", None)
    if path is not None:
        return str(path)
    return "/static" if scope["path"].startswith("/static/") else "(no route)"


def _place(error: BaseException) -> str:
    """Where it happened, in lines of code; an error's own words may hold a patient's data."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
