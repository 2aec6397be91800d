"""Only calls by a name of this server, and behind a proxy only the proxy's: other sites' names may point here too."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from neurolupus.web.settings import Settings

SAFE = ("GET", "HEAD", "OPTIONS")
MACHINES = ("/cds-services",)  # called by programs of other sites, with their own proof of who asks


class Hosts:
    """Refuses foreign names (DNS rebinding), ways around the proxy, and changes that another site sends."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http":
            refusal = self._refusal(scope)
            if refusal is not None:
                await PlainTextResponse(refusal[1] + "\n", refusal[0])(scope, receive, send)
                return
            if self.settings.tls:
                scope["scheme"] = "https"  # also where a proxy speaks it: what is redirected to is never plain
            scope.setdefault("state", {})["address"] = client_of(scope, self.settings.proxies)
        await self.app(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers, proxies = Headers(scope=scope), self.settings.proxies
        if proxies and not _is_one_of(_peer(scope), proxies):
            return 403, "Come by the reverse proxy; calls from elsewhere are not answered here."
        if len(headers.getlist("host")) != 1 or not is_served(headers["host"], self.settings.hosts):
            return 421, "This server is not called that. Behind a proxy: pass on the Host that the browser asked for."
        if scope["method"] in SAFE or scope["path"].startswith(MACHINES):
            return None
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return 403, "Another site sent this; nothing was changed."
        origin = headers.get("origin")
        if origin is not None and not self._is_own(origin, headers["host"]):
            return 403, "Another site sent this; nothing was changed."
        return None

    def _is_own(self, origin: str, host: str) -> bool:
        return origin in (f"{'https' if self.settings.tls else 'http'}://{host}", self.settings.public_url)


def is_served(host: str, hosts: tuple[str, ...]) -> bool:
    """Whether a Host header names this server, whatever the port.

    Examples
    --------
    >>> is_served("127.0.0.1:8910", ("127.0.0.1",)), is_served("evil.example", ("127.0.0.1",))
    (True, False)
    >>> is_served("a.clinic.example", ("*.clinic.example",)), is_served("a.b.clinic.example", ("*.clinic.example",))
    (True, False)
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name in hosts or f"*.{name.partition('.')[2]}" in hosts


def client_of(scope: Scope, proxies: tuple[str, ...]) -> str:
    """Whence a call comes: the peer, or the last address before the declared proxies."""
    found = _peer(scope)
    if _is_one_of(found, proxies):
        said = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
        found = next((one.strip() for one in reversed(said) if not _is_one_of(one.strip(), proxies)), found)
    try:
        return str(ipaddress.ip_address(found))
    except ValueError:
        return "unknown"


def _peer(scope: Scope) -> str:
    return str((scope.get("client") or ("",))[0])


def _is_one_of(address: str, known: tuple[str, ...]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in ipaddress.ip_network(one) for one in known)
