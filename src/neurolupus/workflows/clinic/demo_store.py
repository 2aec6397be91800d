"""A store to be tried: invented patients, and a study that was run on them."""

from __future__ import annotations

from neurolupus.io.patient_file import parse_patient, patient_as_data
from neurolupus.store.cohort_rows import SYNTHETIC
from neurolupus.store.decisions import decisions_of
from neurolupus.store.engine import Store
from neurolupus.store.patients import add_patient, find_patient
from neurolupus.store.settings_rows import set_setting
from neurolupus.store.studies import begin_run
from neurolupus.store.visits import add_visit
from neurolupus.workflows.clinic.consensus import Meeting, record_consensus
from neurolupus.workflows.clinic.demo_patients import cohort_patients, story_meetings, story_patients
from neurolupus.workflows.clinic.demo_scans import begin_scans
from neurolupus.workflows.clinic.patient_advice import recompute
from neurolupus.workflows.clinic.study_store import run_here
from neurolupus.workflows.clinic.study_upload import keep_study
from neurolupus.workflows.examples import example_path

N_COHORT, SEED = 140, 20260101
WHO = "demo"
CLINIC, VOLUMES = "Intrathecal treatment in this clinic", "Brain volumes by phenotype"


def fill_demo(store: Store, *, with_scans: bool = True) -> None:
    """Fill an empty store; a few seconds, the same patients every time.

    Parameters
    ----------
    store : Store
        Its reports will say that the patients are invented.
    with_scans : bool
        Begin to simulate two heads beside the server; they come minutes later, into the queue.
    """
    with store.write(WHO) as writer:
        set_setting(writer, SYNTHETIC, True, 0)
        for record, status in cohort_patients(N_COHORT, seed=SEED):
            add_patient(writer, patient_as_data(parse_patient(record)), status=status)
        for record, status in story_patients():
            patient = add_patient(writer, patient_as_data(parse_patient(record)), status=status)
            recompute(writer, patient)
            for event in record.get("events", ())[:1]:
                if event.get("date"):
                    add_visit(writer, patient, date=event["date"], kind="ward", note="Admitted with a new event.")
    for pseudonym, meeting in story_meetings():
        _sign(store, pseudonym, meeting)
    text = example_path("clinic.study.yaml").read_text("utf-8")
    study = keep_study(store, WHO, name=CLINIC, text=text, criteria={"consensus": ["attributed", "not_attributed"]})
    with store.write(WHO) as writer:
        run = begin_run(writer, study)
    run_here(store, study, run)
    volumes = example_path("mri-phenotypes.study.yaml").read_text("utf-8")
    keep_study(store, WHO, name=VOLUMES, text=volumes, criteria={"age_from": 18})
    if with_scans:
        begin_scans(store.folder)


def _sign(store: Store, pseudonym: str, meeting: Meeting) -> None:
    with store.write(WHO) as writer:
        patient = find_patient(writer.connection, pseudonym)
        assert patient is not None
        number = len(decisions_of(writer.connection, patient.id)) + 1
        record_consensus(writer, patient.id, patient.version, number, meeting)
