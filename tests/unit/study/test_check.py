"""Tables against study files: every fault with its row and value, all at once; nothing dropped in silence."""

import datetime
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

from study_texts import ROWS, SMALL, a_table, parsed

from neurolupus.errors import TableError
from neurolupus.records.study_table import StudyTable
from neurolupus.study.check import check_table
from neurolupus.study.derive.outcomes import levels_of, paired_of, survival_of
from neurolupus.study.population import Population
from neurolupus.study.schema.outcomes import BinaryOutcome, Change, TimeToEvent


def checked(*changes: tuple[int, str, object], text: str = SMALL) -> Population:
    return check_table(parsed(text), a_table(*changes))


def faults(*changes: tuple[int, str, object], text: str = SMALL) -> list[str]:
    with pytest.raises(TableError) as error:
        checked(*changes, text=text)
    assert error.value.exit_code == 11
    return [line.strip() for line in str(error.value).splitlines()[1:]]


def test_the_small_table_fits() -> None:
    population = checked()
    assert (population.n, population.ids.tolist(), population.rows.tolist()) == (
        4,
        ["P1", "P2", "P3", "P4"],
        [2, 3, 4, 5],
    )
    assert not population.is_synthetic
    frame = population.frame
    assert frame["it"].tolist() == ["0", "1", "0", "1"]
    assert frame["male"].tolist() == [1, 0, 0, 1]
    np.testing.assert_array_equal(frame["high"], [0, 1, 0, np.nan])  # 0.5 is not above 0.5; unknown stays unknown
    np.testing.assert_array_equal(frame["n_subtypes"], [1, 1, 2, np.nan])
    np.testing.assert_array_equal(frame["headache_only"], [0, 1, 0, np.nan])
    np.testing.assert_array_equal(frame["seizure"], [1, 0, 0, np.nan])
    np.testing.assert_array_equal(frame["cyc_use"], [1, 0, 1, np.nan])
    outcome = parsed().outcomes["relapse"]
    assert isinstance(outcome, TimeToEvent)
    survival = survival_of(outcome, frame)
    assert survival.event.tolist() == [0, 1, 1, 0]
    assert survival.component.tolist() == ["", "relapse", "death", ""]
    assert survival.event_of(("death",)).tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ((3, "age", "forty"), "row 3: age 'forty' is no number; correct it, or declare it in data: {missing:"),
        ((3, "age", "41,5"), "row 3: age '41,5' has a decimal comma; set data: {decimal: \",\"} in the study file"),
        ((3, "age", "2-Jan"), "row 3: age '2-Jan' is a date, as Excel makes of numbers"),
        ((3, "age", "01.02.2021"), "is a date, as Excel makes of numbers"),
        ((3, "age", datetime.datetime(2021, 2, 1)), "row 3: age '2021-02-01' is a date"),
        ((3, "age", "=A1"), "row 3: age '=A1' is no number"),
        ((3, "age", "141"), "row 3: age 141 is outside 0 to 110"),
        ((3, "age", True), "row 3: age 'true' is no number"),
        ((3, "male", "2"), "row 3: male '2' is not declared; 0 or 1, no or yes, false or true is needed"),
        ((3, "it", "2"), "row 3: it '2' is not declared; 0 or 1 is needed"),
        ((3, "drug", "cyk"), "row 3: drug 'cyk' is not declared. Did you mean 'cyc'?"),
        (
            (3, "subtypes", "seizure,acs"),
            "row 3: subtypes 'seizure,acs' is not declared; labels of seizure, headache or acs",
        ),
        ((3, "ep", "relaps"), "row 3: ep 'relaps' is not declared. Did you mean 'relapse'?"),
        ((3, "years", "-1"), "row 3: years -1 is negative"),
        ((3, "years", None), "row 3: ep says that there was an event, and years is empty"),
        ((3, "patient", "P1"), "patient 'P1' stands in rows 2, 3; one row per patient is needed"),
        ((3, "patient", None), "row 3: patient is empty; every patient needs a name"),
    ],
)
def test_every_fault_of_a_cell_is_told_with_its_row(change: tuple[int, str, object], told: str) -> None:
    assert told in "\n".join(faults(change))


