import pytest

from neurolupus.study.results import ResultNumber
from neurolupus.study.run.validate import PublishedNumber, rounds_to, validate_part


@pytest.mark.parametrize(
    ("value", "printed", "agrees"),
    [
        (0.5549, "0.55", True),
        (0.5551, "0.55", False),
        (0.125, "0.12", True),  # half to even
        (0.125, "0.13", True),  # half up
        (-11.46, "−11.5", True),
        (0.0009, "<0.001", True),
        (0.0011, "< 0.001", False),
        (0.0348, "0.035*", True),
        (386, "386", True),
        (385, "386", False),
    ],
)
def test_a_number_agrees_when_it_rounds_to_what_was_printed(value, printed, agrees):
    assert rounds_to(value, printed) is agrees


def test_words_are_no_number():
    assert rounds_to(0.3, "n.s.") is None


def test_what_agrees_is_counted_and_what_does_not_is_said():
    numbers = [ResultNumber(name, value, "ratio", "Cox", 10) for name, value in (("a", 0.551), ("b", 0.7), ("c", None))]
    part = validate_part([PublishedNumber(name, "0.55") for name in ("a", "b", "c", "d")], numbers)
    assert {n.id: n.value for n in part.numbers} == {"validate.compared": 2, "validate.agreeing": 1}
    assert "1 of 2 published numbers" in part.warnings[0].text
    (table,) = part.blocks
    assert [row.cells[-1].text for row in table.rows] == ["yes", "no", "not computed", "not computed"]
