"""What is asked of an archive, and whether an answer is what was asked for."""

import datetime
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from neurolupus.dicom.archive.found import SeriesFound, StudyFound
from neurolupus.errors import UsageError

UID = re.compile(r"[0-9.]{1,64}")


@dataclass(frozen=True, slots=True)
class Query:
    """Filters; an empty one lets everything through.

    Parameters
    ----------
    patient_id, accession, description, series_description : str
        `*` and `?` stand for any letters.
    first, last : date or None
        Of the study, both included.
    modality : str
        A study must have it; only its series are meant.
    """

    patient_id: str = ""
    study_uid: str = ""
    series_uid: str = ""
    accession: str = ""
    description: str = ""
    series_description: str = ""
    modality: str = ""
    first: datetime.date | None = None
    last: datetime.date | None = None

    def __post_init__(self) -> None:
        for name in ("study_uid", "series_uid"):
            value = getattr(self, name)
            if value and UID.fullmatch(value) is None:
                raise UsageError(f"{value[:80]!r} is no UID; digits and dots, at most 64, are needed.")

    @property
    def is_open(self) -> bool:
        """Whether nothing narrows it to some studies; a modality does not."""
        narrow = (self.patient_id, self.study_uid, self.series_uid, self.accession, self.description)
        return not any(value.strip("*?") for value in narrow) and self.first is None and self.last is None

    def keys(self) -> dict[str, str]:
        """The filters of studies, by DICOM keyword."""
        named = {
            "PatientID": self.patient_id,
            "StudyInstanceUID": self.study_uid,
            "AccessionNumber": self.accession,
            "StudyDescription": self.description,
            "ModalitiesInStudy": self.modality,
            "StudyDate": self._dates(),
        }
        return {name: value for name, value in named.items() if value}

    def takes_study(self, study: StudyFound) -> bool:
        """Whether a study is one of those asked for: an archive leaves out filters that it does not know."""
        day = _day(study.date)
        in_time = (self.first is None and self.last is None) or (
            day is not None and (self.first is None or day >= self.first) and (self.last is None or day <= self.last)
        )
        return (
            in_time
            and _alike(self.patient_id, study.patient_id)
            and _alike(self.accession, study.accession)
            and (not self.study_uid or self.study_uid == study.study_uid)
            and (not study.description or _alike(self.description, study.description))
        )

    def takes_series(self, series: SeriesFound) -> bool:
        """Whether a series is one of those asked for."""
        return (
            (not self.series_uid or self.series_uid == series.series_uid)
            and (not self.modality or self.modality.upper() == series.modality.upper())
            and _alike(self.series_description, series.description)
        )

    def _dates(self) -> str:
        if self.first is None and self.last is None:
            return ""
        first, last = (f"{day:%Y%m%d}" if day else "" for day in (self.first, self.last))
        return first if first == last else f"{first}-{last}"


def parse_dates(text: str) -> tuple[datetime.date | None, datetime.date | None]:
    """The first and last day of `2024-01-31`, `2024-01-01..2024-03-31`, `2024-01-01..` or DICOM's own writing.

    Examples
    --------
    >>> parse_dates("20240101-20240331")
    (datetime.date(2024, 1, 1), datetime.date(2024, 3, 31))
    """
    both = re.fullmatch(r"(\d{4}-\d\d-\d\d|\d{8})?(\.\.|-)(\d{4}-\d\d-\d\d|\d{8})?", text.strip())
    words = (both[1], both[3]) if both else (text.strip(), text.strip())
    days = tuple(_day(word.replace("-", "")) if word else None for word in words)
    faulty = [word for word, day in zip(words, days, strict=True) if word and day is None]
    if faulty or days == (None, None):
        raise UsageError(
            f"--date {text[:60]!r} is no day and no range of days; give 2024-01-31 or 2024-01-01..2024-03-31."
        )
    first, last = days
    if first and last and first > last:
        raise UsageError(f"--date {text} ends before it begins; give the earlier day first.")
    return first, last


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        return None


def _alike(wanted: str, value: str) -> bool:
    pattern = wanted.casefold().strip().replace("[", "[[]")
    return not pattern or fnmatchcase(value.casefold().strip(), pattern)
