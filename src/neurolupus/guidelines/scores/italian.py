"""The Italian attribution score of a neuropsychiatric event, 0 to 10, from its four items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neurolupus.guidelines.logic import Truth
from neurolupus.guidelines.scores.range import ScoreRange
from neurolupus.records.clinical.codes import HowMany, Onset
from neurolupus.records.clinical.consensus import CONFOUNDERS, FAVOURING, MINOR_EVENT, ONSET

# Each published cut-off, and the statement that holds it: the in-patients of Nie et al. 2023; the external validation
# (PMID 27463840). The cut-offs of the developers could not be read.
CUT_OFFS: Mapping[int, str] = {6: "S2-062", 7: "L-ITALIAN-VALIDATION"}


@dataclass(frozen=True, slots=True)
class CutOff:
    """What one published cut-off says of a score.

    Attributes
    ----------
    points : int
    is_reached : bool or None
        None where the unknown items decide it.
    cites : tuple of str
    """

    points: int
    is_reached: Truth
    cites: tuple[str, ...]


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


def by_cut_off(score: ScoreRange) -> tuple[CutOff, ...]:
    """What each published cut-off says, the lowest first.

    Examples
    --------
    >>> score = italian_score(onset="within_6mo", minor_event=False, confounders="more", favouring="none")
    >>> [(one.points, one.is_reached) for one in by_cut_off(score)]
    [(6, True), (7, False)]
    """
    return tuple(CutOff(points, score.reaches(points), (cite,)) for points, cite in sorted(CUT_OFFS.items()))


def is_borderline(score: ScoreRange) -> Truth:
    """Whether the score reaches one cut-off and not the other; None where it could, once every item is known.

    Examples
    --------
    >>> [is_borderline(ScoreRange(low, high, (), ())) for low, high in ((6, 6), (3, 6), (7, 10), (0, 5))]
    [True, None, False, False]
    """
    lowest, highest = min(CUT_OFFS), max(CUT_OFFS)
    if lowest <= score.low and score.high < highest:
        return True
    return None if score.low < highest and score.high >= lowest else False
