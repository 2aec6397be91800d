"""Attribution of the events to SLE: the consensus where there is one, else the Italian score and its cut-off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neurolupus.guidelines.scores.italian import CUT_OFFS, by_cut_off, is_borderline, italian_score
from neurolupus.guidelines.scores.range import ScoreRange
from neurolupus.records.clinical import PatientRecord

Status = Literal["attributed", "not_attributed", "insufficient_data"]
_BY_SCORE = tuple(CUT_OFFS.values())
_BY_CONSENSUS = ("S0-010", "S2-040")
_WAITING = ("S3-003", "S3-004", "S3-005", "S3-006", "S3-007")


@dataclass(frozen=True, slots=True)
class Attribution:
    """Whether the events are suspected to be due to SLE.

    Attributes
    ----------
    status : attributed, not_attributed or insufficient_data
    score : int or None
        Of the Italian model; None unless every item is known.
    score_range : tuple of int
        The smallest and largest score that the known items allow.
    by_cut_off : tuple of (int, bool or None)
        Each cut-off, and whether the score reaches it; None where that is open.
    is_borderline : bool
        The score reaches one cut-off and not the other.
    basis : consensus, score or none
    cites : tuple of str
    sentence : str
    """

    status: Status
    score: int | None
    score_range: tuple[int, int]
    by_cut_off: tuple[tuple[int, bool | None], ...]
    is_borderline: bool
    basis: Literal["consensus", "score", "none"]
    cites: tuple[str, ...]
    sentence: str


def attribute(record: PatientRecord) -> Attribution:
    """The attribution that holds for a record.

    The consensus of the multidisciplinary meeting outranks the score; a consensus of `uncertain` is an answer too, and
    leaves the status open. Without a score or a consensus nothing is assumed.
    """
    facts = record.attribution
    score = _score(record)
    reached = tuple((one.points, one.is_reached) for one in by_cut_off(score))
    borderline = is_borderline(score) is True
    consensus = facts.current_consensus
    status: Status
    basis: Literal["consensus", "score", "none"]
    cites: tuple[str, ...]
    if consensus is not None:
        status = (
            "insufficient_data"
            if consensus == "uncertain"
            else "attributed"
            if consensus == "attributed"
            else "not_attributed"
        )
        basis, cites = "consensus", _BY_CONSENSUS
        sentence = f"Multidisciplinary consensus: {str(consensus).replace('_', ' ')}."
    else:
        lowest = reached[0][1]
        status = "insufficient_data" if lowest is None else "attributed" if lowest else "not_attributed"
        basis, cites = ("none", _WAITING) if lowest is None else ("score", _BY_SCORE)
        sentence = _sentence(status, score, borderline=borderline)
    return Attribution(status, score.known, (score.low, score.high), reached, borderline, basis, cites, sentence)


def _score(record: PatientRecord) -> ScoreRange:
    facts = record.attribution
    if facts.italian_score is not None:
        return ScoreRange(facts.italian_score, facts.italian_score, (), ())
    items = facts.italian_items
    return italian_score(
        onset=items.onset, minor_event=items.minor_event, confounders=items.confounders, favouring=items.favouring
    )


def _sentence(status: Status, score: ScoreRange, *, borderline: bool) -> str:
    told = f"score {score.known}" if score.known is not None else f"score between {score.low} and {score.high}"
    if status == "insufficient_data":
        return "Attribution is open: the score is not known well enough and no consensus is recorded."
    if status == "not_attributed":
        return f"Below the cut-off ({told}); without a consensus it goes to the multidisciplinary discussion."
    if borderline:
        return f"Suspected to be due to SLE ({told}) under one cut-off and not under the other: borderline."
    return f"Suspected to be due to SLE ({told}); to be confirmed by multidisciplinary consensus."
