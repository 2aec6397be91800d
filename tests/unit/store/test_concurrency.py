"""Many at once: no update is lost, nobody waits for ever, and the chain is whole."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from neurolupus.errors import Conflict, StoreError
from neurolupus.store.engine import Store, open_store
from neurolupus.store.patients import add_patient, edit_patient, list_patients, patient_of
from neurolupus.store.trail import verify

THREADS, ROUNDS = 8, 6


def at_once(work: Callable[[int], object]) -> list[object]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, range(THREADS)))


def test_every_patient_added_at_once_is_there(store: Store):
    def work(number: int) -> None:
        for turn in range(ROUNDS):
            with store.write(f"user {number}") as writer:
                add_patient(writer, {"id": f"P{number}-{turn}", "events": [{"syndrome": "headache"}]})

    at_once(work)
    with store.read() as connection:
        assert list_patients(connection)[1] == THREADS * ROUNDS
        assert (verify(connection).entries, verify(connection).faults) == (THREADS * ROUNDS, ())


@pytest.mark.slow
def test_no_edit_of_one_patient_is_lost(store: Store):
    """Each adds its name to a list, again from the present version after a conflict: all names must be there."""
    with store.write("anna") as writer:
        patient = add_patient(writer, {"id": "P1", "note": ""})

    def work(number: int) -> int:
        conflicts = 0
        for turn in range(ROUNDS):
            while True:
                with store.read() as connection:
                    kept = patient_of(connection, patient)
                try:
                    with store.write(f"user {number}") as writer:
                        edit_patient(writer, patient, kept.version, {"note": f"{kept.record['note']} {number}.{turn}"})
                    break
                except Conflict:
                    conflicts += 1
        return conflicts

    at_once(work)
    with store.read() as connection:
        kept = patient_of(connection, patient)
        assert (verify(connection).entries, verify(connection).faults) == (1 + THREADS * ROUNDS, ())
    assert sorted(kept.record["note"].split()) == sorted(f"{n}.{t}" for n in range(THREADS) for t in range(ROUNDS))
    assert kept.version == 1 + THREADS * ROUNDS


def test_of_those_who_began_at_one_version_one_is_kept(store: Store):
    with store.write("anna") as writer:
        patient = add_patient(writer, {"id": "P1"})

    def work(number: int) -> bool:
        try:
            with store.write(f"user {number}") as writer:
                edit_patient(writer, patient, 1, {"note": str(number)})
        except Conflict:
            return False
        return True

    assert sorted(at_once(work)) == [False] * (THREADS - 1) + [True]


def test_of_those_who_give_one_pseudonym_one_gets_it(store: Store):
    def work(number: int) -> str:
        try:
            with store.write(f"user {number}") as writer:
                add_patient(writer, {"id": "P1"})
        except StoreError as error:
            return str(error).partition("\n")[0]
        return "kept"

    assert sorted(at_once(work)) == ["A patient 'P1' is kept already."] * (THREADS - 1) + ["kept"]


@pytest.mark.slow
def test_two_who_edit_two_patients_in_opposite_order_both_get_through(store: Store):
    with store.write("anna") as writer:
        pair = [add_patient(writer, {"id": name}) for name in ("P1", "P2")]

    def work(number: int) -> None:
        for _ in range(ROUNDS):
            with store.write(f"user {number}") as writer:
                for patient in pair if number % 2 else reversed(pair):
                    edit_patient(writer, patient, patient_of(writer.connection, patient).version, {})

    at_once(work)
    with store.read() as connection:
        assert verify(connection).entries == 2 + THREADS * ROUNDS * 2


def test_two_programs_over_one_store_take_turns(store: Store, place: tuple[object, str | None]):
    other = open_store(*place)  # type: ignore[arg-type]
    stores = (store, other)

    def work(number: int) -> None:
        for turn in range(ROUNDS):
            with stores[number % 2].write(f"user {number}") as writer:
                add_patient(writer, {"id": f"P{number}-{turn}"})
            with stores[number % 2].read() as connection:
                assert verify(connection).faults == ()

    at_once(work)
    other.close()
    with store.read() as connection:
        assert (verify(connection).entries, verify(connection).faults) == (THREADS * ROUNDS, ())
