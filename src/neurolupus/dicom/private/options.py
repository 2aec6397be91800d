"""What a de-identified file may still tell: the options of DICOM PS3.15 Annex E that are offered, and their codes."""

from dataclasses import dataclass

PROFILE = ("113100", "Basic Application Confidentiality Profile")
CLEAN_DESCRIPTORS = ("113105", "Clean Descriptors Option")
MODIFIED_DATES = ("113107", "Retain Longitudinal Temporal Information Modified Dates Option")
PATIENT_CHARACTERISTICS = ("113108", "Retain Patient Characteristics Option")
SAFE_PRIVATE = ("113111", "Retain Safe Private Option")


@dataclass(frozen=True, slots=True)
class Options:
    """What stays, beside geometry, contrast and pixels.

    Attributes
    ----------
    dates : bool
        Dates stay, moved by the patient's shift; else they go.
    times : bool
        Times of day stay as they are; only with `dates`.
    age_and_sex, size_and_weight : bool
        Patient characteristics; ages above 89 become 89.
    descriptions : bool
        Series, study and protocol descriptions stay as far as their words are in the vocabulary.
    scanner : bool
        A serial number that only the key can make stands for the scanner's own; model and software stay in any case.
    safe_private : bool
        The few private numbers that PS3.15 calls safe and that change what the pixels mean.
    """

    dates: bool = True
    times: bool = False
    age_and_sex: bool = True
    size_and_weight: bool = False
    descriptions: bool = True
    scanner: bool = False
    safe_private: bool = False

    def __post_init__(self) -> None:
        if self.times and not self.dates:
            raise ValueError("times without dates")

    @property
    def codes(self) -> tuple[tuple[str, str], ...]:
        """Codes of CID 7050 for what was applied, the profile first.

        Retain Device Identity (113109) is never claimed: its serial numbers go. Manufacturer and model are not in
        table E.1-1, so that they may stay without it.
        """
        applied = (
            (True, PROFILE),
            (self.descriptions, CLEAN_DESCRIPTORS),
            (self.dates, MODIFIED_DATES),
            (self.age_and_sex or self.size_and_weight, PATIENT_CHARACTERISTICS),
            (self.safe_private, SAFE_PRIVATE),
        )
        return tuple(code for is_applied, code in applied if is_applied)
