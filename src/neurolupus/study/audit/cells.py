"""The forms a cell of a published table may have: count, percentage, mean ± SD, median [quartiles], estimate (CI)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from neurolupus.study.audit.printed import NUMBER, NotPrinted, Printed, PrintedP, parse_p, parse_printed, plain

Kind = Literal["auto", "count", "mean_sd", "quartiles", "p10_p90"]
EMPTY = ("", "-", "–", "—", "n/a", "NA")
_BETWEEN = r"\s*(?:,|;|to|–|—|-)\s*"
_LIMIT = rf"(?:{NUMBER}|[Ii]nf(?:inity)?|∞)"
_COUNT = re.compile(rf"(?P<count>\d+)(?:\s*/\s*(?P<n>\d+))?(?:\s*\(\s*(?P<percent>{NUMBER})\s*%?\s*\))?")
_PERCENT = re.compile(rf"(?P<percent>{NUMBER})\s*%")
_MEAN = re.compile(rf"(?P<mean>{NUMBER})\s*(?:±|\+/-|\+-)\s*(?P<sd>{NUMBER})")
_MEAN_BRACKETS = re.compile(rf"(?P<mean>{NUMBER})\s*[(\[]\s*(?P<sd>{NUMBER})\s*[)\]]")
_QUARTILES = re.compile(rf"(?P<mid>{NUMBER})\s*[(\[]\s*(?P<low>{NUMBER}){_BETWEEN}(?P<high>{NUMBER})\s*[)\]]")
_EFFECT = re.compile(
    rf"(?P<mid>{NUMBER})\s*[(\[]\s*(?:95\s*%\s*CI:?\s*)?(?P<low>{_LIMIT}){_BETWEEN}(?P<high>{_LIMIT})\s*[)\]]\s*\*?"
)
FORMS = "33 (87%), 33/38 (87%), 87%, 40 ± 14, 29 [22, 40]"


@dataclass(frozen=True, slots=True)
class CountCell:
    """`33 (87%)`, `33/38 (87%)`, `33`, or `87%` alone; `n` is the denominator the cell itself gives."""

    text: str
    count: int | None
    percent: Printed | None
    n: int | None = None


@dataclass(frozen=True, slots=True)
class MeanCell:
    """`40 ± 14`."""

    text: str
    mean: Printed
    sd: Printed


@dataclass(frozen=True, slots=True)
class QuantileCell:
    """`29 [22, 40]`: median and quartiles, or 10th and 90th percentiles where the row says so."""

    text: str
    mid: Printed
    low: Printed
    high: Printed


@dataclass(frozen=True, slots=True)
class EffectCell:
    """`0.55 (0.30 to 0.99)` and its p-value."""

    text: str
    value: Printed
    low: Printed
    high: Printed
    p_value: PrintedP | None


Cell = CountCell | MeanCell | QuantileCell


def parse_cell(text: str, kind: Kind = "auto") -> Cell | None:
    """What one arm's cell states; None for an empty one.

    Raises
    ------
    NotPrinted
        It has none of the forms.

    Examples
    --------
    >>> parse_cell("33 (87%)").count, parse_cell("40 ± 14").sd.value, parse_cell("29[21.75, 40.25]").high.value
    (33, 14.0, 40.25)
    """
    flat = plain(text)
    if flat in EMPTY:
        return None
    if kind in ("auto", "mean_sd"):
        match = _MEAN.fullmatch(flat) or (_MEAN_BRACKETS.fullmatch(flat) if kind == "mean_sd" else None)
        if match:
            return MeanCell(flat, parse_printed(match["mean"]), _positive(match["sd"], flat))
    if kind in ("auto", "quartiles", "p10_p90") and (match := _QUARTILES.fullmatch(flat)):
        return _quantiles(flat, match)
    if kind in ("auto", "count"):
        if match := _COUNT.fullmatch(flat):
            return _count(flat, match)
        if match := _PERCENT.fullmatch(flat):
            return CountCell(flat, None, _percent(match["percent"], flat))
    raise NotPrinted(f"{text!r} is no cell that can be checked; write it like one of {FORMS}")


def parse_effect(text: str, p_text: str | None) -> EffectCell:
    """What an effect row states.

    Raises
    ------
    NotPrinted
        It has not the form estimate (limit to limit).

    Examples
    --------
    >>> parse_effect("0.55(0.3–0.99)", "0.045*").high.value
    0.99
    """
    flat = plain(text)
    match = _EFFECT.fullmatch(flat)
    if match is None:
        raise NotPrinted(f"{text!r} is no estimate with limits; write it like 0.55 (0.30 to 0.99)")
    mid, low, high = (parse_printed(match[name]) for name in ("mid", "low", "high"))
    if low.value > high.value:
        raise NotPrinted(f"{text!r}: the lower limit lies above the upper one")
    return EffectCell(flat.removesuffix("*").strip(), mid, low, high, parse_p(p_text) if p_text else None)


def _count(flat: str, match: re.Match[str]) -> CountCell:
    count, n = int(match["count"]), int(match["n"]) if match["n"] else None
    if n is not None and not 0 < n >= count:
        raise NotPrinted(f"{flat!r}: {count} of {n} cannot be")
    return CountCell(flat, count, _percent(match["percent"], flat) if match["percent"] else None, n)


def _percent(text: str, flat: str) -> Printed:
    percent = parse_printed(text)
    if not 0 <= percent.exact <= 100:
        raise NotPrinted(f"{flat!r}: a percentage lies between 0 and 100")
    return percent


def _positive(text: str, flat: str) -> Printed:
    number = parse_printed(text)
    if number.exact < 0:
        raise NotPrinted(f"{flat!r}: a standard deviation is not negative")
    return number


def _quantiles(flat: str, match: re.Match[str]) -> QuantileCell:
    mid, low, high = (parse_printed(match[name]) for name in ("mid", "low", "high"))
    if not low.exact <= mid.exact <= high.exact:
        raise NotPrinted(f"{flat!r}: the median does not lie between the two others")
    return QuantileCell(flat, mid, low, high)
