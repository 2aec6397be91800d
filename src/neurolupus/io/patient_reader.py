"""Plain values -> the parts of a record; what a part refuses becomes a fault with its place and line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any, ClassVar

from neurolupus.errors import PatientFileError
from neurolupus.records.clinical import PatientRecord
from neurolupus.records.clinical.fields import record_fields
from neurolupus.records.document import Document, Place
from neurolupus.records.reader import Reader, Unreadable, told
from neurolupus.records.words import listed, suggestion

MOST_SUGGESTIONS = 100  # no more faults are told than this
# What is often written -> the name in the record; suggested, never put in its place
_ALSO_CALLED: Mapping[str, str] = {
    "stroke": "cerebrovascular_disease",
    "tia": "cerebrovascular_disease",
    "infarct": "cerebrovascular_disease",
    "epilepsy": "seizure_disorder",
    "seizure": "seizure_disorder",
    "seizures": "seizure_disorder",
    "delirium": "acute_confusional_state",
    "confusion": "acute_confusional_state",
    "encephalopathy": "acute_confusional_state",
    "cognitive_impairment": "cognitive_dysfunction",
    "optic_neuritis": "cranial_neuropathy",
    "optic_neuropathy": "cranial_neuropathy",
    "chorea": "movement_disorder",
    "myelitis": "myelopathy",
    "transverse_myelitis": "myelopathy",
    "depression": "mood_disorder",
    "mania": "mood_disorder",
    "anxiety": "anxiety_disorder",
    "meningitis": "aseptic_meningitis",
    "gbs": "guillain_barre_syndrome",
    "female": "F",
    "male": "M",
    "cyclophosphamide": "cyclophosphamide_iv",
    "mmf": "mycophenolate",
    "inflammation": "inflammatory",
    "ischaemic": "ischemic_thrombotic",
    "ischemic": "ischemic_thrombotic",
    "thrombotic": "ischemic_thrombotic",
    "mg/100ml": "mg/dL",
}


class PatientReader(Reader):
    """Reads one record."""

    OWNER: ClassVar[str] = "a patient's record"

    def __init__(self, document: Document, today: date) -> None:
        super().__init__(document, {})
        self.today = today
        self.placed: list[tuple[Place, str]] = []

    def fault(self, place: Place, what: str) -> None:
        """Keep a fault, and the place of the value it is about."""
        super().fault(place, what)
        self.placed.append((place, what))

    def place_fault(self, place: Place, what: str) -> None:
        """Keep a fault about the value at a place; its name is put in front."""
        self.fault(place, f"{told(place)} {what}".lstrip())

    def near_key(self, word: str, known: Iterable[str]) -> str:
        """Where a name belongs that stands in the wrong section, else as for any word."""
        homes = _homes().get(word, ())
        if homes:
            return f"; it stands under {listed(homes)}"
        names = list(known)
        near, stem = self.near(word, names), word.rpartition("_")[0]
        meant = [name for name in names if stem and name.startswith(f"{stem}_") and f"'{name}'" in near]
        units = [_units()[name] for name in meant if name in _units()]
        return f"{near} It is read in {units[0]}: convert the value" if units else near

    def near(self, word: str, known: Iterable[str]) -> str:
        """The nearest word that is known, else every choice."""
        names = list(known)
        if len(self.faults) > MOST_SUGGESTIONS:
            return ""
        other = _ALSO_CALLED.get(word.strip().lower().replace(" ", "_").replace("-", "_"))
        if other in names:
            return f". Did you mean '{other}'?"
        return suggestion(word, names) or f"; choose {listed(names)}"

    def _date(self, text: str, place: Place) -> date:
        when = super()._date(text, place)
        if when > self.today:
            raise self.refuse(place, f" is {when.isoformat()}, after today ({self.today.isoformat()})")
        return when

    def _build(self, kind: Any, given: Mapping[str, tuple[Any, Place]], place: Place, name: str) -> Any:
        try:
            return super()._build(kind, given, place, name)
        except PatientFileError as error:
            for inner, what in error.placed:
                self.place_fault((*place, *inner), what)
            raise Unreadable from error


@cache
def _units() -> Mapping[str, str]:
    """Name of a field that has a unit -> the unit."""
    return {one.path.rpartition(".")[2]: one.about.unit for one in record_fields(PatientRecord) if one.about.unit}


@cache
def _homes() -> Mapping[str, tuple[str, ...]]:
    """Name of a field -> where it stands, for names that are written in the wrong section."""
    found: dict[str, tuple[str, ...]] = {}
    for one in record_fields(PatientRecord):
        section, _, name = one.path.rpartition(".")
        found[name] = (*found.get(name, ()), section.replace("[]", "") or "no section")
    return found
