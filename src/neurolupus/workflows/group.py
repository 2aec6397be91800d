"""The tables and the page of everything finished in an output folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from neurolupus.io.results import write_volumes_table
from neurolupus.io.wmh_methods_table import write_methods_table
from neurolupus.jobs.state import StateFolder
from neurolupus.records.measurement import Number
from neurolupus.records.scan import Participant
from neurolupus.report.group import Picture
from neurolupus.report.html import FailedScan, GroupRow, write_group_page
from neurolupus.workflows.finished import FinishedScan, finished_scans
from neurolupus.workflows.scan import GROUP_PAGE, picture_path, report_path

GROUP_CLAIM = "group"
WAIT_S = 600.0


@dataclass(frozen=True, slots=True, eq=False)
class GroupFiles:
    """The rows, and where their table and page lie; None when nothing is finished."""

    rows: tuple[GroupRow, ...] = ()
    table: Path | None = None
    page: Path | None = None


def write_group(
    out: Path,
    participants: Mapping[str, Participant],
    *,
    failures: Sequence[FailedScan] = (),
    allow_mixed_versions: bool = False,
) -> GroupFiles:
    """Write volumes.tsv, its dictionary and the group page anew from what is finished in `out`.

    Two processes that end together write one after the other, so that the last table holds the scans of both.

    Parameters
    ----------
    participants : mapping
        By label without `sub-`.
    failures : sequence of FailedScan
        Shown on the page.

    Raises
    ------
    TableError
        The scans were measured by several versions, and that was not allowed.
    """
    states = StateFolder(out)
    with states.claim(GROUP_CLAIM, wait_s=WAIT_S):
        scans = finished_scans(out)
        rows = tuple(_row(out, scan, participants) for scan in scans)
        table = None
        if rows:
            table, _ = write_volumes_table(
                out, [row.measurements for row in rows], allow_mixed_versions=allow_mixed_versions
            )
        write_methods_table(out, [row for scan in scans for row in _compared(scan)])
        if not rows and not failures:
            return GroupFiles()
        page = out / GROUP_PAGE
        logs = {state.name: state.log for state in states.all()} if failures else {}
        write_group_page(page, rows, failures=[_with_log(out, one, logs) for one in failures])
    return GroupFiles(rows, table, page)


def _row(out: Path, scan: FinishedScan, participants: Mapping[str, Participant]) -> GroupRow:
    return GroupRow(
        scan_id=scan.scan_id,
        measurements=scan.row,
        report_href=report_path(out, scan.scan_id).name,
        participant=participants.get(scan.scan_id.participant_id),
        warnings=scan.warnings,
        thumbnail=_picture(picture_path(out, scan.scan_id, "thumbnail")),
        example=_picture(picture_path(out, scan.scan_id, "example")),
    )


def _with_log(out: Path, failure: FailedScan, logs: Mapping[str, str]) -> FailedScan:
    """The failure with its log, where one lies in the output folder and can travel with it."""
    log = logs.get(failure.scan_id.stem, "")
    return replace(failure, log_href=log) if log and not Path(log).is_absolute() and (out / log).is_file() else failure


def _compared(scan: FinishedScan) -> list[dict[str, Number]]:
    """The rows of wmh_methods.tsv that a scan gives."""
    of_scan: dict[str, Number] = {name: scan.row.get(name) for name in ("participant_id", "session_id")}
    of_scan |= {"measured": scan.row.get("wmh_method"), "measured_ml": scan.row.get("wmh_ml")}
    return [{**of_scan, **one, "method": one.get("name"), "method_version": one.get("version")} for one in scan.methods]


def _picture(path: Path) -> Picture | None:
    """Read only when it is shown: of thousands of scans few are."""
    return path.read_bytes if path.is_file() else None
