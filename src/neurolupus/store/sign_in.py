"""Signing in with a password: each attempt is counted before it is checked, and wrong ones make the next one wait."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from neurolupus.store.engine import Store
from neurolupus.store.passwords import hashed, is_outdated, is_right
from neurolupus.store.schema import users
from neurolupus.store.second_factor import accepts
from neurolupus.store.trail import now
from neurolupus.store.users import User, user_from, utc

FREE_ATTEMPTS = 5
FIRST_WAIT_S, LONGEST_WAIT_S = 30, 900


def wait_s(failures: int) -> int:
    """Seconds to wait after so many wrong attempts in a row.

    Examples
    --------
    >>> [wait_s(count) for count in (4, 5, 6, 7, 40)]
    [0, 30, 60, 120, 900]
    """
    over = failures - FREE_ATTEMPTS
    return 0 if over < 0 else min(FIRST_WAIT_S * 2 ** min(over, 10), LONGEST_WAIT_S)


def check_sign_in(store: Store, name: str, password: str, *, code: str | None, address: str) -> User | None:
    """The user whose name and password these are; None for every reason there may be, all as slow as one another.

    What was typed as a name is kept nowhere unless it is a user's: people type passwords there.

    Parameters
    ----------
    code : str or None
        Of the second factor, empty where none was typed; None where none is asked, of one who is signed in already.
        A wrong one counts as a wrong password does.
    """
    name = name.strip().casefold()[:64]
    row = _count_attempt(store, name)
    right = is_right(row.password if row is not None else None, password)
    if row is None:
        return None
    if not right or row.disabled:
        with store.write("sign-in") as writer:
            writer.note("sign-in.failed", row.name, after={"attempts": row.failures + 1, "from": address})
        return None
    fresh: dict[str, Any] = {"failures": 0, "locked_until": None}
    if is_outdated(row.password):
        fresh["password"] = hashed(password)
    with store.write("sign-in") as writer:
        # only where the password is still the one that was checked
        same = (users.c.name == row.name) & (users.c.password == row.password) & users.c.disabled.is_(False)
        if code is not None and not accepts(writer, row.name, code):
            after = {"attempts": row.failures + 1, "from": address, "second_factor": "wrong" if code else "missing"}
            writer.note("sign-in.failed", row.name, after=after)
            return None
        if writer.connection.execute(update(users).where(same).values(**fresh)).rowcount != 1:
            return None
    return user_from(row)


def _count_attempt(store: Store, name: str) -> Any:
    """The user's row as it was, the attempt counted; None where there is none, or it is not yet the time.

    Counting comes first: of many guesses sent at once, all but a few then find the name locked.
    """
    with store.write("sign-in") as writer:
        row = writer.connection.execute(select(users).where(users.c.name == name).with_for_update()).first()
        if row is None or row.password is None or (row.locked_until and utc(row.locked_until) > now()):
            return None
        failures = row.failures + 1
        until = now() + timedelta(seconds=wait_s(failures)) if wait_s(failures) else None
        counted = update(users).where(users.c.name == name).values(failures=failures, locked_until=until)
        writer.connection.execute(counted)
        return row
