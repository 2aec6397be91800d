"""A paper's printed numbers checked against one another: grammar, checks, verdicts.

`parse_published` reads a file of published numbers; `audit_published` recomputes what can be.
"""

from neurolupus.study.audit.parse import parse_published
from neurolupus.study.audit.published import Published
from neurolupus.study.audit.results import VERDICTS, Audit, Check, EValueRow, Recomputed
from neurolupus.study.audit.run import audit_published

__all__ = [
    "VERDICTS", "Audit", "Check", "EValueRow", "Published", "Recomputed", "audit_published", "parse_published",
]  # fmt: skip
