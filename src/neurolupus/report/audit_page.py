"""The page of an audit: disagreements first as cards, then what is worth a look, then every number of the paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neurolupus.report.audit_wording import GRAVITY, QUESTION, meaning, recomputed_text, verdict_counts
from neurolupus.report.pages import render_page, write_page
from neurolupus.study.audit import Audit, Check
from neurolupus.study.audit.results import Size

SIGNS = {"agrees": "good", "agrees within rounding": "good", "disagrees": "bad", "cannot be recomputed": "quiet"}
LEVELS: dict[Size, str] = {"conclusion": "grave", "number": "middling", "last digit": "slight", "": "none"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check, in words."""

    subject: str
    published: str
    methods: tuple[tuple[str, str, bool], ...]
    note: str
    meaning: str
    verdict: str
    sign: str


@dataclass(frozen=True, slots=True)
class Card:
    """What disagrees in one row of the paper; `level` and `gravity` are those of the gravest."""

    where: str
    row: str
    level: str
    gravity: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Every check of one table of the paper, or of one claim."""

    title: str
    rows: tuple[tuple[str, Finding], ...]


def write_audit_page(path: Path, audit: Audit, facts: Sequence[tuple[str, str]] = ()) -> None:
    """Write the page of an audit.

    Parameters
    ----------
    path : Path
        The HTML file; replaced when it exists.
    audit : Audit
    facts : sequence of (name, value)
        What it was made from and with, for the foot of the page.
    """
    page = render_page(
        "audit.html.j2",
        audit=audit,
        counts=verdict_counts({str(verdict): count for verdict, count in audit.counts().items()}),
        question=QUESTION,
        cards=cards(audit.disagreements()),
        notable=cards(audit.notable()),
        parts=parts(audit),
        e_values=audit.e_values,
        facts=facts,
    )
    write_page(path, page)


def cards(checks: Sequence[Check]) -> tuple[Card, ...]:
    """Checks of one row together, in the order given."""
    rows: dict[tuple[str, str], list[Check]] = {}
    for check in checks:
        rows.setdefault((check.where, check.row), []).append(check)
    return tuple(
        Card(where, row, LEVELS[found[0].size], GRAVITY[found[0].size], tuple(map(finding, found)))
        for (where, row), found in rows.items()
    )


def parts(audit: Audit) -> tuple[Part, ...]:
    """Every check under its table or claim, in the order of the file."""
    places: dict[str, list[Check]] = {}
    for check in audit.checks:
        places.setdefault(check.where, []).append(check)
    return tuple(Part(where, tuple((one.row, finding(one)) for one in found)) for where, found in places.items())


def finding(check: Check) -> Finding:
    """One check in words."""
    methods = tuple((one.method, recomputed_text(check, one), one.fits) for one in check.recomputed)
    return Finding(
        check.subject, check.published, methods, check.note, meaning(check), check.verdict, SIGNS[check.verdict]
    )
