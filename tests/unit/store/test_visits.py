"""Visits: added, edited from a version, deleted; the trail keeps all of it."""

from __future__ import annotations

import pytest

from neurolupus.errors import Conflict, StoreError
from neurolupus.store.engine import Store
from neurolupus.store.patients import add_patient
from neurolupus.store.trail import history
from neurolupus.store.visits import Visit, add_visit, delete_visit, edit_visit, visits_of


@pytest.fixture
def patient(store: Store) -> str:
    with store.write("anna") as writer:
        return add_patient(writer, {"id": "P1"})


def add(store: Store, patient: str, date: str = "2025-09-01") -> Visit:
    with store.write("anna") as writer:
        return add_visit(writer, patient, date=date, kind="ward", note="admitted")


def test_visits_come_earliest_first(store: Store, patient: str):
    second, first = add(store, patient), add(store, patient, "2024-02-29")
    with store.read() as connection:
        assert visits_of(connection, patient) == [first, second]
        assert visits_of(connection, "none") == []


def test_an_edit_and_a_deletion_are_in_the_trail(store: Store, patient: str):
    visit = add(store, patient)
    with store.write("ben") as writer:
        edited = edit_visit(writer, visit.id, 1, date="2025-09-02", kind="outpatient", note="")
        assert edited == Visit(visit.id, patient, "2025-09-02", "outpatient", "", 2)
        delete_visit(writer, visit.id, 2)
    with store.read() as connection:
        assert visits_of(connection, patient) == []
        deleted, changed, added, _ = history(connection, patient=patient)
    first = {"date": "2025-09-01", "kind": "ward", "note": "admitted"}
    later = {"date": "2025-09-02", "kind": "outpatient", "note": ""}
    assert [(one.before, one.after) for one in (added, changed, deleted)] == [
        (None, first),
        (first, later),
        (later, None),
    ]


def test_a_stale_edit_or_deletion_is_a_conflict(store: Store, patient: str):
    visit = add(store, patient)
    with store.write("ben") as writer:
        edit_visit(writer, visit.id, 1, date="2025-09-01", kind="ward", note="ben's")
    with pytest.raises(Conflict, match="version 2; yours began at 1"), store.write("anna") as writer:
        edit_visit(writer, visit.id, 1, date="2025-09-01", kind="ward", note="anna's")
    with pytest.raises(Conflict), store.write("anna") as writer:
        delete_visit(writer, visit.id, 1)
    with store.read() as connection:
        assert [one.note for one in visits_of(connection, patient)] == ["ben's"]


@pytest.mark.parametrize("date", ["", "2025-02-30", "2025-W01-1", "20250901", "01.09.2025", "2025-09-01T10:00"])
def test_what_is_no_day_is_refused(store: Store, patient: str, date: str):
    with pytest.raises(StoreError, match="a day such as 2025-09-01 is needed"):
        add(store, patient, date)


def test_all_faults_are_told_together(store: Store, patient: str):
    with store.write("anna") as writer:
        with pytest.raises(StoreError, match=r"date is 'x'.*kind is 'party'.*2001 characters"):
            add_visit(writer, patient, date="x", kind="party", note="x" * 2001)
        with pytest.raises(StoreError, match="No such patient"):
            add_visit(writer, "none", date="2025-09-01", kind="ward")
        with pytest.raises(StoreError, match="No such visit"):
            delete_visit(writer, "none", 1)
