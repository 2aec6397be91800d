"""The trail of changes, for administrators: who did what and when, and whether the chain is whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from neurolupus.store.sealing import sealed_patients
from neurolupus.store.trail import Entry, verify
from neurolupus.store.trail_search import PAGE, Wanted, actions, search_trail
from neurolupus.web.access import Admin, Kept
from neurolupus.web.render import page
from neurolupus.web.sections import SEALED_FIELDS

router = APIRouter()
LONGEST_VALUE = 160
Text = Annotated[str, Query(max_length=128)]
Day = Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
Before = Annotated[int | None, Query(ge=0, le=2**31 - 1)]


@router.get("/trail")
def trail(
    request: Request,
    store: Kept,
    _: Admin,
    who: Text = "",
    action: Text = "",
    subject: Text = "",
    since: Day = "",
    until: Day = "",
    before: Before = None,
) -> Response:
    """Those found, newest first."""
    wanted = Wanted(who.strip(), action, subject.strip(), since, until, before)
    with store.read() as connection:
        found, known = search_trail(connection, wanted, limit=PAGE + 1), actions(connection)
        sealed = sealed_patients(connection)
    rows, more = found[:PAGE], len(found) > PAGE
    asked = {"who": who, "action": action, "subject": subject, "since": since, "until": until}
    older = urlencode(asked | {"before": rows[-1].seq}) if more else ""
    fragment = "hx-request" in request.headers and before is not None
    return page(
        request, "trail_rows.html.j2" if fragment else "trail.html.j2", rows=rows, older=older,
        actions=known, asked=asked, changes=lambda row: _shown(row, sealed),
    )  # fmt: skip


@router.post("/trail/verify")
def verify_trail(request: Request, store: Kept, _: Admin) -> Response:
    """Every entry against the one before."""
    with store.read() as connection:
        found = verify(connection)
    fragment = "hx-request" in request.headers
    return page(request, "trail_verified_part.html.j2" if fragment else "trail_verified.html.j2", found=found)


def _shown(row: Entry, sealed: set[str]) -> list[tuple[str, str, str]]:
    """What changed, without volumes that nobody may see yet."""
    found = list(changes(row.before, row.after))
    return [one for one in found if one[0] not in SEALED_FIELDS] if row.subject in sealed else found


def changes(before: Any, after: Any) -> Iterator[tuple[str, str, str]]:
    """What changed, by name: as it was, and as it is; nested names are joined by dots.

    Examples
    --------
    >>> list(changes({"role": "viewer", "csf": {"protein": 1}}, {"role": "editor", "csf": {"protein": 1}}))
    [('role', 'viewer', 'editor')]
    >>> list(changes(None, {"csf": {"protein": 1}}))
    [('csf.protein', '', '1')]
    """
    old, new = dict(_leaves(before)), dict(_leaves(after))
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            yield name, _short(old.get(name)), _short(new.get(name))


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _leaves(one, f"{name}.{key}" if name else str(key))
    elif value is not None:
        yield name or "value", value


def _short(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
