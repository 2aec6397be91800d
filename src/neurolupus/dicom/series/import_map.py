"""map.yaml: what the user knows better than the headers: what a series is, how subjects and sessions are called."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from neurolupus.dicom.series.slices import Series
from neurolupus.errors import UsageError
from neurolupus.records.document import Document, Place, faults_told
from neurolupus.records.reader import Reader, shown

LABEL = re.compile(r"[A-Za-z0-9]{1,64}")


@dataclass(frozen=True, slots=True)
class SeriesRule:
    """What a series is, when everything named here fits it.

    Attributes
    ----------
    is_ : T1w, FLAIR or skip
    description, protocol : str or None
        With `*` for anything and `?` for one sign; upper and lower case are alike.
    number : int or None
        SeriesNumber.
    uid, study, patient : str or None
        SeriesInstanceUID, StudyInstanceUID, PatientID.
    """

    is_: Literal["T1w", "FLAIR", "skip"]
    description: str | None = None
    protocol: str | None = None
    number: int | None = None
    uid: str | None = None
    study: str | None = None
    patient: str | None = None
    line: int = 0

    def fits(self, series: Series) -> bool:
        """Whether everything that the rule names is so."""
        who, facts = series.identity, series.facts
        return (
            _fits(self.description, facts.description)
            and _fits(self.protocol, facts.protocol)
            and self.number in (None, facts.series_number)
            and self.uid in (None, who.series_uid)
            and self.study in (None, who.study_uid)
            and self.patient in (None, who.patient_id)
        )


@dataclass(frozen=True, slots=True)
class ImportMap:
    """The user's rules; the first one that fits a series holds.

    Attributes
    ----------
    series : tuple of SeriesRule
    subjects : PatientID to label
    sessions : StudyInstanceUID to label
    """

    series: tuple[SeriesRule, ...] = ()
    subjects: Mapping[str, str] = field(default_factory=dict)
    sessions: Mapping[str, str] = field(default_factory=dict)

    def rule_for(self, series: Series) -> SeriesRule | None:
        """The first rule that fits."""
        return next((rule for rule in self.series if rule.fits(series)), None)


class _MapReader(Reader):
    AUTOMATIC: ClassVar[tuple[str, ...]] = ("line",)
    OWNER: ClassVar[str] = "the map"


def parse_map(document: Document) -> ImportMap:
    """The rules of a map that was read.

    Raises
    ------
    UsageError
        The map has faults; all are told, with their lines.
    """
    reader = _MapReader(document, {(ImportMap, "subjects"): _labels, (ImportMap, "sessions"): _labels})
    try:
        found: ImportMap | None = reader.record(ImportMap, document.data, ())
    except Exception as error:
        if not reader.faults:
            raise
        raise UsageError(faults_told(document.source, reader.faults)) from error
    for index, rule in enumerate(found.series if found else ()):
        if not any((rule.description, rule.protocol, rule.number is not None, rule.uid, rule.study, rule.patient)):
            what = "the rule names no series; give description, protocol, number, uid, study or patient"
            reader.fault(("series", index), what)
    if reader.faults or found is None:
        raise UsageError(faults_told(document.source, reader.faults))
    return found


def _labels(reader: Reader, data: Any, place: Place) -> dict[str, str]:
    """Labels by identity: letters and digits, none of them twice."""
    if not isinstance(data, dict):
        raise reader.refuse(place, f" is {shown(data)}; a mapping such as MRN-1: P01 is needed")
    found: dict[str, str] = {}
    for key, value in data.items():
        label = reader.document.text_of((*place, key), value)
        if not LABEL.fullmatch(label):
            reader.fault((*place, key), f"the label {shown(value)} is not made of letters and digits only")
        elif place[-1] == "subjects" and label.lower() in {one.lower() for one in found.values()}:
            reader.fault((*place, key), f"the label {label!r} is given twice")
        else:
            found[str(key)] = label
    return found


def _fits(pattern: str | None, text: str) -> bool:
    return pattern is None or fnmatch.fnmatchcase(text.lower(), pattern.lower())
