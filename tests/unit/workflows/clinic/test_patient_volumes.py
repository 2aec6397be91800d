"""Volumes of a patient's scans: hidden while sealed, beside published groups, placed among the store's others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from patients_app import PSYCHOSIS, add_measured, clinic_with, seal

from neurolupus.store.patients import add_patient
from neurolupus.store.ratings import REASONS, rate
from neurolupus.workflows.clinic.patient_page import patient_view
from neurolupus.workflows.clinic.patient_volumes import latest_measured, places_of, scans_of

RNG = np.random.default_rng(20250612)


def cohort(folder: Path, n: int) -> tuple[Any, str, Any]:
    app, client, (patient,) = clinic_with(folder, PSYCHOSIS)
    client.close()
    store = app.state.store
    with store.write("somebody") as writer:
        add_measured(writer, patient, wmh_ml=3.0, gm_ml=640.0, tiv_ml=1400.0)
        for number in range(n):
            who = {"id": f"p{number}", "patient": {"age": int(RNG.integers(20, 70)), "sex": "FM"[number % 2]}}
            other, tiv = add_patient(writer, who), float(RNG.normal(1450, 100))
            add_measured(writer, other, wmh_ml=float(RNG.lognormal(1, 1)), gm_ml=0.45 * tiv, tiv_ml=tiv)
    return store, patient, app


def places(store: Any, patient: str) -> dict[str, Any]:
    with store.read() as connection:
        view = patient_view(connection, patient)
        assert view.latest is not None
        return places_of(connection, patient, view.stored.record, view.latest)


def test_a_volume_that_follows_the_head_lies_where_the_head_says(tmp_path: Path) -> None:
    # grey matter of the cohort is 0.45 of TIV without noise: 630 ml are expected of a head of 1400 ml
    store, patient, _ = cohort(tmp_path, 24)
    found = places(store, patient)
    assert found["gm_ml"].expected_ml == pytest.approx(630, abs=1e-6)
    assert found["gm_ml"].percentile > 99
    assert found["gm_ml"].n == 24
    assert 0 < found["wmh_ml"].percentile < 100


@pytest.mark.parametrize(("n", "known"), [(19, False), (20, True)])
def test_fewer_than_twenty_others_place_nobody(tmp_path: Path, n: int, *, known: bool) -> None:
    store, patient, _ = cohort(tmp_path, n)
    assert bool(places(store, patient)) is known


def test_a_second_scan_of_another_does_not_count_twice(tmp_path: Path) -> None:
    store, patient, _ = cohort(tmp_path, 20)
    with store.write("somebody") as writer:
        other = add_patient(writer, {"id": "twice", "patient": {"age": 40, "sex": "F"}})
        add_measured(writer, other, gm_ml=630.0, tiv_ml=1400.0)
        add_measured(writer, other, gm_ml=1.0, tiv_ml=1400.0, acquired="2026-01-01")
    found = places(store, patient)
    assert found["gm_ml"].n == 21
    assert found["gm_ml"].expected_ml == pytest.approx(630, abs=1)


def test_what_must_not_be_used_has_no_place_and_places_nobody(tmp_path: Path) -> None:
    store, patient, _ = cohort(tmp_path, 20)
    with store.write("somebody") as writer:
        for number, unusable in enumerate(("1 infarct-like lesion(s)", "")):
            other = add_patient(writer, {"id": f"bad{number}", "patient": {"age": 40, "sex": "F"}})
            scan = add_measured(writer, other, unusable=unusable, gm_ml=1.0, tiv_ml=1400.0)
            if not unusable:
                rate(writer, scan, "T1w", "exclude", reason=REASONS[0])
    assert places(store, patient)["gm_ml"].n == 20
    with store.write("somebody") as writer:
        add_measured(
            writer, patient, acquired="2026-01-01", unusable="1 infarct-like lesion(s)", gm_ml=640.0, tiv_ml=1400.0
        )
    assert places(store, patient) == {}


@pytest.fixture
def measured_patient(tmp_path: Path) -> tuple[Any, Any, str]:
    """A clinic's store and browser, and a patient with one measured scan."""
    app, client, (patient,) = clinic_with(tmp_path, PSYCHOSIS)
    with app.state.store.write("somebody") as writer:
        add_measured(writer, patient, wmh_ml=3.0)
    return app.state.store, client, patient


def test_an_unusable_scan_is_told_on_the_patients_page(measured_patient: tuple[Any, Any, str]) -> None:
    store, client, patient = measured_patient
    assert "not usable" not in client.get(f"/patients/{patient}").text
    with store.write("somebody") as writer:
        add_measured(writer, patient, acquired="2026-01-01", unusable="1 infarct-like lesion(s)", wmh_ml=3.0)
    text = client.get(f"/patients/{patient}").text
    assert "1 infarct-like lesion(s): these volumes are no basis for a decision." in text
    assert text.count("not usable") == 2  # in the list of scans and beside the volumes


def test_sealed_numbers_are_not_even_read(tmp_path: Path) -> None:
    store, patient, app = cohort(tmp_path, 20)
    seal(app)
    with store.read() as connection:
        view = patient_view(connection, patient)
        assert (view.latest, dict(view.places), view.sealed) == (None, {}, True)
        assert [one.label for one in view.scans] == ["sub-01"]
        assert "wmh_ml" not in view.stored.record["mri"]
        assert view.data is not None
        assert view.data["context"] == {}
        assert latest_measured(scans_of(connection, patient, is_open=True)) is not None


def test_measured_volumes_stand_beside_the_published_groups(tmp_path: Path) -> None:
    store, patient, _ = cohort(tmp_path, 0)
    with store.read() as connection:
        view = patient_view(connection, patient)
    assert view.data is not None
    shown = {one["name"]: one["value_ml"] for one in view.data["context"]["volumes"]}
    assert shown["wmh_ml"] == 3.0  # the scan's, and not the 7.125 that the record states
    assert view.data["context"]["published_groups"]


@pytest.mark.slow
def test_runs_of_studies_that_read_another_version_are_stale(tmp_path: Path) -> None:
    from neurolupus.store.cohort_rows import patient_marks
    from neurolupus.store.patients import edit_patient
    from neurolupus.store.studies import add_study, begin_run, end_run
    from neurolupus.workflows.clinic.patient_page import runs_with

    store, patient, _ = cohort(tmp_path, 0)

    def run(name: str) -> None:
        with store.write("somebody") as writer:
            study = add_study(writer, name, "", {"criteria": {}})
            mark = patient_marks(writer.connection)[patient]
            end_run(writer, begin_run(writer, study), patients={"screened": {patient: mark}, "included": [patient]})

    run("before")
    with store.write("somebody") as writer:
        edit_patient(writer, patient, 1, dict(PSYCHOSIS) | {"note": "another fact"})
    run("after")
    with store.read() as connection:
        assert {one.name: one.stale for one in runs_with(connection, patient)} == {"before": True, "after": False}


def test_a_scan_that_a_rater_excluded_says_so_on_the_patients_page(measured_patient: tuple[Any, Any, str]) -> None:
    store, client, patient = measured_patient
    assert "excluded by a rater" not in client.get(f"/patients/{patient}").text
    with store.write("rater") as writer:
        (scan,) = scans_of(writer.connection, patient, is_open=True)
        rate(writer, scan.id, "WMH", "exclude", reason=REASONS[0])
    text = client.get(f"/patients/{patient}").text
    assert "excluded by a rater" in text
    assert f"WMH: {REASONS[0]}" in text
