"""Tables of other programs: CAT12, LST and FreeSurfer, as columns in ml.

What was checked: each reader follows the code that writes the format (named in its docstring), and is tested on
files typed after it; no output of these programs is part of the tests.
"""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import TableError
from neurolupus.io.delimited import guess_delimiter, rows_of
from neurolupus.io.volume_table import Key, TableKind, VolumeTable, key_of

CAT12_COLUMNS = {"tiv": "tiv_ml", "gm": "gm_ml", "wm": "wm_ml", "csf": "csf_ml", "wmh": "wmh_ml"}
CAT12_ORDER = tuple(CAT12_COLUMNS.values())
_MISSING = ("", "n/a", "na", "nan")

MM3_PER_ML = 1000.0
# Our column: the FreeSurfer measures and structures whose sum it is compared with.
FREESURFER_SUMS: dict[str, tuple[str, ...]] = {
    "tiv_ml": ("eTIV",),
    "gm_ml": ("TotalGrayVol",),
    "wm_ml": (
        "CerebralWhiteMatterVol",
        "Left-Cerebellum-White-Matter",
        "Right-Cerebellum-White-Matter",
        "Brain-Stem",
    ),
    "tbv_ml": ("BrainSegVolNotVent",),
    "wmh_ml": ("WM-hypointensities",),
}
# asegstats2table names a measure by its long name where aseg.stats has a short one; older versions differ.
FREESURFER_SYNONYMS = {
    "EstimatedTotalIntraCranialVol": "eTIV",
    "IntraCranialVol": "eTIV",
    "ICV": "eTIV",
    "BrainSegNotVent": "BrainSegVolNotVent",
    "TotalGray": "TotalGrayVol",
    "CerebralWhiteMatter": "CerebralWhiteMatterVol",
    "CorticalWhiteMatterVol": "CerebralWhiteMatterVol",
}


def looks_cat12(text: str) -> bool:
    """A header with TIV, GM, WM and CSF, or lines of an optional name and one or five numbers."""
    header = _cells(text.splitlines()[0])
    if {"tiv", "gm", "wm", "csf"} <= {cell.lower() for cell in header}:
        return True
    return all(_cat12_line(line) is not None for line in text.splitlines() if line.strip())


def read_cat12(path: Path, text: str) -> VolumeTable:
    """Volumes that CAT12 estimated: 'TIV and global tissue volumes', or a table with those columns.

    `cat_stat_TIV.m` of CAT12 writes one line per scan without a header: TIV, GM, WM, CSF, WMH in ml, before them
    nothing, the file's name, or its path; or TIV alone. A table with a header line TIV GM WM CSF (WMH) and a column
    of names is read too. In CAT12, TIV is the sum of all four, so WMH that CAT12 set apart are not part of its WM;
    whether they are depends on its option for WMH.
    """
    header = [cell.lower() for cell in _cells(text.splitlines()[0])]
    if "tiv" in header:
        rows = rows_of(_as_tsv(text), str(path), delimiter="\t")
        keys, has_keys = _row_keys(rows, ("participant_id", "name", "names", "subject", "file", "filename", "path"))
        named = {name.lower(): name for name in rows[0]} if rows else {}
        columns = {
            ours: _numbers(path, [row[named[theirs]] for row in rows], named[theirs])
            for theirs, ours in CAT12_COLUMNS.items()
            if theirs in named
        }
        return VolumeTable(path.name, "cat12", keys, columns, has_keys)
    lines = [_cat12_line(line) for line in text.splitlines() if line.strip()]
    widths = {len(line[1]) if line else 0 for line in lines}
    if len(widths) != 1 or 0 in widths:
        raise TableError(
            f"{path} is no CAT12 table: lines have {sorted(widths)} numbers (0: not understood); each needs one (TIV) "
            "or five (TIV GM WM CSF WMH).\n    Export it again with CAT12's 'Estimate TIV and global tissue volumes'."
        )
    values = np.array([line[1] for line in lines if line])
    names = [line[0] for line in lines if line]
    has_keys = all(names)
    keys = tuple(key_of(re.sub(r"^cat_|\.xml$", "", name)) for name in names) if has_keys else _numbered(len(names))
    columns = {name: values[:, index] for index, name in enumerate(CAT12_ORDER[: values.shape[1]])}
    return VolumeTable(path.name, "cat12", keys, columns, has_keys)


def looks_lst(text: str) -> bool:
    """A header with TLV and N."""
    return {"tlv", "n"} <= {cell.lower() for cell in _cells(text.splitlines()[0])}


def read_lst(path: Path, text: str) -> VolumeTable:
    """Lesion volumes that LST wrote with 'Extract values of interest'.

    `ps_LST_tlv.m` of LST 2.0 and 3.0 writes `LST_tlv_<threshold>_<date>.csv` with the columns Path, FileName, LGA,
    TLV (ml) and N; lesions up to 0.015 ml are left out of both.
    """
    rows = rows_of(text, str(path), needed=())
    named = {name.lower(): name for name in rows[0]} if rows else {}
    keys, has_keys = _row_keys(rows, ("participant_id", "filename", "path"), join=("path", "filename"))
    columns = {
        "wmh_ml": _numbers(path, [row[named["tlv"]] for row in rows], "TLV"),
        "wmh_count": _numbers(path, [row[named["n"]] for row in rows], "N"),
    }
    return VolumeTable(path.name, "lst", keys, columns, has_keys)


