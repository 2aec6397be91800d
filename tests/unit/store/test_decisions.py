"""Decisions are appended and never altered; each bears the hash of what was signed."""

from __future__ import annotations

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra web")

from neurolupus.errors import Conflict
from neurolupus.store.decisions import decisions_of, is_decided, sign_decision
from neurolupus.store.engine import Store
from neurolupus.store.patients import add_patient, erase_patient
from neurolupus.store.trail import history, verify

CONTENT = {"attribution": "attributed", "mechanism": "mixed", "note": "é ≥ ×"}


@pytest.fixture
def patient(store: Store) -> str:
    with store.write("somebody") as writer:
        return add_patient(writer, {"id": "a"})


def sign(store: Store, patient: str, number: int, who: str = "rossi", **changes: object) -> None:
    with store.write(who) as writer:
        sign_decision(
            writer, patient, date="2025-06-17", content={**CONTENT, **changes}, volumes_seen=False, number=number
        )


def test_a_decision_is_read_back_as_it_was_signed(store: Store, patient: str) -> None:
    with store.write("rossi") as writer:
        made = sign_decision(writer, patient, date="2025-06-17", content=CONTENT, volumes_seen=True, number=1)
    with store.read() as connection:
        (kept,) = decisions_of(connection, patient)
    assert kept == made
    assert kept.sha256 == made.sha256
    assert (kept.signed_by, kept.volumes_seen, kept.signed.utcoffset()) == ("rossi", True, made.signed.utcoffset())


def test_a_revision_is_a_further_number_and_the_first_stays(store: Store, patient: str) -> None:
    sign(store, patient, 1)
    with store.read() as connection:
        first = decisions_of(connection, patient)[0].sha256
    sign(store, patient, 2, attribution="not_attributed", mechanism="", why="a tumour was found")
    with store.read() as connection:
        one, two = decisions_of(connection, patient)
    assert (one.number, one.content["attribution"], two.number) == (1, "attributed", 2)
    assert one.sha256 == first
    assert two.sha256 != first


@pytest.mark.parametrize("number", [0, 1, 3])
def test_who_did_not_know_the_latest_decision_signs_nothing(store: Store, patient: str, number: int) -> None:
    sign(store, patient, 1)
    with pytest.raises(Conflict, match=f"Decision {number} was to be signed and 1 are kept"):
        sign(store, patient, number)
    with store.read() as connection:
        assert len(decisions_of(connection, patient)) == 1


def test_the_hash_covers_every_part(store: Store, patient: str) -> None:
    sign(store, patient, 1)
    with store.read() as connection:
        (kept,) = decisions_of(connection, patient)
    from dataclasses import replace

    others = [
        replace(kept, date="2025-06-18"), replace(kept, signed_by="bianchi"), replace(kept, volumes_seen=True),
        replace(kept, content={**kept.content, "note": "e"}), replace(kept, number=2),
    ]  # fmt: skip
    assert len({kept.sha256, *(one.sha256 for one in others)}) == 6


def test_the_trail_tells_of_the_signature_and_goes_dark_when_the_patient_is_erased(store: Store, patient: str) -> None:
    sign(store, patient, 1)
    with store.read() as connection:
        assert is_decided(connection, patient)
        entry = next(one for one in history(connection, patient=patient) if one.action == "consensus.signed")
        assert entry.who == "rossi"
        assert entry.after["sha256"] == decisions_of(connection, patient)[0].sha256
    with store.write("admin") as writer:
        erase_patient(writer, patient)
    with store.read() as connection:
        assert not is_decided(connection, patient)
        entry = next(one for one in history(connection, patient=patient) if one.action == "consensus.signed")
        assert (entry.readable, entry.after) == (False, None)
        assert verify(connection).faults == ()
