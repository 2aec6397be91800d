"""What every answer tells the browser to refuse: foreign scripts, frames, sniffing, and keeping pages of patients."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "frame-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
YEAR_S = 31_536_000
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # with no-referrer, browsers send the origin "null" with our own forms
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=()",
}


def policy(**changed: str) -> str:
    """A content security policy: the strict one, with single directives changed.

    Examples
    --------
    >>> "worker-src 'self' blob:" in policy(worker_src="'self' blob:")
    True
    >>> "unsafe" in policy()
    False
    """
    directives = _POLICY | {name.replace("_", "-"): value for name, value in changed.items()}
    return "; ".join(f"{name} {value}" for name, value in directives.items())


STRICT = policy()


class Headers:
    """Adds the headers; a route that sets its own policy or its own caching keeps it."""

    def __init__(self, app: ASGIApp, *, tls: bool) -> None:
        self.app, self.tls = app, tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and add headers to its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        kept = "no-cache" if scope["path"].startswith("/static/") else "no-store"

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers[name] = value
                if "content-security-policy" not in headers:
                    headers["content-security-policy"] = STRICT
                    headers["x-frame-options"] = "DENY"
                headers.setdefault("cache-control", kept)
                if self.tls:
                    headers["strict-transport-security"] = f"max-age={YEAR_S}"
            await send(message)

        await self.app(scope, receive, sent)
