"""Files of published numbers: what is right is understood, what is wrong is told at once with its line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

from printed_texts import HEAD

from neurolupus.errors import StudyFileError
from neurolupus.io.yamlfile import parse_yaml
from neurolupus.study.audit import parse_published
from neurolupus.study.audit.cells import CountCell, MeanCell, QuantileCell, parse_cell, parse_effect
from neurolupus.study.audit.printed import NotPrinted, parse_p, parse_printed

TABLE = "tables:\n  T:\n    arms: {a: 38, b: 117}\n    rows:\n"


def faults(text: str, head: str = HEAD) -> list[str]:
    with pytest.raises(StudyFileError) as error:
        parse_published(parse_yaml(head + text, "p.yaml"))
    assert error.value.exit_code == 10
    return [line.strip() for line in str(error.value).splitlines()[1:]]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("33 (87%)", CountCell), ("26(13.5)", CountCell), ("33/38 (87 %)", CountCell), ("17.2%", CountCell),
        ("33", CountCell), ("40 ± 14", MeanCell), ("1.1 +/- 1.0", MeanCell), ("29[21.75, 40.25]", QuantileCell),
        ("0.51[0.34;0.70]", QuantileCell), ("0[0–2]", QuantileCell),
    ],
)  # fmt: skip
def test_cells_are_read_as_papers_print_them(text: str, kind: type) -> None:
    assert isinstance(parse_cell(text), kind)


def test_an_empty_cell_is_none() -> None:
    assert parse_cell("–") is None


@pytest.mark.parametrize("text", ["33 (870%)", "40 ± -3", "29 [31, 40]", "40/38 (105%)", "a few", "1,5"])
def test_what_no_cell_can_be_is_refused(text: str) -> None:
    with pytest.raises(NotPrinted):
        parse_cell(text)


def test_the_digits_tell_between_which_values_a_number_lies() -> None:
    number = parse_printed("0.30")
    assert (number.low, number.high) == pytest.approx((0.295, 0.305))
    assert parse_p("<0.001*").high == 0.001
    assert parse_p("1").low == 0.995  # 0.97 would be printed 0.97
    assert parse_p("0.05").is_significant is None  # 0.0497 and 0.0503 are printed so
    assert parse_effect("−11.5 (−23.5 to 0.6)", "0.063").low.value == -23.5


def test_every_fault_is_told_with_its_line_and_the_nearest_word() -> None:
    text = (
        "tabels: {}\n"  # line 2
        + TABLE
        + "      x: 33 (87%) | 108 (92%)\n"
        + "      y: 33 (87%)\n"  # line 8
        + "      z: {values: 3 | 4, tset: fisher}\n"  # line 9
        + "      w: 40 (105%) | 3\n"  # line 10
        + "claims:\n"
        + "  c: {type: subset, part: T, whole: Tt}\n"
        + "  d: {type: sume, parts: [1], total: 1}\n"  # line 13
    )
    found = faults(text)
    assert "line 2: 'tabels' is not a section of a file of published numbers. Did you mean 'tables'?" in found
    assert any(one.startswith("line 8: tables.T.rows.y: 1 entries for 2 arms") for one in found)
    assert any(one.startswith("line 9: 'tset' is not a key of") and "'test'" in one for one in found)
    assert any(one.startswith("line 10: tables.T.rows.w:") and "between 0 and 100" in one for one in found)
    assert any(one.startswith("line 13:") and "'sume' is unknown. Did you mean 'sum'?" in one for one in found)


def test_claims_must_name_what_is_there() -> None:
    text = TABLE + "      SLEDAI: 33 (87%) | 108 (92%)\nclaims:\n"
    assert faults(text + "  c: {type: balance, table: T, rows: [SLEDIA]}\n") == [
        "line 8: claims.c: 'SLEDIA' is no row of 'T'. Did you mean 'SLEDAI'?"
    ]
    assert faults(text + "  c: {type: pooled, whole: T.a, parts: [T.c]}\n") == [
        "line 8: claims.c: 'T.c' is no arm; write table.arm; choose a or b."
    ]
    assert faults(text + "  c: {type: order, table: T, row: SLEDAI, higher: a, lower: bb}\n") == [
        "line 8: claims.c: 'bb' is no arm of 'T'. Did you mean 'b'?"
    ]
    assert "has not the form" in faults(
        text + "  c: {type: threshold, table: T, quartiles: SLEDAI, share: SLEDAI, above: 3}\n"
    )[0].replace("have not", "has not")


def test_a_file_that_checks_nothing_is_refused() -> None:
    assert faults("") == ["line 1: there are no tables:, effects: or claims:; nothing can be checked."]
    assert any("paper: is missing" in one for one in faults("claims:\n  c: {type: sum, parts: [1], total: 1}\n", ""))
    assert faults("", "[1]\n")[0].startswith("line 1: the file holds")


def test_a_ratio_on_the_log_scale_is_pointed_out() -> None:
    found = faults("effects:\n  E:\n    scale: odds_ratio\n    rows: {x: -0.5 (-1.0 to 0.1)}\n")
    assert "is it on the log scale?" in found[0]


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("{values: 5 ± 2 | 5 ± 1, integers: 0}", "integers is 0; 1 or more is needed"),
        ("{values: 5 ± 2 | 5 ± 1, range: [7, 6]}", "range is [7, 6]; the smaller number comes first"),
        ("{values: 33 (87%) | 108 (92%), range: [0, 6]}", "range is for means with standard deviations"),
        ("{values: 5 ± 2 | 5 ± 1 | 0.1, test: fisher}", "test 'fisher' is for counts; choose t, student, welch or"),
        ("{values: 33 (87%) | 108 (92%) | 0.3, test: welch}", "test 'welch' is none for counts; choose chi2,"),
        ("{values: 33 | 108, n: 30 | 108}", "'33' counts more than the 30 of its arm"),
    ],
)
def test_a_row_that_would_be_checked_wrongly_is_refused(row: str, what: str) -> None:
    (found,) = faults(f"{TABLE}      x: {row}\n")
    assert found.startswith(f"line 6: tables.T.rows.x: {what}")


@pytest.mark.parametrize(
    ("claim", "what"),
    [
        ("{type: sum, parts: [], total: 1}", "parts is empty"),
        ("{type: sum, parts: [one], total: 1}", "'one' is no number"),
        ("{type: additive, of: T, total: x, parts: [x]}", "the cells of 'x' in 'T' are no means"),
        ("{type: additive, of: [], total: x, parts: [x]}", "of is empty"),
        ("{type: pooled, whole: T.a, parts: []}", "parts is empty"),
        ("{type: shares, of: 0, values: {a: 3%}}", "of is 0; 1 or more is needed"),
        ("{type: shares, of: 9, values: {a: -}}", "a is empty"),
        ("{type: shares, values: {a: 3%}}", "a: of what?"),
        ("{type: quotient, total: 5, persons: 0, between: [1, 2]}", "persons is 0"),
        ("{type: quotient, total: 5, persons: 2, between: [2, 1]}", "between is [2, 1]"),
        ("{type: order, table: T, row: x, higher: a, lower: a}", "higher and lower are both 'a'"),
    ],
)
def test_a_claim_that_would_check_nothing_is_refused(claim: str, what: str) -> None:
    found = faults(f"{TABLE}      x: 33 (87%) | 108 (92%)\nclaims:\n  c: {claim}\n")
    assert found[0].startswith(f"line 8: claims.c: {what}")


def test_degrees_of_freedom_are_positive() -> None:
    found = faults("effects:\n  E:\n    scale: difference\n    df: 0\n    rows: {x: {values: 1 (0 to 2), df: -3}}\n")
    assert found == [
        "line 3: effects.E.df is 0; more than 0 is needed.",
        "line 6: effects.E.rows.x.df is -3; more than 0 is needed.",
    ]
