"""JSON is read as Python's own reader reads it, with lines, and refused where a value could pass that nobody meant."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurolupus.io.jsonfile import JsonFault, parse_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.slow
@given(VALUES, st.sampled_from([None, 0, 2, "\t"]), st.sampled_from([None, (",", ":")]), st.booleans())
def test_it_reads_what_python_writes(value: Any, indent: Any, separators: Any, ascii_only: bool):
    text = json.dumps(value, indent=indent, separators=separators, ensure_ascii=ascii_only)
    assert repr(parse_json(text, "x.json").data) == repr(value)  # so that 1 is not 1.0


def test_every_value_has_its_line_and_its_text():
    document = parse_json('{"a": 1,\n "b": [\n  0.50,\n  {"c": true}]\n}', "x.json")
    assert document.data == {"a": 1, "b": [0.5, {"c": True}]}
    assert [document.line_of(place) for place in (("a",), ("b", 0), ("b", 1, "c"), ("b", 7))] == [1, 3, 4, 2]
    assert document.text_of(("b", 0), 0.5) == "0.50"


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("", 1, "a value is needed"),
        ("{", 1, "a name in double quotes"),
        ('{"a": 1\n"b": 2}', 2, "a comma or } is needed"),
        ('{"a": 1,\n}', 2, "a name in double quotes"),
        ('{"a"\n 1}', 2, "a colon is needed behind 'a'"),
        ('{"a": 1,\n\n"a": 2}', 3, "'a' stands here twice"),
        ('{"a": NaN}', 1, "a value is needed"),
        ('{"a": -Infinity}', 1, "a value is needed"),
        ('{"a": True}', 1, "a value is needed"),
        ("{'a': 1}", 1, "a name in double quotes"),
        ('{"a": 01}', 1, "a comma or } is needed"),
        ('{"a": ' + "9" * 5000 + "}", 1, "a value is needed"),
        ("[1 2]", 1, "a comma or ] is needed"),
        ('["a\nb"]', 1, "a text does not close"),
        ('["a]', 1, "a text does not close"),
        ('["\\x"]', 1, "a text does not close"),
        ('{} {"a": 1}', 1, "something stands behind the end"),
        ("[" * 100_000, 1, "nested too deeply"),
        ("// comment\n{}", 1, "a value is needed"),
    ],
)
def test_what_is_no_json_is_refused_with_its_line(text: str, line: int, told: str):
    with pytest.raises(JsonFault) as error:
        parse_json(text, "x.json")
    assert told in error.value.fault.what
    assert error.value.fault.line == line
    assert len(error.value.fault.what) < 200


def test_limits_are_reached_before_they_are_passed():
    assert parse_json("[" * 50 + "]" * 50, "x.json").data
    with pytest.raises(JsonFault, match="nested too deeply"):
        parse_json("[" * 51 + "0" + "]" * 51, "x.json")
    assert parse_json("9" * 40, "x.json").data == int("9" * 40)
    with pytest.raises(JsonFault, match="a value is needed"):
        parse_json("9" * 41, "x.json")


@given(st.text(alphabet='{}[]",:0.eE-+ \n\\tru"nul', max_size=30))
def test_it_takes_no_more_than_python_does(text: str):
    try:
        found = parse_json(text, "x.json").data
    except JsonFault:
        return
    assert json.loads(text) == found
