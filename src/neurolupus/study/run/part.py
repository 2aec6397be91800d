"""What one analysis hands back: what is shown, every number, what must be said, and how it was done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from neurolupus.stats.estimate import Estimate
from neurolupus.study.results import Block, Caution, MethodsPart, ResultNumber


@dataclass(frozen=True, slots=True)
class Part:
    """Blocks, numbers, warnings and methods of one analysis; parts are added in the order they are read.

    `members` holds the cohorts that were made for it: how each is called in paths, and its rows of the full table.
    """

    blocks: tuple[Block, ...] = ()
    numbers: tuple[ResultNumber, ...] = ()
    warnings: tuple[Caution, ...] = ()
    methods: tuple[MethodsPart, ...] = ()
    members: tuple[tuple[str, tuple[int, ...]], ...] = ()

    def __add__(self, other: Part) -> Part:
        """Both, this one first."""
        return Part(
            self.blocks + other.blocks,
            self.numbers + other.numbers,
            self.warnings + other.warnings,
            self.methods + other.methods,
            self.members + other.members,
        )


def joined(parts: Iterable[Part]) -> Part:
    """Parts put together in order."""
    whole = Part()
    for part in parts:
        whole = whole + part
    return whole


def number(
    path: str, value: float | None, scale: str, method: str, n: int, n_dropped: int = 0, notes: tuple[str, ...] = ()
) -> ResultNumber:
    """One number; what is not finite becomes None, which the notes say.

    Parameters
    ----------
    path : str
        Its id.
    """
    import math

    if value is None or math.isfinite(value):
        return ResultNumber(path, value, scale, method, n, n_dropped, notes)
    said = "not defined" if math.isnan(value) else "unbounded"
    return ResultNumber(path, None, scale, method, n, n_dropped, (*notes, f"The value is {said}."))


def estimate_numbers(
    path: str,
    estimate: Estimate,
    what: str,
    method: str,
    n: int,
    n_dropped: int = 0,
    *,
    notes: tuple[str, ...] = (),
    ratio: bool,
    unit: str = "",
) -> tuple[ResultNumber, ...]:
    """The numbers of one estimate: value, limits, standard error, statistic and p.

    Parameters
    ----------
    what : str
        Name of the value: `hazard_ratio`, `odds_ratio`, `difference`.
    ratio : bool
        The estimate is on the log scale and is reported as a ratio; the standard error stays on the log scale.
    """
    shown = estimate.exponentiated() if ratio else estimate
    scale = "ratio" if ratio else unit or "linear"
    entries = (
        (what, shown.value, scale),
        ("ci_low", shown.ci_low, scale),
        ("ci_high", shown.ci_high, scale),
        ("se", estimate.se, "log" if ratio else scale),
        ("statistic", estimate.statistic, "statistic"),
        ("p_value", estimate.p_value, "probability"),
    )
    return tuple(number(f"{path}.{name}", value, kind, method, n, n_dropped, notes) for name, value, kind in entries)


def cautions(where: str, texts: Iterable[str]) -> tuple[Caution, ...]:
    """Each sentence once, under one heading."""
    return tuple(Caution(where, text) for text in dict.fromkeys(texts))


def first_line(error: Exception) -> str:
    """What was wrong, without the advice below it."""
    return str(error).partition("\n")[0]
