"""A second factor beside the password: codes of an app, each worth once, and recovery codes for when it is lost."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from neurolupus.errors import NotKept, StoreError
from neurolupus.store.schema import second_factors, sessions, users
from neurolupus.store.settings_rows import get_setting
from neurolupus.store.totp import is_secret, matching_step
from neurolupus.store.trail import Writer, now
from neurolupus.store.users import ROLES, User, user_of, utc

REQUIRED_FROM = "second_factor_from"  # the setting: the least role that needs one; nobody where it is empty
RECOVERY_CODES, RECOVERY_BYTES = 8, 10


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """That a user has one; not its secret.

    Attributes
    ----------
    since : datetime
    recovery_left : int
        Recovery codes that have not been used.
    """

    since: datetime
    recovery_left: int


def enrol(writer: Writer, name: str, secret: str, code: str) -> tuple[str, ...]:
    """Set up a second factor for a user; its recovery codes come back once and are never shown again.

    Raises
    ------
    StoreError
        There is one already, the user signs in elsewhere, or the code is not the secret's.
    """
    user = user_of(writer.connection, name)
    if not user.local:
        raise StoreError(
            f"{user.name} signs in with your organisation's account.\n    The second factor is set up there."
        )
    if second_factor_of(writer.connection, user.name) is not None:
        raise StoreError("A second factor is set up already.\n    Take it off first.")
    step = matching_step(secret, code, now(), after=0) if is_secret(secret) else None
    if step is None:
        raise StoreError(
            "That is not the code the app shows now; nothing was set up.\n"
            "    Scan the picture again, wait for a fresh code, and see that the telephone's clock is right."
        )
    codes = tuple(_readable(secrets.token_bytes(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES))
    row = {"user": user.name, "secret": secret, "step": step, "recovery": [_kept(one) for one in codes], "since": now()}
    writer.connection.execute(insert(second_factors).values(**row))
    writer.note("second-factor.set-up", user.name)
    return codes


def take_off(writer: Writer, name: str) -> None:
    """Let a user in by the password alone; a lock is taken off, and every session of the user ends.

    Raises
    ------
    NotKept
        There is none to take off.
    """
    user = user_of(writer.connection, name)
    if writer.connection.execute(delete(second_factors).where(second_factors.c.user == user.name)).rowcount != 1:
        raise NotKept(f"{user.name} has no second factor.")
    unlocked = update(users).where(users.c.name == user.name).values(failures=0, locked_until=None)
    writer.connection.execute(unlocked)
    writer.connection.execute(delete(sessions).where(sessions.c.user == user.name))
    writer.note("second-factor.taken-off", user.name)


def accepts(writer: Writer, name: str, code: str) -> bool:
    """Whether a code lets a user in; it is used up by that. Who has no second factor needs none."""
    query = select(second_factors).where(second_factors.c.user == name).with_for_update()
    row = writer.connection.execute(query).first()
    if row is None:
        return True
    here = update(second_factors).where(second_factors.c.user == name)
    step = matching_step(row.secret, code, now(), after=row.step)
    if step is not None:
        writer.connection.execute(here.values(step=step))
        return True
    left = [one for one in row.recovery if one != _kept(code)]
    if len(left) == len(row.recovery):
        return False
    writer.connection.execute(here.values(recovery=left))
    writer.note("second-factor.recovery-used", name, after={"left": len(left)})
    return True


def second_factor_of(connection: Connection, name: str) -> SecondFactor | None:
    """A user's second factor; None where there is none."""
    row = connection.execute(select(second_factors).where(second_factors.c.user == name)).first()
    return None if row is None else SecondFactor(utc(row.since), len(row.recovery))


def who_has_one(connection: Connection) -> set[str]:
    """The names of all who have one."""
    return set(connection.scalars(select(second_factors.c.user)))


def is_required(connection: Connection, user: User) -> bool:
    """Whether the settings ask a second factor of a user; never of one the organisation vouches for."""
    least = get_setting(connection, REQUIRED_FROM, "")
    return user.local and least in ROLES and ROLES.index(user.role) >= ROLES.index(least)


def must_enrol(connection: Connection, user: User) -> bool:
    """Whether a user has to set one up before anything else."""
    return is_required(connection, user) and second_factor_of(connection, user.name) is None


def _readable(code: bytes) -> str:
    text = base64.b32encode(code).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _kept(code: str) -> str:
    """Of a recovery code, 80 random bits, only the hash is kept; spaces and dashes do not matter."""
    plain = "".join(code.split()).replace("-", "").lower()
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()
