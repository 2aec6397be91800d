"""The trail: what it holds, and every way of tampering that checking finds."""

from __future__ import annotations

import hashlib
import json

import pytest
from sqlalchemy import delete, insert, select, text, update
from stores import tampering

from neurolupus.errors import StoreError
from neurolupus.store.engine import Store
from neurolupus.store.patients import add_patient, edit_patient, erase_patient
from neurolupus.store.schema import audit, audit_head, patient_keys, patients
from neurolupus.store.trail import entry_hash, history, verify
from neurolupus.store.upgrade import START

NOTE = "left hemiparesis since May"


@pytest.fixture
def patient(store: Store) -> str:
    """A patient with three entries in the trail, and another with one."""
    with store.write("anna") as writer:
        found = add_patient(writer, {"id": "P1", "note": NOTE})
    with store.write("ben") as writer:
        edit_patient(writer, found, 1, {"id": "P1", "note": "none"})
    with store.write("anna") as writer:
        edit_patient(writer, found, 2, {"id": "P1"}, status="decided")
        add_patient(writer, {"id": "P2"})
    return found


def faults(store: Store, noted: tuple[int, str] | None = None) -> tuple[str, ...]:
    with store.read() as connection:
        return verify(connection, noted=noted).faults


def test_it_tells_who_changed_what_from_what_to_what(store: Store, patient: str):
    with store.read() as connection:
        entries = list(history(connection, patient=patient))
    assert [(one.seq, one.who, one.action) for one in entries] == [
        (3, "anna", "patient.edited"),
        (2, "ben", "patient.edited"),
        (1, "anna", "patient.added"),
    ]
    assert (entries[1].before, entries[1].after) == ({"note": NOTE}, {"note": "none"})
    assert (entries[0].before, entries[0].after) == (
        {"note": "none", "status": "new"},
        {"note": None, "status": "decided"},
    )


def test_a_whole_trail_verifies_and_an_empty_one_too(store: Store):
    with store.read() as connection:
        assert verify(connection) == verify(connection, noted=(0, START))
        assert (verify(connection).entries, verify(connection).faults) == (0, ())


def test_the_hash_is_what_the_page_says_it_is(store: Store, patient: str):
    """Worked out here from the words of docs/how-to/keep-the-store.md, without the store's own function."""
    with store.read() as connection:
        rows = connection.execute(select(audit).order_by(audit.c.seq)).all()
    before = "0" * 64
    for row in rows:
        said = [row.seq, row.at, row.who, row.action, row.subject, row.patient_id, row.content, before]
        before = hashlib.sha256(json.dumps(said, ensure_ascii=False).encode("utf-8")).hexdigest()
        assert row.hash == before
    assert len(rows) == 4


@pytest.mark.slow
@pytest.mark.parametrize("statement", [update(audit).values(who="eve"), delete(audit)], ids=["update", "delete"])
def test_the_database_refuses_to_alter_the_trail(store: Store, patient: str, statement):
    with pytest.raises(StoreError, match="could not be written"), store.write("eve") as writer:
        writer.connection.execute(statement)
    assert faults(store) == ()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["postgresql"])
def test_postgresql_refuses_to_empty_it_at_once(store: Store, patient: str):
    with pytest.raises(StoreError), store.write("eve") as writer:
        writer.connection.execute(text("TRUNCATE audit"))
    assert faults(store) == ()


@pytest.mark.parametrize("column", ["at", "who", "action", "subject", "patient_id", "content", "before_hash", "hash"])
def test_any_column_altered_is_found(store: Store, patient: str, column: str):
    with tampering(store) as connection:
        connection.execute(update(audit).where(audit.c.seq == 2).values({column: "x" * 10}))
    assert any("entry 2" in fault for fault in faults(store))


def test_an_entry_altered_with_its_hash_breaks_the_chain(store: Store, patient: str):
    with tampering(store) as connection:
        row = dict(connection.execute(select(audit).where(audit.c.seq == 2)).mappings().one()) | {"who": "eve"}
        change = {"who": "eve", "hash": entry_hash(row)}
        connection.execute(update(audit).where(audit.c.seq == 2).values(change))
    assert faults(store) == ("entry 3 does not follow the one before",)


