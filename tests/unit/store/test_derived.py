"""Results computed from a record: stale as soon as the record says something else."""

from __future__ import annotations

import pytest

from neurolupus.errors import Conflict, StoreError
from neurolupus.store.derived import derived_of, put_derived
from neurolupus.store.engine import Store
from neurolupus.store.patients import add_patient, edit_patient
from neurolupus.store.trail import history


@pytest.fixture
def patient(store: Store) -> str:
    with store.write("anna") as writer:
        return add_patient(writer, {"id": "P1"})


def test_a_result_is_fresh_until_the_record_changes(store: Store, patient: str):
    with store.write("anna") as writer:
        assert derived_of(writer.connection, patient, "advice") is None
        put_derived(writer, patient, "advice", 1, {"items": [1]})
    with store.read() as connection:
        found = derived_of(connection, patient, "advice")
    assert found is not None
    assert (found.content, found.of_version, found.stale) == ({"items": [1]}, 1, False)
    with store.write("ben") as writer:
        edit_patient(writer, patient, 1, {"note": "x"})
        later = derived_of(writer.connection, patient, "advice")
        assert later is not None
        assert (later.of_version, later.stale) == (1, True)
        put_derived(writer, patient, "advice", 2, {"items": [2]})
        put_derived(writer, patient, "scores", 2, {"sdi": 1})
    with store.read() as connection:
        again = derived_of(connection, patient, "advice")
        assert again is not None
        assert (again.content, again.of_version, again.stale) == ({"items": [2]}, 2, False)
        assert again.computed > found.computed
        noted = [one.after for one in history(connection, patient=patient) if one.action == "derived.computed"]
    assert noted == [
        {"kind": "scores", "of_version": 2},
        {"kind": "advice", "of_version": 2},
        {"kind": "advice", "of_version": 1},
    ]


def test_another_status_makes_no_result_stale(store: Store, patient: str):
    with store.write("anna") as writer:
        put_derived(writer, patient, "advice", 1, "kept")
        assert edit_patient(writer, patient, 1, {"id": "P1"}, status="work-up") == 2
        found = derived_of(writer.connection, patient, "advice")
        assert found is not None
        assert (found.of_version, found.stale) == (1, False)
        edit_patient(writer, patient, 2, {"id": "P1", "note": "x"})
        edit_patient(writer, patient, 3, {"id": "P1", "note": "x"}, status="decided")
        found = derived_of(writer.connection, patient, "advice")
        assert found is not None
        assert found.stale


def test_a_late_result_of_an_earlier_version_does_not_replace_a_newer_one(store: Store, patient: str):
    with store.write("anna") as writer:
        edit_patient(writer, patient, 1, {})
        put_derived(writer, patient, "advice", 2, "new")
    for version in (1, 3):
        told = f"version {version} of the record; the present one is 2"
        with pytest.raises(Conflict, match=told), store.write("ben") as writer:
            put_derived(writer, patient, "advice", version, "other")
    with store.read() as connection:
        kept = derived_of(connection, patient, "advice")
    assert kept is not None
    assert kept.content == "new"


def test_no_result_of_nobody(store: Store):
    with pytest.raises(StoreError, match="No such patient"), store.write("anna") as writer:
        put_derived(writer, "none", "advice", 1, {})
