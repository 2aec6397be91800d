"""Passwords: what is asked of one, and argon2id hashes that no two users share."""

from __future__ import annotations

import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from neurolupus.errors import UsageError

SHORTEST, LONGEST = 12, 1024  # characters; OWASP ASVS 5.0, 6.2.1: length counts, not kinds of characters
AT_ONCE = 2  # each hash takes 64 MiB: many sign-ins at once wait their turn instead of filling the memory

_HASHER = PasswordHasher()  # argon2id, RFC 9106's second recommended choice
_TURN = threading.BoundedSemaphore(AT_ONCE)


def check_password(password: str, name: str) -> None:
    """Refuse a password that is short, all one character, or the user's name.

    Raises
    ------
    UsageError
        Never with the password in it.
    """
    plain = _normal(password)
    told = None
    if len(plain) < SHORTEST:
        told = f"The password has {len(plain)} characters; at least {SHORTEST} are needed."
    elif len(plain) > LONGEST:
        told = f"The password has {len(plain)} characters; at most {LONGEST} are taken."
    elif len(set(plain)) < 5:
        told = "The password is made of fewer than 5 different characters."
    elif name.casefold() in plain.casefold() and len(plain) - len(name) < SHORTEST - 4:
        told = "The password is little more than the user's name."
    if told:
        raise UsageError(f"{told}\n    Take a sentence of four or five words that nobody else would choose.")


def hashed(password: str) -> str:
    """The argon2id hash to keep, its salt and parameters within."""
    with _TURN:
        return _HASHER.hash(_normal(password))


def is_right(kept: str | None, password: str) -> bool:
    """Whether a password is the one kept; as slow where there is none to compare with."""
    with _TURN:
        try:
            return _HASHER.verify(kept or _nobody(), _normal(password)) and kept is not None
        except (Argon2Error, InvalidHashError):
            return False


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(kept)


@cache
def _nobody() -> str:
    """A hash that no password is known for: unknown names take as long as known ones."""
    return _HASHER.hash("the password of nobody")


def _normal(password: str) -> str:
    """The same text whichever keyboard composed it."""
    return unicodedata.normalize("NFKC", password[: 4 * LONGEST])