def test_all_faults_are_told_at_once() -> None:
    told = faults((2, "age", "x"), (3, "age", "y"), (4, "age", "-3"), (5, "it", "no"), (4, "years", "-2"))
    assert told == [
        "rows 2, 3: age 'x', 'y' is no number; correct it, or declare it in data: {missing: {codes: [...]}}.",
        "row 4: age -3 is outside 0 to 110.",
        "row 5: it 'no' is not declared; 0 or 1 is needed.",
        "row 4: years -2 is negative; outcomes.relapse.time cannot be.",
    ]


def test_missing_and_misspelt_columns_are_told() -> None:
    table = a_table()
    renamed = StudyTable("t.csv", table.frame.rename(columns={"age": "Age", "prot": "csf_protein_first"}))
    with pytest.raises(TableError) as error:
        check_table(parsed(), renamed)
    told = str(error.value)
    assert "column 'age' (variables.age, line 6 of s.yaml) is missing. Did you mean 'Age'?" in told
    assert "column 'prot' (variables.prot, line 8 of s.yaml) is missing; it has patient, it, Age" in told


@pytest.mark.parametrize(
    ("column", "values", "told"),
    [
        ("age", [None] * 4, "column 'age' (variables.age) is empty for all 4 patients"),
        ("age", ["40"] * 4, "'age' is 40 for every patient and a term of a model; take it out of match.psm"),
        ("it", ["1"] * 4, "group 'it': all patients are '1'; two arms are needed to compare"),
        ("ep", ["none"] * 4, "outcome 'relapse': no patient had an event (ep); nothing can be estimated"),
    ],
)
def test_faults_of_a_column_are_told(column: str, values: list[object], told: str) -> None:
    assert told in "\n".join(faults(*((row, column, value) for row, value in enumerate(values, start=2))))


def test_a_table_of_one_row_is_refused() -> None:
    with pytest.raises(TableError, match="one patient is left to analyse"):
        check_table(parsed(), a_table(rows=ROWS[:1]))


def test_a_level_nobody_has_is_told() -> None:
    text = (
        SMALL.replace("{0: Control, 1: Intrathecal}", "[0, 1, 2]")
        .replace("psm: {", "psm: {exposure: g, ")
        .replace("groups:\n", "groups:\n  g: {column: male2, levels: [0, 1]}\n")
    )
    table = a_table()
    with pytest.raises(TableError, match="group 'it': nobody is '2'; leave the level out of the file"):
        check_table(parsed(text), StudyTable("t.csv", table.frame.assign(male2=["0", "1", "1", "0"])))


def test_declared_codes_are_missing_and_nothing_else_is() -> None:
    text = SMALL.replace(
        "data: {id: patient}", "data: {id: patient, missing: {codes: ['-99', unknown], flag_above: 0.2}}"
    )
    text = text.replace("age: {unit", "age: {missing: ['999'], unit")
    population = checked((2, "age", "-99"), (3, "age", "999"), (4, "male", "unknown"), text=text)
    np.testing.assert_array_equal(population.frame["age"], [np.nan, np.nan, 25, 60])
    np.testing.assert_array_equal(population.frame["male"], [1, 0, np.nan, 1])
    assert "age: 50.0% missing (2 of 4)." in population.notes
    assert "male: 25.0% missing (1 of 4)." in population.notes
    assert "NA" in "\n".join(faults((2, "age", "NA"), text=text))  # no longer a code: the file's list replaces ours


