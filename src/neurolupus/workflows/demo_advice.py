"""The demo's advice: each invented patient has a record, and what the sources support stands beside the scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from neurolupus.io.patient_file import read_patient
from neurolupus.records.measurement import MeasurementSet
from neurolupus.report.advice_page import write_advice_page
from neurolupus.report.demo import DemoPatient, Section
from neurolupus.report.demo_advice import AdviceCard, advice_section
from neurolupus.workflows.advise import advised
from neurolupus.workflows.examples import example_path

STORIES = {
    "01": "A new migraine in quiet lupus. Normal MRI, a minor event, another explanation.",
    "02": "A depression after a bereavement, with hypertension and smoking behind the white matter.",
    "03": "Voices and fear five months into lupus, in a flare; infection is excluded.",
    "04": "Confusion that cyclophosphamide did not end; CSF protein is 72 mg/dL and rising.",
    "05": "A sudden hemiparesis in quiet lupus with three antiphospholipid antibodies.",
    "06": "A stroke last night in long-standing lupus; the scan of today is not read yet.",
}
VOLUMES = ("wmh_ml", "tbv_ml", "tiv_ml", "gm_ml", "wm_ml")


def advise_clinic(folder: Path, patients: Sequence[DemoPatient]) -> Sequence[Section]:
    """Advise on every patient of the demo into `folder/advice`, and show it beside the scans."""
    cards = []
    for patient in patients:
        label = patient.name.removeprefix("sub-")
        record = read_patient(example_path(f"patients/sub-{label}.patient.yaml"))
        measured = replace(record, mri=replace(record.mri, **_volumes(patient.measurements)))
        data = advised(measured).data
        page = folder / "advice" / f"sub-{label}.html"
        write_advice_page(page, data, title=f"Advice for {patient.name} (invented)")
        cards.append(AdviceCard(patient, STORIES[label], data, page.relative_to(folder).as_posix()))
    return (advice_section(cards),)


def _volumes(measured: MeasurementSet) -> dict[str, Any]:
    """The measured volumes, as the record holds them; they change nothing in the advice."""
    found = {one.name: float(one.value) for one in measured.items if one.name in VOLUMES and one.value is not None}
    return {name: round(value, 2) for name, value in found.items()}
