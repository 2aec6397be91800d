"""Which patients of the store a cohort takes in, declared: step by step, each step counted with its reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, get_args

from neurolupus.errors import NeurolupusError, UsageError
from neurolupus.io.patient_file import parse_patient
from neurolupus.records.clinical.codes import Attribution, Syndrome
from neurolupus.store.cohort_rows import CohortRow
from neurolupus.store.patients import STATUSES

SYNDROMES: tuple[str, ...] = get_args(Syndrome)
NONE_RECORDED = "none"
CONSENSUS = (*get_args(Attribution), NONE_RECORDED)
SEXES = ("F", "M")
OLDEST = 120.0
Reason = str | None  # why a patient leaves; None stays


@dataclass(frozen=True, slots=True)
class Criteria:
    """Who is taken in; what is empty asks nothing.

    Attributes
    ----------
    age_from, age_to : float or None
        Years, both included.
    sex : str
        F, M or empty.
    statuses : tuple of str
        In the work list.
    syndromes : tuple of str
        At least one of them among the events.
    consensus : tuple of str
        What the meeting decided last, `none` where it has not.
    with_scan : bool
        A scan was measured.
    usable_scan : bool
        And its volumes may be analysed: neither measuring nor a rater excludes it.
    """

    age_from: float | None = None
    age_to: float | None = None
    sex: str = ""
    statuses: tuple[str, ...] = ()
    syndromes: tuple[str, ...] = ()
    consensus: tuple[str, ...] = ()
    with_scan: bool = False
    usable_scan: bool = False

    def __post_init__(self) -> None:
        faults = [
            f"{name.replace('_', ' ')} is {value:g}; 0 to {OLDEST:g} years is needed"
            for name, value in (("age_from", self.age_from), ("age_to", self.age_to))
            if value is not None and not 0 <= value <= OLDEST
        ]
        if self.age_from is not None and self.age_to is not None and self.age_from > self.age_to:
            faults.append(f"age from {self.age_from:g} to {self.age_to:g} takes nobody in; exchange them")
        known = (("statuses", STATUSES), ("syndromes", SYNDROMES), ("consensus", CONSENSUS))
        for name, words in known:
            faults += [f"{one!r} is not among {name}; choose {', '.join(words)}" for one in getattr(self, name)
                       if one not in words]  # fmt: skip
        if self.sex not in ("", *SEXES):
            faults.append(f"sex is {self.sex!r}; F, M or nothing is needed")
        if faults:
            raise UsageError(f"The criteria have {len(faults)} faults.\n" + "\n".join(f"    {one}." for one in faults))

    def as_data(self) -> dict[str, Any]:
        """As plain values; what asks nothing is left out."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()
                if value not in (None, "", (), False)}  # fmt: skip


