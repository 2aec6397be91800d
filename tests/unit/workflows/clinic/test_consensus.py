"""The consensus: signed, in the record, in the advice, sealed volumes opened; all of it or nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from patients_app import MEETING, PSYCHOSIS, clinic_with, seal

from neurolupus.errors import Conflict, PatientFileError
from neurolupus.io.patient_file import parse_patient
from neurolupus.store.decisions import decisions_of
from neurolupus.store.engine import Store
from neurolupus.store.patients import patient_of
from neurolupus.store.sealing import open_volumes, volumes_open
from neurolupus.workflows.clinic.consensus import Meeting, record_consensus
from neurolupus.workflows.clinic.minutes import minutes_of
from neurolupus.workflows.clinic.patient_advice import kept_advice


def start(folder: Path, **changes: Any) -> tuple[Store, str, Any]:
    app, client, (patient,) = clinic_with(folder, {**PSYCHOSIS, **changes})
    client.close()
    return app.state.store, patient, app


def sign(store: Store, patient: str, meeting: Meeting = MEETING, *, version: int = 1, number: int = 1) -> None:
    with store.write("rossi") as writer:
        record_consensus(writer, patient, version, number, meeting)


def record_of(store: Store, patient: str) -> Any:
    with store.read() as connection:
        return parse_patient(patient_of(connection, patient).record).attribution


def test_one_signature_writes_decision_record_status_and_advice(tmp_path: Path) -> None:
    store, patient, _ = start(tmp_path)
    sign(store, patient)
    with store.read() as connection:
        stored, (decision,) = patient_of(connection, patient), decisions_of(connection, patient)
        advice = kept_advice(connection, patient)
    said = parse_patient(stored.record).attribution
    assert (stored.status, stored.version) == ("decided", 2)
    assert (said.mdt_consensus, said.mdt_mechanism, str(said.decided)) == ("attributed", "inflammatory", "2025-06-17")
    assert (said.present, said.dissent[0].by, said.atrophy_influenced) == (MEETING.present, "neurologist", False)
    assert decision.content["basis"]["score_range"] == [7, 7]  # 3 + 3 + 1 + 0
    assert advice is not None
    assert (advice.stale, advice.content["data"]["attribution"]["basis"]) == (False, "consensus")


def test_a_revision_is_added_and_outranks_the_first(tmp_path: Path) -> None:
    store, patient, _ = start(tmp_path)
    sign(store, patient)
    later = replace(MEETING, date="2025-06-19", attribution="not_attributed", mechanism="", why="a tumour was found")
    sign(store, patient, later, version=2, number=2)
    said = record_of(store, patient)
    assert (said.mdt_consensus, said.current_consensus, said.current_mechanism) == (
        "attributed",
        "not_attributed",
        None,
    )
    assert said.revisions[0].why == "a tumour was found"


def test_a_mechanism_that_became_uncertain_no_longer_holds_in_the_record(tmp_path: Path) -> None:
    store, patient, _ = start(tmp_path)
    sign(store, patient)
    sign(store, patient, replace(MEETING, date="2025-06-18", mechanism="mixed", why="x"), version=2, number=2)
    assert record_of(store, patient).current_mechanism == "mixed"
    sign(store, patient, replace(MEETING, date="2025-06-19", mechanism="uncertain", why="y"), version=3, number=3)
    assert record_of(store, patient).current_mechanism is None
    assert record_of(store, patient).current_consensus == "attributed"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"date": ""}, "date"), ({"attribution": ""}, "attribution"), ({"atrophy": ""}, "atrophy"),
        ({"present": ()}, "present"), ({"atrophy": "maybe"}, "atrophy"), ({"mechanism": ""}, "mechanism"),
        ({"attribution": "not_attributed"}, "mechanism"),
    ],
)  # fmt: skip
def test_what_is_missing_is_told_and_nothing_is_signed(tmp_path: Path, changes: dict[str, Any], place: str) -> None:
    store, patient, _ = start(tmp_path)
    with pytest.raises(PatientFileError, match="was not signed") as told:
        sign(store, patient, replace(MEETING, **changes))
    assert [where for (where,), _ in told.value.placed] == [place]
    with store.read() as connection:
        assert decisions_of(connection, patient) == ()
        assert patient_of(connection, patient).version == 1


@pytest.mark.parametrize(("date", "as_of"), [("2025-06-17", "2025-06-20"), ("2025-06-21", "2025-06-21")])
def test_the_record_holds_until_the_meeting_at_least(tmp_path: Path, date: str, as_of: str) -> None:
    store, patient, _ = start(tmp_path)
    sign(store, patient, replace(MEETING, date=date))
    with store.read() as connection:
        assert patient_of(connection, patient).record["as_of"] == as_of


@pytest.mark.parametrize(("date", "told"), [("2031-01-01", "after today"), ("soon", "a date such as"), ("9", "a date")])
def test_a_meeting_that_has_not_been_is_refused(tmp_path: Path, date: str, told: str) -> None:
    store, patient, _ = start(tmp_path)
    with pytest.raises(PatientFileError, match=told):
        sign(store, patient, replace(MEETING, date=date))


def test_a_meeting_that_saw_another_version_signs_nothing(tmp_path: Path) -> None:
    store, patient, _ = start(tmp_path)
    sign(store, patient)
    with pytest.raises(Conflict):
        sign(store, patient, replace(MEETING, date="2025-06-18", why="x"), version=1, number=2)
    with pytest.raises(Conflict):
        sign(store, patient, replace(MEETING, date="2025-06-18", why="x"), version=2, number=1)
    with store.read() as connection:
        assert len(decisions_of(connection, patient)) == 1


@pytest.mark.slow
def test_a_consensus_that_came_with_the_record_is_revised_with_a_reason(tmp_path: Path) -> None:
    decided = {**PSYCHOSIS["attribution"], "mdt_consensus": "uncertain", "decided": "2025-06-11"}
    store, patient, _ = start(tmp_path, attribution=decided)
    with pytest.raises(PatientFileError, match="a revision needs its reason"):
        sign(store, patient)
    sign(store, patient, replace(MEETING, why="new facts"))
    assert (record_of(store, patient).mdt_consensus, record_of(store, patient).current_consensus) == (
        "uncertain",
        "attributed",
    )


def test_volumes_stay_sealed_until_the_signature_and_the_minutes_tell(tmp_path: Path) -> None:
    store, patient, app = start(tmp_path)
    with store.read() as connection:
        assert volumes_open(connection, patient)
    seal(app)
    with store.read() as connection:
        assert not volumes_open(connection, patient)
        assert volumes_open(connection, None)
    sign(store, patient)
    with store.read() as connection:
        assert volumes_open(connection, patient)
        assert decisions_of(connection, patient)[0].volumes_seen is False


def test_who_breaks_the_seal_is_in_the_trail_and_the_decision_says_so(tmp_path: Path) -> None:
    store, patient, app = start(tmp_path)
    seal(app)
    with store.write("bianchi") as writer:
        open_volumes(writer, patient, "asked by the radiologist")
    with store.read() as connection:
        assert volumes_open(connection, patient)
    sign(store, patient)
    with store.read() as connection:
        assert decisions_of(connection, patient)[0].volumes_seen is True


def test_without_any_volume_none_was_seen(tmp_path: Path) -> None:
    store, patient, _ = start(tmp_path, mri={"done": True})
    sign(store, patient)
    with store.read() as connection:
        assert decisions_of(connection, patient)[0].volumes_seen is False


def test_minutes_are_the_same_bytes_each_time_and_embed_their_fonts(tmp_path: Path) -> None:
    store, patient, _ = start(tmp_path)
    sign(store, patient, replace(MEETING, note="<b>not markup</b> – × ≥ é & so on"))
    with store.read() as connection:
        (decision,) = decisions_of(connection, patient)
    found = minutes_of(decision, "neu-1")
    assert found == minutes_of(decision, "neu-1")
    assert found.startswith(b"%PDF")
    assert found.count(b"/FontFile2") >= 2
    assert b"/BaseFont /Helvetica" not in found.split(b"/FontFile2")[-1]
    assert decision.sha256.encode() in found  # in the subject, readable by any program
