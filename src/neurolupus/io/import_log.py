"""code/import.tsv: what became of every series that was found, without identities."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from neurolupus.io.delimited import MISSING, read_text, rows_of, table_text, write_tsv

LOG = Path("code") / "import.tsv"


@dataclass(frozen=True, slots=True)
class LogRow:
    """One series; a text that is not known is empty.

    Attributes
    ----------
    series : str
        A keyed UID: the same series always has the same, and only the linking key can make it.
    part : str
        Of a series that fell into several.
    state : taken, passed over, failed
    file : str
        Below the data set, of a series that was taken.
    """

    series: str
    part: str
    participant_id: str
    session_id: str
    series_number: str
    modality: str
    slices: str
    state: str
    suffix: str
    file: str
    dimensions: str
    reason: str
    geometry: str
    version: str

    @property
    def key(self) -> tuple[str, str]:
        """What tells series apart."""
        return self.series, self.part


COLUMNS = tuple(one.name for one in fields(LogRow))


def read_import_log(root: Path) -> dict[tuple[str, str], LogRow]:
    """The rows by key; none where nothing was imported yet.

    Of several rows of one series the last one holds. A last line without its end, which a killed import may have left,
    is not read.
    """
    path = root / LOG
    if not path.is_file():
        return {}
    text = read_text(path)
    told = rows_of(text[: text.rfind("\n") + 1] or text, str(path), needed=COLUMNS)
    rows = [LogRow(**{name: "" if row[name] == MISSING else row[name] for name in COLUMNS}) for row in told]
    return {row.key: row for row in rows}


def append_import_log(root: Path, rows: Sequence[LogRow]) -> None:
    """Add rows at the end, safe on disk when this returns: the whole log is not written anew for each study."""
    path = root / LOG
    if not path.is_file():
        write_import_log(root, {row.key: row for row in rows})
        return
    with path.open("r+b") as stream:
        stream.seek(0, os.SEEK_END)
        if stream.tell():
            stream.seek(-1, os.SEEK_END)
            if stream.read(1) != b"\n":  # half a line of an import that was killed
                stream.seek(0)
                stream.truncate(stream.read().rfind(b"\n") + 1)
                stream.seek(0, os.SEEK_END)
        stream.write(table_text(COLUMNS, _told(rows)).partition("\n")[2].encode("utf-8"))
        stream.flush()
        os.fsync(stream.fileno())


def write_import_log(root: Path, rows: Mapping[tuple[str, str], LogRow]) -> None:
    """Write all rows anew, one for each series, whole or not at all."""
    write_tsv(root / LOG, COLUMNS, _told(list(rows.values())))


def _told(rows: Sequence[LogRow]) -> list[dict[str, str | None]]:
    return [{name: value or None for name, value in asdict(row).items()} for row in rows]
