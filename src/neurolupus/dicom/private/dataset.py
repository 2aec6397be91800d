"""A new data set with what may stay of another: nothing is copied that the allow-list does not name."""

import re
from collections.abc import Callable
from collections.abc import Sequence as Values
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence

from neurolupus.dicom.private import values, vocabulary
from neurolupus.dicom.private.kept import ALWAYS, KEPT, PATTERNS, SAFE_PRIVATE, Rule
from neurolupus.dicom.private.linking_key import LinkingKey
from neurolupus.dicom.private.options import Options
from neurolupus.errors import DicomError

DEEPEST = 6  # an enhanced image nests three levels deep
_TEXT_NUMBERS = ("DS", "IS")


@dataclass(frozen=True, slots=True)
class Who:
    """Whom a file is of, in labels.

    Attributes
    ----------
    subject, session : str
        Labels without `sub-` and `ses-`.
    days : int
        How far dates move into the past.
    """

    subject: str
    session: str
    days: int


def whose(original: Dataset, key: LinkingKey) -> Who:
    """The labels of a data set's patient and study; without PatientID, each study is somebody of its own.

    Raises
    ------
    DicomError
        There is neither PatientID nor StudyInstanceUID.
    """
    study = str(original.get("StudyInstanceUID") or "").strip()
    if not study:
        raise DicomError("StudyInstanceUID is missing; a study is needed to place the file in.\n    Fetch it again.")
    patient = _text(original, "PatientID")
    subject = key.subject(patient or f"study {study}", _text(original, "IssuerOfPatientID") if patient else "")
    return Who(subject, key.session(subject, study, _text(original, "StudyDate")), key.days(subject))


def cleaned_dataset(original: Dataset, who: Who, key: LinkingKey, options: Options, version: str) -> Dataset:
    """What may stay of a data set, with the marks of how it was de-identified.

    Parameters
    ----------
    original : Dataset
        It is read and never changed.
    who : Who
        Of `whose(original, key)`.
    version : str
        Of neurolupus, for DeidentificationMethod.

    Raises
    ------
    DicomError
        Sequences nest too deeply.
    """
    made = _Cleaner(who, key, options).cleaned(original)
    for keyword in ALWAYS:
        if keyword not in made:
            setattr(made, keyword, "")
    if options.age_and_sex and "PatientAge" not in made:
        age = values.age_between(_text(original, "PatientBirthDate"), _text(original, "StudyDate"))
        if age:
            made.PatientAge = age
    made.PatientIdentityRemoved = "YES"
    made.DeidentificationMethod = ["DICOM PS3.15 Annex E, by allow-list", f"neurolupus {version}"]
    made.DeidentificationMethodCodeSequence = Sequence(_code(*code) for code in options.codes)
    made.LongitudinalTemporalInformationModified = "MODIFIED" if options.dates else "REMOVED"
    return made


