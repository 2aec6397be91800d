"""What is shown after a run: a table of volumes, what failed, and where to look."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from neurolupus.cli.console import answer, tell
from neurolupus.records.measurement import Number

if TYPE_CHECKING:
    from rich.table import Table

    from neurolupus.report.html import GroupRow
    from neurolupus.workflows.measure import MeasureResult

LONGEST = 40
COLUMNS = (  # heading, column of volumes.tsv, digits
    ("TIV", "tiv_ml", 0),
    ("GM", "gm_ml", 1),
    ("WM", "wm_ml", 1),
    ("CSF", "csf_ml", 1),
    ("WMH", "wmh_ml", 2),
    ("simulated 95 %", "", 2),
    ("lesions", "wmh_count", 0),
)


def number_text(value: Number, digits: int) -> str:
    """A number with its digits; a dash when it is unknown.

    Examples
    --------
    >>> number_text(1432.06, 1), number_text(None, 1), number_text(3, 0)
    ('1432.1', '–', '3')
    """
    return "–" if value is None or isinstance(value, str) else f"{float(value):.{digits}f}"


def volumes_table(rows: Sequence["GroupRow"]) -> "Table":
    """The volumes in ml, one scan per line; unusable scans in red with the reason."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title="Volumes in ml", title_justify="left", header_style="bold", box=None, pad_edge=False)
    table.add_column("scan")
    for heading, _, _ in COLUMNS:
        table.add_column(heading, justify="right")
    table.add_column("remarks")
    for row in rows:
        cells = [_cell(row.measurements, name, digits) for _, name, digits in COLUMNS]
        remarks = Text(_remarks(row), style="" if row.usable else "red")
        table.add_row(row.scan_id.stem, *cells, remarks)
    return table


def _cell(row: Mapping[str, Number], name: str, digits: int) -> str:
    if name:
        return number_text(row.get(name), digits)
    low, high = row.get("wmh_ml_low"), row.get("wmh_ml_high")
    return "" if low is None or high is None else f"{number_text(low, digits)}–{number_text(high, digits)}"


def _remarks(row: "GroupRow") -> str:
    count = len(row.warnings)
    warned = f"{count} warning{'s' * (count > 1)}" if count else ""
    if row.usable:
        return warned
    return "; ".join(filter(None, [f"unusable: {row.measurements.get('unusable_reason')}", warned]))


def show_result(result: "MeasureResult") -> None:
    """The volumes of what was asked for, then what failed, then where the files are."""
    asked = {outcome.name for outcome in result.outcomes if outcome.status != "failed"}
    rows = [row for row in result.group.rows if not result.outcomes or row.scan_id.stem in asked]
    if rows:
        answer().print(volumes_table(rows[:LONGEST]))
    if len(rows) > LONGEST:
        tell(f"and {len(rows) - LONGEST} more")
    if result.outcomes:
        tell(counts_text(result))
    if result.group.table:
        tell(f"Table:  {result.group.table}")
    if result.group.page:
        tell(f"Report: {result.group.page}", "bold")


def counts_text(result: "MeasureResult") -> str:
    """`5 measured, 1 failed.`."""
    words = {"done": "measured", "skipped": "skipped", "failed": "failed", "submitted": "submitted to Slurm"}
    counts = {status: sum(o.status == status for o in result.outcomes) for status in words}
    return ", ".join(f"{count} {words[status]}" for status, count in counts.items() if count) + "."