def test_decimal_commas_are_read_when_declared() -> None:
    text = SMALL.replace("data: {id: patient}", "data: {id: patient, decimal: ','}")
    changes = [(row, "prot", cell) for row, cell in enumerate(("0,4", "0,7", "0,5", None), start=2)]
    changes += [(row, "years", "1") for row in range(2, 6)]
    np.testing.assert_array_equal(checked(*changes, text=text).frame["prot"], [0.4, 0.7, 0.5, np.nan])
    assert "prot '0.4' is no number" in "\n".join(faults(*changes, (2, "prot", "0.4"), text=text))


def test_max_missing_is_a_fault() -> None:
    assert "column 'prot' is empty for 25.0% of patients; max_missing is 10.0%" in "\n".join(
        faults(text=SMALL.replace("prot: {unit", "prot: {max_missing: 0.1, unit"))
    )


def test_an_identity_that_does_not_hold_is_told() -> None:
    text = SMALL.replace("  male:", "  b: {}\n  c: {identity: age + b}\n  male:")
    frame = a_table().frame.assign(b=["1", "2", "3", "4"], c=["31", "43.1", "39", "64"])
    with pytest.raises(TableError, match="row 4: c is 39, and age \\+ b is 28"):  # 43.1 is 43 within rounding
        check_table(parsed(text), StudyTable("t.csv", frame))


@pytest.mark.parametrize(
    ("levels", "cells", "expected"),
    [
        ("", ["Yes", "no", "TRUE", "0"], [1, 0, 1, 0]),
        (", levels: {F: Female, M: Male}", ["M", "F", "F", "M"], [1, 0, 0, 1]),
        (", levels: [1, 2]", ["2", "1", 2.0, "1.0"], [1, 0, 1, 0]),
    ],
)
def test_yes_and_no_are_understood(levels: str, cells: list[object], expected: list[float]) -> None:
    text = SMALL.replace("male: {type: binary", f"male: {{type: binary{levels}")
    population = checked(*((row, "male", cell) for row, cell in enumerate(cells, start=2)), text=text)
    assert population.frame["male"].tolist() == expected


def test_numbers_of_a_typed_format_are_taken_as_they_are() -> None:
    frame = a_table().frame
    typed = frame.assign(
        it=[0, 1, 0, 1], age=[30.0, 41.0, 25.0, 60.0], years=[1.5, 2.0, 0.5, 3.0], male=[True, False, False, True]
    )
    population = check_table(parsed(), StudyTable("t.parquet", typed))
    pd.testing.assert_frame_equal(population.frame, checked().frame)


def test_row_order_and_column_order_change_nothing_but_the_order() -> None:
    frame = a_table().frame
    turned = check_table(parsed(), StudyTable("t.csv", frame.iloc[::-1, ::-1]))
    straight = check_table(parsed(), StudyTable("t.csv", frame))
    assert turned.ids.tolist() == straight.ids.tolist()[::-1]
    pd.testing.assert_frame_equal(
        turned.frame.iloc[::-1].reset_index(drop=True)[list(straight.frame)], straight.frame, check_names=False
    )


def test_expected_events_are_compared() -> None:
    text = SMALL.replace("components: {relapse: {}", "components: {relapse: 3")
    assert "relapse: 1 times relapse, and 3 are expected." in checked(text=text).notes


def test_change_and_binary_outcomes_are_arrays() -> None:
    text = SMALL.replace("match:", "  d: {type: change, before: prot, after: later}\n  cured: {type: binary}\nmatch:")
    frame = a_table().frame.assign(later=["0.3", None, "0.4", "1"], cured=["yes", "no", None, "yes"])
    study = parsed(text)
    population = check_table(study, StudyTable("t.csv", frame))
    change, cured = study.outcomes["d"], study.outcomes["cured"]
    assert isinstance(change, Change)
    assert isinstance(cured, BinaryOutcome)
    pair = paired_of(change, population.frame)
    np.testing.assert_array_equal(pair.before, [0.4, 0.7, 0.5, np.nan])
    assert pair.is_known.tolist() == [True, False, True, False]
    np.testing.assert_array_equal(levels_of(cured, population.frame), [1, 0, np.nan, 1])
