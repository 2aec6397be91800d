"""Single values made safe: moved dates, capped ages, numbers that are numbers, codes that are codes."""

import re
from datetime import date, timedelta

from pydicom.uid import UID

OLDEST_YEARS = 89  # ages above it are identifying (45 CFR 164.514(b)(2)(i)(C); asked for by the project's scope)

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_CODE = re.compile(r"[A-Z0-9 _.+-]{0,16}")
_AGE = re.compile(r"(\d{1,3})([DWMY])")
_DATE = re.compile(r"(\d{4})\.?(\d\d)\.?(\d\d)")  # YYYY.MM.DD was written before 1993
_TIME = re.compile(r"\d\d(:?\d\d(:?\d\d(\.\d{1,6})?)?)?")
_DATETIME = re.compile(r"(\d{8})(\d{2,6}(?:\.\d{1,6})?)?([+-]\d{4})?")


def is_registered(uid: str) -> bool:
    """Whether a UID is one of DICOM's own: of a class, a transfer syntax, a well-known frame of reference.

    Examples
    --------
    >>> is_registered("1.2.840.10008.5.1.4.1.1.4"), is_registered("1.2.840.113619.2.1")
    (True, False)
    """
    return UID(uid).name != uid


def is_number(text: str) -> bool:
    """Whether a decimal or integer string is nothing else; NaN is not.

    Examples
    --------
    >>> is_number(" 1.5e-3 "), is_number("1.5 Smith"), is_number("")
    (True, False, True)
    """
    return not text.strip() or _NUMBER.fullmatch(text.strip()) is not None


def is_code(text: str) -> bool:
    """Whether a value is a code string as PS3.5 has it, or with a vendor's point, plus or minus."""
    return _CODE.fullmatch(text) is not None


def moved_date(text: str, days: int) -> str:
    """A DA moved into the past; empty when it is no date.

    Examples
    --------
    >>> moved_date("20240301", 1), moved_date("2024.03.01", 365), moved_date("20241301", 1)
    ('20240229', '20230302', '')
    """
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return ""
    try:
        moved = date(*(int(part) for part in found.groups())) - timedelta(days=days)
    except (ValueError, OverflowError):
        return ""
    return f"{moved.year:04d}{moved.month:02d}{moved.day:02d}"


def moved_datetime(text: str, days: int, *, with_time: bool) -> str:
    """A DT moved into the past, cut to its date unless times stay; empty when it is no date.

    Examples
    --------
    >>> moved_datetime("20240301101500.5+0100", 1, with_time=True), moved_datetime("202403011015", 1, with_time=False)
    ('20240229101500.5+0100', '20240229')
    """
    found = _DATETIME.fullmatch(text.strip())
    moved = moved_date(found[1], days) if found else ""
    return f"{moved}{found[2] or ''}{found[3] or ''}" if found and moved and with_time else moved


def is_time(text: str) -> bool:
    """Whether a TM is nothing else."""
    return _TIME.fullmatch(text.strip()) is not None


def capped_age(text: str) -> str:
    """An AS with at most 89 years; empty when it is no age.

    Examples
    --------
    >>> capped_age("034Y"), capped_age("091Y"), capped_age("0Y"), capped_age("018M"), capped_age("old")
    ('034Y', '089Y', '000Y', '018M', '')
    """
    found = _AGE.fullmatch(text.strip())
    if found is None:
        return ""
    number = min(int(found[1]), OLDEST_YEARS) if found[2] == "Y" else int(found[1])
    return f"{number:03d}{found[2]}"


def age_between(birth: str, study: str) -> str:
    """The age at the study as an AS in years, capped; empty when either date is none, or they are reversed.

    Examples
    --------
    >>> age_between("19800302", "20240301"), age_between("19800301", "20240301"), age_between("", "20240301")
    ('043Y', '044Y', '')
    """
    born, seen = moved_date(birth, 0), moved_date(study, 0)
    if not born or not seen or seen < born:
        return ""
    years = int(seen[:4]) - int(born[:4]) - (seen[4:] < born[4:])
    return capped_age(f"{min(years, 999):03d}Y")
