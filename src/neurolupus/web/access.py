"""Who asks, and what they may: every route names the least role it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException, Request

from neurolupus.store.engine import Store

ROLES = ("viewer", "editor", "admin")


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
    """

    name: str
    role: str
    may_export: bool
    csrf: str


LOCAL = Who("local", "admin", True, "")


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

    return check


def exporter(request: Request) -> Who:
    """Those who may take data out of the store."""
    who = at_least("viewer")(request)
    if not who.may_export:
        raise HTTPException(403, "This needs the right to export; an administrator can give it.")
    return who


Viewer = Annotated[Who, Depends(at_least("viewer"))]
Editor = Annotated[Who, Depends(at_least("editor"))]
Admin = Annotated[Who, Depends(at_least("admin"))]
Exporter = Annotated[Who, Depends(exporter)]
Kept = Annotated[Store, Depends(store_of)]
