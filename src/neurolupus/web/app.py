"""The web app: its routes, its store, and what it answers when something is wrong."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

import neurolupus.report
from neurolupus import __version__
from neurolupus.errors import Conflict, NeurolupusError, NotKept
from neurolupus.store.engine import open_store
from neurolupus.web import api, cdshooks, pages
from neurolupus.web.access import Who, same_page
from neurolupus.web.guard import guarded
from neurolupus.web.oidc import Flows
from neurolupus.web.render import told
from neurolupus.web.settings import Settings
from neurolupus.web.throttle import Throttle
from neurolupus.workflows.clinic.scan_queue import ScanQueue

STATIC = Path(__file__).resolve().parent / "static"
SHARED = Path(neurolupus.report.__file__).resolve().parent / "shared"  # what pages and reports have in common


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
        openapi_url="/api/v1/openapi.json", dependencies=[Depends(same_page)],
        telemetry={"tracing": False, "metrics": False, "logs": False},  # paths hold ids of patients: they go nowhere
    )  # fmt: skip
    app.state.settings = settings
    app.state.store = open_store(settings.folder, settings.db, make=True)
    app.state.local = Who("local", "admin", True, secrets.token_urlsafe(32))
    app.state.throttle = Throttle()
    app.state.flows = None if settings.provider is None else Flows(settings.provider)
    app.add_middleware(guarded, settings=settings, store=app.state.store, local=app.state.local)
    app.state.queue = ScanQueue(app.state.store, at_once=settings.scans_at_once)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _misread)
    app.add_exception_handler(NeurolupusError, _faulty)
    app.mount("/static/shared", StaticFiles(directory=SHARED), name="shared")
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for router in pages.routers():
        app.include_router(router, include_in_schema=False)
    for router in api.routers():
        app.include_router(router)
    if settings.cds is not None:
        app.router.routes.extend(cdshooks.create_app(settings.cds).routes)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = told(request, error.status_code, str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


async def _misread(request: Request, error: Exception) -> Response:
    """Which fields are wrong and how; not what was typed."""
    assert isinstance(error, RequestValidationError)
    faults = {
        f"{'.'.join(str(part) for part in one['loc'][1:]) or one['loc'][0]}: {one['msg']}" for one in error.errors()
    }
    return told(request, 422, "\n".join(sorted(faults)))


async def _faulty(request: Request, error: Exception) -> Response:
    code = 404 if isinstance(error, NotKept) else 409 if isinstance(error, Conflict) else 422
    return told(request, code, str(error))
