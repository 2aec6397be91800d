"""Measure one kept scan, or one mask edited by hand, into its own folder and rows."""

from __future__ import annotations

from collections.abc import Callable

from neurolupus.errors import ImageError
from neurolupus.io.rater_folder import infarct_beside
from neurolupus.jobs.task import Event
from neurolupus.records.rating import rater_source
from neurolupus.store.edits import Edit
from neurolupus.store.engine import Store
from neurolupus.store.scans import Scan
from neurolupus.workflows.capacity import plan_capacity
from neurolupus.workflows.clinic.scan_files import edit_folder, edit_mask, measured_folder, raw_pair, scan_id_of_row
from neurolupus.workflows.clinic.scan_results import keep_results
from neurolupus.workflows.finished import settings_of
from neurolupus.workflows.measure import MeasureOptions, MeasureResult, measure_jobs, measure_pair
from neurolupus.workflows.scan import ScanJob

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
    options = MeasureOptions(need_flair=flair is not None, capacity=plan_capacity(1, None))
    _failed(measure_pair(t1w, flair, out, options, scan_id=scan_id_of_row(scan), observer=_Steps(tell)))
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
    infarct = (f"infarct-like lesion drawn by {edit.rater}",) if edit.comparison.get("infarct_ml") else ()
    mask = edit_mask(store, scan, edit)
    drawn = infarct_beside(mask)
    job = ScanJob(
        scan_id=scan_id_of_row(scan),
        t1w=t1w.absolute(),
        flair=flair.absolute(),
        out=out.absolute(),
        settings=settings_of(measured_folder(store, scan), scan_id_of_row(scan)),
        threads=plan_capacity(1, None).threads,
        declared_exclusions=infarct,
        own_wmh=mask.absolute(),
        own_infarct=drawn.absolute() if drawn.is_file() else None,
        own_wmh_source=rater_source(edit.rater),
    )
    _failed(
        measure_jobs(
            [job], out, MeasureOptions(capacity=plan_capacity(1, None)), {}, source=None, observer=_Steps(tell)
        )
    )
    with store.write(WHO) as writer:
        keep_results(writer, out, scan_id_of_row(scan), scan.id, method=f"edit:{edit.id}")


def _failed(result: MeasureResult) -> None:
    for outcome in result.failed:
        raise ImageError(outcome.reason)
