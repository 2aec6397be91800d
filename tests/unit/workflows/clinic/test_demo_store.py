"""The demo's store: the same patients every time, valid, with the stories the pages are shown by."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra web")

from neurolupus.io.patient_file import parse_patient
from neurolupus.store.decisions import decisions_of
from neurolupus.store.engine import open_store
from neurolupus.store.patients import find_patient, list_patients
from neurolupus.store.studies import latest_runs, list_studies
from neurolupus.store.trail import verify
from neurolupus.workflows.clinic.demo_patients import cohort_patients
from neurolupus.workflows.clinic.demo_store import CLINIC, N_COHORT, SEED, fill_demo

pytestmark = pytest.mark.slow


def test_the_same_seed_makes_the_same_patients():
    assert list(cohort_patients(30, seed=SEED)) == list(cohort_patients(30, seed=SEED))
    assert list(cohort_patients(30, seed=SEED)) != list(cohort_patients(30, seed=SEED + 1))


def test_thousands_of_made_up_patients_have_no_fault():
    for record, _ in cohort_patients(2000, seed=SEED + 2):
        parse_patient(record)


def test_the_stories_are_there_and_a_study_was_run(tmp_path: Path):
    store = open_store(tmp_path / "store", make=True)
    fill_demo(store, with_scans=False)
    with store.read() as connection:
        assert list_patients(connection)[1] == N_COHORT + 9
        punctures = find_patient(connection, "several-punctures")
        revised = find_patient(connection, "revised-later")
        assert punctures is not None
        assert revised is not None
        assert len(punctures.record["lumbar_punctures"]) == 4
        assert [one.content["attribution"] for one in decisions_of(connection, revised.id)] == [
            "attributed",
            "not_attributed",
        ]
        runs = latest_runs(connection)
        done = {one.name: runs[one.id].status for one in list_studies(connection) if one.id in runs}
        assert done == {CLINIC: "done"}
        assert verify(connection).faults == ()
    store.close()
