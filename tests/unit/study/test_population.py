"""The flow: every step counted, reasons split, compared with what is expected."""

import sys
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

from study_texts import parsed

from neurolupus.records.study_table import StudyTable
from neurolupus.study.check import check_table
from neurolupus.study.population import Flow, Population
from neurolupus.study.population.flow import screen_keywords
from neurolupus.study.schema.data import Keywords

HEAD = "study: {id: s, title: S}\ndata: {id: id}\nvariables: {age: {}}\n"
FLOW = """\
flow:
  start: {n: 8, label: Screened}
  steps:
    - keep_keywords: {column: text, any: [lupus encephalopathy, NPSLE], none: [no NPSLE]}
      expect_remaining: 6
    - drop: [no_lp, uncertain or age < 16]
      reasons: {no_lp: No lumbar puncture}
      expect_reasons: {no_lp: 2}
      expect_remaining: 3
    - {keep: consent, label: Consented, expect_dropped: 1}
  end: {n: 2, label: Analysed}
"""
TEXTS = ["SLE, npsle.", "Lupus  Encephalopathy", "NPSLE", "NPSLE?", "NPSLE", "NPSLE", "SLE", "no NPSLE today"]


def table(**changes: list[object]) -> StudyTable:
    columns: dict[str, list[object]] = {
        "id": [f"P{n}" for n in range(8)],
        "age": ["20", "30", "15", "40", "50", "60", "70", "80"],
        "text": list(TEXTS),
        "no_lp": ["1", "1", "0", "0", "0", "0", "0", "0"],
        "uncertain": ["1", "0", "0", "0", "0", "0", "1", "0"],
        "consent": ["1", "1", "1", "1", "1", "0", "1", "1"],
    }
    frame = pd.DataFrame({**columns, **changes}, dtype=object)
    frame.index = pd.RangeIndex(2, 2 + len(frame))
    return StudyTable("t.csv", frame)


def population(flow: str = FLOW, data: StudyTable | None = None) -> Population:
    return check_table(parsed(HEAD + flow), data or table())


def counts(flow: Flow) -> list[tuple[int | None, int | None, int | None]]:
    return [(step.n_before, step.n_dropped, step.n_after) for step in flow.steps]


def test_steps_counted_by_hand() -> None:
    found = population()
    flow = found.flow
    assert counts(flow) == [(8, 2, 6), (6, 3, 3), (3, 1, 2)]
    assert [(reason.label, reason.n) for reason in flow.steps[1].reasons] == [
        ("No lumbar puncture", 2),  # P0 has both reasons and is counted under the first
        ("uncertain or age < 16", 1),
    ]
    assert (flow.start, flow.n, flow.agrees) == (8, 2, True)
    assert [step.agrees for step in flow.steps] == [True, True, True]
    assert found.ids.tolist() == ["P3", "P4"]
    assert flow.notes == ()


def test_what_does_not_agree_is_said() -> None:
    found = population(FLOW.replace("expect_reasons: {no_lp: 2}", "expect_reasons: {no_lp: 1}"))
    assert not found.flow.agrees
    assert "No lumbar puncture: 2 instead of 1" in "\n".join(found.notes)
    found = population(FLOW, table(consent=["1"] * 8))
    assert "Consented: 3 remain instead of 2." in found.notes
    assert "3 patients are analysed, and 2 are expected." in found.notes


def test_unknown_is_not_dropped_and_not_kept_but_said() -> None:
    found = population(
        FLOW, table(uncertain=["1", "0", "0", None, "0", "0", "1", "0"], consent=[*"11111", None, "1", "1"])
    )
    assert counts(found.flow) == [(8, 2, 6), (6, 3, 3), (3, 1, 2)]
    assert found.flow.steps[1].n_unknown == 1
    assert "not known for 1 patients, who stay" in "\n".join(found.notes)
    assert "Consented: not known for 1 patients, who are not kept." in found.notes


def test_a_final_table_leaves_the_steps_declared() -> None:
    final = StudyTable("t.csv", table().frame.iloc[:2][["id", "age"]])
    found = population(FLOW, final)
    assert counts(found.flow) == [(8, 2, 6), (6, 3, 3), (3, 1, 2)]
    assert not any(step.is_counted for step in found.flow.steps)
    assert (found.n, found.flow.agrees) == (2, True)
    found = population(FLOW, StudyTable("t.csv", table().frame.iloc[:4][["id", "age"]]))
    assert not found.flow.agrees
    assert "4 patients are analysed, and 2 are expected." in found.notes


def test_rows_final_counts_nothing_even_with_the_columns() -> None:
    found = check_table(parsed((HEAD + FLOW).replace("{id: id}", "{id: id, rows: final}")), table())
    assert found.n == 8
    assert not any(step.is_counted for step in found.flow.steps)


def test_a_table_that_begins_after_the_first_steps_is_counted_from_there() -> None:
    begun = table().frame.iloc[:6].drop(columns="text")
    found = population(FLOW, StudyTable("t.csv", begun))
    assert [step.is_counted for step in found.flow.steps] == [False, True, True]
    assert counts(found.flow) == [(8, 2, 6), (6, 3, 3), (3, 1, 2)]
    assert (found.flow.start, found.flow.agrees) == (8, True)


def test_without_a_flow_everybody_is_analysed() -> None:
    found = population("", table())
    assert (found.n, found.flow.steps, found.flow.agrees) == (8, (), True)


@pytest.mark.parametrize(
    ("text", "is_hit"),
    [
        ("NPSLE", True),
        ("npsle", True),
        ("xNPSLE", False),
        ("NPSLE2", False),
        ("(NPSLE)", True),
        ("lupus\n encephalopathy", True),
        ("lupus encephalopathies", False),
        ("no NPSLE", False),
        ("狼疮脑病", False),
        ("", False),
    ],
)
def test_the_keyword_screen(text: str, is_hit: bool) -> None:
    words = Keywords("text", ("lupus encephalopathy", "NPSLE"), ("no NPSLE",))
    truth = screen_keywords(pd.Series([text]), words)
    assert truth.holds.tolist() == [is_hit]
    assert truth.fails.tolist() == [not is_hit]


def test_words_of_a_pattern_are_words_and_no_pattern() -> None:
    truth = screen_keywords(pd.Series(["a.b", "axb", None]), Keywords("text", ("a.b",)))
    assert truth.holds.tolist() == [True, False, False]
    assert truth.unknown.tolist() == [False, False, True]
