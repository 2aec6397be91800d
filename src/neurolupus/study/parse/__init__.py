"""A document -> StudyFile: read, names settled, everything that is named looked up; all faults told at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurolupus.records.document import Document, LineFault, Place, study_file_error
from neurolupus.records.words import suggestion
from neurolupus.study.parse.names import settled
from neurolupus.study.parse.reader import Reader, Unreadable, shown
from neurolupus.study.parse.references import check_references
from neurolupus.study.parse.special import SPECIAL
from neurolupus.study.schema import StudyFile
from neurolupus.study.schema.data import Data, FlowSection, Study
from neurolupus.study.schema.design import Group, Match, Table1, Tests, Weighting
from neurolupus.study.schema.extras import Power, Safety, Sensitivity, Subgroups, Validate
from neurolupus.study.schema.models import MODEL_TYPES
from neurolupus.study.schema.outcomes import OUTCOME_TYPES
from neurolupus.study.schema.simulate import Simulate
from neurolupus.study.schema.variables import DerivedVariable, Variable

Section = Callable[[Reader, Any, Place], Any]


def parse_study(document: Document) -> StudyFile:
    """The study that a document states.

    Raises
    ------
    StudyFileError
        With every fault of the file and its line: keys and names that are unknown (with the nearest one that is),
        values of the wrong kind, names that lead nowhere, numbers that contradict one another.
    """
    if not isinstance(document.data, dict):
        what = f"the file holds {shown(document.data)}; sections such as study:, data:, variables: are needed"
        raise study_file_error(document.source, [LineFault(1, what)])
    reader = Reader(document, SPECIAL)
    for key in document.data:
        if key not in SECTIONS:
            reader.fault((key,), f"{key!r} is not a section of a study file{suggestion(key, SECTIONS)}")
    parts: dict[str, Any] = {}
    for key, read in SECTIONS.items():
        if document.data.get(key) is None:
            continue
        try:
            parts[key] = read(reader, document.data[key], (key,))
        except Unreadable:
            continue
    if "study" not in document.data:
        reader.fault((), "the section study: is missing; add study: {id: ..., title: ...}")
    head = parts.pop("study", None) or Study("", "")
    study = settled(StudyFile(study=head, source=document.source, **parts), reader)
    check_references(study, reader)
    if reader.faults:
        raise study_file_error(document.source, reader.faults)
    return study


def _one(kind: Any) -> Section:
    return lambda reader, data, place: reader.record(kind, data, place)


def _named(kind: Any) -> Section:
    return lambda reader, data, place: reader.named(kind, data, place)


def _tables(reader: Reader, data: Any, place: Place) -> tuple[Table1, ...]:
    return tuple(reader.value(tuple[Table1, ...], data, place))


def _subgroups(reader: Reader, data: Any, place: Place) -> dict[str, Subgroups]:
    """One set of subgroups, called `subgroups`, or several by name."""
    is_one = isinstance(data, dict) and not all(isinstance(one, dict) for one in data.values())
    if is_one:
        return {"subgroups": reader.record(Subgroups, data, place, name="subgroups")}
    return reader.named(Subgroups, data, place)


SECTIONS: dict[str, Section] = {
    "study": _one(Study),
    "data": _one(Data),
    "flow": _one(FlowSection),
    "variables": _named(Variable),
    "derived": _named(DerivedVariable),
    "groups": _named(Group),
    "tests": _one(Tests),
    "table1": _tables,
    "match": _named(Match),
    "weights": _named(Weighting),
    "outcomes": _named(OUTCOME_TYPES),
    "models": _named(MODEL_TYPES),
    "subgroups": _subgroups,
    "sensitivity": _named(Sensitivity),
    "safety": _one(Safety),
    "power": _one(Power),
    "simulate": _one(Simulate),
    "validate": _one(Validate),
}
