"""What an audit says: one verdict per printed number or claim, with what was recomputed by each method."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Verdict = Literal["agrees", "agrees within rounding", "disagrees", "cannot be recomputed"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
Size = Literal["", "last digit", "number", "conclusion"]
_ORDER: tuple[Size, ...] = ("conclusion", "number", "last digit", "")
Subject = Literal[
    "percentage", "p-value", "mean and SD", "median", "estimate in its CI", "p-value from its CI",
    "interval used twice",
    "pooled groups", "sum", "subset", "threshold", "share", "categories", "balance", "quotient", "contrast", "order",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recomputed:
    """One number computed again.

    Attributes
    ----------
    method : str
        In words.
    value : float
        From the printed numbers as they stand; NaN where there is none.
    low, high : float
        Over all numbers that are printed so; both the value itself where rounding plays no part.
    fits : bool
        Whether it is printed as the paper prints it.
    """

    method: str
    value: float
    low: float
    high: float
    fits: bool


@dataclass(frozen=True, slots=True)
class Check:
    """One printed number, or one claim, checked.

    Attributes
    ----------
    where : str
        The table, or the claim.
    row : str
    subject : str
        What was checked.
    published : str
        As printed.
    verdict : str
    recomputed : tuple of Recomputed
        By each method.
    size : str
        Of a disagreement: `last digit`, `number`, or `conclusion` (significance changes, or the number cannot be).
    note : str
        In words; empty when there is nothing to say.
    line : int
        In the file of published numbers.
    is_notable : bool
        Worth a look although nothing disagrees.
    """

    where: str
    row: str
    subject: Subject
    published: str
    verdict: Verdict
    recomputed: tuple[Recomputed, ...] = ()
    size: Size = ""
    note: str = ""
    line: int = 0
    is_notable: bool = False

    @property
    def fits(self) -> tuple[str, ...]:
        """The methods that give what is printed."""
        return tuple(one.method for one in self.recomputed if one.fits)


@dataclass(frozen=True, slots=True)
class EValueRow:
    """The E-value of a published ratio: of the estimate, and of the limit nearer to no effect."""

    where: str
    row: str
    published: str
    point: float
    limit: float
    words: str


@dataclass(frozen=True, slots=True)
class Audit:
    """Everything checked of one paper."""

    id: str
    title: str
    citation: str
    doi: str
    checks: tuple[Check, ...]
    e_values: tuple[EValueRow, ...]

    def counts(self) -> dict[Verdict, int]:
        """How often each verdict was given."""
        return {verdict: sum(one.verdict == verdict for one in self.checks) for verdict in VERDICTS}

    def disagreements(self) -> tuple[Check, ...]:
        """What disagrees, the gravest first, in the order of the file where equally grave."""
        return tuple(sorted((one for one in self.checks if one.verdict == "disagrees"), key=_gravity))

    def notable(self) -> tuple[Check, ...]:
        """What agrees or cannot be recomputed and is worth a look all the same."""
        return tuple(one for one in self.checks if one.is_notable and one.verdict != "disagrees")


def _gravity(check: Check) -> int:
    return _ORDER.index(check.size)


def joined(sentences: Iterable[str]) -> str:
    """Sentences as one text; empty ones are left out.

    Examples
    --------
    >>> joined(["One.", "", "Two."])
    'One. Two.'
    """
    return " ".join(one for one in sentences if one)