def looks_freesurfer(text: str) -> bool:
    """The head of aseg.stats, or the first cell of asegstats2table."""
    first = text.splitlines()[0]
    return "# Measure " in text or first.split("\t")[0].strip().lower() in ("measure:volume", "measure: volume")


def read_freesurfer(path: Path, text: str) -> VolumeTable:
    """Volumes of FreeSurfer: one `aseg.stats`, or a table made by `asegstats2table`; mm3 become ml.

    FreeSurfer measures other things than neurolupus; the sums that come nearest are made here and told in
    `definitions`. Its WM-hypointensities are seen on the T1w alone. It has no total CSF.

    References
    ----------
    .. [1] FreeSurfer wiki, "MorphometryStats" and "asegstats2table", https://surfer.nmr.mgh.harvard.edu/fswiki.
    """
    if "# Measure " in text:
        rows = [_aseg_volumes(text)]
        keys: tuple[Key, ...] = (_aseg_key(path, text),)
    else:
        cells = rows_of(text, str(path))
        first = next(iter(cells[0])) if cells else ""
        keys = tuple(key_of(row[first]) for row in cells)
        rows = [{FREESURFER_SYNONYMS.get(n, n): _number(path, v, n) for n, v in list(r.items())[1:]} for r in cells]
    columns, definitions = {}, {}
    for ours, theirs in FREESURFER_SUMS.items():
        if rows and all(name in row for row in rows for name in theirs):
            columns[ours] = np.array([sum(row[name] for name in theirs) for row in rows]) / MM3_PER_ML
            definitions[ours] = " + ".join(theirs)
    return VolumeTable(path.name, "freesurfer", keys, columns, definitions=definitions)


READERS: dict[TableKind, tuple[Callable[[str], bool], Callable[[Path, str], VolumeTable]]] = {
    "freesurfer": (looks_freesurfer, read_freesurfer),
    "lst": (looks_lst, read_lst),
    "cat12": (looks_cat12, read_cat12),
}


def _aseg_volumes(text: str) -> dict[str, float]:
    """Measures and structures of aseg.stats in mm3."""
    volumes = {}
    for line in text.splitlines():
        if line.startswith("# Measure "):
            fields = [field.strip() for field in line.removeprefix("# Measure ").split(",")]
            if len(fields) >= 4 and fields[-1] == "mm^3":
                name = FREESURFER_SYNONYMS.get(fields[1], fields[1])
                volumes[name] = float(fields[-2])
        elif line.strip() and not line.startswith("#"):
            parts = line.split()
            if len(parts) >= 5:
                volumes[parts[4]] = float(parts[3])
    return volumes


def _aseg_key(path: Path, text: str) -> Key:
    named = re.search(r"^# subjectname\s+(\S+)", text, re.MULTILINE)
    return key_of(named.group(1) if named else str(path))


def _cells(line: str) -> list[str]:
    line = line.lstrip("\ufeff")
    if any(mark in line for mark in "\t;,"):
        return [cell.strip() for cell in line.split(guess_delimiter(line))]
    return line.split()


def _as_tsv(text: str) -> str:
    return "\n".join("\t".join(_cells(line)) for line in text.splitlines() if line.strip())


def _cat12_line(line: str) -> tuple[str, list[float]] | None:
    """Name (or empty) and the one or five numbers of a CAT12 line; None when it is something else."""
    cells = _cells(line)
    for count in (5, 1):
        if len(cells) in (count, count + 1):
            try:
                numbers = [float(cell) for cell in cells[-count:]]
            except ValueError:
                continue
            return (cells[0] if len(cells) > count else ""), numbers
    return None


def _row_keys(
    rows: list[dict[str, str]], names: tuple[str, ...], join: tuple[str, ...] = ()
) -> tuple[tuple[Key, ...], bool]:
    """Keys from the first column that names scans; row numbers when there is none."""
    named = {name.lower(): name for name in rows[0]} if rows else {}
    present = [named[name] for name in names if name in named]
    if not present:
        return _numbered(len(rows)), False
    if "session_id" in named and present[0].lower() == "participant_id":
        return tuple((key_of(row[present[0]])[0], _session(row[named["session_id"]])) for row in rows), True
    joined = [named[name] for name in join if name in named] or present[:1]
    return tuple(key_of("/".join(row[name] for name in joined)) for row in rows), True


def _session(text: str) -> str | None:
    return None if text.lower() in _MISSING else text.removeprefix("ses-")


def _numbered(count: int) -> tuple[Key, ...]:
    return tuple((str(number), None) for number in range(1, count + 1))


def _numbers(path: Path, cells: list[str], column: str) -> NDArray[np.float64]:
    return np.array([_number(path, cell, column) for cell in cells], np.float64)


def _number(path: Path, cell: str, column: str) -> float:
    if cell.lower() in _MISSING:
        return float("nan")
    try:
        return float(cell)
    except ValueError:
        raise TableError(f"{path}: column {column} holds {cell!r}; a number is needed.\n    Correct it.") from None