def test_an_entry_taken_out_or_put_in_is_found(store: Store, patient: str):
    with tampering(store) as connection:
        row = dict(connection.execute(select(audit).where(audit.c.seq == 2)).mappings().one())
        connection.execute(delete(audit).where(audit.c.seq == 2))
    assert faults(store)[0] == "entry 2 is missing; 3 follows"
    with tampering(store) as connection:
        connection.execute(insert(audit).values(**row | {"seq": 0}))
    assert "entry 0 does not follow the one before" in faults(store)


def test_a_trail_cut_at_its_end_is_found(store: Store, patient: str):
    with tampering(store) as connection:
        connection.execute(delete(audit).where(audit.c.seq > 2))
    assert faults(store) == ("the trail ends at entry 2; 4 were written",)
    with tampering(store) as connection:
        connection.execute(delete(audit_head))
    assert faults(store) == ("the end of the trail is not marked",)


def test_a_trail_cut_with_its_head_is_found_by_what_was_noted_down(store: Store, patient: str):
    with store.read() as connection:
        noted = verify(connection)
    with store.write("anna") as writer:
        add_patient(writer, {"id": "P3"})
    assert faults(store, (noted.entries, noted.hash)) == (), "it has grown since"
    with tampering(store) as connection:
        connection.execute(delete(audit).where(audit.c.seq > 2))
        last = connection.execute(select(audit).where(audit.c.seq == 2)).one()
        connection.execute(update(audit_head).values(seq=2, hash=last.hash))
    assert faults(store) == (), "the store alone cannot tell"
    assert faults(store, (noted.entries, noted.hash)) == ("entry 4 is not the one that was noted down",)


def test_checking_goes_page_by_page(store: Store, patient: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("neurolupus.store.trail.PAGE", 2)
    with store.read() as connection:
        assert (verify(connection).entries, verify(connection).faults) == (4, ())


def test_an_erased_patient_cannot_be_read_and_the_chain_stays_whole(store: Store, patient: str):
    with store.write("anna") as writer:
        erase_patient(writer, patient)
    with store.read() as connection:
        entries = list(history(connection))
        rows = connection.execute(select(audit)).all()
        assert verify(connection).faults == ()
        assert connection.execute(select(patients.c.pseudonym)).scalars().all() == ["P2"]
        assert connection.scalar(select(patient_keys.c.key).where(patient_keys.c.patient_id == patient)) is None
    assert [(one.seq, one.readable) for one in entries] == [(5, True), (4, True), (3, False), (2, False), (1, False)]
    assert (entries[-1].before, entries[-1].after) == (None, None)
    assert not any("hemiparesis" in str(row) for row in rows)


@pytest.mark.slow
def test_a_note_on_a_patient_without_a_key_is_refused(store: Store, patient: str):
    with store.write("anna") as writer:
        erase_patient(writer, patient)
    with pytest.raises(StoreError, match="key is gone"), store.write("anna") as writer:
        writer.note("scan.added", "s1", after="something", patient=patient)


@pytest.mark.parametrize("content", ["", "no base64!", "AAAA", "[1]", "{"])
def test_an_altered_entry_is_shown_as_unreadable(store: Store, patient: str, content: str):
    with tampering(store) as connection:
        connection.execute(update(audit).where(audit.c.seq == 1).values(content=content))
        connection.execute(update(audit).where(audit.c.seq == 2).values(content=content, patient_id=None))
    with store.read() as connection:
        assert [one.readable for one in history(connection)] == [True, True, False, False]


def test_an_entry_copied_to_another_place_does_not_open(store: Store, patient: str):
    with tampering(store) as connection:
        first = connection.scalar(select(audit.c.content).where(audit.c.seq == 1))
        connection.execute(update(audit).where(audit.c.seq == 3).values(content=first))
    with store.read() as connection:
        assert [one.seq for one in history(connection) if not one.readable] == [3]
