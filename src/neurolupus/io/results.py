"""All files of one measured scan, written so that an interruption leaves nothing that looks complete.

A scan is complete when its `*_volumes.json` is there. Everything is first written into `OUT/.tmp-...-sub-01_ses-1`; a
first measurement is then renamed into place as one folder, a later one removes the old `*_volumes.json`, replaces
file by file and puts the new `*_volumes.json` last. A later run of the same scan removes what a killed one left.
"""

import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from neurolupus.errors import TableError
from neurolupus.io.atomic import TEMPORARY_PREFIX, write_json, write_text
from neurolupus.io.cohort import write_volumes_table
from neurolupus.io.dataset import derivative_name, scan_folder
from neurolupus.io.delimited import write_tsv
from neurolupus.io.derivatives import Derivative, common_facts, derivatives
from neurolupus.io.nifti import write_volume
from neurolupus.records.dictionary import DICTIONARY
from neurolupus.records.measured import MeasuredScan
from neurolupus.records.measurement import Number
from neurolupus.records.provenance import Provenance
from neurolupus.records.scan import ScanId

__all__ = [
    "measured_paths",
    "read_measured",
    "read_measured_row",
    "remove_unfinished",
    "volumes_path",
    "write_measured_scan",
    "write_volumes_table",
]

VOLUMES_SUFFIX, PROVENANCE_SUFFIX = "volumes", "provenance"
STALE_SECONDS = 24 * 3600.0
WRITERS = 2  # gzip leaves Python's lock: two files are packed at once


def write_measured_scan(out: Path, measured: MeasuredScan, provenance: Provenance) -> tuple[Path, ...]:
    """Write all derivatives of a scan under `out`; the paths, sorted.

    Parameters
    ----------
    out : Path
        The derivative data set; `write_dataset_description` describes it.
    measured : MeasuredScan
    provenance : Provenance
        Its times go into `*_provenance.json` and nowhere else: every other file has the same bytes for the same input.
    """
    scan_id = measured.pair.scan_id
    remove_unfinished(out, scan_id)
    out.mkdir(parents=True, exist_ok=True)
    made = out / f"{TEMPORARY_PREFIX}{secrets.token_hex(4)}-{scan_id.stem}"
    made.mkdir()
    try:
        _write_all(made, measured, provenance)
        return _put_in_place(made, scan_folder(out, scan_id), scan_id)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def volumes_path(out: Path, scan_id: ScanId) -> Path:
    """The file whose presence says that a scan is complete: `.../anat/sub-01_ses-1_volumes.json`."""
    return scan_folder(out, scan_id) / derivative_name(scan_id, suffix=VOLUMES_SUFFIX, extension=".json")


def measured_paths(out: Path) -> tuple[Path, ...]:
    """The `*_volumes.json` of every complete scan under `out`, sorted."""
    found = [*out.glob(f"sub-*/anat/*_{VOLUMES_SUFFIX}.json"), *out.glob(f"sub-*/ses-*/anat/*_{VOLUMES_SUFFIX}.json")]
    return tuple(sorted(found))


def read_measured_row(path: Path) -> dict[str, Number]:
    """One row of volumes.tsv from a scan's `*_volumes.json`.

    Raises
    ------
    TableError
        The file is not what `write_measured_scan` writes.
    """
    return read_measured(path)[0]


def read_measured(path: Path) -> tuple[dict[str, Number], dict[str, Any]]:
    """One row of volumes.tsv, and all that its `*_volumes.json` tells.

    Raises
    ------
    TableError
        The file is not what `write_measured_scan` writes.
    """
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        row: dict[str, Number] = {"participant_id": told["participant_id"], "session_id": told["session_id"]}
        for name, item in told["measurements"].items():
            row[sys.intern(name)] = item["value"]  # thousands of rows share the names of their columns
            row.update({sys.intern(f"{name}_{bound}"): item[bound] for bound in ("low", "high") if bound in item})
        for name in ("usable", "unusable_reason", "version"):
            row.setdefault(name, told[name])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TableError(
            f"{path} is no volumes file of neurolupus ({type(error).__name__}: {error}).\n    Measure the scan again."
        ) from error
    return row, told


def remove_unfinished(out: Path, scan_id: ScanId) -> None:
    """Remove what an interrupted run left of this scan, and what any run left more than a day ago."""
    if not out.is_dir():
        return
    now_there: float | None = None
    for path in names_that_begin(out, TEMPORARY_PREFIX):
        name = path.name.removeprefix(TEMPORARY_PREFIX).partition("-")[2]
        try:
            if _is_of(name, scan_id):
                _remove(path)
                continue
            now_there = _time_there(out) if now_there is None else now_there
            if now_there - path.stat().st_mtime > STALE_SECONDS:
                _remove(path)
        except FileNotFoundError:
            continue  # another process was faster


def names_that_begin(folder: Path, prefix: str) -> list[Path]:
    """The entries of a folder by the beginning of their names; many times faster than a pattern on a large folder."""
    with os.scandir(folder) as entries:
        return [folder / entry.name for entry in entries if entry.name.startswith(prefix)]


