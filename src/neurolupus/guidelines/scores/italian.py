"""The Italian attribution score of a neuropsychiatric event, 0 to 10, from its four items."""

from __future__ import annotations

from collections.abc import Mapping

from neurolupus.guidelines.scores.range import ScoreRange
from neurolupus.records.clinical.codes import HowMany, Onset

# Bortoluzzi et al. 2015, doi:10.1093/rheumatology/keu384 (L-ITALIAN-WEIGHTS)
ONSET: Mapping[str, int] = {">6mo_before": 0, "within_6mo": 3, ">6mo_after": 2}
MINOR_EVENT: Mapping[bool, int] = {True: 0, False: 3}
CONFOUNDERS: Mapping[str, int] = {"none": 2, "one": 1, "more": 0}
FAVOURING: Mapping[str, int] = {"none": 0, "one": 1, "more": 2}


def italian_score(
    *, onset: Onset | None, minor_event: bool | None, confounders: HowMany | None, favouring: HowMany | None
) -> ScoreRange:
    """The score, or its range where items are unknown.

    Parameters
    ----------
    onset : >6mo_before, within_6mo or >6mo_after, or None
        Of the event against the onset of SLE.
    minor_event : bool or None
        A minor or non-specific event after Ainiala.
    confounders, favouring : none, one or more, or None
        Counted by the clinician: the lists of the ACR are not part of the sources.

    Examples
    --------
    >>> italian_score(onset="within_6mo", minor_event=False, confounders="none", favouring="one").known
    9
    >>> unknown = italian_score(onset=None, minor_event=False, confounders="none", favouring="one")
    >>> unknown.low, unknown.high, unknown.missing
    (6, 9, ('onset',))
    """
    known = {
        "onset": (ONSET.values(), None if onset is None else ONSET[onset]),
        "minor_event": (MINOR_EVENT.values(), None if minor_event is None else MINOR_EVENT[minor_event]),
        "confounders": (CONFOUNDERS.values(), None if confounders is None else CONFOUNDERS[confounders]),
        "favouring": (FAVOURING.values(), None if favouring is None else FAVOURING[favouring]),
    }
    low = sum(min(possible) if points is None else points for possible, points in known.values())
    high = sum(max(possible) if points is None else points for possible, points in known.values())
    missing = tuple(name for name, (_, points) in known.items() if points is None)
    return ScoreRange(low, high, missing, ("L-ITALIAN-WEIGHTS",))
