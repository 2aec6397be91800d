"""What a source says, one sentence each: statements and the source they come from, checked as they are read."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

SourceKind = Literal["secondary_guide", "cohort_study", "literature"]
StatementKind = Literal[
    "recommendation", "workup", "safety", "protocol", "evidence", "definition", "limitation", "governance"
]
StatementStrength = Literal["recommended", "should", "consider", "may", "option_observational", "note"]

_NUMERAL = re.compile(r"\d")
_PARTIAL_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_VERBS: Mapping[str, re.Pattern[str]] = {
    "recommended": re.compile(r"recommended|essential|indicated|requires|not necessary|must", re.I),
    "should": re.compile(r"should|crucial|first-line|preferred|\bassess\b", re.I),
    "consider": re.compile(r"considered", re.I),
    "may": re.compile(r"\bmay\b|might", re.I),
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where statements come from.

    Attributes
    ----------
    id, title, edition : str
    date : str
        Of publication, ISO 8601: a day, a month or a year.
    kind : secondary_guide, cohort_study or literature
    address, authors : str
    review_status : str
        Of the source itself: whether its publisher had it reviewed.
    last_updated : str
        As `date`.
    editorial_policy, disclaimer, licence_note : str
    valid_from : date
    review_by : date
        After this day the edition may be out of date.
    """

    id: str
    title: str
    edition: str
    date: str
    kind: SourceKind
    address: str
    authors: str
    review_status: str
    last_updated: str
    editorial_policy: str
    disclaimer: str
    valid_from: datetime.date
    review_by: datetime.date
    licence_note: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that a source says, in our own words.

    Attributes
    ----------
    id : str
    source : str
        Id of its source.
    kind : str
    text : str
        One sentence.
    population, action : str
        Of whom; what to do. Empty where it asks for nothing.
    strength : str
        Set by the verb of the passage.
    section, locator : str
        Heading, and where below it.
    words : str
        A few words of the source, verbatim, to find the passage by.
    rests_on : str
        What the source cites, as printed.
    primary : str
        The primary publication, or `unresolved`.
    figures : tuple of str
        Numbers as printed.
    caution : str
        What a reader must know with it.
    do_not_quote : str
        Why it must never be quoted; empty for all the others.
    """

    id: str
    source: str
    kind: StatementKind
    text: str
    population: str
    action: str
    strength: StatementStrength
    section: str
    locator: str
    rests_on: str
    primary: str
    figures: tuple[str, ...] = ()
    caution: str = ""
    do_not_quote: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class ParsedStatements:
    """What one file holds, in its order; `source` is None where it has faults."""

    source: Source | None
    statements: Mapping[str, Statement]
    faults: tuple[str, ...]


_OPTIONAL = ("action", "figures", "caution", "do_not_quote", "words", "rests_on")
_KEYS = tuple(field.name for field in fields(Statement) if field.name not in ("id", "source"))
_NEEDED = tuple(name for name in _KEYS if name not in _OPTIONAL)


def parse_statements(data: Any, source_name: str) -> ParsedStatements:
    """The statements of one file, with all of its faults.

    Parameters
    ----------
    data : Any
        Plain values, as YAML gives them: `source:` and `statements:`.
    source_name : str
        Name of the file, told in faults.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("statements"), Mapping):
        return ParsedStatements(None, {}, (f"{source_name}: a mapping with source: and statements: is needed",))
    faults = [f"{source_name}: unknown {key}" for key in data if key not in ("source", "statements")]
    source = _source(data.get("source"), source_name, faults)
    found: dict[str, Statement] = {}
    for name, one in data["statements"].items():
        statement = _statement(str(name), one, source.id if source else "", source_name, faults)
        if statement is not None:
            found[statement.id] = statement
    return ParsedStatements(source, found, tuple(faults))


def _source(data: Any, file: str, faults: list[str]) -> Source | None:
    where = f"{file}: source"
    if not isinstance(data, Mapping):
        faults.append(f"{where} is {data!r}; a mapping is needed")
        return None
    own: list[str] = []
    known = [field.name for field in fields(Source)]
    _told(data, known, known, where, own)
    for name in ("valid_from", "review_by"):
        if name in data and type(data[name]) is not datetime.date:
            own.append(f"{where}: {name} is {data[name]!r}; a day such as 2025-10-28 is needed")
    for name in ("date", "last_updated"):
        if name in data and not _PARTIAL_DATE.fullmatch(str(data[name])):
            own.append(f"{where}: {name} is {data[name]!r}; a day, month or year such as 2025-10 is needed")
    _among(data.get("kind"), get_args(SourceKind), f"{where}: kind", own)
    if not own and data["review_by"] <= data["valid_from"]:
        own.append(f"{where}: review_by {data['review_by']} is not after valid_from {data['valid_from']}")
    faults += own
    if own:
        return None
    days = {"valid_from", "review_by"}
    values: dict[str, Any] = {name: data[name] if name in days else " ".join(str(data[name]).split()) for name in known}
    return Source(**values)


def _statement(name: str, data: Any, source: str, file: str, faults: list[str]) -> Statement | None:
    where = f"{file}: {name}"
    if not isinstance(data, Mapping):
        faults.append(f"{where} is {data!r}; a mapping is needed")
        return None
    own: list[str] = []
    _told(data, _KEYS, _NEEDED, where, own)
    _among(data.get("kind"), get_args(StatementKind), f"{where}: kind", own)
    _among(data.get("strength"), get_args(StatementStrength), f"{where}: strength", own)
    figures = data.get("figures", [])
    if not isinstance(figures, list) or not all(isinstance(one, str) for one in figures):
        own.append(f"{where}: figures are {figures!r}; a list of texts is needed")
        figures = []
    values: dict[str, Any] = {key: " ".join(str(data.get(key, "")).split()) for key in _KEYS}
    if values["do_not_quote"]:
        own += _must_stay_silent(where, values, figures)
    own += _verb(where, values)
    faults += own
    if own:
        return None
    return Statement(**{**values, "id": name, "source": source, "figures": tuple(figures)})


def _must_stay_silent(where: str, values: Mapping[str, str], figures: Sequence[str]) -> list[str]:
    faults = [f"{where} must not be quoted and holds figures {list(figures)!r}"] if figures else []
    loose = [key for key in ("text", "population", "action", "words", "caution") if _NUMERAL.search(values[key])]
    return faults + [f"{where} must not be quoted; its {key} holds a number" for key in loose]


def _verb(where: str, values: Mapping[str, str]) -> list[str]:
    """A strength that asks for something must be seen in the source's own words."""
    pattern = _VERBS.get(values["strength"])
    if pattern is None or pattern.search(values["words"]):
        return []
    return [f"{where} is {values['strength']!r}, but its words {values['words']!r} hold no such verb"]


def _told(data: Mapping[Any, Any], known: Sequence[str], needed: Sequence[str], where: str, faults: list[str]) -> None:
    unknown = [str(key) for key in data if key not in known]
    absent = [key for key in needed if data.get(key) in (None, "")]
    if unknown:
        faults.append(f"{where}: unknown {', '.join(unknown)}; known are {', '.join(known)}")
    if absent:
        faults.append(f"{where} lacks {', '.join(absent)}")


def _among(value: Any, choices: Sequence[str], where: str, faults: list[str]) -> None:
    if value is not None and value not in choices:
        faults.append(f"{where} {value!r} is none of {', '.join(choices)}")
