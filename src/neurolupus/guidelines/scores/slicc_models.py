"""The SLICC attribution models A and B, in three-valued logic; model B in both of its printed versions."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal, get_args

from neurolupus.guidelines.logic import Truth, all_of, negated

Version = Literal["B-2008", "B-2012"]
WINDOW_BEFORE_DIAGNOSIS_MONTHS = 6  # L-SLICC-WINDOW: from 6 months before the diagnosis of SLE ...
LATEST_ENROLMENT_MONTHS = 15  # ... to enrolment, at most 15 months after it
MODEL_B_YEARS = 10  # L-SLICC-B


@dataclass(frozen=True, slots=True)
class SliccFacts:
    """What the models ask; None is unknown.

    Attributes
    ----------
    onset_months_after_diagnosis : float or None
        Negative before the diagnosis of SLE.
    enrolment_months_after_diagnosis : float or None
        From 0; the window closes with it, and after 15 months at the latest.
    exclusion, association : bool or None
        An ACR exclusion, an ACR association (another factor) is present: counted by the clinician.
    minor_event : bool or None
        After Ainiala.
    present_in_window : bool or None
        Still present within the enrolment window.
    """

    onset_months_after_diagnosis: float | None = None
    enrolment_months_after_diagnosis: float | None = None
    exclusion: bool | None = None
    association: bool | None = None
    minor_event: bool | None = None
    present_in_window: bool | None = None

    def __post_init__(self) -> None:
        """Refuse months that are no number, and enrolment before the diagnosis."""
        onset, enrolment = self.onset_months_after_diagnosis, self.enrolment_months_after_diagnosis
        if not all(isfinite(months) for months in (onset, enrolment) if months is not None):
            raise ValueError(f"months are {onset} and {enrolment}; a number is needed, or None where it is unknown.")
        if enrolment is not None and enrolment < 0:
            raise ValueError(f"enrolment is {enrolment} months after the diagnosis; the cohort enrolled after it.")


def slicc_a(facts: SliccFacts) -> Truth:
    """Attributed by model A: onset inside the window, no exclusion, no association, no minor event.

    Examples
    --------
    >>> slicc_a(SliccFacts(2, 12, False, False, False)), slicc_a(SliccFacts(2, 12, False, None, False))
    (True, None)
    """
    return all_of([_in_window(facts), negated(facts.exclusion), negated(facts.association), negated(facts.minor_event)])


def slicc_b(facts: SliccFacts, version: Version) -> Truth:
    """Attributed by model B: onset within ten years of the diagnosis, no exclusion, no minor event.

    Parameters
    ----------
    facts : SliccFacts
    version : B-2008 or B-2012
        Both print the rule below their table 2. Of 2008: doi:10.1002/art.23566 (PMC4656032). Of 2012:
        doi:10.1136/annrheumdis-2011-201089 (PMC4656036), which adds that the event is still present within the window.

    Raises
    ------
    ValueError
        Another version.

    Notes
    -----
    Ten years are read on either side of the diagnosis: both papers enrolled soon after it, so that most of the ten
    years lie before.

    Examples
    --------
    >>> facts = SliccFacts(100, 12, False, True, False, present_in_window=False)
    >>> slicc_b(facts, "B-2008"), slicc_b(facts, "B-2012")
    (True, False)
    """
    if version not in get_args(Version):
        raise ValueError(f"version is {version!r}; choose {' or '.join(get_args(Version))}.")
    onset = facts.onset_months_after_diagnosis
    within = None if onset is None else abs(onset) <= 12 * MODEL_B_YEARS
    parts: list[Truth] = [within, negated(facts.exclusion), negated(facts.minor_event)]
    if version == "B-2012":
        parts.append(facts.present_in_window)
    return all_of(parts)


def _in_window(facts: SliccFacts) -> Truth:
    onset, enrolment = facts.onset_months_after_diagnosis, facts.enrolment_months_after_diagnosis
    if onset is None:
        return None
    if onset < -WINDOW_BEFORE_DIAGNOSIS_MONTHS or onset > LATEST_ENROLMENT_MONTHS:
        return False
    if enrolment is None:
        return True if onset <= 0 else None  # enrolment follows the diagnosis
    return onset <= enrolment
