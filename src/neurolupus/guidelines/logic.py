"""Three-valued logic (Kleene's strong one): true, false, and unknown, which is None and never false."""

from __future__ import annotations

from collections.abc import Iterable

Truth = bool | None


def all_of(values: Iterable[Truth]) -> Truth:
    """False where any is false, else unknown where any is unknown, else true.

    Examples
    --------
    >>> all_of([True, None]), all_of([False, None]), all_of([])
    (None, False, True)
    """
    found: Truth = True
    for value in values:
        if value is False:
            return False
        if value is None:
            found = None
    return found


def any_of(values: Iterable[Truth]) -> Truth:
    """True where any is true, else unknown where any is unknown, else false.

    Examples
    --------
    >>> any_of([False, None]), any_of([True, None]), any_of([])
    (None, True, False)
    """
    found: Truth = False
    for value in values:
        if value is True:
            return True
        if value is None:
            found = None
    return found


def negated(value: Truth) -> Truth:
    """The opposite; unknown stays unknown.

    Examples
    --------
    >>> negated(None), negated(False)
    (None, True)
    """
    return None if value is None else not value
