"""What an archive says it has."""

from dataclasses import dataclass
from typing import Any

from neurolupus.errors import PacsError

LONGEST_TEXT = 1024
STUDY_KEYS = (
    "PatientID", "StudyInstanceUID", "StudyDate", "StudyDescription", "AccessionNumber", "ModalitiesInStudy",
    "NumberOfStudyRelatedInstances",
)  # fmt: skip
SERIES_KEYS = ("SeriesInstanceUID", "SeriesNumber", "SeriesDescription", "Modality", "NumberOfSeriesRelatedInstances")
INSTANCE_KEYS = ("SOPInstanceUID", "SOPClassUID")


@dataclass(frozen=True, slots=True)
class InstanceFound:
    """One file that an archive has."""

    study_uid: str
    series_uid: str
    sop_uid: str
    sop_class: str = ""


@dataclass(frozen=True, slots=True)
class SeriesFound:
    """One series; `n_instances` is None where the archive does not count them."""

    study_uid: str
    series_uid: str
    number: int | None = None
    modality: str = ""
    description: str = ""
    n_instances: int | None = None


@dataclass(frozen=True, slots=True)
class StudyFound:
    """One study, without the patient's name and birth date: nobody here needs them. `date` is YYYYMMDD."""

    study_uid: str
    patient_id: str = ""
    date: str = ""
    description: str = ""
    accession: str = ""
    modalities: tuple[str, ...] = ()
    n_instances: int | None = None
    series: tuple[SeriesFound, ...] = ()


def study_of(answer: Any) -> StudyFound:
    """A study from a dataset of an answer."""
    many = answer.get("ModalitiesInStudy") or ()
    return StudyFound(
        uid_of(answer, "StudyInstanceUID"),
        _text(answer, "PatientID"),
        _text(answer, "StudyDate"),
        _text(answer, "StudyDescription"),
        _text(answer, "AccessionNumber"),
        tuple(sorted({printable(one) for one in ([many] if isinstance(many, str) else many)})),
        _number(answer, "NumberOfStudyRelatedInstances"),
    )


def series_of(answer: Any, study_uid: str) -> SeriesFound:
    """A series from a dataset of an answer."""
    return SeriesFound(
        study_uid,
        uid_of(answer, "SeriesInstanceUID"),
        _number(answer, "SeriesNumber"),
        _text(answer, "Modality"),
        _text(answer, "SeriesDescription"),
        _number(answer, "NumberOfSeriesRelatedInstances"),
    )


def instance_of(answer: Any, series: SeriesFound) -> InstanceFound:
    """A file from a dataset of an answer."""
    return InstanceFound(
        series.study_uid, series.series_uid, uid_of(answer, "SOPInstanceUID"), _text(answer, "SOPClassUID")
    )


def uid_of(answer: Any, keyword: str) -> str:
    """A UID that is one: paths and addresses are made of it.

    Raises
    ------
    PacsError
        It is none.
    """
    value = str(answer.get(keyword) or "").strip("\0 ")
    if not 0 < len(value) <= 64 or set(value) - set("0123456789.") or value.startswith("."):
        raise PacsError(
            f"The archive's answer has {keyword} {value[:80]!r}; a UID, digits and dots, is needed.\n"
            "    The archive is at fault; its maker can tell why."
        )
    return value


def printable(value: object) -> str:
    """A value as text that cannot steer a terminal."""
    return "".join(letter for letter in str(value)[:LONGEST_TEXT] if letter.isprintable()).strip()


def _text(answer: Any, keyword: str) -> str:
    value = answer.get(keyword)
    return "" if value is None else printable(value)


def _number(answer: Any, keyword: str) -> int | None:
    try:
        return int(answer.get(keyword))
    except (TypeError, ValueError):
        return None
