"""Patients: versions, conflicts, search, the work list."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from sqlalchemy import func, select

from neurolupus.errors import Conflict, StoreError
from neurolupus.io.patient_file import parse_patient, patient_as_data, read_patient
from neurolupus.store.engine import Store
from neurolupus.store.patients import (
    LONGEST_PSEUDONYM,
    STATUSES,
    add_patient,
    edit_patient,
    erase_patient,
    find_patient,
    list_patients,
    patient_of,
    versions_of,
)
from neurolupus.store.schema import audit, events, labs, metadata, treatments

EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "patients").glob("*.yaml"))


def add(store: Store, *names: str, **options: str) -> list[str]:
    with store.write("anna") as writer:
        return [add_patient(writer, {"id": name}, **options) for name in names]


def names(store: Store, **wanted: object) -> list[str]:
    with store.read() as connection:
        return [row.pseudonym for row in list_patients(connection, **wanted)[0]]  # type: ignore[arg-type]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_record_comes_back_as_it_was_kept(store: Store, path: Path):
    record = read_patient(path)
    with store.write("anna") as writer:
        found = add_patient(writer, patient_as_data(record))
    with store.read() as connection:
        kept = patient_of(connection, found)
        (row,), count = list_patients(connection)
    assert parse_patient(kept.record) == record
    assert (kept.version, kept.status, count) == (1, "new", 1)
    assert kept.created == kept.updated
    assert (row.sex, row.age, row.events) == (record.patient.sex, record.patient.age, len(record.events))


def test_a_pseudonym_is_made_up_where_there_is_none(store: Store):
    with store.write("anna") as writer:
        first, second = add_patient(writer, {}), add_patient(writer, {})
        one, two = patient_of(writer.connection, first), patient_of(writer.connection, second)
    assert one.pseudonym != two.pseudonym
    assert one.record == {"id": one.pseudonym}


def test_an_edit_from_the_present_version_is_kept(store: Store):
    (found,) = add(store, "P1")
    with store.write("ben") as writer:
        assert edit_patient(writer, found, 1, {"id": "P1b", "patient": {"age": 40}}, status="decided") == 2
    with store.read() as connection:
        kept = patient_of(connection, found)
        assert find_patient(connection, "P1") is None
        assert find_patient(connection, "P1b") == kept
        assert versions_of(connection, [found, "none"]) == {found: 2}
    assert (kept.version, kept.status, kept.record["patient"]) == (2, "decided", {"age": 40})
    assert kept.updated > kept.created


def test_an_edit_that_names_no_pseudonym_or_status_keeps_them(store: Store):
    (found,) = add(store, "P1", status="work-up")
    with store.write("ben") as writer:
        edit_patient(writer, found, 1, {"note": "x"})
        kept = patient_of(writer.connection, found)
    assert (kept.pseudonym, kept.status) == ("P1", "work-up")


@pytest.mark.parametrize("version", [0, 1, 3, -1])
def test_an_edit_from_another_version_is_a_conflict_and_changes_nothing(store: Store, version: int):
    (found,) = add(store, "P1")
    with store.write("ben") as writer:
        edit_patient(writer, found, 1, {"note": "ben's"})
    told = rf"version 2; yours began at {version}\); nothing was overwritten"
    with pytest.raises(Conflict, match=told), store.write("anna") as writer:
        edit_patient(writer, found, version, {"note": "anna's", "events": [{"syndrome": "headache"}]})
    with store.read() as connection:
        kept = patient_of(connection, found)
        entries = connection.scalar(select(func.count()).select_from(audit))
        assert connection.execute(select(events)).all() == []
    assert (kept.version, kept.record["note"], entries) == (2, "ben's", 2)


def test_what_cannot_be_kept_is_told(store: Store):
    first, _ = add(store, "P1", "P2")
    with store.write("anna") as writer:
        with pytest.raises(StoreError, match="A patient 'P1' is kept already"):
            add_patient(writer, {"id": "P1"})
        with pytest.raises(StoreError, match="'lost' is no status of a patient; choose new"):
            add_patient(writer, {"id": "P3"}, status="lost")
        with pytest.raises(StoreError, match="Another patient is 'P2'"):
            edit_patient(writer, first, 1, {"id": "P2"})
        with pytest.raises(StoreError, match="No such patient"):
            edit_patient(writer, "none", 1, {})
        with pytest.raises(StoreError, match="No such patient"):
            erase_patient(writer, "none")
    assert sorted(names(store)) == ["P1", "P2"]


@pytest.mark.parametrize("pseudonym", ["x" * (LONGEST_PSEUDONYM + 1), "a\0b", "a\nb", 7, ["P1"]])
def test_what_is_no_pseudonym_is_refused_alike_on_both(store: Store, pseudonym: object):
    with pytest.raises(StoreError, match="is no pseudonym"), store.write("anna") as writer:
        add_patient(writer, {"id": pseudonym})


def test_rows_of_a_record_are_written_anew_with_each_edit(store: Store):
    first = {"id": "P1", "events": [{"syndrome": "headache"}, {"syndrome": "psychosis"}], "treatment": {"gc": True}}
    with store.write("anna") as writer:
        found = add_patient(writer, first)
        edit_patient(writer, found, 1, {"events": [{"syndrome": "psychosis"}], "apl": {"positive": False}})
    with store.read() as connection:
        assert connection.execute(select(events.c.name)).scalars().all() == ["psychosis"]
        assert connection.execute(select(labs.c.name, labs.c.value)).all() == [("apl.positive", "false")]
        assert connection.execute(select(treatments)).all() == []


def test_nothing_of_an_erased_patient_is_left_in_any_table(store: Store):
    with store.write("anna") as writer:
        found = add_patient(writer, patient_as_data(read_patient(EXAMPLES[3])))
        erase_patient(writer, found)
    with store.read() as connection:
        for table in metadata.sorted_tables:
            if table.name not in ("audit", "audit_head"):
                assert connection.execute(table.select()).all() == [], table.name


def test_the_latest_change_comes_first_and_pages_do_not_overlap(store: Store):
    made = [add(store, f"P{number}")[0] for number in range(7)]
    with store.write("anna") as writer:
        edit_patient(writer, made[2], 1, {})
    pages = [names(store, offset=start, limit=3) for start in (0, 3, 6, 9)]
    assert pages == [["P2", "P6", "P5"], ["P4", "P3", "P1"], ["P0"], []]
    with store.read() as connection:
        assert list_patients(connection, limit=3)[1] == 7


@pytest.mark.parametrize(("offset", "limit"), [(-1, 50), (0, -1), (10**30, 50), (0, 10**30)])
def test_impossible_pages_are_no_fault(store: Store, offset: int, limit: int):
    add(store, "P1")
    with store.read() as connection:
        assert list_patients(connection, offset=offset, limit=limit)[1] == 1


def test_search_takes_wildcards_and_quotes_as_they_are(store: Store):
    add(store, "A_1", "AB1", "50%", "50x", "O'Neill", "back\\slash", "Ä-2")
    assert names(store, text="a_1") == ["A_1"]
    assert names(store, text="50%") == ["50%"]
    assert names(store, text="%") == ["50%"]
    assert names(store, text="_") == ["A_1"]
    assert names(store, text="o'n") == ["O'Neill"]
    assert names(store, text="\\") == ["back\\slash"]
    assert names(store, text="/") == []
    assert names(store, text="Ä") == ["Ä-2"]


INJECTIONS = [
    "' OR '1'='1",
    "'; DROP TABLE patients; --",
    '" OR ""="',
    "1) UNION SELECT key FROM patient_keys --",
    "\0",
]


@pytest.mark.parametrize("field", ["text", "status", "event"])
@pytest.mark.parametrize("words", INJECTIONS)
def test_sql_in_a_search_finds_nothing_and_does_nothing(store: Store, field: str, words: str):
    add(store, "P1", "P2")
    assert names(store, **{field: words}) == []
    assert sorted(names(store)) == ["P1", "P2"]


def test_filters_hold_together(store: Store):
    with store.write("anna") as writer:
        for number, status in enumerate(STATUSES):
            record = {"id": f"P{number}", "events": [{"syndrome": "psychosis" if number % 2 else "headache"}] * 2}
            add_patient(writer, record, status=status)
    assert sorted(names(store, event="psychosis")) == ["P1", "P3"]
    assert names(store, event="psychosis", status="decided") == ["P3"]
    assert names(store, event="psychosis", status="decided", text="P1") == []
    assert names(store, event="psych") == []


def test_a_stored_patient_is_frozen(store: Store):
    (found,) = add(store, "P1")
    with store.read() as connection, pytest.raises(dataclasses.FrozenInstanceError):
        patient_of(connection, found).version = 2  # type: ignore[misc]