def _time_there(out: Path) -> float:
    """The time by the clock that dates the files of `out`: a file server's may differ from ours by days.

    The beginning of time, when everything is new, where nothing can be written.
    """
    try:
        with tempfile.NamedTemporaryFile(dir=out, prefix=f"{TEMPORARY_PREFIX}clock-") as file:
            return os.fstat(file.fileno()).st_mtime
    except OSError:
        return float("-inf")


def _is_of(name: str, scan_id: ScanId) -> bool:
    """Whether a file or folder name belongs to this scan and not to another session of its participant."""
    rest = name.removeprefix(scan_id.stem)
    return name.startswith(scan_id.stem) and rest[:1] in ("", ".", "_") and not rest.startswith("_ses-")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _write_all(folder: Path, measured: MeasuredScan, provenance: Provenance) -> None:
    scan_id = measured.pair.scan_id
    facts = common_facts(measured, provenance.version)
    with ThreadPoolExecutor(WRITERS) as writers:
        try:  # list(): an error of any writer is raised here
            list(writers.map(lambda one: _write_one(folder, scan_id, measured, one, facts), derivatives(measured)))
        except BaseException:
            writers.shutdown(cancel_futures=True)  # Ctrl-C waits for two files, not for all
            raise
    names = sorted(path.name for path in folder.iterdir())
    told = {**_volumes(measured, provenance.version), "files": names}
    write_json(folder / derivative_name(scan_id, suffix=PROVENANCE_SUFFIX, extension=".json"), asdict(provenance))
    write_json(folder / derivative_name(scan_id, suffix=VOLUMES_SUFFIX, extension=".json"), told)


def _write_one(
    folder: Path, scan_id: ScanId, measured: MeasuredScan, one: Derivative, facts: dict[str, object]
) -> None:
    path = folder / derivative_name(scan_id, suffix=one.suffix, extension=one.extension, **one.entities)
    if one.image is not None:
        write_volume(path, measured.t1w.with_data(one.image), dtype=one.dtype, decimals=one.decimals)
    elif one.table is not None:
        write_tsv(path, one.columns, one.table)
    elif one.text is not None:
        write_text(path, one.text)
    if one.about:
        sidecar = path.with_name(path.name.removesuffix(one.extension) + ".json")
        write_json(sidecar, {**one.about, **facts})


def _volumes(measured: MeasuredScan, version: str) -> dict[str, object]:
    """Everything that was measured, in JSON's terms; no times."""
    scan_id = measured.pair.scan_id
    order = {definition.name: place for place, definition in enumerate(DICTIONARY)}
    items = sorted(measured.measurements.items, key=lambda item: order.get(item.name, len(order)))
    values: dict[str, dict[str, Number]] = {}
    for item in items:
        bounds: dict[str, Number] = (
            {"low": item.low, "high": item.high} if (item.low, item.high) != (None, None) else {}
        )
        extra: dict[str, Number] = {"method": item.method} if item.method else {}
        values[item.name] = {"value": item.value, "unit": item.unit, **bounds, **extra}
    reason = next((str(item.value) for item in items if item.name == "unusable_reason" and item.value), None)
    return {
        "participant_id": f"sub-{scan_id.participant_id}",
        "session_id": f"ses-{scan_id.session_id}" if scan_id.session_id else None,
        "version": version,
        "usable": measured.usable,
        "unusable_reason": reason or (None if measured.usable else "declared or found disease; see the warnings"),
        "warnings": list(measured.warnings),
        "settings": asdict(measured.settings),
        "sources": list(measured.pair.sources),
        "measurements": values,
        "lesions": [asdict(lesion) for lesion in measured.lesions],
        **({"wmh_methods": [one.summary() for one in measured.comparisons]} if measured.comparisons else {}),
    }


def _put_in_place(made: Path, folder: Path, scan_id: ScanId) -> tuple[Path, ...]:
    """Rename the finished files to where they belong; the volumes file goes first when old and comes last when new."""
    names = sorted(path.name for path in made.iterdir())
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not folder.exists():
        made.rename(folder)
        return tuple(folder / name for name in names)
    last = derivative_name(scan_id, suffix=VOLUMES_SUFFIX, extension=".json")
    outdated = [name for name in _names_in(folder / last) if name not in names]
    (folder / last).unlink(missing_ok=True)
    for name in outdated:
        (folder / name).unlink(missing_ok=True)
    for name in [*(name for name in names if name != last), last]:
        (made / name).replace(folder / name)
    return tuple(folder / name for name in names)


def _names_in(volumes: Path) -> Iterator[str]:
    """The files that an earlier measurement wrote beside its volumes file, as that file lists them."""
    try:
        names = json.loads(volumes.read_text(encoding="utf-8")).get("files", [])
    except (OSError, ValueError, AttributeError):
        return
    yield from (name for name in names if isinstance(name, str) and Path(name).name == name)