@dataclass(frozen=True, slots=True)
class _Cleaner:
    who: Who
    key: LinkingKey
    options: Options

    def cleaned(self, original: Dataset, depth: int = 0) -> Dataset:
        if depth > DEEPEST:
            raise DicomError(f"Sequences nest more than {DEEPEST} deep; no image does.\n    The file is left out.")
        made = Dataset()
        for tag in original.keys():  # noqa: SIM118 - iterating the data set itself would convert every value
            if tag.is_private:
                self._keep_private(original, tag, made)
                continue
            rule = KEPT.get(keyword_for_tag(tag))
            if rule is not None:
                element = self._element(original, tag, rule, depth)
                if element is not None:
                    made.add(element)
        return made

    def _element(self, original: Dataset, tag: int, rule: Rule, depth: int) -> DataElement | None:
        try:
            element = original[tag]
            known = dictionary_VR(tag)
            if element.VR not in (known, *known.split(" or ")):
                return None  # a value under a false type can hold anything
            if rule is Rule.SEQUENCE:
                items = Sequence(self.cleaned(item, depth + 1) for item in element.value)
                return DataElement(tag, "SQ", items)
            value = self._value(element, rule)
        except (ValueError, TypeError, AttributeError, NotImplementedError, LookupError):
            return None  # what cannot be read is not on the list
        if value is None:
            return None
        made = DataElement(tag, element.VR, value)
        made.is_undefined_length = element.is_undefined_length and rule is Rule.PIXELS
        return made

    def _keep_private(self, original: Dataset, tag: int, made: Dataset) -> None:
        if not self.options.safe_private or tag & 0xFFFF < 0x1000:
            return
        creator = original.get((tag >> 16, tag >> 8 & 0xFF))
        name = str(creator.value).strip() if creator is not None else ""
        if (tag >> 16, tag & 0xFF, name.lower()) not in SAFE_PRIVATE:
            return
        element = original[tag]
        if element.VR in ("FL", "FD") or (element.VR == "DS" and _all(element, values.is_number)):
            made.private_block(tag >> 16, name, create=True).add_new(tag & 0xFF, element.VR, element.value)

    def _value(self, element: DataElement, rule: Rule) -> object:
        """The value to write; None: nothing."""
        options, keyword = self.options, element.keyword
        texts = [str(one) for one in _listed(element)]
        match rule:
            case Rule.NUMBER:
                is_fine = element.VR not in _TEXT_NUMBERS or _all(element, values.is_number)
                return element.value if is_fine else None
            case Rule.CODE:
                return element.value if element.VR == "CS" and all(map(values.is_code, texts)) else None
            case Rule.TAG:
                return element.value
            case Rule.PIXELS:
                return element.value
            case Rule.EMPTY:
                return ""
            case Rule.LABEL:
                return self.who.subject
            case Rule.UID:
                return [one if not one or values.is_registered(one) else self.key.uid(one) for one in texts]
            case Rule.DATE:
                return values.moved_date(texts[0], self.who.days) if options.dates and texts else None
            case Rule.DATETIME:
                moved = values.moved_datetime(texts[0], self.who.days, with_time=options.times) if texts else ""
                return moved if options.dates and moved else None
            case Rule.TIME:
                return element.value if options.times and all(map(values.is_time, texts)) else None
            case Rule.AGE:
                return (values.capped_age(texts[0]) or None) if options.age_and_sex and texts else None
            case Rule.SEX:
                return texts[0] if options.age_and_sex and texts in (["F"], ["M"], ["O"]) else ""
            case Rule.BODY:
                return element.value if options.size_and_weight and _all(element, values.is_number) else None
            case Rule.DESCRIPTION:
                return _words(texts, vocabulary.SCAN_WORDS) if options.descriptions else None
            case Rule.AGENT:
                # That something was given must not get lost with its unknown name
                return (_words(texts, vocabulary.AGENT_WORDS) or "CONTRAST") if any(texts) else ""
            case Rule.MAKER:
                return _words(texts, vocabulary.MAKER_WORDS) or ""
            case Rule.MODEL:
                return _words(texts, vocabulary.MODEL_WORDS)
            case Rule.SERIAL:
                return self.key.scanner(texts[0]) if options.scanner and any(texts) else None
            case Rule.BODY_PART:
                return texts[0] if texts and texts[0].upper() in vocabulary.BODY_PARTS else None
            case Rule.PATTERN:
                fits = [one for one in texts if re.fullmatch(PATTERNS[keyword], one.strip())]
                return fits or None
        return None


def _listed(element: DataElement) -> Values[object]:
    if element.is_empty:
        return []
    return element.value if isinstance(element.value, MultiValue) else [element.value]


def _all(element: DataElement, test: Callable[[str], bool]) -> bool:
    return all(test(str(one)) for one in _listed(element))


def _words(texts: list[str], words: frozenset[str]) -> str | None:
    return vocabulary.cleaned(" ".join(texts), words)[:64].strip() or None


def _text(original: Dataset, keyword: str) -> str:
    """A value of the original as one text; empty when there is none, or it cannot be read."""
    try:
        value = original.get(keyword)
    except (ValueError, TypeError, NotImplementedError):
        return ""
    if isinstance(value, MultiValue):
        value = value[0] if value else None
    return "" if value is None else str(value).strip(" \0")


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item
