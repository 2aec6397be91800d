"""Attribution: the score, the multidisciplinary consensus with dissent, and its dated revisions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from neurolupus.records.clinical.checks import Checked, between
from neurolupus.records.clinical.codes import Attribution, HowMany, Mechanism, Onset

# Bortoluzzi et al. 2015, doi:10.1093/rheumatology/keu384
_ONSET = {">6mo_before": 0, "within_6mo": 3, ">6mo_after": 2}
_CONFOUNDERS = {"none": 2, "one": 1, "more": 0}
_FAVOURING = {"none": 0, "one": 1, "more": 2}


@dataclass(frozen=True, slots=True)
class ItalianItems(Checked):
    """The four items of the Italian attribution model; None is unknown.

    Attributes
    ----------
    onset : >6mo_before, within_6mo or >6mo_after, or None
        Of the event against the onset of SLE.
    minor_event : bool or None
        A minor or non-specific event by Ainiala.
    confounders, favouring : none, one or more, or None
    """

    onset: Onset | None = None
    minor_event: bool | None = None
    confounders: HowMany | None = None
    favouring: HowMany | None = None

    @property
    def total(self) -> int | None:
        """The score where every item is known."""
        if self.onset is None or self.minor_event is None or self.confounders is None or self.favouring is None:
            return None
        return (
            _ONSET[self.onset]
            + (0 if self.minor_event else 3)
            + _CONFOUNDERS[self.confounders]
            + _FAVOURING[self.favouring]
        )


@dataclass(frozen=True, slots=True)
class Revision(Checked):
    """A dated revision of the diagnosis: what holds from then on, and why."""

    date: date
    why: str
    attribution: Attribution | None = None
    mechanism: Mechanism | None = None
    changed: str | None = None

    def faults(self) -> list[str]:
        """What cannot be."""
        if self.attribution is None and self.mechanism is None:
            return ["attribution and mechanism are both unknown; a revision changes one of them"]
        return []


@dataclass(frozen=True, slots=True)
class Dissent(Checked):
    """Who did not agree, and with what."""

    by: str
    opinion: str


@dataclass(frozen=True, slots=True)
class AttributionFacts(Checked):
    """What is known of attribution and mechanism; None is unknown.

    Attributes
    ----------
    italian_score : int or None
    italian_items : ItalianItems
    n_syndromes : int or None
    mdt_consensus : attributed, not_attributed or uncertain, or None
        None: no consensus has been recorded.
    mdt_mechanism : inflammatory, ischemic_thrombotic or mixed, or None
    revisions : tuple of Revision
        The latest outranks the first consensus.
    decided : date or None
    present : tuple of str
        Roles, no names of patients.
    dissent : tuple of Dissent
    atrophy_influenced : bool or None
        Whether atrophy on the scan influenced the decision.
    """

    italian_score: int | None = None
    italian_items: ItalianItems = field(default_factory=ItalianItems)
    n_syndromes: int | None = None
    mdt_consensus: Attribution | None = None
    mdt_mechanism: Mechanism | None = None
    revisions: tuple[Revision, ...] = ()
    decided: date | None = None
    present: tuple[str, ...] = ()
    dissent: tuple[Dissent, ...] = ()
    atrophy_influenced: bool | None = None

    def faults(self) -> list[str]:
        """What cannot be."""
        found = [
            *between("italian_score", self.italian_score, 0, 10, "points"),
            *between("n_syndromes", self.n_syndromes, 1, 19),
        ]
        total = self.italian_items.total
        if total is not None and self.italian_score is not None and total != self.italian_score:
            found.append(f"italian_score is {self.italian_score} and its items add up to {total}; one of them is wrong")
        if (
            self.current_consensus == "not_attributed"
            and self.current_mechanism is not None
            and self.mdt_consensus == "not_attributed"
        ):
            found.append(
                "mdt_mechanism is known and mdt_consensus is not_attributed; only lupus has a mechanism of lupus"
            )
        return found

    @property
    def current_consensus(self) -> Attribution | None:
        """The consensus that holds: the latest revision's, else the first."""
        revised = [one for one in sorted(self.revisions, key=lambda one: one.date) if one.attribution is not None]
        return revised[-1].attribution if revised else self.mdt_consensus

    @property
    def current_mechanism(self) -> Mechanism | None:
        """The mechanism that holds by consensus: the latest revision's, else the first."""
        revised = [one for one in sorted(self.revisions, key=lambda one: one.date) if one.mechanism is not None]
        return revised[-1].mechanism if revised else self.mdt_mechanism