def criteria_of(data: Mapping[str, Any]) -> Criteria:
    """The criteria that plain values state.

    Raises
    ------
    UsageError
        A name that is none, or a value that cannot be; all are told together.
    """
    known = [one.name for one in fields(Criteria)]
    strange = sorted(set(data) - set(known))
    if strange:
        raise UsageError(f"{', '.join(map(repr, strange))} is no criterion.\n    Choose {', '.join(known)}.")
    values: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in data.items()}
    return Criteria(**values)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the flow.

    Attributes
    ----------
    label : str
    n_dropped, n_after : int
    reasons : tuple of (str, int)
        Why they left; nobody is counted twice.
    """

    label: str
    n_dropped: int
    n_after: int
    reasons: tuple[tuple[str, int], ...] = ()


def select_patients(rows: Sequence[CohortRow], criteria: Criteria) -> tuple[list[CohortRow], tuple[Step, ...]]:
    """Those taken in, and how it came to be them; a fact that is not known takes nobody in."""
    found, steps = list(rows), [Step("Patients in the store", 0, len(rows))]
    for label, judge in _steps(criteria):
        kept, reasons = [], Counter[str]()
        for row in found:
            reason = judge(row)
            if reason is None:
                kept.append(row)
            else:
                reasons[reason] += 1
        steps.append(Step(label, len(found) - len(kept), len(kept), tuple(sorted(reasons.items()))))
        found = kept
    return found, tuple(steps)


def _steps(criteria: Criteria) -> Iterable[tuple[str, Callable[[CohortRow], Reason]]]:
    if criteria.age_from is not None or criteria.age_to is not None:
        yield _age_in_words(criteria), lambda row: _by_age(row, criteria)
    if criteria.sex:
        yield (
            "Female" if criteria.sex == "F" else "Male",
            lambda row: _by_word(
                _section(row, "patient").get("sex"), (criteria.sex,), "sex unknown", "of the other sex"
            ),
        )
    if criteria.statuses:
        label = f"In the work list as {' or '.join(criteria.statuses)}"
        yield label, lambda row: None if row.status in criteria.statuses else f"listed as {row.status}"
    if criteria.syndromes:
        words = " or ".join(one.replace("_", " ") for one in criteria.syndromes)
        yield f"With {words}", lambda row: _by_syndrome(row, criteria.syndromes)
    if criteria.consensus:
        words = " or ".join(_decision(one) for one in criteria.consensus)
        yield f"Consensus: {words}", lambda row: _by_consensus(row, criteria.consensus)
    if criteria.with_scan or criteria.usable_scan:
        yield "With a measured scan", lambda row: None if row.scan else "no scan was measured"
    if criteria.usable_scan:
        yield "Scan usable", _by_usability


def scan_exclusion(row: CohortRow) -> Reason:
    """Why the volumes of a patient's scan must not be analysed: measuring or a rater says so."""
    if row.excluded:
        return f"excluded by a rater ({', '.join(row.excluded)})"
    if str(row.volumes.get("usable", "true")).strip().lower() in ("false", "no", "0", "0.0"):
        return str(row.volumes.get("unusable_reason") or "not usable")
    return None


def _by_usability(row: CohortRow) -> Reason:
    return scan_exclusion(row)


def _by_age(row: CohortRow, criteria: Criteria) -> Reason:
    age = _section(row, "patient").get("age")
    if age is None:
        return "age unknown"
    if criteria.age_from is not None and age < criteria.age_from:
        return "younger"
    return "older" if criteria.age_to is not None and age > criteria.age_to else None


def _age_in_words(criteria: Criteria) -> str:
    if criteria.age_to is None:
        return f"Aged {criteria.age_from:g} years or more"
    if criteria.age_from is None:
        return f"Aged {criteria.age_to:g} years or less"
    return f"Aged {criteria.age_from:g} to {criteria.age_to:g} years"


def _by_word(value: str | None, wanted: Sequence[str], unknown: str, other: str) -> Reason:
    return unknown if value is None else None if value in wanted else other


def _by_syndrome(row: CohortRow, wanted: Sequence[str]) -> Reason:
    events = row.record.get("events") or ()
    if not events:
        return "no event recorded"
    return None if any(one.get("syndrome") in wanted for one in events) else "other syndromes"


def _by_consensus(row: CohortRow, wanted: Sequence[str]) -> Reason:
    section = _section(row, "attribution")
    try:
        revised = tuple((str(one["date"]), one.get("attribution")) for one in section.get("revisions") or ())
        decided = _latest(section.get("mdt_consensus"), revised) or NONE_RECORDED
    except (KeyError, TypeError, ValueError, NeurolupusError):
        return "the attribution has faults"
    return None if decided in wanted else _decision(decided)


@lru_cache(maxsize=4096)
def _latest(first: str | None, revised: tuple[tuple[str, str | None], ...]) -> str | None:
    """The consensus that holds, by the record's own rule; few differ, so thousands of patients take no time."""
    revisions = [{"date": day, "attribution": word, "changed": "counted", "why": "counted"} for day, word in revised]
    section = {"mdt_consensus": first, "revisions": revisions}
    return parse_patient({"attribution": section}).attribution.current_consensus


def _decision(word: str) -> str:
    return "no consensus recorded" if word == NONE_RECORDED else word.replace("_", " ")


def _section(row: CohortRow, name: str) -> Mapping[str, Any]:
    return row.record.get(name) or {}
