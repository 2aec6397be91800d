"""The trail checked; and these routes as a page to read."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from neurolupus.store.trail import verify
from neurolupus.web.access import Admin, Kept, Viewer
from neurolupus.web.api.models import PREFIX, PROBLEMS, TrailOut
from neurolupus.web.render import page

router = APIRouter(prefix=PREFIX, tags=["system"], responses=PROBLEMS)


@router.get("/trail/verify")
def check_trail(store: Kept, _: Admin) -> TrailOut:
    """Every entry against the one before."""
    with store.read() as connection:
        found = verify(connection)
    return TrailOut(whole=not found.faults, entries=found.entries, hash=found.hash, faults=list(found.faults))


@router.get("/docs", include_in_schema=False)
def docs(request: Request, _: Viewer) -> Response:
    """The routes, what they take and what they give."""
    return page(request, "api.html.j2", groups=_groups(request.app.openapi()))


def _groups(schema: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for path, methods in schema["paths"].items():
        for method, one in methods.items():
            body = one.get("requestBody", {}).get("content", {})
            takes: dict[str, Any] = next(iter(body.values()))["schema"] if body else {}
            row = {
                "method": method.upper(), "path": path, "summary": one.get("description") or one.get("summary", ""),
                "parameters": [_parameter(part) for part in one.get("parameters", ())],
                "fields": _fields(schema, takes), "answers": [code for code in one["responses"] if code != "4XX"],
            }  # fmt: skip
            found.setdefault((one.get("tags") or ["other"])[0], []).append(row)
    return found


def _parameter(part: dict[str, Any]) -> dict[str, Any]:
    return {"name": part["name"], "in": part["in"], "needed": part.get("required", False),
            "told": part.get("description", "")}  # fmt: skip


def _fields(schema: dict[str, Any], takes: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of a body, one level deep."""
    named = takes.get("$ref", "").rpartition("/")[2]
    model = schema["components"]["schemas"].get(named, {})
    needed = model.get("required", ())
    return [
        {"name": name, "needed": name in needed, "kind": _kind(part), "told": part.get("description", "")}
        for name, part in model.get("properties", {}).items()
    ]


def _kind(part: dict[str, Any]) -> str:
    if "$ref" in part:
        return str(part["$ref"]).rpartition("/")[2]
    if "anyOf" in part:
        return " or ".join(_kind(one) for one in part["anyOf"])
    inner = f" of {_kind(part['items'])}" if "items" in part else ""
    return f"{part.get('type', 'anything')}{inner}"
