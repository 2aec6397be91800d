"""How deep plain values are nested, and how many they are: looked at before anything walks through them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def fits(data: Any, *, deepest: int, most: int | None = None) -> bool:
    """Whether plain values are nested at most so deep and are at most so many.

    Shared values are counted each time they are met, so that a cycle never fits.

    Parameters
    ----------
    data : plain values
    deepest : int
        A value that holds no other is 1 deep.
    most : int or None
        How many values there may be at all, those that hold others too; None for any number.

    Examples
    --------
    >>> fits([[1]], deepest=3), fits([[1]], deepest=2), fits([1, 2], deepest=2, most=2)
    (True, False, False)
    """
    level, count, depth = [data], 0, 0
    while level:
        depth, count = depth + 1, count + len(level)
        if depth > deepest or (most is not None and count > most):
            return False
        level = [one for part in level for one in _inside(part)]
    return True


def _inside(part: Any) -> Iterator[Any]:
    if isinstance(part, Mapping):
        yield from part.values()
    elif isinstance(part, (list, tuple)):
        yield from part
