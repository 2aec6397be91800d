"""Tokens that programs sign in with: shown once, kept as a hash, in force for so many days."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from neurolupus.errors import NotKept, StoreError, UsageError
from neurolupus.store.schema import api_tokens, users
from neurolupus.store.trail import Writer, now
from neurolupus.store.users import User, user_from, user_of, utc

PREFIX = "nl_"
LONGEST_DAYS = 366
LONGEST_LABEL = 64


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token as kept, without its secret.

    Attributes
    ----------
    id : str
    user : str
    label : str
        What it is for.
    created, expires : datetime
    """

    id: str
    user: str
    label: str
    created: datetime
    expires: datetime


def make_token(writer: Writer, user: str, label: str, *, days: int) -> str:
    """A new token for a user; it comes back once and is never shown again.

    Raises
    ------
    UsageError
        The label is empty or too long, or the days are none that are given.
    StoreError
        No such user, or a disabled one.
    """
    found = user_of(writer.connection, user)
    if found.disabled:
        raise StoreError(f"{found.name} is disabled.\n    Enable the user first.")
    if not label.strip() or len(label) > LONGEST_LABEL:
        raise UsageError(f"A token needs a label of at most {LONGEST_LABEL} letters that says what it is for.")
    if not 1 <= days <= LONGEST_DAYS:
        raise UsageError(f"{days} days are asked for; a token is in force for 1 to {LONGEST_DAYS}.")
    secret, one, moment = PREFIX + secrets.token_urlsafe(32), str(uuid.uuid4()), now()
    values = {"id": one, "token": _kept(secret), "user": found.name, "label": label.strip(), "created": moment}
    writer.connection.execute(insert(api_tokens).values(**values, expires=moment + timedelta(days=days)))
    writer.note("token.made", found.name, after={"id": one, "label": label.strip(), "days": days})
    return secret


def user_of_token(connection: Connection, secret: str) -> User | None:
    """Whose token it is; None where it is none, has expired, or the user is disabled."""
    query = select(users, api_tokens.c.expires).join_from(api_tokens, users, api_tokens.c.user == users.c.name)
    row = connection.execute(query.where(api_tokens.c.token == _kept(secret))).first()
    if row is None or row.disabled or utc(row.expires) <= now():
        return None
    return user_from(row)


def tokens_of(connection: Connection, user: str) -> list[ApiToken]:
    """A user's tokens, those expired too."""
    query = select(api_tokens).where(api_tokens.c.user == user).order_by(api_tokens.c.created)
    return [
        ApiToken(row.id, row.user, row.label, utc(row.created), utc(row.expires)) for row in connection.execute(query)
    ]


def revoke_token(writer: Writer, token: str) -> None:
    """Take a token out by its id.

    Raises
    ------
    StoreError
        There is none.
    """
    row = writer.connection.execute(select(api_tokens).where(api_tokens.c.id == token)).first()
    if row is None:
        raise NotKept("No such token is kept.\n    See them: neurolupus users tokens NAME")
    writer.connection.execute(delete(api_tokens).where(api_tokens.c.id == token))
    writer.note("token.revoked", row.user, before={"id": row.id, "label": row.label})


def _kept(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
