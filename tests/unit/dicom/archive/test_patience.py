"""Asking again."""

import pytest

from neurolupus.dicom.archive.patience import MayPass, patiently
from neurolupus.errors import PacsError


def failing(times: int, *, wait_s: float = 0.0):
    left = [times]

    def action() -> str:
        left[0] -= 1
        if left[0] >= 0:
            raise MayPass("no answer.", wait_s)
        return "answer"

    return action


def test_an_answer_that_comes_late_is_taken_after_pauses_that_grow():
    pauses: list[float] = []
    assert patiently(failing(2), 3, pause=pauses.append) == "answer"
    assert pauses == [1, 2]


def test_the_last_fault_is_told_with_the_number_of_tries():
    with pytest.raises(PacsError, match=r"no answer\. \(3 tries\)"):
        patiently(failing(9), 3, pause=lambda _: None)


@pytest.mark.parametrize(("asked", "waited"), [(12.0, 12.0), (9999.0, 30.0)])
def test_an_archive_may_say_how_long_to_wait_within_reason(asked: float, waited: float):
    pauses: list[float] = []
    patiently(failing(1, wait_s=asked), 2, pause=pauses.append)
    assert pauses == [waited]


def test_a_refusal_is_not_asked_again():
    def refuse() -> str:
        raise PacsError("no")

    with pytest.raises(PacsError, match=r"^no$"):
        patiently(refuse, 3, pause=lambda _: pytest.fail("it waited"))
