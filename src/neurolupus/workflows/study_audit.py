"""neurolupus study audit: a file of published numbers -> what agrees, what does not, as a page, a table and JSON."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from neurolupus import __version__
from neurolupus.errors import UsageError
from neurolupus.io.atomic import replacing_folder, write_json, write_text
from neurolupus.io.delimited import escaped
from neurolupus.io.hashing import file_sha256
from neurolupus.io.yamlfile import read_yaml
from neurolupus.report.audit_page import write_audit_page
from neurolupus.report.audit_wording import GRAVITY, meaning, recomputed_text
from neurolupus.study.audit import Audit, Check, audit_published, parse_published
from neurolupus.workflows.provenance import now, package_versions

BYTE_ORDER_MARK = "\ufeff"  # a spreadsheet takes the file for UTF-8 only with it
COLUMNS = ("where", "row", "checked", "printed", "verdict", "gravity", "recomputed", "note", "line")


@dataclass(frozen=True, slots=True, eq=False)
class StudyAudit:
    """What an audit found, and where it was written."""

    out: Path
    audit: Audit

    def summary(self) -> dict[str, object]:
        """JSON of the audit: every check at full precision."""
        return audit_json(self.audit)


def audit_file(published: Path, out: Path, *, overwrite: bool = False) -> StudyAudit:
    """Check a paper's printed numbers and write everything into `out`, whole or not at all.

    Parameters
    ----------
    published : Path
        The file of published numbers.
    out : Path
        A folder; it appears when everything in it is written.

    Raises
    ------
    UsageError
        `out` exists and is not to be replaced.
    StudyFileError
        The file has faults; all are told at once.
    """
    if out.exists() and any(out.iterdir() if out.is_dir() else [out]) and not overwrite:
        raise UsageError(f"{out} exists.\n    Replace it with --overwrite, or name another folder with -o.")
    started = now()
    audit = audit_published(parse_published(read_yaml(published)))
    provenance = audit_provenance(audit, {published.name: file_sha256(published)}, started=started)
    with replacing_folder(out) as folder:
        write_text(folder / "audit.csv", audit_csv(audit))
        write_json(folder / "audit.json", audit_json(audit))
        write_json(folder / "provenance.json", provenance)
        write_audit_page(folder / "audit.html", audit, _facts(provenance))
    return StudyAudit(out, audit)


def audit_csv(audit: Audit) -> str:
    """One line per check, in the order of the file, that a spreadsheet reads as UTF-8 and of which it runs no cell."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for check in audit.checks:
        found = "; ".join(f"{one.method}: {recomputed_text(check, one)}" for one in check.recomputed)
        cells = (check.where, check.row, check.subject, check.published, check.verdict, GRAVITY[check.size], found)
        writer.writerow([*map(escaped, cells), escaped(" ".join([check.note, meaning(check)]).strip()), check.line])
    return BYTE_ORDER_MARK + buffer.getvalue()


def audit_json(audit: Audit) -> dict[str, object]:
    """Every check at full precision; what is not a number is null."""
    return {
        "paper": {"id": audit.id, "title": audit.title, "citation": audit.citation, "doi": audit.doi},
        "checked": len(audit.checks),
        "counts": audit.counts(),
        "disagreements": [_check(check) for check in audit.disagreements()],
        "checks": [_check(check) for check in audit.checks],
        "e_values": [
            {
                "where": one.where, "row": one.row, "published": one.published, "estimate": _number(one.point),
                "limit": _number(one.limit),
            }
            for one in audit.e_values
        ],
    }  # fmt: skip


def audit_provenance(audit: Audit, sha256: Mapping[str, str], *, started: str) -> dict[str, object]:
    """From what, with what and when the audit was made."""
    return {
        "neurolupus": __version__,
        "paper": audit.id,
        "sha256": dict(sha256),
        "packages": package_versions(),
        "started": started,
        "finished": now(),
    }


def _check(check: Check) -> dict[str, object]:
    return {
        "where": check.where,
        "row": check.row,
        "checked": check.subject,
        "published": check.published,
        "verdict": check.verdict,
        "gravity": check.size,
        "recomputed": [
            {
                "method": one.method, "value": _number(one.value), "low": _number(one.low), "high": _number(one.high),
                "fits": one.fits,
            }
            for one in check.recomputed
        ],
        "note": check.note,
        "meaning": meaning(check),
        "notable": check.is_notable,
        "line": check.line,
    }  # fmt: skip


def _number(x: float) -> float | None:
    return float(x) if math.isfinite(x) else None


def _facts(provenance: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    sha256, packages = provenance["sha256"], provenance["packages"]
    assert isinstance(sha256, dict)
    assert isinstance(packages, dict)
    made = [("neurolupus", __version__)]
    made += [(f"SHA-256 of {name}", digest) for name, digest in sha256.items()]
    made.append(("packages", ", ".join(f"{name} {number}" for name, number in packages.items())))
    return tuple(made)
