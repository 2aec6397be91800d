"""What is asked, and which answers are what was asked for."""

import datetime

import pytest

from neurolupus.dicom.archive.found import SeriesFound, StudyFound, printable, uid_of
from neurolupus.dicom.archive.query import Query, parse_dates
from neurolupus.errors import PacsError, UsageError

JAN, MARCH = datetime.date(2024, 1, 31), datetime.date(2024, 3, 1)
STUDY = StudyFound("1.2", "MRN-7", "20240201", "MRI brain [cor]", "ACC/1", ("MR",))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2024-01-31", (JAN, JAN)), ("20240131", (JAN, JAN)), ("2024-01-31..2024-03-01", (JAN, MARCH)),
        ("20240131-20240301", (JAN, MARCH)), ("2024-01-31..", (JAN, None)), ("..2024-03-01", (None, MARCH)),
    ],
)  # fmt: skip
def test_days_are_read_as_people_and_archives_write_them(text: str, days: object):
    assert parse_dates(text) == days


@pytest.mark.parametrize("text", ["", "..", "-", "yesterday", "2024-02-30", "2024-03-01..2024-01-31", "31.01.2024"])
def test_other_days_are_refused(text: str):
    with pytest.raises(UsageError, match="--date"):
        parse_dates(text)


def test_filters_become_keys_of_the_standard():
    query = Query(patient_id="MRN*", modality="MR", first=JAN, last=MARCH)
    assert query.keys() == {"PatientID": "MRN*", "ModalitiesInStudy": "MR", "StudyDate": "20240131-20240301"}
    assert Query(first=JAN, last=JAN).keys()["StudyDate"] == "20240131"
    assert Query(last=MARCH).keys()["StudyDate"] == "-20240301"


@pytest.mark.parametrize(
    "query",
    [
        Query(patient_id="mrn-?"), Query(first=JAN, last=MARCH), Query(study_uid="1.2"), Query(accession="ACC/*"),
        Query(description="*[cor]"), Query(),
    ],
)  # fmt: skip
def test_a_study_that_fits_is_taken(query: Query):
    assert query.takes_study(STUDY)


@pytest.mark.parametrize(
    "query",
    [
        Query(patient_id="MRN"), Query(first=MARCH), Query(last=JAN), Query(study_uid="1.2.3"), Query(accession="ACC"),
        Query(description="*spine*"),
    ],
)  # fmt: skip
def test_a_study_that_does_not_fit_is_not_taken_even_if_the_archive_sends_it(query: Query):
    assert not query.takes_study(STUDY)


def test_a_study_without_a_day_is_in_no_range():
    assert not Query(first=JAN).takes_study(StudyFound("1.2", "MRN-7"))


def test_series_are_told_apart_by_modality_and_description():
    series = SeriesFound("1.2", "1.2.3", 4, "MR", "Ax T2 FLAIR", 30)
    assert Query(modality="MR", series_description="*flair*").takes_series(series)
    assert not Query(modality="CT").takes_series(series)
    assert not Query(series_description="flair").takes_series(series)
    assert not Query(series_uid="1.2.4").takes_series(series)


@pytest.mark.parametrize("query", [Query(), Query(modality="MR"), Query(patient_id="*"), Query(description="??*")])
def test_a_question_that_means_everything_is_known_as_such(query: Query):
    assert query.is_open


@pytest.mark.parametrize("query", [Query(patient_id="M*"), Query(study_uid="1"), Query(last=JAN)])
def test_a_question_that_means_something_is_not_open(query: Query):
    assert not query.is_open


@pytest.mark.parametrize("uid", ["1.2/../3", "1.2 ", "a", "1" * 65])
def test_what_is_no_uid_is_not_asked_for(uid: str):
    with pytest.raises(UsageError, match="is no UID"):
        Query(study_uid=uid)


@pytest.mark.parametrize("uid", ["../../etc/passwd", "", "..", ".5", "1" * 65, "1.2\n3"])
def test_what_an_archive_calls_a_uid_must_be_one(uid: str):
    with pytest.raises(PacsError, match="SOPInstanceUID"):
        uid_of({"SOPInstanceUID": uid}, "SOPInstanceUID")


def test_padding_of_a_uid_is_no_part_of_it():
    assert uid_of({"SOPInstanceUID": "1.2.3\0"}, "SOPInstanceUID") == "1.2.3"


def test_an_answer_cannot_steer_the_terminal():
    assert printable("\x1b[31mbrain\x07 ") == "[31mbrain"
