"""The two cookies: for this host alone, out of reach of scripts, and not sent with what other sites post."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import Response


def session_cookie(request: Request) -> str:
    """The name of the session's; with TLS its prefix lets neither another host nor a plain page set it."""
    return "__Host-neurolupus" if _tls(request) else "neurolupus"


def form_cookie(request: Request) -> str:
    """The name of the one that holds the secret of a page shown to somebody not signed in."""
    return f"{session_cookie(request)}-form"


def put_cookie(answer: Response, request: Request, name: str, value: str, *, seconds: int | None = None) -> None:
    """Set one; until the browser closes where `seconds` is None."""
    answer.set_cookie(name, value, max_age=seconds, path="/", secure=_tls(request), httponly=True, samesite="lax")


def drop_cookie(answer: Response, request: Request, name: str) -> None:
    """Take one back."""
    answer.delete_cookie(name, path="/", secure=_tls(request), httponly=True, samesite="lax")


def _tls(request: Request) -> bool:
    return bool(request.app.state.settings.tls)
