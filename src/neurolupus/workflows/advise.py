"""neurolupus advise: a patient's record -> advice as data, as text's source, as a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from neurolupus.errors import UsageError
from neurolupus.guidelines.answer import advice_as_data
from neurolupus.guidelines.audience import AUDIENCES, wording_for
from neurolupus.guidelines.context import volumes_context
from neurolupus.guidelines.engine import advise
from neurolupus.guidelines.explain import explanation_as_data
from neurolupus.guidelines.load import load_knowledge
from neurolupus.io.atomic import write_json
from neurolupus.io.patient_file import parse_patient, read_patient
from neurolupus.records.clinical import PatientRecord
from neurolupus.workflows.advise_context import cohort_context, study_evidence

INTRATHECAL = {"OPT_IT_MTX_DEX", "OPT_IT_DEX_ONLY"}


@dataclass(frozen=True, slots=True)
class Advised:
    """The record as read and the advice as data, explanation included."""

    record: PatientRecord
    data: dict[str, Any]


def advise_patient(
    path: Path,
    *,
    audience: str = "rheumatologist",
    cohort: Path | None = None,
    study: Path | None = None,
    today: date | None = None,
) -> Advised:
    """The advice for the record of a file.

    Parameters
    ----------
    path : Path
        `.yaml` or `.json`.
    audience : str
        For whom it is worded; items, strengths and numbers are the same.
    cohort : Path or None
        A table of persons measured the same way, among whom the patient's volumes are placed.
    study : Path or None
        What `study run` wrote; its hazard ratios are shown as evidence where they bear on an item.
    today : date or None

    Raises
    ------
    PatientFileError
        The record has faults; no part of the advice is given.
    UsageError
        An audience that is not known, or `patient`: individual advice is for clinicians.
    """
    found = advised(read_patient(path, today=today), audience=audience, today=today)
    if cohort is not None:
        found.data["context"]["own_cohort"] = cohort_context(found.record, cohort)
    if study is not None:
        shown = {item["code"] for part in ("options", "deferred") for item in found.data[part]}
        concerned = sorted(shown & INTRATHECAL)
        if concerned:
            found.data["evidence"] += study_evidence(study, concerned)
    return found


def advise_data(data: Mapping[str, Any], *, today: date | None = None, with_trace: bool = True) -> dict[str, Any]:
    """The advice for plain values, such as those of a web request, without the explanation.

    Raises
    ------
    PatientFileError
        The record has faults.
    """
    record = parse_patient(data, today=today)
    knowledge = load_knowledge()
    return advice_as_data(advise(record, knowledge, today=today), record, knowledge, with_trace=with_trace)


def advised(record: PatientRecord, *, audience: str = "rheumatologist", today: date | None = None) -> Advised:
    """The advice for a record, with its explanation under `explanation`."""
    if audience == "patient":
        raise UsageError(
            "advise gives no individual advice to patients.\n    For the general guide in plain words: "
            'neurolupus ask "What is the management of neurolupus?" --for patient'
        )
    if audience not in AUDIENCES:
        raise UsageError(f"{audience!r} is no audience; choose {', '.join(AUDIENCES)}.")
    knowledge = load_knowledge()
    advice = advise(record, knowledge, today=today)
    data = advice_as_data(
        advice,
        record,
        knowledge,
        context=volumes_context(record, knowledge),
        wording=wording_for(audience),
    )
    data["audience"] = audience
    data["explanation"] = explanation_as_data(advice, record, knowledge)
    return Advised(record, data)


def write_advice_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write advice as JSON, whole or not at all."""
    write_json(path, data)
