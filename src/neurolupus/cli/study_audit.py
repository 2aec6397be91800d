"""`neurolupus study audit`: a file of a paper's printed numbers -> what agrees, what does not, and what it may mean."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurolupus.cli import options
from neurolupus.cli.console import SUCCESS, answer, answer_json, guarded, tell

if TYPE_CHECKING:
    from neurolupus.study.audit import Audit, Check


@guarded
def audit(
    published: Annotated[Path, typer.Argument(metavar="PUBLISHED.yaml", help="The paper's printed numbers.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="OUT", help="Folder for everything that is written.")],
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> int:
    """Check a paper's printed numbers against one another: percentages, p-values, intervals, sums, impossible values.

    The exit code is 0 whatever the audit finds.
    """
    from neurolupus.workflows.study_audit import audit_file

    done = audit_file(published, out, overwrite=overwrite)
    if as_json:
        answer_json(done.summary())
        return SUCCESS
    answer().print(_summary(done.audit), markup=False, soft_wrap=True)
    tell(f"Page: {out / 'audit.html'}")
    return SUCCESS


def _summary(audit: "Audit") -> str:
    from neurolupus.report.audit_wording import GRAVITY, summary_text, verdict_counts

    counts = verdict_counts({str(verdict): count for verdict, count in audit.counts().items()})
    lines = [audit.title, summary_text(counts) + "."]
    found = audit.disagreements()
    for size in dict.fromkeys(check.size for check in found):
        lines.append(f"\nDisagree ({GRAVITY[size]}):")
        lines += [f"  {_line(check)}" for check in found if check.size == size]
    return "\n".join(lines)


def _line(check: "Check") -> str:
    place = f"{check.where}: {check.row}" if check.row else check.where
    return f"{place}, {check.subject}: {check.published}. {check.note}".rstrip()
