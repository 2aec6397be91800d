"""What to say about a word that is not known: the nearest one that is, or the choice."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MOST_CHOICES = 12


def suggestion(word: str, known: Iterable[str]) -> str:
    """`. Did you mean 'x'?`, else `; choose a, b or c`, else nothing; to be put behind what was seen.

    Examples
    --------
    >>> suggestion("coxx", ["cox", "linear"])
    ". Did you mean 'cox'?"
    >>> suggestion("zzz", ["cox", "linear"])
    '; choose cox or linear'
    """
    names = list(dict.fromkeys(known))
    by_lower = {name.lower(): name for name in reversed(names)}
    near = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    if near:
        return f". Did you mean '{by_lower[near[0]]}'?"
    if 0 < len(names) <= MOST_CHOICES:
        return f"; choose {listed(names)}"
    return ""


def listed(names: Iterable[str], word: str = "or") -> str:
    """Names as a list in words.

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b or c'
    """
    several = list(names)
    return f"{', '.join(several[:-1])} {word} {several[-1]}" if len(several) > 1 else "".join(several)
