"""Tables of volumes by the name of the program that made them; plain TSV and CSV."""

from pathlib import Path

import numpy as np

from neurolupus.errors import TableError
from neurolupus.io.cohort import check_one_version
from neurolupus.io.delimited import guess_delimiter, read_text, read_tsv, rows_of, write_tsv
from neurolupus.io.foreign import READERS
from neurolupus.io.volume_table import KINDS, TableKind, VolumeTable, key_of

NOT_USABLE = ("false", "0", "no")  # of the column `usable`, as a study reads it

__all__ = ["KINDS", "TableKind", "VolumeTable", "read_tsv", "read_volume_table", "write_tsv"]


def read_volume_table(path: Path, *, kind: TableKind | None = None, allow_mixed_versions: bool = False) -> VolumeTable:
    """Volumes in ml from a table of neurolupus, CAT12, LST or FreeSurfer.

    Parameters
    ----------
    path : Path
        `volumes.tsv`; CAT12's text file; `LST_tlv_*.csv`; `aseg.stats` or what `asegstats2table` wrote.
    kind : str or None
        None: told from the columns.
    allow_mixed_versions : bool
        Whether a neurolupus table may hold rows of several versions.

    Raises
    ------
    TableError
        The file is no table, not of this kind, of no known kind, or mixes versions.
    """
    text = read_text(path)
    found = kind or _kind_of(text)
    if found is None:
        first = text.splitlines()[0][:80]
        raise TableError(
            f"{path} begins with {first!r}, which is no table of {', '.join(KINDS)}.\n"
            "    Name its kind, or give it the columns participant_id, session_id, gm_ml, wm_ml, csf_ml, wmh_ml."
        )
    if found == "neurolupus":
        return _read_own(path, text, allow_mixed_versions)
    looks, read = READERS[found]
    if not looks(text):
        raise TableError(
            f"{path} begins with {text.splitlines()[0][:80]!r}, which is no {found} table.\n"
            f"    Leave its kind out, or name one of {', '.join(KINDS)}."
        )
    return read(path, text)


def _kind_of(text: str) -> TableKind | None:
    if _is_own(text):
        return "neurolupus"
    return next((kind for kind, (looks, _) in READERS.items() if looks(text)), None)


def _is_own(text: str) -> bool:
    first = text.splitlines()[0]
    cells = [cell.strip() for cell in first.split(guess_delimiter(first))]
    return "participant_id" in cells and any(cell.endswith("_ml") for cell in cells)


def _read_own(path: Path, text: str, allow_mixed_versions: bool) -> VolumeTable:
    rows = rows_of(text, str(path), needed=("participant_id",))
    check_one_version([row.get("version") for row in rows], str(path), allowed=allow_mixed_versions)
    names = [name for name in (rows[0] if rows else ()) if name.endswith(("_ml", "_ml_low", "_ml_high", "_count"))]
    columns, faults = {}, []
    for name in names:
        values = []
        for number, row in enumerate(rows, start=1):
            try:
                values.append(float("nan") if row[name] in ("n/a", "") else float(row[name]))
            except ValueError:
                faults.append(f"row {number}: {name} is {row[name]!r}; a number or n/a is needed")
                values.append(float("nan"))
        columns[name] = np.array(values, np.float64)
    if faults:
        told = "\n".join(f"    {fault}." for fault in faults[:20])
        raise TableError(f"{path} has {len(faults)} fault{'s' * (len(faults) > 1)}; correct them.\n{told}")
    keys = []
    for row in rows:
        participant, session = key_of(row["participant_id"])
        told_session = row.get("session_id", "n/a")
        keys.append((participant, told_session.removeprefix("ses-") if told_session not in ("n/a", "") else session))
    versions = tuple(sorted({row["version"] for row in rows if row.get("version")}))
    unusable = frozenset(
        key for key, row in zip(keys, rows, strict=True) if row.get("usable", "").lower() in NOT_USABLE
    )
    return VolumeTable(path.name, "neurolupus", tuple(keys), columns, versions=versions, unusable=unusable)
