"""The web app: its routes, its store, and what it answers when something is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from neurolupus import __version__
from neurolupus.errors import Conflict, NeurolupusError
from neurolupus.store.engine import open_store
from neurolupus.web import pages
from neurolupus.web.access import LOCAL
from neurolupus.web.render import page
from neurolupus.web.settings import Settings
from neurolupus.workflows.scan_queue import ScanQueue

STATIC = Path(__file__).resolve().parent / "static"


def create_app(settings: Settings) -> FastAPI:
    """The app over the store of its settings; the store is made where there is none."""

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        app.state.queue.start()
        yield
        app.state.queue.stop()
        app.state.store.close()

    app = FastAPI(
        title="neurolupus", version=__version__, lifespan=running, docs_url=None, redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )  # fmt: skip
    app.state.settings = settings
    app.state.store = open_store(settings.folder, settings.db, make=True)
    app.state.queue = ScanQueue(app.state.store, at_once=settings.scans_at_once)

    @app.middleware("http")
    async def identify(request: Request, call_next):  # type: ignore[no-untyped-def]
        request.state.who = None if settings.users else LOCAL
        return await call_next(request)

    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(NeurolupusError, _faulty)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for router in pages.routers():
        app.include_router(router, include_in_schema=False)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _told(request, error.status_code, str(error.detail))


async def _faulty(request: Request, error: Exception) -> Response:
    return _told(request, 409 if isinstance(error, Conflict) else 422, str(error))


def _told(request: Request, status: int, text: str) -> Response:
    """The same words to a person and to a program."""
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": text}, status)
    return page(request, "error.html.j2", code=status, text=text)
