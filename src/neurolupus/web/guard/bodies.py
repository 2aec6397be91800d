"""How much a request may hold: little, unless its route says that it takes uploads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from neurolupus.web.guard.hosts import MACHINES

LARGEST_BYTES = 1 << 20
MIB = 1 << 20
_MARK = "_takes_uploads"
Route = TypeVar("Route", bound=Callable[..., Any])


def takes_uploads(route: Route) -> Route:
    """Mark a route function: its body may be as large as uploads may be. Stands below the router's decorator."""
    return takes_up_to(0)(route)


def takes_up_to(largest: int) -> Callable[[Route], Route]:
    """Mark a route function: its body may have so many bytes; 0 stands for what the server takes of an upload."""

    def mark(route: Route) -> Route:
        setattr(route, _MARK, largest)
        return route

    return mark


class Bodies:
    """Refuses a body by its stated length before a byte of it is read, and one without a stated length at once."""

    def __init__(self, app: ASGIApp, largest_upload_mb: int) -> None:
        self.app, self.largest_upload_mb = app, largest_upload_mb

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; its body is looked at when the route first asks for it."""
        if scope["type"] != "http" or scope["path"].startswith(MACHINES):  # these bound their own
            await self.app(scope, receive, send)
            return
        read, first = 0, True

        async def received() -> Message:
            nonlocal read, first
            if first:
                first = False
                self._check(scope)
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._largest(scope):  # a server that lets through more than was stated
                raise HTTPException(413, _told(self._largest(scope)))
            return message

        await self.app(scope, received, send)

    def _largest(self, scope: Scope) -> int:
        largest, who = getattr(scope.get("endpoint"), _MARK, None), scope["state"].get("who")
        if largest is None or who is None or who.role == "viewer":  # who may only read has nothing to upload
            return LARGEST_BYTES
        return int(largest) or self.largest_upload_mb * MIB

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        stated = headers.get("content-length", "0")
        if "transfer-encoding" in headers:
            raise HTTPException(411, "Say how long the upload is (Content-Length); nothing was read.")
        if not stated.isascii() or not stated.isdecimal() or len(stated) > 18 or int(stated) > self._largest(scope):
            raise HTTPException(413, _told(self._largest(scope)))


def _told(largest: int) -> str:
    return f"This is larger than is taken here: {largest // MIB} MB at most. Nothing was kept."
