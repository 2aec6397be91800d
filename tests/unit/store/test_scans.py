"""Scans, measurements and edited masks as rows: versions, states, whose they are, what the trail says."""

from __future__ import annotations

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra web")

from neurolupus.errors import Conflict, StoreError
from neurolupus.store.edits import add_edit, edits_of, edits_with_status, new_edit_id, set_edit_status
from neurolupus.store.engine import Store
from neurolupus.store.measurements import Measured, keep_measurements, measurements_of, table_of
from neurolupus.store.patients import add_patient, erase_patient
from neurolupus.store.scans import (
    add_scan,
    known_folders,
    link_scan,
    list_scans,
    next_queued,
    remove_scan,
    scan_by_code,
    scan_of,
    set_status,
)
from neurolupus.store.trail import history, verify

WMH = Measured("wmh_ml", 1.5, None, "ml", 0.5, 3.0)
USABLE = Measured("usable", None, "true", None, None, None)


def test_a_scan_is_kept_with_its_patient_and_a_code_that_says_nothing(store: Store) -> None:
    with store.write("anna") as writer:
        patient = add_patient(writer, {"id": "P-1"})
        scan = add_scan(writer, "01", "2", patient=patient, acquired="2024-05-01")
    with store.read() as connection:
        found = scan_of(connection, scan)
        assert (found.pseudonym, found.label, found.status, found.version) == ("P-1", "sub-01 ses-2", "queued", 1)
        assert found.blinded.startswith("S-")
        assert scan_by_code(connection, found.blinded) == found
        assert list_scans(connection, text="p-1") == [found] == list_scans(connection, patient=patient)
        assert list_scans(connection, text="%") == []  # a letter like any other, no wildcard


def test_the_trail_names_no_participant_of_a_scan_without_a_patient(store: Store) -> None:
    with store.write("anna") as writer:
        add_scan(writer, "Schmidt1960", None)
    with store.read() as connection:
        (entry,) = history(connection)
        assert "Schmidt" not in str(entry)
        assert verify(connection).faults == ()


def test_a_state_is_left_only_from_where_it_may_be(store: Store) -> None:
    with store.write("anna") as writer:
        first, second = add_scan(writer, "01", None), add_scan(writer, "02", None)
    with store.read() as connection:
        waiting = next_queued(connection)
        assert waiting is not None
        assert waiting.id == first  # the one that has waited longest
    with store.write("neurolupus") as writer:
        assert set_status(writer, first, "running", begins=("queued",))
        assert not set_status(writer, first, "running", begins=("queued",))  # somebody else has begun it
        assert set_status(writer, first, "failed", "no brain was found")
    with store.read() as connection:
        assert scan_of(connection, first).message == "no brain was found"
        waiting = next_queued(connection)
        assert waiting is not None
        assert waiting.id == second


def test_a_stale_edit_is_a_conflict_and_changes_nothing(store: Store) -> None:
    with store.write("anna") as writer:
        one, other = add_patient(writer, {"id": "P-1"}), add_patient(writer, {"id": "P-2"})
        scan = add_scan(writer, "01", None)
        link_scan(writer, scan, 1, one)
    with pytest.raises(Conflict, match="version 2; yours began at 1"), store.write("berta") as writer:
        link_scan(writer, scan, 1, other)
    with pytest.raises(Conflict), store.write("berta") as writer:
        remove_scan(writer, scan, 1)
    with store.read() as connection:
        assert scan_of(connection, scan).patient_id == one


def test_a_scan_that_is_measured_just_now_cannot_be_removed(store: Store) -> None:
    with store.write("anna") as writer:
        scan = add_scan(writer, "01", None, status="running")
    with pytest.raises(StoreError, match="being measured"), store.write("anna") as writer:
        remove_scan(writer, scan, 1)


def test_measurements_of_one_method_replace_those_before_and_leave_the_other_s(store: Store) -> None:
    with store.write("neurolupus") as writer:
        scan = add_scan(writer, "01", None)
        keep_measurements(writer, scan, [WMH, USABLE])
        keep_measurements(writer, scan, [Measured("wmh_ml", 9.0, None, "ml", None, None)], method="edit:1")
        keep_measurements(writer, scan, [Measured("wmh_ml", 2.0, None, "ml", None, None)])
    with store.read() as connection:
        assert {name: one.value for name, one in measurements_of(connection, scan).items()} == {"wmh_ml": 2.0}
        assert measurements_of(connection, scan, method="edit:1")["wmh_ml"].value == 9.0
        assert list(table_of(connection, names=["tiv_ml"])) == []


def test_erasing_a_patient_takes_scans_measurements_and_masks_along(store: Store) -> None:
    with store.write("anna") as writer:
        patient = add_patient(writer, {"id": "P-1"})
        scan = add_scan(writer, "01", None, patient=patient, status="measured")
        keep_measurements(writer, scan, [WMH])
        add_edit(writer, scan, new_edit_id(), f"scans/{scan}/edits/x", {"dice": 0.5})
        assert known_folders(writer.connection) == {f"scans/{scan}"}
        erase_patient(writer, patient)
    with store.read() as connection:
        assert list_scans(connection) == []
        assert table_of(connection) == {}
        assert edits_of(connection, scan) == []
        assert known_folders(connection) == set()
        assert verify(connection).faults == ()


def test_an_edited_mask_waits_is_measured_and_keeps_its_comparison(store: Store) -> None:
    with store.write("anna") as writer:
        scan, edit = add_scan(writer, "01", None, status="measured"), new_edit_id()
        add_edit(writer, scan, edit, "scans/x/edits/y", {"dice": 0.8, "wmh_ml": 2.0})
    with store.read() as connection:
        assert [one.id for one in edits_with_status(connection, "queued")] == [edit]
    with store.write("neurolupus") as writer:
        assert set_edit_status(writer, edit, "running", begins=("queued",))
        assert not set_edit_status(writer, edit, "running", begins=("queued",))
        assert set_edit_status(writer, edit, "measured")
    with store.read() as connection:
        (found,) = edits_of(connection, scan)
        assert (found.rater, found.status, found.comparison["dice"]) == ("anna", "measured", 0.8)


@pytest.mark.parametrize("words", ["'; DROP TABLE scans; --", "../../etc/passwd", "<script>"])
def test_strange_ids_are_no_scan(store: Store, words: str) -> None:
    with store.read() as connection:
        with pytest.raises(StoreError, match="No such scan"):
            scan_of(connection, words)
        with pytest.raises(StoreError, match="No such scan"):
            scan_by_code(connection, words)
        assert list_scans(connection, text=words) == []
