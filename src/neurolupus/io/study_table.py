"""A cohort's table from .csv, .tsv, .xlsx, .sav or .parquet; text stays text until the study file says otherwise."""

from __future__ import annotations

import hashlib
import importlib
import io
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd

from neurolupus.errors import TableError
from neurolupus.io.delimited import unescaped
from neurolupus.io.redcap import join_checkboxes
from neurolupus.io.study_table_text import check_header, decoded, text_frame
from neurolupus.records.study_table import StudyTable

LARGEST_TABLE_BYTES = 1 << 30
LARGEST_UNPACKED_BYTES = 1 << 31  # a workbook is a zip; a small one can hold terabytes
TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
SUFFIXES = (*TEXT_SUFFIXES, ".xlsx", ".xlsm", ".sav", ".zsav", ".parquet")
_EXTRA = "pip install 'neurolupus[formats]'"


def read_study_table(
    path: Path, *, delimiter: str = "", encoding: str = "", sheet: str = "", separator: str = ";"
) -> StudyTable:
    """The table of a file; its kind is told by the file's name.

    Parameters
    ----------
    delimiter, encoding : str
        Of a text table; empty: found (tab, semicolon or comma; UTF-8, UTF-16, else Windows-1252, which is noted).
    sheet : str
        Of a workbook; empty: the first.
    separator : str
        Put between the labels that REDCap's checkbox columns `field___code` are joined to.

    Raises
    ------
    TableError
        The file is absent, too large, of another kind, not readable, or its rows are of unequal length; or the package
        that reads its kind is not installed.
    """
    if not path.is_file():
        raise TableError(f"{path} does not exist or is no file; a table is needed.\n    Check the path.")
    suffix, size = path.suffix.lower(), path.stat().st_size
    if suffix not in SUFFIXES:
        raise TableError(
            f"{path.name} ends in {suffix or 'nothing'!r}; a table in one of {', '.join(SUFFIXES)} is needed.\n"
            "    Save it as CSV UTF-8."
        )
    if size > LARGEST_TABLE_BYTES:
        raise TableError(f"{path.name} has {size:,} bytes; at most {LARGEST_TABLE_BYTES:,} are read.\n    Split it.")
    raw = path.read_bytes()
    notes: tuple[str, ...] = ()
    if suffix in TEXT_SUFFIXES:
        text, notes = decoded(raw, path.name, encoding)
        frame = text_frame(text, path.name, delimiter)
    elif suffix in (".xlsx", ".xlsm"):
        frame = _workbook_frame(raw, path.name, sheet)
    elif suffix == ".parquet":
        frame = _parquet_frame(raw, path.name)
    else:
        frame = _sav_frame(path)
    frame = _tidied(frame, path.name)
    frame, joined = join_checkboxes(frame, separator=separator)
    return StudyTable(path.name, frame, ((path.name, hashlib.sha256(raw).hexdigest()),), notes + joined)


def _workbook_frame(raw: bytes, name: str, sheet: str) -> pd.DataFrame:
    openpyxl = _needed("openpyxl", name)
    try:
        unpacked = sum(entry.file_size for entry in zipfile.ZipFile(io.BytesIO(raw)).infolist())
        if unpacked > LARGEST_UNPACKED_BYTES:
            raise TableError(
                f"{name} unpacks to {unpacked:,} bytes; that is no table of patients.\n    Save it as CSV."
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions that hold no data
            book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
            if sheet and sheet not in book.sheetnames:
                told = ", ".join(book.sheetnames)
                raise TableError(f"{name} has no sheet {sheet!r}; it has {told}.\n    Correct data: {{sheet: ...}}.")
            rows = [list(row) for row in (book[sheet] if sheet else book.worksheets[0]).iter_rows(values_only=True)]
    except TableError:
        raise
    except Exception as error:  # a broken workbook fails in many ways, none of them documented
        raise TableError(f"{name} is no readable workbook ({error}).\n    Save it again, or as CSV UTF-8.") from error
    while rows and not any(cell is not None for cell in rows[-1]):
        rows.pop()
    if not rows:
        raise TableError(
            f"{name} is empty; a sheet with a header row is needed.\n    Name another with data: {{sheet}}."
        )
    width = max((number for row in rows for number, cell in enumerate(row, start=1) if cell is not None), default=0)
    header = ["" if cell is None else str(cell).strip() for cell in rows[0][:width]]
    check_header(header, name)
    cells = [row[:width] + [None] * (width - len(row)) for row in rows[1:]]
    frame = pd.DataFrame(cells, columns=header, dtype=object)
    frame.index = pd.RangeIndex(2, 2 + len(frame))
    return frame


def _parquet_frame(raw: bytes, name: str) -> pd.DataFrame:
    _needed("pyarrow", name)
    try:
        frame = pd.read_parquet(io.BytesIO(raw), engine="pyarrow")
    except Exception as error:  # pyarrow's own errors are many
        raise TableError(f"{name} is no readable Parquet file ({error}).\n    Write it again.") from error
    frame = frame.reset_index(drop=isinstance(frame.index, pd.RangeIndex))
    frame.columns = [str(column) for column in frame.columns]
    check_header(list(frame.columns), name)
    frame.index = pd.RangeIndex(2, 2 + len(frame))
    return frame


def _sav_frame(path: Path) -> pd.DataFrame:
    pyreadstat = _needed("pyreadstat", path.name)
    try:
        frame, _ = pyreadstat.read_sav(str(path), apply_value_formats=False, user_missing=False)
    except Exception as error:  # pyreadstat's own errors are many
        raise TableError(f"{path.name} is no readable SPSS file ({error}).\n    Save it again, or as CSV.") from error
    check_header([str(column) for column in frame.columns], path.name)
    frame.index = pd.RangeIndex(2, 2 + len(frame))
    return pd.DataFrame(frame)


def _needed(package: str, name: str) -> Any:
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise TableError(
            f"{name} needs the package {package}, which is not installed.\n    {_EXTRA}, or save the table as CSV."
        ) from error


def _tidied(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Text without spaces around it and without the apostrophe of exports; empty text is missing; no empty rows."""
    frame = frame.rename(columns=lambda column: str(column).strip())
    columns = {column: _tidied_column(frame[column]) for column in frame.columns}
    tidy = pd.DataFrame(columns, index=frame.index)
    tidy = tidy[~tidy.isna().all(axis=1)]
    if tidy.empty:
        raise TableError(f"{name} has a header and no rows; patients are needed.\n    Export it again.")
    return tidy


def _tidied_column(column: pd.Series) -> pd.Series:
    if column.dtype != object and not isinstance(column.dtype, (pd.StringDtype, pd.CategoricalDtype)):
        return column
    codes, values = pd.factorize(column.astype(object), use_na_sentinel=True)
    tidy = [_tidied_cell(value) for value in values]
    return pd.Series([None if code < 0 else tidy[code] for code in codes], index=column.index, dtype=object)


def _tidied_cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = unescaped(value.replace("\u00a0", " ").strip())
    return text or None
