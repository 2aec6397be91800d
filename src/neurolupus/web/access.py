"""Who asks, and what they may: every route names the least role it needs."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException, Request

from neurolupus.store.engine import Store
from neurolupus.store.users import ROLES
from neurolupus.web.cookies import form_cookie
from neurolupus.web.form_data import MOST_FIELDS

SAFE = ("GET", "HEAD", "OPTIONS")
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody signed in.

    Attributes
    ----------
    name : str
    role : str
        One of ROLES; each may what those before it may.
    may_export : bool
    csrf : str
        What every request that changes something must bring.
    by_token : bool
        Known by a token that no browser sends by itself: no other site can make it ask.
    must_enrol : bool
        Has to set up a second factor before anything else.
    """

    name: str
    role: str
    may_export: bool
    csrf: str
    by_token: bool = False
    must_enrol: bool = False


def store_of(request: Request) -> Store:
    """The app's store."""
    store = request.app.state.store
    assert isinstance(store, Store)
    return store


def at_least(role: str) -> Callable[[Request], Who]:
    """A dependency that lets those of a role and above through."""

    def check(request: Request) -> Who:
        who: Who | None = getattr(request.state, "who", None)
        if who is None:
            raise HTTPException(401, "Sign in first.")
        if ROLES.index(who.role) < ROLES.index(role):
            raise HTTPException(403, f"This needs the role {role}; you are {who.role}.")
        return who

    check.needs = role  # type: ignore[attr-defined]  # what a route declares, for the test that asks every route
    return check


def anyone(request: Request) -> Who | None:
    """Those signed in and those not: only for the way in."""
    who: Who | None = getattr(request.state, "who", None)
    return who


def exporter(request: Request) -> Who:
    """Those who may take data out of the store."""
    who = at_least("viewer")(request)
    if not who.may_export:
        raise HTTPException(403, "This needs the right to export; an administrator can give it.")
    return who


anyone.needs = "anyone"  # type: ignore[attr-defined]
exporter.needs = "export"  # type: ignore[attr-defined]


async def same_page(request: Request) -> AsyncIterator[None]:
    """Refuse what changes something and does not bring the secret of a page of ours: no other site can know it.

    It comes as the header X-CSRF-Token or the form's field `csrf`; whoever is not signed in has it in a cookie too.
    """
    if request.method in SAFE:
        yield
        return
    who: Who | None = getattr(request.state, "who", None)
    if who is not None and who.by_token:
        yield
        return
    wanted = who.csrf if who is not None else request.cookies.get(form_cookie(request), "")
    given, form = request.headers.get("x-csrf-token"), None
    if given is None and request.headers.get("content-type", "").partition(";")[0].strip().lower() in FORMS:
        form = await request.form(max_fields=MOST_FIELDS)
        given = str(form.get("csrf", ""))
    try:
        if not wanted or not hmac.compare_digest(wanted.encode(), (given or "").encode()):
            raise HTTPException(403, "This did not come from a page of this session.\nLoad the page and send it again.")
        yield
    finally:
        if form is not None:
            await form.close()


Viewer = Annotated[Who, Depends(at_least("viewer"))]
Editor = Annotated[Who, Depends(at_least("editor"))]
Admin = Annotated[Who, Depends(at_least("admin"))]
Exporter = Annotated[Who, Depends(exporter)]
Anyone = Annotated[Who | None, Depends(anyone)]
Kept = Annotated[Store, Depends(store_of)]
