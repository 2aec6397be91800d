"""The SLICC attribution models A and B, in three-valued logic; model B in both of its printed versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neurolupus.guidelines.logic import Truth, all_of, negated

Version = Literal["B-2012", "B-later"]
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


def slicc_a(facts: SliccFacts) -> Truth:
    """Attributed by model A: onset inside the window, no exclusion, no association, no minor event.

    Examples
    --------
    >>> slicc_a(SliccFacts(2, 12, False, False, False)), slicc_a(SliccFacts(2, 12, False, None, False))
    (True, None)
    """
    return all_of([_in_window(facts), negated(facts.exclusion), negated(facts.association), negated(facts.minor_event)])


def slicc_b(facts: SliccFacts, version: Version) -> Truth:
    """Attributed by model B: onset within ten years, no exclusion, no minor event.

    Parameters
    ----------
    facts : SliccFacts
    version : B-2012 or B-later
        The paper of 2012 (PMC4656036) adds that the event is still present within the window; the later text
        (PMC4656032) does not.

    Examples
    --------
    >>> facts = SliccFacts(100, 12, False, True, False, present_in_window=False)
    >>> slicc_b(facts, "B-later"), slicc_b(facts, "B-2012")
    (True, False)
    """
    onset = facts.onset_months_after_diagnosis
    within = None if onset is None else onset <= 12 * MODEL_B_YEARS
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
