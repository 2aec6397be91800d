"""The web app in this process: a browser's part is played by TestClient, users and sessions are made directly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cheap import empty_store
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.routing import BaseRoute

from neurolupus.store.sessions import begin_session, session_of
from neurolupus.store.users import ROLES, add_user
from neurolupus.web.app import create_app
from neurolupus.web.settings import Settings

PASSWORD = "correct horse battery"
BASE = "http://localhost"


def clinic(folder: Path, **settings: Any) -> FastAPI:
    """The app over a new store in a folder."""
    return create_app(Settings(folder=empty_store(folder / "store"), **settings))


def browser(app: FastAPI, **options: Any) -> TestClient:
    """Somebody's browser that is not signed in; it follows no redirects."""
    base = "https://localhost" if app.state.settings.tls else BASE
    return TestClient(app, base_url=base, follow_redirects=False, raise_server_exceptions=True, **options)


def local(app: FastAPI) -> TestClient:
    """The browser on the machine of a server without users; every request brings the page's secret."""
    client = browser(app)
    client.headers["X-CSRF-Token"] = app.state.local.csrf
    return client


def signed_in(app: FastAPI, role: str, *, may_export: bool = False, name: str | None = None) -> TestClient:
    """The browser of a user of a role, made where there is none; every request brings the session's secret."""
    user = name or (f"{role}-export" if may_export else role)
    store, limits = app.state.store, app.state.settings.limits
    with store.write("command-line") as writer:
        from neurolupus.store.users import find_user

        if find_user(writer.connection, user) is None:
            add_user(writer, user, role, may_export=may_export)
        token = begin_session(writer, user, limits, address="127.0.0.1")
    client = browser(app)
    client.cookies.set("__Host-neurolupus" if app.state.settings.tls else "neurolupus", token)
    with store.read() as connection:
        session = session_of(connection, token, limits)
    assert session is not None
    client.headers["X-CSRF-Token"] = session.csrf
    return client


def secret_of(text: str) -> str:
    """The hidden field of a page's first form."""
    found = re.search(r'name="csrf" value="([^"]+)"', text)
    assert found is not None
    return found[1]


def routes_of(app: FastAPI) -> Iterator[tuple[str, str, BaseRoute]]:
    """Method, path and route of everything that is served, files aside."""
    for before, route in _flat(app.routes, ""):
        for method in sorted(getattr(route, "methods", None) or ()):
            yield method, before + str(getattr(route, "path", "")), route


def _flat(routes: Any, before: str) -> Iterator[tuple[str, BaseRoute]]:
    """Each route and what stands before its path."""
    for route in routes:
        inside = getattr(route, "original_router", None)
        if inside is not None:
            yield from _flat(inside.routes, before + route.include_context.prefix)
        else:
            yield before, route


def needs_of(route: BaseRoute) -> str | None:
    """The least a route says it needs: a role, `export`, `anyone`; None where it says nothing."""
    found = {getattr(one.call, "needs", None) for one in _dependencies(getattr(route, "dependant", None))} - {None}
    order = ("anyone", *ROLES, "export")
    return max(found, key=order.index) if found else None


def _dependencies(dependant: Any) -> Iterator[Any]:
    for one in getattr(dependant, "dependencies", ()):
        yield one
        yield from _dependencies(one)
