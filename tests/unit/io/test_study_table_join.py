"""Participants and the volumes of their scans are joined by participant; every mismatch is told or counted."""

import pandas as pd
import pytest

from neurolupus.errors import TableError
from neurolupus.io.study_table_join import join_tables
from neurolupus.records.study_table import StudyTable


def table(name: str, **columns: list[object]) -> StudyTable:
    frame = pd.DataFrame(columns, dtype=object)
    frame.index = pd.RangeIndex(2, 2 + len(frame))
    return StudyTable(name, frame, ((name, name),))


PEOPLE = table("participants.tsv", participant_id=["sub-01", "sub-02", "sub-03"], dx=["non", "inf", "isc"])


def test_rows_find_each_other_with_and_without_the_prefix() -> None:
    volumes = table("volumes.tsv", participant_id=["02", "01", "03", "04"], gm_ml=["2", "1", "3", "4"])
    joined = join_tables(PEOPLE, volumes, on=["participant_id"])
    assert joined.frame["gm_ml"].tolist() == ["1", "2", "3"]
    assert joined.frame["dx"].tolist() == ["non", "inf", "isc"]
    assert joined.sha256 == (("participants.tsv", "participants.tsv"), ("volumes.tsv", "volumes.tsv"))
    assert joined.notes == (
        "3 of 3 rows of participants.tsv were joined with volumes.tsv.",
        "1 row of volumes.tsv belongs to no row of participants.tsv.",
    )


def test_unusable_scans_are_missing_and_counted() -> None:
    volumes = table("v.tsv", participant_id=["01", "02", "03"], gm_ml=["1", "2", "3"], usable=["true", "false", "true"])
    joined = join_tables(PEOPLE, volumes, on=["participant_id"], columns=["gm_ml"])
    assert joined.frame["gm_ml"].tolist() == ["1", None, "3"]
    assert any("1 scan of v.tsv not usable" in note for note in joined.notes)
    assert not any("belong" in note for note in joined.notes)
    kept = join_tables(PEOPLE, volumes, on=["participant_id"], columns=["gm_ml"], usable_only=False)
    assert kept.frame["gm_ml"].tolist() == ["1", "2", "3"]


def test_a_patient_without_a_scan_is_an_error_unless_kept() -> None:
    volumes = table("v.tsv", participant_id=["01", "02"], gm_ml=["1", "2"])
    with pytest.raises(TableError, match=r"row 4: '03' is not in v\.tsv"):
        join_tables(PEOPLE, volumes, on=["participant_id"])
    kept = join_tables(PEOPLE, volumes, on=["participant_id"], unmatched="keep")
    assert kept.frame["gm_ml"].tolist() == ["1", "2", None]
    assert "2 of 3 rows" in kept.notes[0]


def test_two_visits_need_to_be_told_apart() -> None:
    volumes = table("v.tsv", participant_id=["01", "01", "02", "03"], gm_ml=["1", "9", "2", "3"])
    with pytest.raises(TableError, match="'01' twice"):
        join_tables(PEOPLE, volumes, on=["participant_id"])


def test_columns_that_are_missing_or_in_both_are_told_together() -> None:
    volumes = table("v.tsv", participant_id=["01"], dx=["x"])
    with pytest.raises(TableError, match="2 faults") as error:
        join_tables(PEOPLE, volumes, on=["participant_id"], columns=["dx", "gm_ml"])
    assert "v.tsv has no column 'gm_ml'" in str(error.value)
    assert "column 'dx' is in both" in str(error.value)
