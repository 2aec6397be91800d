"""Users that an organisation vouches for: known by an id of theirs that outlives a change of name."""

from __future__ import annotations

from sqlalchemy import select, update

from neurolupus.errors import StoreError
from neurolupus.store.schema import users
from neurolupus.store.trail import Writer
from neurolupus.store.users import User, add_user, find_user, user_from, user_of


def take_in(writer: Writer, subject: str, name: str, role: str, *, may_export: bool) -> User:
    """The user of an id, made at the first sign-in; role and right to export are as the organisation now says.

    Raises
    ------
    StoreError
        The user is disabled here, or the name is another's.
    UsageError
        The name is none that can be kept.
    """
    row = writer.connection.execute(select(users).where(users.c.subject == subject)).first()
    if row is None:
        if find_user(writer.connection, name) is not None:
            raise StoreError(
                f"Another user is called {name[:64]!r} here.\n    An administrator has to rename one of the two."
            )
        return add_user(writer, name, role, subject=subject, may_export=may_export)
    user = user_from(row)
    if user.disabled:
        raise StoreError("You may not sign in here any more.\n    Ask your administrator.")
    said, kept = {"role": role, "may_export": may_export}, {"role": user.role, "may_export": user.may_export}
    if said != kept:
        change = update(users).where(users.c.name == user.name).values(**said, version=user.version + 1)
        writer.connection.execute(change)
        writer.note("user.changed", user.name, before=kept, after=said)
    return user_of(writer.connection, user.name)
