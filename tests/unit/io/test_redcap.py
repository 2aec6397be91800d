"""REDCap's checkbox columns become one cell of labels; nothing else is touched."""

import pandas as pd

from neurolupus.io.redcap import join_checkboxes


def test_checked_codes_are_joined() -> None:
    frame = pd.DataFrame(
        {"id": ["1", "2", "3"], "np___seizure": ["1", "0", None], "np___acs": ["Checked", "Unchecked", None]}
    )
    joined, notes = join_checkboxes(frame)
    assert joined["np"].tolist()[:2] == ["seizure;acs", ";"]
    assert joined["np"].isna().tolist() == [False, False, True]  # a form that was not filled in is not "none"
    assert "2 checkbox columns np___" in notes[0]


def test_what_is_no_checkbox_stays() -> None:
    frame = pd.DataFrame({"np": ["x"], "np___a": ["1"], "dose___mg": ["20"], "a__b": ["1"]})
    joined, notes = join_checkboxes(frame)
    assert list(joined) == list(frame)
    assert notes == ()
