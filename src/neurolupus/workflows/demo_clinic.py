"""The demo's clinic on disk: a BIDS data set of phantoms, and what is true of them beside it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurolupus import __version__
from neurolupus.imaging.clinic import INVENTED, SMALL_CLINIC, PatientPlan, PhantomPatient, phantom_patient
from neurolupus.io.atomic import write_json, write_text
from neurolupus.io.dataset import BIDS_VERSION, derivative_path
from neurolupus.io.delimited import write_tsv
from neurolupus.io.nifti import write_volume
from neurolupus.records.measurement import Measurement, MeasurementSet, Number
from neurolupus.records.scan import Acquisition, Participant, ScanId

README = f"""Simulated heads, made by neurolupus demo

{INVENTED}
The true volumes and lesions lie in ../truth.
"""
COLUMNS = {
    "age": {"Description": "Age, invented", "Units": "year"},
    "sex": {"Description": "Sex, invented", "Levels": {"F": "female", "M": "male"}},
    "group": {"Description": "Group of Inglese et al. (2021) that the lesion load was chosen after"},
}


@dataclass(frozen=True, slots=True)
class SimulateJob:
    """One patient to simulate: its place in `SMALL_CLINIC`, and where scans and truth go."""

    place: int
    seed: int
    bids: Path
    truth: Path

    @property
    def plan(self) -> PatientPlan:
        """What to simulate."""
        return SMALL_CLINIC[self.place]


def clinic_participants() -> dict[str, Participant]:
    """The invented patients by label."""
    return {p.participant_id: Participant(p.participant_id, p.age_years, p.sex, p.group) for p in SMALL_CLINIC}


def write_raw_description(bids: Path) -> None:
    """Write what makes a folder a BIDS data set: description, README and participants."""
    write_json(
        bids / "dataset_description.json",
        {
            "Name": "neurolupus demo: simulated T1w and FLAIR",
            "BIDSVersion": BIDS_VERSION,
            "DatasetType": "raw",
            "License": "CC0",
            "GeneratedBy": [{"Name": "neurolupus", "Version": __version__}],
        },
    )
    write_text(bids / "README", README)
    rows: list[dict[str, Number]] = [
        {"participant_id": f"sub-{p.participant_id}", "age": p.age_years, "sex": p.sex, "group": p.group}
        for p in SMALL_CLINIC
    ]
    write_tsv(bids / "participants.tsv", ("participant_id", "age", "sex", "group"), rows)
    write_json(bids / "participants.json", COLUMNS)


def simulate_job(job: SimulateJob, progress: Callable[[str], None]) -> tuple[Path, ...]:
    """Simulate one patient and write scans and truth; the files written."""
    progress("simulate")
    patient = simulate_patient(job)
    progress("write")
    return (*_write_scans(patient, job.bids), *_write_truth(patient, job.truth))


def simulate_patient(job: SimulateJob) -> PhantomPatient:
    """The patient of a job; each has a stream of random numbers of their own, as in `small_clinic`."""
    from neurolupus.imaging.atlas import draw_labels

    stream = np.random.SeedSequence(job.seed).spawn(len(SMALL_CLINIC))[job.place]
    return phantom_patient(job.plan, draw_labels, np.random.default_rng(stream))


def _write_scans(patient: PhantomPatient, bids: Path) -> list[Path]:
    pair, written = patient.pair, []
    images = [("T1w", pair.t1w, pair.t1w_acquisition)]
    if pair.flair is not None:
        images.append(("FLAIR", pair.flair, pair.flair_acquisition))
    for suffix, volume, acquisition in images:
        path = derivative_path(bids, pair.scan_id, suffix=suffix, extension=".nii.gz")
        write_json(path.with_name(path.name.replace(".nii.gz", ".json")), _sidecar(acquisition))
        write_volume(path, volume, dtype="int16")
        written.append(path)
    return written


def _sidecar(acquisition: Acquisition) -> dict[str, object]:
    return {"Modality": "MR", "Manufacturer": "simulated", "MRAcquisitionType": acquisition.acquisition_type}


def truth_mask_path(truth: Path, scan_id: ScanId) -> Path:
    """Where the true lesion mask lies, on the grid of the T1w."""
    return derivative_path(truth, scan_id, label="WMH", suffix="mask", extension=".nii.gz")


def _truth_volumes_path(truth: Path, scan_id: ScanId) -> Path:
    return derivative_path(truth, scan_id, suffix="volumes", extension=".json")


def _write_truth(patient: PhantomPatient, truth: Path) -> list[Path]:
    scan_id, t1w = patient.pair.scan_id, patient.pair.t1w
    mask = truth_mask_path(truth, scan_id)
    tissue = derivative_path(truth, scan_id, suffix="dseg", extension=".nii.gz")
    volumes = _truth_volumes_path(truth, scan_id)
    write_volume(mask, t1w.with_data(patient.truth.wmh_mask), dtype="uint8")
    write_volume(tissue, t1w.with_data(patient.truth.tissue), dtype="uint8")
    write_json(volumes, {m.name: {"value": m.value, "unit": m.unit} for m in patient.truth.measurements.items})
    return [mask, tissue, volumes]


def read_truth(truth: Path, scan_id: ScanId) -> MeasurementSet:
    """The true volumes of one patient."""
    told = json.loads(_truth_volumes_path(truth, scan_id).read_text(encoding="utf-8"))
    return MeasurementSet(tuple(Measurement(name, one["value"], one["unit"]) for name, one in told.items()))
