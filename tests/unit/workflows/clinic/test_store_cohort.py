"""Cohorts built from the store: who is taken in, counted; which columns; and when a run is stale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra web")

from sqlalchemy import insert

from neurolupus.errors import Conflict, StoreError, TableError, UsageError
from neurolupus.io.delimited import read_tsv, write_tsv
from neurolupus.io.patient_file import patient_as_data, read_patient
from neurolupus.store.cohort_rows import CohortRow, cohort_rows, patient_marks
from neurolupus.store.engine import Store, open_store
from neurolupus.store.measurements import Measured, keep_measurements
from neurolupus.store.patients import add_patient, edit_patient, erase_patient, patient_of
from neurolupus.store.ratings import rate
from neurolupus.store.scans import add_scan
from neurolupus.store.schema import consensus
from neurolupus.store.settings_rows import set_setting
from neurolupus.store.studies import (
    add_study,
    begin_run,
    edit_study,
    end_interrupted,
    end_run,
    latest_runs,
    list_studies,
    remove_study,
    run_of,
    runs_of,
    study_of,
    tell_run,
)  # fmt: skip
from neurolupus.store.trail import history, now, verify
from neurolupus.workflows.clinic.cohort_criteria import Criteria, criteria_of, select_patients
from neurolupus.workflows.clinic.store_cohort import build_cohort, count_cohort, staleness, write_cohort
from neurolupus.workflows.cohort_export import export_cohort
from neurolupus.workflows.examples import example_path


@pytest.fixture
def store(tmp_path: Path):
    found = open_store(tmp_path / "store", make=True)
    yield found
    found.close()


def row(name: str, record: dict[str, Any], **more: Any) -> CohortRow:
    return CohortRow(name, name, "1|", more.pop("status", "new"), record, **more)


def person(age: float | None, sex: str | None = "F") -> dict[str, Any]:
    return {"patient": {"age": age, "sex": sex}}


def told(rows: list[CohortRow], criteria: Criteria) -> list[tuple[int, int, dict[str, int]]]:
    return [(one.n_dropped, one.n_after, dict(one.reasons)) for one in select_patients(rows, criteria)[1]]


def test_an_age_that_is_not_known_takes_nobody_in():
    rows = [row("a", person(17.9)), row("b", person(18)), row("c", person(None)), row("d", {}), row("e", person(61))]
    flow = told(rows, Criteria(age_from=18, age_to=60))
    assert flow == [(0, 5, {}), (4, 1, {"younger": 1, "older": 1, "age unknown": 2})]


def test_each_step_counts_on_those_of_the_step_before():
    rows = [row("a", person(30, "M")), row("b", person(30)), row("c", person(10, "M")), row("d", person(40, None))]
    assert told(rows, Criteria(age_from=18, sex="F"))[1:] == [
        (1, 3, {"younger": 1}),
        (2, 1, {"of the other sex": 1, "sex unknown": 1}),
    ]


def test_the_latest_revision_is_the_consensus():
    first = {"mdt_consensus": "attributed", "mdt_mechanism": "inflammatory", "decided": "2024-01-10"}
    revised = {**first, "revisions": [{"date": "2025-01-10", "why": "x", "attribution": "not_attributed"}]}
    rows = [row("a", {"attribution": first}), row("b", {"attribution": revised}), row("c", {})]
    for words, name in ((("attributed",), "a"), (("not_attributed",), "b"), (("none",), "c")):
        assert [one.id for one in select_patients(rows, Criteria(consensus=words))[0]] == [name]


def test_one_syndrome_of_those_wanted_is_enough():
    both = {"events": [{"syndrome": "headache"}, {"syndrome": "psychosis"}]}
    rows = [row("a", both), row("b", {"events": [{"syndrome": "headache"}]}), row("c", {})]
    wanted = Criteria(syndromes=("psychosis", "myelopathy"))
    assert told(rows, wanted)[1] == (2, 1, {"other syndromes": 1, "no event recorded": 1})


def test_a_scan_is_usable_unless_measuring_or_a_rater_says_otherwise():
    rows = [
        row("a", {}, scan="s", volumes={"usable": "true"}), row("b", {}),
        row("c", {}, scan="s", volumes={"usable": "false", "unusable_reason": "infarct"}),
        row("d", {}, scan="s", excluded=("WMH: motion",)),
    ]  # fmt: skip
    flow = told(rows, Criteria(usable_scan=True))
    assert flow[1] == (1, 3, {"no scan was measured": 1})
    assert flow[2] == (2, 1, {"infarct": 1, "excluded by a rater (WMH: motion)": 1})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"age_from": 50, "age_to": 40}, "takes nobody in"), ({"age_from": -1}, "0 to 120"), ({"sex": "X"}, "sex is"),
        ({"statuses": ["gone"]}, "not among statuses"), ({"syndromes": ["stroke"]}, "not among syndromes"),
        ({"where": "1=1"}, "no criterion"),
    ],
)  # fmt: skip
def test_criteria_that_cannot_be_are_refused(data: dict[str, Any], words: str):
    with pytest.raises(UsageError, match=words):
        criteria_of(data)


def test_criteria_survive_being_kept():
    one = Criteria(age_from=18, consensus=("attributed", "none"), with_scan=True)
    assert criteria_of(one.as_data()) == one
    assert Criteria().as_data() == {}


def example_records() -> list[dict[str, Any]]:
    return [patient_as_data(read_patient(example_path(f"patients/sub-{n:02d}.patient.yaml"))) for n in range(1, 7)]


def keep_scan(store: Store, patient: str, *, tiv: float = 1400.0) -> str:
    names = {"gm_ml": 600.0, "wm_ml": 450.0, "csf_ml": 350.0, "tbv_ml": 1050.0, "tiv_ml": tiv, "wmh_ml": 2.5}
    rows = [Measured(name, value, None, "ml", None, None) for name, value in names.items()]
    with store.write("anna") as writer:
        scan = add_scan(writer, "x", None, patient=patient, status="measured")
        keep_measurements(writer, scan, [*rows, Measured("usable", None, "true", None, None, None)])
    return scan


def test_the_table_is_that_of_cohort_export(store: Store, tmp_path: Path):
    folder = tmp_path / "records"
    folder.mkdir()
    import json

    with store.write("anna") as writer:
        for record in example_records():
            (folder / f"{record['id']}.json").write_text(json.dumps(record))
            add_patient(writer, record)
    export_cohort(folder, tmp_path / "exported.csv")
    with store.read() as connection:
        write_cohort(tmp_path / "built.csv", build_cohort(cohort_rows(connection), {}))
    assert (tmp_path / "built.csv").read_text() == (tmp_path / "exported.csv").read_text()


def test_volumes_are_joined_as_cohort_export_joins_them(store: Store, tmp_path: Path):
    folder = tmp_path / "records"
    folder.mkdir()
    import json

    record = example_records()[0]
    (folder / "one.json").write_text(json.dumps(record))
    with store.write("anna") as writer:
        patient = add_patient(writer, record)
    scan = keep_scan(store, patient)
    volumes = {"gm_ml": 600.0, "wm_ml": 450.0, "csf_ml": 350.0, "tbv_ml": 1050.0, "tiv_ml": 1400.0, "wmh_ml": 2.5}
    names = ["participant_id", *volumes, "usable", "unusable_reason"]
    for usable, reason in (("true", None), ("false", "excluded by a rater (WMH: motion)")):
        if reason:
            with store.write("anna") as writer:
                rate(writer, scan, "WMH", "exclude", reason="motion")
        line = {"participant_id": record["id"], **volumes, "usable": usable, "unusable_reason": reason}
        write_tsv(tmp_path / "volumes.tsv", names, [line])
        export_cohort(folder, tmp_path / "exported.csv", volumes=tmp_path / "volumes.tsv", overwrite=True)
        with store.read() as connection:
            write_cohort(tmp_path / "built.csv", build_cohort(cohort_rows(connection), {}))
        assert (tmp_path / "built.csv").read_text() == (tmp_path / "exported.csv").read_text()
    assert read_tsv(tmp_path / "built.csv")[0]["motion_artifact"] == "1"


def test_sealed_volumes_are_empty_cells_and_counted(store: Store):
    with store.write("anna") as writer:
        set_setting(writer, "seal_volumes", True, 0)
        ids = [add_patient(writer, record) for record in example_records()[:2]]
    for one in ids:
        keep_scan(store, one)
    with store.write("anna") as writer:
        writer.connection.execute(
            insert(consensus).values(
                id="c", patient_id=ids[0], number=1, date="2025-01-01", content={}, signed_by="anna", signed=now(),
                volumes_seen=False,
            )
        )  # fmt: skip
    with store.read() as connection:
        built = build_cohort(cohort_rows(connection), {"with_scan": True})
    assert [one["tiv"] for one in built.rows] == [1400.0, None]
    assert (built.n_sealed, built.n_scans) == (1, 1)
    with store.read() as connection:
        assert {**built.flow(), "n": 2} == count_cohort(cohort_rows(connection), {"with_scan": True})
    assert "Volumes of 1 patient stay out" in built.flow()["notes"][1]


def test_a_cohort_of_nobody_is_no_table(tmp_path: Path):
    with pytest.raises(TableError, match="Widen the criteria"):
        write_cohort(tmp_path / "x.csv", build_cohort([], {}))


def test_a_record_with_faults_leaves_in_a_step_of_its_own():
    built = build_cohort([row("a", {"id": "a"}), row("b", {"id": "b", "patient": {"age": -4}})], {})
    assert (built.included, built.steps[-1].reasons) == (("a",), (("the record has faults", 1),))


def finished(store: Store, study: str) -> str:
    """A run of a study as it would end now."""
    with store.write("anna") as writer:
        run = begin_run(writer, study)
        built = build_cohort(cohort_rows(writer.connection), study_of(writer.connection, study).cohort["criteria"])
        end_run(writer, run, patients={"screened": built.screened, "included": list(built.included)}, flow=built.flow())
    return run


def stale_in_words(store: Store, study: str, run: str) -> str:
    with store.read() as connection:
        return staleness(connection, study_of(connection, study), run_of(connection, study, run)).in_words()


def test_a_run_is_stale_when_its_patients_or_its_study_are_others(store: Store):
    old, young = {"id": "old", **person(50)}, {"id": "young", **person(12)}
    with store.write("anna") as writer:
        first, child = add_patient(writer, old), add_patient(writer, young)
        study = add_study(writer, "Adults", "x", {"criteria": {"age_from": 18}})
    run = finished(store, study)
    assert stale_in_words(store, study, run) == ""
    with store.write("anna") as writer:
        edit_patient(writer, child, 1, {**young, "note": "still a child"})
    assert stale_in_words(store, study, run) == ""  # changed, but never part of it
    with store.write("anna") as writer:
        edit_patient(writer, first, 1, {**old, "note": "later"})
        add_patient(writer, {"id": "late", **person(40)})
        edit_patient(writer, child, 2, {**young, **person(18)})
    assert stale_in_words(store, study, run) == "1 patient of it changed, 2 new patients meet the criteria"
    again = finished(store, study)
    assert stale_in_words(store, study, again) == ""
    with store.write("anna") as writer:
        erase_patient(writer, first)
        edit_study(writer, study, 1, name="Adults", text="y", cohort={"criteria": {"age_from": 18}})
    assert stale_in_words(store, study, again) == "the study was edited, 1 left the store"


def test_a_scan_a_rating_and_a_seal_make_a_run_stale(store: Store):
    with store.write("anna") as writer:
        patient = add_patient(writer, {"id": "one", **person(50)})
        study = add_study(writer, "All", "x", {"criteria": {}})
    run = finished(store, study)
    scan = keep_scan(store, patient)
    assert stale_in_words(store, study, run) == "1 patient of it changed"
    run = finished(store, study)
    with store.write("anna") as writer:
        rate(writer, scan, "WMH", "exclude", reason="motion")
    assert stale_in_words(store, study, run) == "1 patient of it changed"
    run = finished(store, study)
    with store.write("anna") as writer:
        set_setting(writer, "seal_volumes", True, 0)
    assert stale_in_words(store, study, run) == "1 patient of it changed"


def test_what_is_no_fact_makes_no_run_stale(store: Store):
    with store.write("anna") as writer:
        patient = add_patient(writer, {"id": "one", **person(50)})
        studies = [
            add_study(writer, name, "x", {"criteria": criteria})
            for name, criteria in (("All", {}), ("New", {"statuses": ["new"]}))
        ]
    scan = keep_scan(store, patient)
    by_all, by_status = (finished(store, study) for study in studies)
    with store.write("anna") as writer:
        edit_patient(writer, patient, 1, patient_of(writer.connection, patient).record, status="work-up")
        add_scan(writer, "two", None, patient=patient, status="failed")
        add_scan(writer, "three", None, patient=patient)
        rate(writer, scan, "WMH", "accept")
    assert stale_in_words(store, studies[0], by_all) == ""
    assert stale_in_words(store, studies[1], by_status) == "1 patient of it changed"  # it asks for the status
    with store.write("anna") as writer:
        edit_patient(writer, patient, 2, {"id": "one", **person(51)})
    assert stale_in_words(store, studies[0], by_all) == "1 patient of it changed"


def test_marks_differ_by_patient_only(store: Store):
    with store.write("anna") as writer:
        ids = [add_patient(writer, {"id": name}) for name in ("a", "b")]
    with store.read() as connection:
        before = patient_marks(connection)
    keep_scan(store, ids[0])
    with store.read() as connection:
        after = patient_marks(connection)
        assert patient_of(connection, ids[0]).version == 1
    assert (before[ids[0]] != after[ids[0]], before[ids[1]] == after[ids[1]]) == (True, True)


def test_a_study_has_one_run_at_a_time_and_a_history(store: Store):
    with store.write("anna") as writer:
        study = add_study(writer, "  One\n study ", "x", {"criteria": {}})
        run = begin_run(writer, study)
        assert study_of(writer.connection, study).name == "One study"
        with pytest.raises(StoreError, match="has not ended"):
            begin_run(writer, study)
        tell_run(writer, run, "matching")
        assert run_of(writer.connection, study, run).message == "matching"
        end_run(writer, run, error="no events")
        end_run(writer, run)  # whatever comes later changes nothing
        assert run_of(writer.connection, study, run).status == "failed"
    with store.write("anna") as writer:
        second = begin_run(writer, study)
        assert [one.id for one in runs_of(writer.connection, study)] == [second, run]
        assert latest_runs(writer.connection)[study].id == second
        assert end_interrupted(writer) == 1
        assert "server was stopped" in run_of(writer.connection, study, second).message
    with store.read() as connection:
        assert verify(connection).faults == ()
        assert {one.action for one in history(connection)} == {"study.added", "study.run", "study.run.ended"}


def test_no_edit_of_a_study_overwrites_anothers(store: Store):
    with store.write("anna") as writer:
        study = add_study(writer, "One", "x", {"criteria": {}})
        add_study(writer, "Two", "x", {"criteria": {}})
        assert edit_study(writer, study, 1, name="One", text="y", cohort={"criteria": {}}) == 2
    with pytest.raises(Conflict), store.write("ben") as writer:
        edit_study(writer, study, 1, name="One", text="z", cohort={"criteria": {}})
    with store.write("ben") as writer:
        with pytest.raises(StoreError, match="kept already"):
            edit_study(writer, study, 2, name="Two", text="z", cohort={"criteria": {}})
        with pytest.raises(StoreError, match="needs a name"):
            add_study(writer, " ", "x", {})
        remove_study(writer, study)
        assert [one.name for one in list_studies(writer.connection)] == ["Two"]
        with pytest.raises(StoreError, match="No such study"):
            study_of(writer.connection, study)
