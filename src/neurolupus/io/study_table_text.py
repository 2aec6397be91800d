"""Text tables as programs and spreadsheets really write them: which encoding, which delimiter, are all rows alike."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence

import pandas as pd

from neurolupus.errors import TableError
from neurolupus.io.delimited import guess_delimiter

MOST_COLUMNS = 20_000


def decoded(raw: bytes, name: str, encoding: str = "") -> tuple[str, tuple[str, ...]]:
    """The text of a table's bytes, and what must be said about how it was found."""
    notes: tuple[str, ...] = ()
    if not encoding:
        encoding = _sniffed(raw)
        if encoding == "cp1252":
            notes = (f"{name} is no UTF-8 text and was read as Windows-1252; check letters with accents.",)
    try:
        text = raw.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise TableError(
            f"{name} cannot be read as {encoding}: {error}.\n    Save it as CSV UTF-8, or correct data: {{encoding}}."
        ) from error
    if "\0" in text:
        raise TableError(f"{name} is no text table: it holds zero bytes.\n    Save the sheet as CSV UTF-8.")
    return text.removeprefix("\ufeff"), notes


def _sniffed(raw: bytes) -> str:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    head = raw[:4000]
    if len(head) > 3 and b"\0" in head:  # UTF-16 without a mark: every second byte of Latin text is zero
        evens, odds = head[0::2].count(0), head[1::2].count(0)
        if max(evens, odds) > 0.4 * len(head) / 2 and min(evens, odds) == 0:
            return "utf-16-le" if odds > evens else "utf-16-be"
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "cp1252" if b"\0" not in head else "latin-1"  # which decodes anything, to be refused for its zeros
    return "utf-8-sig"


def text_frame(text: str, name: str, delimiter: str) -> pd.DataFrame:
    """The cells of a text table, all text; row labels count the header as row 1."""
    if not text.strip():
        raise TableError(f"{name} is empty; a table with a header line is needed.\n    Export it again.")
    first = text.partition("\n")[0].strip()
    skipped = 0
    if first.lower().startswith("sep=") and len(first) == 5:  # Excel's own line about the delimiter
        delimiter, skipped = delimiter or first[4], 1
        text = text.partition("\n")[2]
    chosen = delimiter.replace("\\t", "\t") or guess_delimiter(text.partition("\n")[0])
    if len(chosen) != 1:
        raise TableError(f"{name}: the delimiter {delimiter!r} is not one character; correct data: {{delimiter: ...}}.")
    _check_lengths(text, name, chosen, skipped)
    frame = pd.read_csv(
        io.StringIO(text, newline=""),
        sep=chosen,
        dtype=str,
        na_filter=False,
        index_col=False,
        skip_blank_lines=False,
    )
    frame.index = pd.RangeIndex(2 + skipped, 2 + skipped + len(frame))
    return frame


def _check_lengths(text: str, name: str, delimiter: str, skipped: int) -> None:
    """Raise when a row has more or fewer cells than the header; pandas would fill or cut it in silence."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    faults = []
    try:
        header = [one.strip() for one in next(reader)]
        check_header(header, name)
        for row, cells in enumerate(reader, start=2 + skipped):
            if len(cells) != len(header) and any(cell.strip() for cell in cells):
                faults.append(f"row {row}: {len(cells)} cells for {len(header)} columns")
    except csv.Error as error:
        faults.append(f"row {reader.line_num + skipped}: {error}")
    if faults:
        told = "\n".join(f"    {fault}." for fault in faults[:20])
        more = f"\n    and {len(faults) - 20} more." if len(faults) > 20 else ""
        raise TableError(
            f"{name} has {len(faults)} fault{'s' * (len(faults) > 1)}; every row needs as many cells as the header. "
            f"Put quotes around cells that hold the delimiter.\n{told}{more}"
        )


def check_header(names: Sequence[str], name: str) -> None:
    """Raise a TableError that tells every column without a name or with another's."""
    faults = [f"column {one!r} occurs twice" for one in sorted({one for one in names if one and names.count(one) > 1})]
    faults += [f"column {number} has no name" for number, one in enumerate(names, start=1) if not one]
    if len(names) > MOST_COLUMNS:
        faults = [f"{len(names):,} columns; at most {MOST_COLUMNS:,} are read"]
    if faults:
        told = "\n".join(f"    row 1: {fault}." for fault in faults[:20])
        raise TableError(f"{name} has {len(faults)} fault{'s' * (len(faults) > 1)} in its header; correct it.\n{told}")
