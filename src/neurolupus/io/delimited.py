"""Tables in text files, TSV and CSV; a cell never becomes a formula in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from neurolupus.errors import TableError
from neurolupus.io.atomic import write_text
from neurolupus.records.measurement import Number

MISSING = "n/a"
# A spreadsheet runs a cell that starts so: OWASP, "CSV Injection".
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
LARGEST_TABLE_BYTES = 1 << 28


def read_text(path: Path) -> str:
    """The text of a table: UTF-8 (with or without a mark), else Windows-1252.

    Raises
    ------
    TableError
        The file is absent, empty, or no text.
    """
    if not path.is_file():
        raise TableError(f"{path} does not exist or is no file; a table is needed.\n    Check the path.")
    if path.stat().st_size > LARGEST_TABLE_BYTES:
        raise TableError(f"{path} has {path.stat().st_size:,} bytes; no table of volumes is that large.")
    raw = path.read_bytes()
    if b"\0" in raw:
        raise TableError(f"{path} is no text file; a TSV or CSV table is needed.\n    Save the sheet as CSV UTF-8.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    if not text.strip():
        raise TableError(f"{path} is empty; a table with a header line is needed.\n    Export it again.")
    return text


def read_tsv(path: Path, *, needed: Sequence[str] = (), delimiter: str | None = None) -> list[dict[str, str]]:
    """The rows of a table with a header line, as text; `n/a` is left as it is.

    Parameters
    ----------
    path : Path
    needed : sequence of str
        Columns that must be there.
    delimiter : str or None
        None: a tab when the header line has one, else a semicolon or a comma, whichever it has more of.

    Raises
    ------
    TableError
        The file is no table, a needed column is absent, a name occurs twice, or rows are of unequal length; all
        faults are told together.
    """
    text = read_text(path)
    return rows_of(text, str(path), needed=needed, delimiter=delimiter)


def rows_of(text: str, where: str, *, needed: Sequence[str] = (), delimiter: str | None = None) -> list[dict[str, str]]:
    """As `read_tsv`, of text that was read; `where` names it in errors."""
    header_line = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or guess_delimiter(header_line))
    try:
        lines = list(reader)
    except csv.Error as error:
        raise TableError(f"{where} line {reader.line_num}: {error}; correct the table.") from error
    names = [name.strip() for name in lines[0]]
    faults = [f"line 1: column {name!r} occurs twice" for name in sorted({n for n in names if names.count(n) > 1})]
    faults += [
        f"line 1: column {name!r} is missing; there are {', '.join(names)}" for name in needed if name not in names
    ]
    rows = []
    for number, cells in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            faults.append(f"line {number}: {len(cells)} cells for {len(names)} columns")
            continue
        rows.append({name: unescaped(cell.strip()) for name, cell in zip(names, cells, strict=True)})
    if faults:
        told = "\n".join(f"    {fault}." for fault in faults[:20])
        more = f"\n    and {len(faults) - 20} more." if len(faults) > 20 else ""
        raise TableError(f"{where} has {len(faults)} fault{'s' * (len(faults) > 1)}; correct them.\n{told}{more}")
    return rows


def write_tsv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Number]]) -> None:
    """Write a table, UTF-8, whole or not at all; a missing value is `n/a`.

    Parameters
    ----------
    path : Path
        `.csv` is written with commas, anything else with tabs.
    columns : sequence of str
    rows : iterable of mappings
        What a row lacks is missing; floats are written with seven significant digits.
    """
    delimiter = "," if path.suffix.lower() == ".csv" else "\t"
    write_text(path, table_text(columns, rows, delimiter=delimiter))


def table_text(columns: Sequence[str], rows: Iterable[Mapping[str, Number]], *, delimiter: str = "\t") -> str:
    """A table as text; see `write_tsv`."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\n")
    writer.writerow([escaped(name) for name in columns])
    for row in rows:
        writer.writerow([cell_text(row.get(name)) for name in columns])
    return buffer.getvalue()


def cell_text(value: Number | np.generic) -> str:
    """How a value is written: `n/a`, `true`, seven significant digits, or text that no spreadsheet runs.

    Examples
    --------
    >>> [cell_text(value) for value in (None, True, 3, 1234.56789, -0.5, "=1+1", "-", "deep")]
    ['n/a', 'true', '3', '1234.568', '-0.5', "'=1+1", "'-", 'deep']
    """
    if isinstance(value, np.generic):
        return cell_text(value.item())
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.7g}"
    return escaped(value)


def escaped(text: str) -> str:
    """Text on one line, with an apostrophe before what a spreadsheet would run; numbers stay as they are."""
    flat = " ".join(text.replace("\t", " ").splitlines()) if text else text
    if text.startswith(FORMULA_STARTS) or flat.lstrip().startswith(FORMULA_STARTS):
        return flat if _is_number(flat) else "'" + flat.lstrip()
    return flat


def unescaped(text: str) -> str:
    """Text as it was before `escaped` put an apostrophe before it."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text


def guess_delimiter(header_line: str) -> str:
    """A tab when there is one, else the commoner of semicolon and comma."""
    if "\t" in header_line:
        return "\t"
    return ";" if header_line.count(";") > header_line.count(",") else ","


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
