"""A score whose items may be unknown: the smallest and the largest total that what is known allows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from neurolupus.guidelines.logic import Truth


@dataclass(frozen=True, slots=True)
class ScoreRange:
    """A score.

    Attributes
    ----------
    low, high : int
        Equal where every item is known.
    missing : tuple of str
        Items that are unknown.
    cites : tuple of str
        Statements.
    """

    low: int
    high: int
    missing: tuple[str, ...]
    cites: tuple[str, ...]

    @property
    def known(self) -> int | None:
        """The score itself; None where items are unknown that could change it."""
        return self.low if self.low == self.high else None

    def reaches(self, cut_off: int) -> Truth:
        """Whether the score is at the cut-off or above; None where the unknown items decide it.

        Examples
        --------
        >>> score = ScoreRange(6, 9, ("onset",), ())
        >>> score.reaches(6), score.reaches(7), score.reaches(10)
        (True, None, False)
        """
        return True if self.low >= cut_off else False if self.high < cut_off else None


def weighted_sum(
    weights: Mapping[str, int], items: Mapping[str, bool | None], cites: tuple[str, ...], *, score: str
) -> ScoreRange:
    """The weights of the items that are present, added up; a range where items are unknown.

    Parameters
    ----------
    weights : mapping of item to points
        Zero or more each.
    items : mapping of item to bool or None
        What is left out is unknown.
    cites : tuple of str
    score : str
        Its name, for the error.

    Raises
    ------
    KeyError
        An item that the score does not have.

    Examples
    --------
    >>> weighted_sum({"rash": 2, "fever": 1}, {"rash": True}, (), score="a score")
    ScoreRange(low=2, high=3, missing=('fever',), cites=())
    """
    refuse_other_items(weights, items, score=score)
    low = sum(points for name, points in weights.items() if items.get(name) is True)
    missing = tuple(name for name in weights if items.get(name) is None)
    return ScoreRange(low, low + sum(weights[name] for name in missing), missing, cites)


def refuse_other_items(known: Collection[str], items: Mapping[str, bool | None], *, score: str) -> None:
    """Raise KeyError where an item is none of the score's."""
    others = [name for name in items if name not in known]
    if others:
        raise KeyError(f"{', '.join(others)}: no item of {score}; its items are {', '.join(known)}.")
