"""Files of patients: what would change is told first; then all of it is kept, or nothing."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from patients_app import MEETING, PSYCHOSIS, clinic_with, seal

from neurolupus.errors import Conflict, StoreError
from neurolupus.store.patients import edit_patient, find_patient, patient_of
from neurolupus.workflows.clinic.consensus import record_consensus
from neurolupus.workflows.clinic.import_draft import draft_of, drop_draft, keep_draft
from neurolupus.workflows.clinic.patient_import import Given, Proposal, apply, proposals, read_files
from neurolupus.workflows.clinic.patient_merge import differences

TODAY = date(2025, 7, 1)


def proposed(store: Any, *files: tuple[str, str], replace: bool = False, pseudonym: str = "") -> list[Proposal]:
    given = read_files([(name, text.encode()) for name, text in files], pseudonym=pseudonym, today=TODAY)
    with store.read() as connection:
        return proposals(connection, given, replace=replace)


def store_with(folder: Path, *records: Any) -> tuple[Any, list[str], Any]:
    app, client, ids = clinic_with(folder, *records)
    client.close()
    return app.state.store, ids, app


def test_new_changed_unchanged_and_faulty_are_told_apart(tmp_path: Path) -> None:
    store, _, _ = store_with(tmp_path, PSYCHOSIS)
    table = "id,patient.age,patient.sex\nneu-1,30,\nnew-1,50,F\nbad-1,500,\n"
    same = json.dumps(dict(PSYCHOSIS, id="neu-1"))
    found = proposed(store, ("a.csv", table))
    assert [(one.pseudonym, one.state) for one in found] == [
        ("neu-1", "changed"), ("new-1", "new"), ("bad-1", "faulty"),
    ]  # fmt: skip
    assert [(one.label, one.before, one.after) for one in found[0].differences] == [("Age (patient)", 29, 30)]
    assert found[2].faults == ("patient.age is 500; 0 to 125 years is needed",)
    assert [one.state for one in proposed(store, ("a.json", same))] == ["unchanged"]


def test_what_a_file_leaves_out_stays_or_becomes_unknown_as_asked(tmp_path: Path) -> None:
    store, _, _ = store_with(tmp_path, PSYCHOSIS)
    text = json.dumps({"id": "neu-1", "patient": {"age": 30}})
    (stays,) = proposed(store, ("a.json", text))
    (unknown,) = proposed(store, ("a.json", text), replace=True)
    assert stays.record["patient"] == {"age": 30, "sex": "F"}
    assert unknown.record == {"id": "neu-1", "patient": {"age": 30}}


def test_an_event_of_a_file_is_put_into_the_one_that_is_kept(tmp_path: Path) -> None:
    store, _, _ = store_with(tmp_path, PSYCHOSIS)
    events = [{"syndrome": "psychosis", "date": "2025-06-10", "refractory": True}, {"syndrome": "headache"}]
    (found,) = proposed(store, ("a.json", json.dumps({"id": "neu-1", "events": events})))
    assert found.record["events"] == [
        {"syndrome": "psychosis", "date": "2025-06-10", "new_or_worsening": True, "refractory": True},
        {"syndrome": "headache"},
    ]


def test_a_bundle_is_read_under_the_pseudonym_that_was_typed(tmp_path: Path) -> None:
    store, _, _ = store_with(tmp_path)
    patient = {"resourceType": "Patient", "id": "123", "gender": "female", "birthDate": "1990-01-01"}
    named = {**patient, "name": [{"family": "Rossi"}]}
    text = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": named}]})
    (found,) = proposed(store, ("a.json", text), pseudonym="neu-9")
    assert (found.pseudonym, found.state, found.record["patient"]) == ("neu-9", "new", {"age": 35, "sex": "F"})
    assert "Rossi" not in json.dumps(found.record)


def test_a_patient_twice_in_the_files_is_a_fault(tmp_path: Path) -> None:
    store, _, _ = store_with(tmp_path)
    one = json.dumps({"id": "a"})
    assert [found.state for found in proposed(store, ("a.json", one), ("b.json", one))] == ["new", "faulty"]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.exe", "x", "is no .csv"),
        ("a.json", "{", "line 1"),
        ("a.json", "[1]", "no record"),
        ("a.yaml", "patient: [", r"\.yaml"),
        ("a.csv", "age\n3\n", "a table of at most"),
        ("a.json", '{"resourceType": "Bundle"}', "no Patient resource"),
        ("a.json", "{}", "no pseudonym"),
    ],
)
def test_a_file_with_faults_keeps_no_other_from_being_read(tmp_path: Path, name: str, text: str, told: str) -> None:
    import re

    store, _, _ = store_with(tmp_path)
    bad, good = proposed(store, (name, text), ("b.json", json.dumps({"id": "b"})))
    assert (bad.state, good.state) == ("faulty", "new")
    assert re.search(told, " ".join(bad.faults)), bad.faults


def test_all_are_kept_or_none(tmp_path: Path) -> None:
    store, (patient,), _ = store_with(tmp_path, PSYCHOSIS)
    found = proposed(store, ("a.csv", "id,patient.age\nneu-1,30\nnew-1,50\n"))
    with store.write("other") as writer:
        edit_patient(writer, patient, 1, dict(PSYCHOSIS))
    with pytest.raises(Conflict), store.write("me") as writer:
        apply(writer, list(reversed(found)), compute=True)
    with store.read() as connection:
        assert find_patient(connection, "new-1") is None
    found = proposed(store, ("a.csv", "id,patient.age\nneu-1,30\nnew-1,50\n"))
    with store.write("me") as writer:
        assert apply(writer, found, compute=True) == 2
    with store.read() as connection:
        assert patient_of(connection, patient).record["patient"]["age"] == 30
        assert find_patient(connection, "new-1") is not None


def test_no_file_changes_what_was_signed(tmp_path: Path) -> None:
    store, (patient,), _ = store_with(tmp_path, PSYCHOSIS)
    with store.write("rossi") as writer:
        record_consensus(writer, patient, 1, 1, MEETING)
    text = json.dumps({"id": "neu-1", "attribution": {"mdt_consensus": "not_attributed", "n_syndromes": 2}})
    for replace in (True, False):
        (found,) = proposed(store, ("a.json", text), replace=replace)
        assert found.record["attribution"]["mdt_consensus"] == "attributed"
        assert found.record["attribution"]["n_syndromes"] == 2


def test_sealed_volumes_are_not_told_by_a_preview(tmp_path: Path) -> None:
    store, _, app = store_with(tmp_path, PSYCHOSIS)
    seal(app)
    (found,) = proposed(store, ("a.json", json.dumps({"id": "neu-1", "mri": {"wmh_ml": 8.5}})))
    assert [(one.before, one.after) for one in found.differences] == [("sealed", "sealed")]
    (faulty,) = proposed(store, ("a.json", json.dumps({"id": "neu-1", "mri": {"wmh_ml": 2000}})))
    assert faulty.state == "faulty"
    assert "1431" not in " ".join(faulty.faults)


def test_a_draft_is_its_users_alone_and_found_by_its_token_only(tmp_path: Path) -> None:
    store, _, _ = store_with(tmp_path)
    found = proposed(store, ("a.json", json.dumps({"id": "a", "patient": {"age": 3}})))
    token = keep_draft(store.files, "rossi", found)
    assert draft_of(store.files, "rossi", token) == found
    assert ((store.files / "imports" / f"{token}.json").stat().st_mode & 0o777) == 0o600
    for who, name in (("bianchi", token), ("rossi", "0" * 32), ("rossi", "../store"), ("rossi", "")):
        with pytest.raises(StoreError):
            draft_of(store.files, who, name)
    drop_draft(store.files, token)
    with pytest.raises(StoreError):
        draft_of(store.files, "rossi", token)


def test_differences_name_the_field_and_its_entry() -> None:
    before = {"events": [{"syndrome": "headache"}]}
    after = {"events": [{"syndrome": "headache"}, {"syndrome": "psychosis", "refractory": True}]}
    found = differences(before, after)
    assert [(one.path, one.before, one.after) for one in found] == [
        ("events[2].syndrome", None, "psychosis"), ("events[2].refractory", None, True),
    ]  # fmt: skip
    assert found[0].label == "Syndrome (ACR 1999) (events 2)"


def test_more_patients_than_can_be_looked_at_are_refused() -> None:
    from neurolupus.errors import UsageError

    text = "id\n" + "\n".join(f"p{n}" for n in range(5001))
    with pytest.raises(UsageError, match="5001 patients"):
        read_files([("a.csv", text.encode())])
    assert isinstance(read_files([("a.csv", b"id\np1\n")])[0], Given)
