"""What the Italian score says where some of its items are unknown."""

from neurolupus.guidelines.attribution import attribute
from neurolupus.io.patient_file import parse_patient


def of_items(**items: object) -> object:
    return attribute(parse_patient({"attribution": {"italian_items": items}}))


def test_six_or_more_is_attributed_but_not_called_borderline_while_an_item_could_lift_it():
    found = of_items(minor_event=False, confounders="none", favouring="one")  # 3 + 2 + 1, onset may add 0 to 3
    assert (found.score, found.score_range) == (None, (6, 9))
    assert found.by_cut_off == ((6, True), (7, None))
    assert (found.status, found.is_borderline) == ("attributed", False)
    assert "borderline" not in found.sentence


def test_a_known_six_is_borderline():
    found = of_items(onset=">6mo_before", minor_event=False, confounders="none", favouring="one")
    assert (found.score, found.by_cut_off, found.is_borderline) == (6, ((6, True), (7, False)), True)
