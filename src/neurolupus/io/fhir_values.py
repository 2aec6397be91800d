"""What FHIR resources state, fact by fact: kinds, units and dates; the latest holds, and what differs is unknown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from neurolupus.io.fhir_codes import ANSWERS, FACT_SYSTEM, PROTEIN_UNITS, UCUM, UNITS, readable_facts

ABOUT_NOW = ("csf.", "mri.", "lp_safety.", "secondary.")
"""Facts of the present event: what is dated before its onset says nothing of it."""
PREGNANT_DAYS, NOT_PREGNANT_DAYS = 300, 30  # our choice: how long a dated status is taken for the present one


@dataclass(frozen=True, slots=True)
class Stated:
    """One fact as one resource states it.

    Attributes
    ----------
    path : str
        Dotted.
    value : object
    kind : str
        The type of the resource.
    day : date or None
    instant : datetime or None
        Where the time of the day is told, in UTC.
    focus : tuple of str
        References to what it is about.
    """

    path: str
    value: Any
    kind: str
    day: date | None = None
    instant: datetime | None = None
    focus: tuple[str, ...] = ()


def when(text: Any) -> tuple[date | None, datetime | None]:
    """Day and instant of a FHIR dateTime; a year or a month alone is no day.

    Examples
    --------
    >>> when("2026-01-05"), when("2026-01")
    ((datetime.date(2026, 1, 5), None), (None, None))
    """
    try:
        day = date.fromisoformat(str(text)[:10])
        instant = datetime.fromisoformat(str(text)) if "T" in str(text) else None
    except ValueError:
        return None, None
    return day, instant.astimezone(UTC) if instant is not None and instant.tzinfo else None


def codings(concept: Any) -> list[tuple[str, str]]:
    """(system, code) of a CodeableConcept, or of a list of them."""
    found = []
    for one in concept if isinstance(concept, list) else [concept]:
        for coding in listed(one, "coding"):
            found.append((str(coding.get("system", "")), str(coding.get("code", ""))))
    return found


def listed(resource: Any, name: str) -> list[Mapping[str, Any]]:
    """The objects of a list, where there is one."""
    found = resource.get(name) if isinstance(resource, Mapping) else None
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def observed(one: Mapping[str, Any], path: str, ignored: Counter[str]) -> Any:
    """The value of an Observation in the form of a fact, or None; why not is counted."""
    wanted = readable_facts()[path]
    if wanted.kind == "yes_no":
        value = one.get("valueBoolean")
        if not isinstance(value, bool):
            known = [ANSWERS[coding] for coding in codings(one.get("valueCodeableConcept")) if coding in ANSWERS]
            value = known[0] if path == "patient.pregnant" and len(set(known)) == 1 else None
    elif wanted.kind in ("number", "whole_number"):
        return _number(one, path, ignored)
    elif wanted.kind == "date":
        day, _ = when(one.get("valueDateTime"))
        value = day.isoformat() if day else None
    else:
        coded = [code for system, code in codings(one.get("valueCodeableConcept")) if system == FACT_SYSTEM]
        value = one.get("valueString") if isinstance(one.get("valueString"), str) else next(iter(coded), None)
        if wanted.choices and value not in wanted.choices:
            value = None
    if value is None:
        ignored[f"{path}: no value of its kind"] += 1
    return value


def _number(one: Mapping[str, Any], path: str, ignored: Counter[str]) -> Any:
    whole = one.get("valueInteger")
    unit = readable_facts()[path].about.unit
    if isinstance(whole, int) and not isinstance(whole, bool) and unit in ("", "points"):
        return whole
    quantity = one.get("valueQuantity")
    if not isinstance(quantity, Mapping) or not _is_number(quantity.get("value")):
        ignored[f"{path}: no value of its kind"] += 1
        return None
    if quantity.get("comparator"):
        ignored[f"{path}: a limit (< or >) and no value"] += 1
        return None
    code = str(quantity.get("code")) if quantity.get("system") == UCUM else None
    if path == "csf.protein":
        return {"value": quantity["value"], "unit": PROTEIN_UNITS.get(code or "")}
    if code in UNITS[unit] or (unit in ("", "points") and not quantity.get("code") and not quantity.get("unit")):
        return quantity["value"]
    ignored[f"{path}: unit not read; {' or '.join(sorted(UNITS[unit]))} of UCUM is"] += 1
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def settled(
    stated: Iterable[Stated], ignored: Counter[str], *, today: date, onset: date | None
) -> dict[str, tuple[Any, date | None]]:
    """Fact -> (value, its day): the latest of dated ones; None where values differ and none is known to be later."""
    held = [one for one in stated if _counts(one, ignored, today, onset)]
    punctures = [one.day for one in held if one.path.startswith("csf.") and one.day]
    if punctures:
        before = len(held)
        held = [one for one in held if not one.path.startswith("csf.") or one.day in (None, max(punctures))]
        if before > len(held):
            ignored["csf: of an earlier lumbar puncture"] += before - len(held)
    by_path: dict[str, list[Stated]] = {}
    for one in held:
        by_path.setdefault(one.path, []).append(one)
    found = {path: _latest(path, several, ignored) for path, several in by_path.items()}
    for part in ("csf", "mri"):
        _done(part, found, ignored)
    return found


def _counts(one: Stated, ignored: Counter[str], today: date, onset: date | None) -> bool:
    """Whether it says something of today; a day's grace is for time zones."""
    why = ""
    if one.day is not None and one.day > today + timedelta(days=1):
        why = "dated after today"
    elif one.day is not None and onset is not None and one.day < onset and one.path.startswith(ABOUT_NOW):
        why = "dated before the onset of the event"
    elif one.path == "patient.pregnant" and (
        one.day is None or (today - one.day).days > (PREGNANT_DAYS if one.value else NOT_PREGNANT_DAYS)
    ):
        why = "not dated, or too old to hold today"
    if why:
        ignored[f"{one.path}: {why}"] += 1
    return not why


def _latest(path: str, several: Sequence[Stated], ignored: Counter[str]) -> tuple[Any, date | None]:
    days = [one.day for one in several]
    values = [one.value for one in several]
    if all(value == values[0] for value in values):
        return values[0], max((day for day in days if day), default=None)
    known = [day for day in days if day is not None]
    if len(known) == len(days):
        last = [one for one in several if one.day == max(known)]
        instants = [one.instant for one in last]
        if any(one.value != last[0].value for one in last) and all(instants):
            latest = max(instant for instant in instants if instant is not None)
            last = [one for one in last if one.instant == latest]
        if all(one.value == last[0].value for one in last):
            ignored[f"{path}: an earlier value"] += len(several) - len(last)
            return last[0].value, last[0].day
    ignored[f"{path}: values that differ; taken as unknown"] += 1
    return None, None


def _done(part: str, found: dict[str, tuple[Any, date | None]], ignored: Counter[str]) -> None:
    """A finding says that the examination was done; where another fact denies it, all of them are unknown."""
    own, against = f"{part}.done", f"{part}.contraindicated"
    findings = {
        path: day
        for path, (value, day) in found.items()
        if path.startswith(f"{part}.") and path not in (own, against) and value is not None
    }
    done = found.get(own, (None, None))[0]
    if findings and own not in found:
        found[own] = (True, max((day for day in findings.values() if day), default=None))
        done = True
    if done and found.get(against, (None, None))[0]:
        found[own] = found[against] = (None, None)
        ignored[f"{part}: done and contraindicated; both taken as unknown"] += 1
    if done is False and findings:
        found.update(dict.fromkeys((own, *findings), (None, None)))
        ignored[f"{part}: findings, and not done; taken as unknown"] += 1
