"""Measure one kept scan, or one mask edited by hand, into its own folder and rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from neurolupus.errors import ImageError
from neurolupus.jobs.task import Event
from neurolupus.records.scan import ScanId
from neurolupus.store.edits import Edit
from neurolupus.store.engine import Store
from neurolupus.store.scans import Scan
from neurolupus.workflows.capacity import plan_capacity
from neurolupus.workflows.measure import MeasureOptions, measure_pair
from neurolupus.workflows.scan_files import edit_folder, edit_mask, measured_folder, raw_pair, scan_id_of_row
from neurolupus.workflows.scan_results import keep_results

Tell = Callable[[str], None]
WHO = "neurolupus"  # in whose name results are kept: nobody's


class _Steps:
    """Passes on the steps of the one scan that is measured."""

    def __init__(self, tell: Tell) -> None:
        self.tell = tell

    def total(self, count: int) -> None:
        """Nothing: it is one."""

    def event(self, event: Event) -> None:
        """Pass on a step."""
        if event.kind == "step":
            self.tell(event.step)

    def say(self, text: str) -> None:
        """Nothing."""


def measure_kept(store: Store, scan: Scan, tell: Tell) -> None:
    """Measure a kept scan and keep its numbers.

    Raises
    ------
    ImageError
        It could not be measured; why, as the measurement told it.
    """
    t1w, flair = raw_pair(store, scan)
    if t1w is None:
        raise ImageError("The images as acquired are not here.\n    Take the scan in again.")
    out = measured_folder(store, scan)
    _measure(t1w, flair, out, scan_id_of_row(scan), tell)
    with store.write(WHO) as writer:
        keep_results(writer, out, scan_id_of_row(scan), scan.id)


def measure_edited(store: Store, scan: Scan, edit: Edit, tell: Tell) -> None:
    """Measure a scan again with a mask edited by hand, beside the automatic result.

    Raises
    ------
    ImageError
        It could not be measured.
    """
    t1w, flair = raw_pair(store, scan)
    if t1w is None or flair is None:
        raise ImageError("The images as acquired are not here.\n    Take the scan in again.")
    out = edit_folder(store, edit) / "measured"
    _measure(t1w, flair, out, scan_id_of_row(scan), tell, own_wmh=edit_mask(store, scan, edit))
    with store.write(WHO) as writer:
        keep_results(writer, out, scan_id_of_row(scan), scan.id, method=f"edit:{edit.id}")


def _measure(
    t1w: Path, flair: Path | None, out: Path, scan_id: ScanId, tell: Tell, *, own_wmh: Path | None = None
) -> None:
    options = MeasureOptions(need_flair=flair is not None, capacity=plan_capacity(1, None), own_wmh=own_wmh)
    result = measure_pair(t1w, flair, out, options, scan_id=scan_id, observer=_Steps(tell))
    for outcome in result.failed:
        raise ImageError(outcome.reason)
