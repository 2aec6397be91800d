"""code/import.tsv: what became of every series that was found, without identities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from neurolupus.io.delimited import MISSING, read_tsv, write_tsv

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
    """The rows by key, in their order; none where nothing was imported yet."""
    path = root / LOG
    if not path.is_file():
        return {}
    rows = [
        LogRow(**{name: "" if row[name] == MISSING else row[name] for name in COLUMNS})
        for row in read_tsv(path, needed=COLUMNS)
    ]
    return {row.key: row for row in rows}


def write_import_log(root: Path, rows: Mapping[tuple[str, str], LogRow] | Iterable[LogRow]) -> None:
    """Write all rows, whole or not at all."""
    listed = rows.values() if isinstance(rows, Mapping) else rows
    told = [{name: value or None for name, value in asdict(row).items()} for row in listed]
    write_tsv(root / LOG, COLUMNS, told)
