"""Sessions: of what a browser holds only the hash is kept; they end by rest, by age, or at once."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select, update

from neurolupus.store.schema import sessions, users
from neurolupus.store.trail import Writer, now
from neurolupus.store.users import User, user_from, utc

TOKEN_BYTES = 32
SEEN_EVERY = timedelta(seconds=60)  # a session's rest is counted from then: no write at every request


@dataclass(frozen=True, slots=True)
class Limits:
    """When sessions end.

    Attributes
    ----------
    idle : timedelta
        After so long without a request.
    longest : timedelta
        After so long in any case.
    """

    idle: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is in force.

    Attributes
    ----------
    user : User
    csrf : str
        What every request that changes something must bring.
    is_due : bool
        Whether it is time to say that it was seen.
    """

    user: User
    csrf: str
    is_due: bool


def begin_session(writer: Writer, user: str, limits: Limits, *, address: str) -> str:
    """A new session of a user; returns what the browser is to hold. Sessions that have ended are cleared away."""
    token, moment = secrets.token_urlsafe(TOKEN_BYTES), now()
    ended = (sessions.c.seen < moment - limits.idle) | (sessions.c.created < moment - limits.longest)
    writer.connection.execute(delete(sessions).where(ended))
    values = {"token": _kept(token), "user": user, "csrf": secrets.token_urlsafe(TOKEN_BYTES)}
    writer.connection.execute(insert(sessions).values(**values, created=moment, seen=moment))
    writer.note("session.begun", user, after={"from": address})
    return token


def session_of(connection: Connection, token: str, limits: Limits) -> Session | None:
    """The session of what a browser brought; None where there is none in force."""
    query = select(users, sessions.c.csrf, sessions.c.seen, sessions.c.created.label("begun"))
    query = query.join_from(sessions, users, sessions.c.user == users.c.name).where(sessions.c.token == _kept(token))
    row, moment = connection.execute(query).first(), now()
    if row is None or row.disabled:
        return None
    rest = moment - utc(row.seen)
    if rest > limits.idle or moment - utc(row.begun) > limits.longest:
        return None
    return Session(user_from(row), row.csrf, rest > min(SEEN_EVERY, limits.idle / 10))


def keep_session(writer: Writer, token: str) -> None:
    """Say that a session was used now."""
    writer.connection.execute(update(sessions).where(sessions.c.token == _kept(token)).values(seen=now()))


def end_session(writer: Writer, token: str) -> None:
    """End one session; nothing happens where there is none."""
    user = writer.connection.scalar(select(sessions.c.user).where(sessions.c.token == _kept(token)))
    if user is not None:
        writer.connection.execute(delete(sessions).where(sessions.c.token == _kept(token)))
        writer.note("session.ended", user)


def _kept(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
