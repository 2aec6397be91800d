"""The demo page's section on advice: each patient's scan, story, attribution, mechanism and the strongest items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neurolupus.report.advice_page import BARS, MECHANISM, attribution_words, grouped
from neurolupus.report.demo import DemoPatient, Section
from neurolupus.report.pages import render_fragment
from neurolupus.report.wording import STRENGTHS

MOST_ITEMS = 4


@dataclass(frozen=True, slots=True)
class AdviceCard:
    """One patient: the scan, an invented story, the advice as data, and where its page lies."""

    patient: DemoPatient
    story: str
    data: Mapping[str, Any]
    href: str

    @property
    def status(self) -> tuple[str, str, str]:
        """Attribution in words, and its colour."""
        return attribution_words(self.data["attribution"])

    @property
    def mechanism(self) -> tuple[str, str]:
        """Mechanism in words."""
        return MECHANISM[self.data["mechanism"]["value"]]

    @property
    def items(self) -> list[Mapping[str, Any]]:
        """The strongest items of treatment, then of work-up."""
        by_heading = dict(grouped(self.data))
        found = [*by_heading.get("Treatment", []), *by_heading.get("Work-up", [])]
        return found[:MOST_ITEMS]

    @property
    def waits(self) -> list[Mapping[str, Any]]:
        """What waits because a fact is known and not as needed, or is all that is missing."""
        return [item for item in self.data["deferred"] if len(item["waiting_for"]) <= 2][:2]


def advice_section(cards: Sequence[AdviceCard]) -> Section:
    """What the sources support for each patient, beside the scan."""
    return Section(
        "What the sources support",
        "Every patient has an invented record. Volumes change no advice; unknown is never taken for false.",
        render_fragment("demo_advice.html.j2", cards=cards, bars=BARS, strengths=STRENGTHS),
        "advice",
    )
