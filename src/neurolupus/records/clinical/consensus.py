"""Attribution: the score, the multidisciplinary consensus with dissent, and its dated revisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from neurolupus.records.clinical.checks import Checked, Fault, dates_differ
from neurolupus.records.clinical.codes import Attribution, HowMany, Mechanism, Onset
from neurolupus.records.clinical.fields import fact, part, said, several

# Points of the Italian model's items: Bortoluzzi et al. 2015, doi:10.1093/rheumatology/keu384 (L-ITALIAN-WEIGHTS)
ONSET: Mapping[str, int] = {">6mo_before": 0, "within_6mo": 3, ">6mo_after": 2}
MINOR_EVENT: Mapping[bool, int] = {True: 0, False: 3}
CONFOUNDERS: Mapping[str, int] = {"none": 2, "one": 1, "more": 0}
FAVOURING: Mapping[str, int] = {"none": 0, "one": 1, "more": 2}


@dataclass(frozen=True, slots=True, repr=False)
class ItalianItems(Checked):
    """The four items of the Italian attribution model; None is unknown."""

    onset: Onset | None = fact("Onset of the event against that of SLE")
    minor_event: bool | None = fact("Minor or non-specific event (Ainiala)")
    confounders: HowMany | None = fact("Confounding factors")
    favouring: HowMany | None = fact("Favouring factors")

    @property
    def total(self) -> int | None:
        """The score where every item is known."""
        if self.onset is None or self.minor_event is None or self.confounders is None or self.favouring is None:
            return None
        return (
            ONSET[self.onset]
            + MINOR_EVENT[self.minor_event]
            + CONFOUNDERS[self.confounders]
            + FAVOURING[self.favouring]
        )


@dataclass(frozen=True, slots=True, repr=False)
class Revision(Checked):
    """A dated revision of the diagnosis: what holds from then on, and why."""

    date: date = field(metadata=said("Date of the revision"))
    why: str = field(metadata=said("Why it was revised"))
    attribution: Attribution | None = fact("Attribution from then on")
    mechanism: Mechanism | None = fact("Mechanism from then on")
    changed: str | None = fact("What else changed, in words")

    def contradictions(self) -> list[Fault]:
        """What cannot be together."""
        if self.attribution is None and self.mechanism is None and self.changed is None:
            return [Fault((), "says nothing that changed; attribution, mechanism or changed is needed")]
        return _mechanism_without_lupus("mechanism", self.attribution, self.mechanism)


@dataclass(frozen=True, slots=True, repr=False)
class Dissent(Checked):
    """Who did not agree, and with what."""

    by: str = field(metadata=said("Who did not agree: a role, no name"))
    opinion: str = field(metadata=said("The other opinion"))


@dataclass(frozen=True, slots=True, repr=False)
class AttributionFacts(Checked):
    """What is known of attribution and mechanism; None is unknown, and of the consensus: none is recorded."""

    italian_score: int | None = fact("Italian attribution score", "points", 0, 10)
    italian_items: ItalianItems = part(ItalianItems, "Items of the Italian attribution score")
    n_syndromes: int | None = fact("Number of different syndromes", "", 1, 19)
    mdt_consensus: Attribution | None = fact("Multidisciplinary consensus")
    mdt_mechanism: Mechanism | None = fact("Mechanism agreed by consensus")
    decided: date | None = fact("Date of the consensus")
    present: tuple[str, ...] = several("Who was present: roles, no names")
    dissent: tuple[Dissent, ...] = several("Dissent")
    revisions: tuple[Revision, ...] = several("Revisions; the latest outranks the first consensus")
    atrophy_influenced: bool | None = fact("Atrophy on the scan influenced the decision")

    def contradictions(self) -> list[Fault]:
        """What cannot be together."""
        found = [*dates_differ("revisions", [one.date for one in self.revisions])]
        total = self.italian_items.total
        if total is not None and self.italian_score is not None and total != self.italian_score:
            told = f"is {self.italian_score} and its items add up to {total}; one of them is wrong"
            found.append(Fault(("italian_score",), told))
        if self.decided is not None:
            found += [
                Fault(("revisions", number, "date"), f"is {one.date}, before decided ({self.decided})")
                for number, one in enumerate(self.revisions)
                if one.date < self.decided
            ]
        return [*found, *_mechanism_without_lupus("mdt_mechanism", self.mdt_consensus, self.mdt_mechanism)]

    @property
    def current_consensus(self) -> Attribution | None:
        """The consensus that holds: the latest revision's, else the first."""
        revised = [one.attribution for one in self._by_date() if one.attribution is not None]
        return revised[-1] if revised else self.mdt_consensus

    @property
    def current_mechanism(self) -> Mechanism | None:
        """The mechanism that holds by consensus: the latest revision's, else the first; none where SLE is no cause."""
        if self.current_consensus == "not_attributed":
            return None
        revised = [one.mechanism for one in self._by_date() if one.mechanism is not None]
        return revised[-1] if revised else self.mdt_mechanism

    def _by_date(self) -> list[Revision]:
        return sorted(self.revisions, key=lambda one: one.date)


def _mechanism_without_lupus(name: str, attribution: str | None, mechanism: str | None) -> list[Fault]:
    if attribution == "not_attributed" and mechanism is not None:
        told = f"is {mechanism} and the event is not_attributed; an event without lupus has no mechanism of lupus"
        return [Fault((name,), told)]
    return []
