from pathlib import Path

import pytest

from neurolupus.errors import TableError
from neurolupus.records.scan import Participant, ScanId
from neurolupus.workflows.capacity import plan_capacity, thread_environment
from neurolupus.workflows.exclusions import check_exclusions, declared_by_participants, exclusions_of, read_exclusions


def test_reasons_hold_for_a_participant_or_for_one_session(tmp_path: Path) -> None:
    table = tmp_path / "exclusions.tsv"
    table.write_text("participant_id\tsession_id\treason\n01\tn/a\ttumour\nsub-02\tses-1\tcyst; infarct\n")
    declared = read_exclusions(table)
    assert exclusions_of(ScanId("01", "7"), declared) == ("tumour",)
    assert exclusions_of(ScanId("02", "1"), declared) == ("cyst", "infarct")
    assert exclusions_of(ScanId("02", "2"), declared) == ()


def test_the_same_reason_from_two_places_is_told_once() -> None:
    participants = {
        "01": Participant("01", other={"Exclude": "tumour"}),
        "02": Participant("02", other={"exclude": "no"}),
    }
    declared = declared_by_participants(participants)
    assert exclusions_of(ScanId("01"), declared, {ScanId("01"): ("tumour",)}) == ("tumour",)
    assert exclusions_of(ScanId("02"), declared) == ()


def test_declared_diseases_are_reasons() -> None:
    cells = [
        {"tumor": "yes", "arachnoid_cyst": "no"},
        {"arachnoid_cyst": "TRUE", "declared_disease": "stroke; cyst"},
        {},
    ]
    participants = {f"0{n}": Participant(f"0{n}", other=other) for n, other in enumerate(cells, start=1)}
    assert declared_by_participants(participants) == {
        ScanId("01"): ("tumour",),
        ScanId("02"): ("arachnoid cyst", "stroke", "cyst"),
    }


def test_rows_without_a_reason_are_told_together(tmp_path: Path) -> None:
    table = tmp_path / "exclusions.tsv"
    table.write_text("participant_id\treason\n01\tn/a\n\ttumour\n03\ttumour\n")
    with pytest.raises(TableError, match=r"2 row.*\n.*line 2: participant '01'.*\n.*line 3: participant ''"):
        read_exclusions(table)


def test_a_table_without_the_columns(tmp_path: Path) -> None:
    table = tmp_path / "exclusions.tsv"
    table.write_text("participant_id\twhy\n01\ttumour\n")
    with pytest.raises(TableError, match="'reason' is missing"):
        read_exclusions(table)


def test_memory_limits_only_a_number_that_was_not_chosen() -> None:
    assert plan_capacity(None, 1, memory_mb=2048).nprocs == 1
    assert plan_capacity(None, 1, memory_mb=100).nprocs == 1
    assert plan_capacity(8, 4, memory_mb=2048).nprocs == 8
    assert plan_capacity(8, None).threads in (1, 2)


def test_every_library_is_held_to_the_threads() -> None:
    environment = thread_environment(3)
    assert environment["OMP_NUM_THREADS"] == environment["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] == "3"


def test_a_session_may_be_called_zero(tmp_path: Path) -> None:
    table = tmp_path / "exclusions.tsv"
    table.write_text("participant_id\tsession_id\treason\nsub-01\tses-0\ttumour\n")
    declared = read_exclusions(table)
    assert exclusions_of(ScanId("01", "0"), declared) == ("tumour",)
    assert exclusions_of(ScanId("01", "12"), declared) == ()


def test_yes_and_no_as_numbers_with_a_fraction() -> None:
    cells = [{"tumour": "1.0", "exclude": "0.0"}, {"tumour": "0.0", "exclude": "nan"}]
    participants = {f"0{n}": Participant(f"0{n}", other=other) for n, other in enumerate(cells, start=1)}
    assert declared_by_participants(participants) == {ScanId("01"): ("tumour",)}


def test_a_word_that_is_neither_yes_nor_no_is_refused() -> None:
    participants = {"01": Participant("01", other={"tumour": "glioma"}), "02": Participant("02", other={"tumor": "?"})}
    with pytest.raises(TableError, match=r"2 cell.*\n    01: tumour is 'glioma'.\n    02: tumor is '\?'."):
        declared_by_participants(participants)


def test_an_exclusion_of_nobody_is_refused(tmp_path: Path) -> None:
    scans = [ScanId("01", "1"), ScanId("02", "1")]
    check_exclusions(tmp_path / "e.tsv", {ScanId("01"): ("tumour",), ScanId("02", "1"): ("cyst",)}, scans)
    with pytest.raises(TableError, match=r"excludes sub-1, sub-02_ses-2, which the data set does not hold"):
        check_exclusions(tmp_path / "e.tsv", {ScanId("1"): ("tumour",), ScanId("02", "2"): ("cyst",)}, scans)
