"""A score whose items may be unknown: the smallest and the largest total that what is known allows."""

from __future__ import annotations

from dataclasses import dataclass


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
