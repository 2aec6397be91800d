"""What an archive says it has."""

import warnings
from collections.abc import Mapping, Sequence
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
TAGS = {
    "PatientID": "00100020", "StudyInstanceUID": "0020000D", "StudyDate": "00080020", "StudyDescription": "00081030",
    "AccessionNumber": "00080050", "ModalitiesInStudy": "00080061", "NumberOfStudyRelatedInstances": "00201208",
    "SeriesInstanceUID": "0020000E", "SeriesNumber": "00200011", "SeriesDescription": "0008103E",
    "Modality": "00080060", "NumberOfSeriesRelatedInstances": "00201209", "SOPInstanceUID": "00080018",
    "SOPClassUID": "00080016",
}  # fmt: skip
Answer = Mapping[str, Any]  # values by DICOM keyword; only those that were given


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


def answer_of_dataset(dataset: Any) -> Answer:
    """The values of an answer to C-FIND; those that break DICOM's rules come as they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # pydicom's, which repeat the value
        return {keyword: dataset.get(keyword) for keyword in TAGS if keyword in dataset}


def answer_of_json(item: Any) -> Answer:
    """The values of an answer in DICOM JSON (PS3.18 F.2).

    Raises
    ------
    PacsError
        It is none.
    """
    if not isinstance(item, dict):
        raise PacsError(f"The archive's answer has a JSON {type(item).__name__} where a dataset is needed.")
    answer: dict[str, Any] = {}
    for keyword, tag in TAGS.items():
        element = item.get(tag)
        values = element.get("Value") if isinstance(element, dict) else None
        if isinstance(values, list) and values:
            answer[keyword] = [str(one) for one in values] if len(values) > 1 else values[0]
    return answer


def study_of(answer: Answer) -> StudyFound:
    """A study from a dataset of an answer."""
    many = answer.get("ModalitiesInStudy") or ()
    modalities = many if isinstance(many, Sequence) and not isinstance(many, str) else [many]
    return StudyFound(
        uid_of(answer, "StudyInstanceUID"),
        _text(answer, "PatientID"),
        _text(answer, "StudyDate"),
        _text(answer, "StudyDescription"),
        _text(answer, "AccessionNumber"),
        tuple(sorted({printable(one) for one in modalities} - {""})),
        _number(answer, "NumberOfStudyRelatedInstances"),
    )


def series_of(answer: Answer, study_uid: str) -> SeriesFound:
    """A series from a dataset of an answer."""
    return SeriesFound(
        study_uid,
        uid_of(answer, "SeriesInstanceUID"),
        _number(answer, "SeriesNumber"),
        _text(answer, "Modality"),
        _text(answer, "SeriesDescription"),
        _number(answer, "NumberOfSeriesRelatedInstances"),
    )


def instance_of(answer: Answer, series: SeriesFound) -> InstanceFound:
    """A file from a dataset of an answer."""
    return InstanceFound(
        series.study_uid, series.series_uid, uid_of(answer, "SOPInstanceUID"), _text(answer, "SOPClassUID")
    )


def uid_of(answer: Answer, keyword: str) -> str:
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


def _text(answer: Answer, keyword: str) -> str:
    value = answer.get(keyword)
    return "" if value is None else printable(value)


def _number(answer: Answer, keyword: str) -> int | None:
    value: Any = answer.get(keyword)
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
