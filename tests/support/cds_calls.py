"""Calls the CDS Hooks service in this process, without a network."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx

from neurolupus.web.cdshooks import CdsSettings, create_app

REQUEST = json.loads((Path(__file__).parents[1] / "cases" / "fhir" / "patient_view.json").read_text("utf-8"))
BASE = "http://127.0.0.1:8910"
VIEW, ORDER = "/cds-services/neurolupus-patient-view", "/cds-services/neurolupus-order-select"


def call(method: str, path: str, settings: CdsSettings | None = None, **options: Any) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=create_app(settings))
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            return await client.request(method, path, **options)

    return asyncio.run(ask())
