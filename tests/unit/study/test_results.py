import pytest

from neurolupus.study.results import Cell, Column, ResultNumber, ResultTable, Row, StudyResults


def a_study(*numbers):
    return StudyResults("toy", "Toy", 3, 3, 1, False, (), numbers, (), ())


def test_a_row_must_fill_its_columns():
    columns = (Column("", "text"), Column("n"))
    with pytest.raises(ValueError, match="1 cells for 2 columns"):
        ResultTable("t", "T", columns, (Row((Cell("a"),)),))
    assert ResultTable("t", "T", columns, (Row((Cell("a"),), is_heading=True),)).rows


def test_a_number_is_found_by_its_path_and_the_nearest_named_when_absent():
    results = a_study(ResultNumber("t3.full.it.hazard_ratio", 0.55, "ratio", "Cox", 386))
    assert results.number("t3.full.it.hazard_ratio").value == 0.55
    with pytest.raises(KeyError, match=r"t3\.full\.it\.hazard_ratio"):
        results.number("t3.full.it.hazard_rati")
