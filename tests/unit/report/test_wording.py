import pytest

from neurolupus.records.scan import Participant
from neurolupus.report import wording


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (1434.25, 1, "1\u202f434.2"),
        (-3.14, 1, "−3.1"),
        (-0.001, 2, "0.00"),
        (12, 1, "12"),
        (None, 2, "n/a"),
        ("3D", 2, "3D"),
        (True, 2, "yes"),
    ],
)
def test_numbers(value, digits, expected):
    assert wording.number_text(value, digits) == expected


def test_interval_as_in_the_mri_paper():
    assert wording.interval_text(1.08, 0.12, 14.94, 2) == "1.08 (0.12–14.94)"  # Inglese 2021, Table 2
    assert wording.interval_text(1.08, None, None, 2) == "1.08"


def test_precision_of_measures():
    assert [wording.decimals(n) for n in ("gm_ml", "wmh_ml", "wmh_tiv", "qc_snr_wm")] == [1, 2, 3, 2]


def test_verdict():
    assert wording.verdict_text(True, None, 0)[0] == "Volumes usable"
    assert "1 warning " in wording.verdict_text(True, None, 1)[1]
    assert "2 warnings" in wording.verdict_text(True, None, 2)[1]
    headline, why = wording.verdict_text(False, "infarct-like lesion", 0)
    assert headline == "Volumes not usable"
    assert why.startswith("Infarct-like lesion. ")


def test_person():
    person = Participant("01", 37, "F", "non-NPSLE")
    assert wording.person_text(person) == "non-NPSLE, female, 37 years"
    assert wording.person_text(Participant("01")) == ""
    assert wording.person_text(None) == ""


def test_steps_have_words():
    assert wording.step_title("wmh_probability") == "WMH probability"
    assert wording.step_title("bias_n4") == "Bias N4"
