"""Users: who may sign in, their role, and whether they may take data out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from neurolupus.errors import Conflict, StoreError, UsageError
from neurolupus.store.passwords import check_password, hashed
from neurolupus.store.schema import sessions, users
from neurolupus.store.trail import Writer, now

ROLES = ("viewer", "editor", "admin")
RESERVED = (
    "local",
    "command-line",
    "sign-in",
    "server",
    "neurolupus",
    "demo",
    "nobody",
)  # names the trail gives to what is no user
NAME = re.compile(r"[a-z0-9](?:[a-z0-9._@+-]{0,62}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in.

    Attributes
    ----------
    name : str
        Lower case.
    role : str
        One of ROLES; each may what those before it may.
    may_export : bool
    disabled : bool
    local : bool
        Signs in with a password kept here; otherwise a provider of identities vouches.
    locked_until : datetime or None
        After wrong passwords.
    created : datetime
    version : int
    """

    name: str
    role: str
    may_export: bool
    disabled: bool
    local: bool
    locked_until: datetime | None
    created: datetime
    version: int


def add_user(
    writer: Writer,
    name: str,
    role: str,
    *,
    password: str | None = None,
    subject: str | None = None,
    may_export: bool = False,
) -> User:
    """Keep a new user, with a password or as somebody a provider of identities vouches for.

    Raises
    ------
    UsageError
        Name, role or password are not such as are taken.
    StoreError
        The name is taken.
    """
    name = name.strip().casefold()
    if not NAME.fullmatch(name) or name in RESERVED:
        raise UsageError(
            f"{name[:64]!r} cannot be a user's name; letters a-z, digits and . _ @ + - are taken, at most 64, "
            f"and none of {', '.join(RESERVED)}."
        )
    _check_role(role)
    if find_user(writer.connection, name) is not None:
        raise StoreError(f"A user {name!r} is kept already.\n    Choose another name, or reset that user's password.")
    if password is not None:
        check_password(password, name)
    writer.connection.execute(
        insert(users).values(
            name=name, password=None if password is None else hashed(password), subject=subject, role=role,
            may_export=may_export, disabled=False, failures=0, created=now(), version=1,
        )
    )  # fmt: skip
    writer.note("user.added", name, after={"role": role, "may_export": may_export, "local": password is not None})
    return user_of(writer.connection, name)


def change_user(
    writer: Writer,
    name: str,
    *,
    role: str | None = None,
    may_export: bool | None = None,
    disabled: bool | None = None,
    version: int | None = None,
) -> User:
    """Change what a user may; sessions of the user end, so that it holds at once.

    Raises
    ------
    Conflict
        `version` is given and the user was changed meanwhile.
    StoreError
        No such user, or no administrator would be left.
    """
    before = user_of(writer.connection, name)
    if version is not None and before.version != version:
        raise Conflict(f"The user {name} was changed meanwhile; nothing was overwritten.\n    Load the page again.")
    values = {"role": role, "may_export": may_export, "disabled": disabled}
    changed = {key: value for key, value in values.items() if value is not None and value != getattr(before, key)}
    if not changed:
        return before
    _check_role(str(changed.get("role", before.role)))
    if changed.get("disabled") or changed.get("role", "admin") != "admin":
        _keep_an_admin(writer.connection, before)
    writer.connection.execute(
        update(users).where(users.c.name == before.name).values(**changed, version=before.version + 1)
    )
    writer.connection.execute(delete(sessions).where(sessions.c.user == before.name))
    writer.note("user.changed", before.name, before={key: getattr(before, key) for key in changed}, after=changed)
    return user_of(writer.connection, before.name)


def set_password(writer: Writer, name: str, password: str) -> None:
    """Give a user another password; the lock is taken off, and every session of the user ends.

    Raises
    ------
    UsageError
        The password is not such as is taken.
    StoreError
        No such user, or one that a provider of identities vouches for.
    """
    user = user_of(writer.connection, name)
    if not user.local:
        raise StoreError(f"{user.name} signs in with your organisation's account.\n    The password is kept there.")
    check_password(password, user.name)
    fresh = {"password": hashed(password), "failures": 0, "locked_until": None}
    writer.connection.execute(update(users).where(users.c.name == user.name).values(**fresh, version=user.version + 1))
    writer.connection.execute(delete(sessions).where(sessions.c.user == user.name))
    writer.note("user.password", user.name)


def user_of(connection: Connection, name: str) -> User:
    """One user.

    Raises
    ------
    StoreError
        None such is kept.
    """
    found = find_user(connection, name)
    if found is None:
        raise StoreError(f"No user {name[:64]!r} is kept.\n    See them all: neurolupus users list")
    return found


def find_user(connection: Connection, name: str) -> User | None:
    """One user, or None."""
    row = connection.execute(select(users).where(users.c.name == name.strip().casefold())).first()
    return None if row is None else user_from(row)


def list_users(connection: Connection) -> list[User]:
    """Everyone, by name."""
    return [user_from(row) for row in connection.execute(select(users).order_by(users.c.name))]


def has_admin(connection: Connection) -> bool:
    """Whether an administrator can sign in."""
    return bool(connection.scalar(_active_admins()))


def user_from(row: Row[Any]) -> User:
    """A user from a row of the table, without the password."""
    locked = None if row.locked_until is None else utc(row.locked_until)
    local = row.password is not None
    return User(row.name, row.role, row.may_export, row.disabled, local, locked, utc(row.created), row.version)


def utc(moment: datetime) -> datetime:
    """SQLite gives back what was UTC without saying so."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise UsageError(f"{role!r} is no role; choose {', '.join(ROLES)}.")


def _active_admins() -> Any:
    return select(func.count()).select_from(users).where(users.c.role == "admin", users.c.disabled.is_(False))


def _keep_an_admin(connection: Connection, leaving: User) -> None:
    others = connection.scalar(_active_admins().where(users.c.name != leaving.name))
    if leaving.role == "admin" and not leaving.disabled and not others:
        raise StoreError(
            f"{leaving.name} is the last administrator; nobody could manage users any more.\n"
            "    Make somebody else an administrator first."
        )
