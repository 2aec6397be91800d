"""Cases that a clinician can read -> records, facts and what is expected of each rule."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from neurolupus.guidelines.attribution import attribute
from neurolupus.guidelines.conditions import Value
from neurolupus.guidelines.facts import facts_of_events, patient_facts
from neurolupus.guidelines.load import load_knowledge
from neurolupus.io.patient_file import parse_patient
from neurolupus.records.clinical import PatientRecord

FOLDER = Path(__file__).parents[1] / "cases" / "advice"
KNOWLEDGE = load_knowledge()
TODAY = date(2026, 1, 15)


@dataclass(frozen=True)
class Case:
    """One case with its record."""

    name: str
    expected: Mapping[str, Any]
    record: PatientRecord

    def facts(self) -> list[dict[str, Value]]:
        """The facts of each event."""
        patient = patient_facts(self.record, attribute(self.record))
        return facts_of_events(self.record, patient, KNOWLEDGE)


def changed(record: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """A record with the values at dotted places replaced."""
    found = copy.deepcopy(dict(record))
    for place, value in change.items():
        *path, last = place.split(".")
        part: Any = found
        for name in path:
            part = part[int(name)] if isinstance(part, list) else part.setdefault(name, {})
        part[last] = value
    return found


def read_cases() -> list[Case]:
    """Every case of the folder."""
    written = [one for path in sorted(FOLDER.glob("*.yaml")) for one in yaml.safe_load(path.read_text("utf-8"))]
    by_name = {one["name"]: one for one in written}
    assert len(by_name) == len(written), "two cases have one name"
    return [Case(one["name"], one, parse_patient(_record(one, by_name), one["name"], today=TODAY)) for one in written]


def _record(one: Mapping[str, Any], by_name: Mapping[str, Any]) -> dict[str, Any]:
    if "record" in one:
        return dict(one["record"])
    return changed(_record(by_name[one["like"]], by_name), one["change"])
