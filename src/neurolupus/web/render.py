"""Pages from templates: escaping on, no inline script or style, and what every page shows."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from neurolupus import __version__
from neurolupus.web.words import begun, worded


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("neurolupus.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(version=__version__)
    environment.filters.update(worded=worded, begun=begun)
    return environment


def page(request: Request, template: str, *, code: int = 200, **values: Any) -> HTMLResponse:
    """A page; a template that extends `base.html.j2` gets the navigation and who is signed in.

    Parameters
    ----------
    request : Request
    template : str
        In `web/templates`.
    code : int
        The HTTP status.
    **values
        For the template; all of it is escaped.
    """
    who = getattr(request.state, "who", None)
    text = _environment().get_template(template).render(
        request=request, path=request.url.path, who=who, demo=request.app.state.settings.demo, **values
    )  # fmt: skip
    return HTMLResponse(text, code)


def told(request: Request, status: int, text: str) -> Response:
    """The same words to a person and to a program."""
    if request.url.path.startswith("/api/"):
        problem = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "error": text}
        return JSONResponse(problem, status, media_type="application/problem+json")
    return page(request, "error.html.j2", code=status, text=text)
