"""Small files of published numbers: `checks(tables=...)` audits what one test changes."""

from __future__ import annotations

from neurolupus.io.yamlfile import parse_yaml
from neurolupus.study.audit import Audit, Check, audit_published, parse_published

HEAD = "paper: {id: p, title: A paper}\n"


def audited(text: str) -> Audit:
    """The audit of a file with these sections."""
    return audit_published(parse_published(parse_yaml(HEAD + text, "p.yaml")))


def row_checks(row: str, *, arms: str = "a: 38, b: 117", more: str = "") -> tuple[Check, ...]:
    """The checks of one row of a table."""
    return audited(f"tables:\n  T:\n    arms: {{{arms}}}\n{more}    rows:\n      x: {row}\n").checks


def effect_checks(row: str, head: str = "scale: hazard_ratio") -> tuple[Check, ...]:
    """The checks of one estimate."""
    return audited(f"effects:\n  E:\n    {head}\n    rows:\n      x: {row}\n").checks


def claim_checks(claim: str, rest: str = "") -> tuple[Check, ...]:
    """The checks of one claim; those of the tables are left out."""
    known = len(audited(rest).checks) if rest else 0
    return audited(f"{rest}claims:\n  c: {claim}\n").checks[known:]


def only(checks: tuple[Check, ...], subject: str) -> Check:
    """The one check of a subject."""
    (found,) = [one for one in checks if one.subject == subject]
    return found
