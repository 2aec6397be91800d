"""Conditions, sums and shares of study files; what is not known stays not known."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurolupus.study.grammar import Condition, parse_condition, parse_rest
from neurolupus.study.grammar.evaluate import total_of, truth_of
from neurolupus.study.grammar.sums import GrammarError, as_number, parse_share, parse_sum

NAN = float("nan")
VALUES = {
    "age": pd.Series([30.0, 60.0, NAN]),
    "aps": pd.Series([1.0, 0.0, NAN]),
    "drug": pd.Series(["cyc", "none", None], dtype=object),
    "np": pd.Series([frozenset({"headache"}), frozenset({"headache", "acs"}), None], dtype=object),
    "dx": pd.Series(["inf", "isc", "non"], dtype=object),
}
MERGED = {"dx": {"npsle": ("inf", "isc")}}


def floats(text: str | Condition) -> list[float]:
    condition = parse_condition(text) if isinstance(text, str) else text
    return truth_of(condition, VALUES, MERGED).as_floats().tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("aps", [1, 0, NAN]),
        ("not aps", [0, 1, NAN]),
        ("age > 30", [0, 1, NAN]),
        ("age >= 30", [1, 1, NAN]),
        ("age < 60", [1, 0, NAN]),
        ("age == 30.0", [1, 0, NAN]),
        ("age in {30, 60}", [1, 1, NAN]),
        ("drug == cyc", [1, 0, NAN]),
        ("drug != cyc", [0, 1, NAN]),
        ('drug in {cyc, "none"}', [1, 1, NAN]),
        ("np == {headache}", [1, 0, NAN]),
        ("np != {headache}", [0, 1, NAN]),
        ("np has {acs}", [0, 1, NAN]),
        ("np in {headache, seizure}", [1, 0, NAN]),
        ("dx == npsle", [1, 1, 0]),
        ("dx != npsle", [0, 0, 1]),
        ("aps or age > 50", [1, 1, NAN]),
        ("aps or not aps or dx == non", [1, 1, 1]),
        ("aps and dx == npsle", [1, 0, 0]),
        ("aps or age > 50 and drug == cyc", [1, 0, NAN]),
        ("(aps or age > 50) and drug == none", [0, 1, NAN]),
    ],
)
def test_conditions_worked_by_hand(text: str, expected: list[float]) -> None:
    np.testing.assert_array_equal(floats(text), expected)


def test_a_rest_is_about_its_variable() -> None:
    assert floats(parse_rest("age", "> 30 and age < 70")) == pytest.approx([0, 1, NAN], nan_ok=True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("age >", "ends too early; a value is needed"),
        ("age > old", "needs a number, and 'old' is none"),
        ("(aps", "a closing ) is needed"),
        ("aps aps", "'aps' was not expected"),
        ("and aps", "a column or variable is needed where 'and'"),
        ("np has {}", "{} is empty"),
        ("np == {headache", "a closing } is needed"),
        ("", "ends too early"),
        ("age ~ 3", "'~' was not expected"),
        ("not " * 60 + "aps", "nested too deeply"),
        ("age = = 3", "needs a value"),
    ],
)
def test_what_is_no_condition_is_told(text: str, told: str) -> None:
    with pytest.raises(GrammarError) as error:
        parse_condition(text)
    assert told in str(error.value)


@given(st.text(alphabet="ab12<>=(){},!~ '\"-+*/.andortihs", max_size=30))
def test_any_text_is_a_condition_or_a_grammar_error(text: str) -> None:
    for parse in (parse_condition, parse_sum, parse_share):
        try:
            parse(text)
        except GrammarError:
            continue


def test_kleene_tables_hold_for_every_pair() -> None:
    rows = list(product([1.0, 0.0, NAN], repeat=2))
    values = {name: pd.Series([row[place] for row in rows]) for place, name in enumerate("ab")}
    both, either = (truth_of(parse_condition(f"a {word} b"), values).as_floats() for word in ("and", "or"))
    smaller = {(1, 1): 1, (1, 0): 0, (0, 1): 0, (0, 0): 0}
    for row, got_and, got_or in zip(rows, both, either, strict=True):
        expected = smaller.get(row, 0.0 if 0.0 in row else NAN)
        np.testing.assert_equal(got_and, expected)
        np.testing.assert_equal(got_or, 1.0 if 1.0 in row else 0.0 if row == (0.0, 0.0) else NAN)


@pytest.mark.parametrize(
    ("text", "terms", "constant"),
    [
        ("gm + wm", ((1, "gm"), (1, "wm")), 0),
        ("tiv - gm-wm", ((1, "tiv"), (-1, "gm"), (-1, "wm")), 0),
        ("0.5*a - b*2 + 3", ((0.5, "a"), (-2, "b")), 3),
        ("a", ((1, "a"),), 0),
    ],
)
def test_sums_worked_by_hand(text: str, terms: tuple[tuple[float, str], ...], constant: float) -> None:
    total = parse_sum(text)
    assert total.terms == terms
    assert total.constant == constant


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    values = {"a": pd.Series([1.0, NAN]), "b": pd.Series([2.0, 2.0])}
    np.testing.assert_array_equal(total_of(parse_sum("2*a - b + 1"), values), [1.0, NAN])


@pytest.mark.parametrize("text", ["", "3", "a*b", "a ++ b", "a / b", "log(a)"])
def test_what_is_no_sum_is_told(text: str) -> None:
    with pytest.raises(GrammarError):
        parse_sum(text)


@pytest.mark.parametrize(
    ("text", "share"), [("0.135", 0.135), ("26/192", 26 / 192), ("13.5%", 0.135), ("0", 0), ("1", 1)]
)
def test_shares(text: str, share: float) -> None:
    assert parse_share(text) == pytest.approx(share, rel=1e-15)


@pytest.mark.parametrize("text", ["13.5", "-0.1", "3/2", "1/0", "x", "1/x", ""])
def test_what_is_no_share_is_told(text: str) -> None:
    with pytest.raises(GrammarError):
        parse_share(text)


@pytest.mark.parametrize("text", ["1,5", "1_000", "nan", "inf", "", "0x10", "1 000", "٣"])
def test_numbers_are_plain(text: str) -> None:
    assert as_number(text) is None
