"""The demo page's section on audits: how many printed numbers agree, and the gravest that do not."""

from collections.abc import Sequence
from dataclasses import dataclass

from neurolupus.report.audit_page import Card, cards
from neurolupus.report.audit_wording import QUESTION, verdict_counts
from neurolupus.report.demo import Section
from neurolupus.report.group import safe_href
from neurolupus.report.pages import render_fragment
from neurolupus.study.audit import Audit

MOST_FINDINGS = 4


@dataclass(frozen=True, slots=True)
class AuditCard:
    """One audited paper on the demo's page; `findings` are the gravest, `more` how many cards its own page adds."""

    title: str
    citation: str
    counts: tuple[tuple[str, int], ...]
    findings: tuple[Card, ...]
    more: int
    href: str


def audit_card(audit: Audit, href: str) -> AuditCard:
    """The card of an audit whose page lies at `href`, relative to the demo's page."""
    found = cards(audit.disagreements())
    counts = verdict_counts({str(verdict): count for verdict, count in audit.counts().items()})
    return AuditCard(
        audit.title,
        audit.citation,
        (("checked", len(audit.checks)), *counts),
        found[:MOST_FINDINGS],
        len(found[MOST_FINDINGS:]),
        safe_href(href),
    )


def audits_section(papers: Sequence[AuditCard]) -> Section:
    """The printed numbers of published papers, checked against one another."""
    return Section(
        "Two papers' printed numbers, audited",
        "The papers behind these studies, checked against themselves; no patient's data are needed for it.",
        render_fragment("demo_audits.html.j2", papers=papers, question=QUESTION),
        "audits",
    )
