"""The demo's audits: both papers' printed numbers, checked against one another."""

from collections.abc import Sequence
from pathlib import Path

from neurolupus.report.demo import Section
from neurolupus.report.demo_audit import audit_card, audits_section
from neurolupus.workflows.examples import PUBLISHED, example_path
from neurolupus.workflows.study_audit import audit_file


def audit_papers(folder: Path) -> Sequence[Section]:
    """Audit both papers into `folder/audits`, and show what was found."""
    cards = []
    for name in PUBLISHED:
        path = example_path(name)
        out = folder / "audits" / path.name.partition(".")[0]
        done = audit_file(path, out, overwrite=True)
        cards.append(audit_card(done.audit, (out / "audit.html").relative_to(folder).as_posix()))
    return (audits_section(cards),)
