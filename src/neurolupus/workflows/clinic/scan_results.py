"""What was measured of a scan, from its files into the store's rows."""

from __future__ import annotations

from pathlib import Path

from neurolupus.records.measurement import Measurement
from neurolupus.records.scan import ScanId
from neurolupus.store.measurements import AUTOMATIC, Measured, keep_measurements
from neurolupus.store.trail import Writer
from neurolupus.workflows.finished import ScanNumbers, numbers_of

LONGEST = 256


def keep_results(writer: Writer, out: Path, scan_id: ScanId, scan: str, *, method: str = AUTOMATIC) -> None:
    """Keep what the files in an output folder say was measured."""
    keep_measurements(writer, scan, rows_of(numbers_of(out, scan_id)), method=method)


def rows_of(numbers: ScanNumbers) -> list[Measured]:
    """A row each, whether the scan is usable among them."""
    rows = {one.name: _row(one) for one in numbers.measurements.items}
    words = {
        "usable": "true" if numbers.usable else "false",
        "unusable_reason": numbers.unusable_reason,
        "version": numbers.version,
        "warnings": str(len(numbers.warnings)),
    }
    for name, text in words.items():
        rows[name] = Measured(name, None, text[:LONGEST] if text else None, None, None, None)
    return list(rows.values())


def _row(one: Measurement) -> Measured:
    if isinstance(one.value, (int, float)) and not isinstance(one.value, bool):
        return Measured(one.name, float(one.value), None, one.unit or None, one.low, one.high)
    text = None if one.value is None else str(one.value).lower() if isinstance(one.value, bool) else one.value
    return Measured(one.name, None, text[:LONGEST] if text else None, one.unit or None, one.low, one.high)
