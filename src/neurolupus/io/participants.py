"""participants.tsv: who was scanned."""

from pathlib import Path

from neurolupus.io.delimited import read_tsv
from neurolupus.records.scan import Participant

_MISSING = ("", "n/a", "na", "nan", "unknown")


def read_participants(root: Path) -> dict[str, Participant]:
    """The participants of a data set by label, without `sub-`; empty when there is no participants.tsv.

    Columns `age`, `sex` and `group` (else `diagnosis`) are understood; the rest is kept as text in `other`. An age
    that is no number, such as `89+`, is unknown and kept in `other`.

    Raises
    ------
    TableError
        The table has no column `participant_id`, or rows of unequal length.
    """
    found = {}
    for row in _rows(root):
        label = row["participant_id"].removeprefix("sub-")
        other = {name: value for name, value in row.items() if name != "participant_id"}
        age = _number(other.get("age", ""))
        if age is not None:
            del other["age"]
        sex = _text(other.pop("sex", ""))
        group = _text(other.pop("group", "")) or _text(other.get("diagnosis", ""))
        found[label] = Participant(label, age, sex, group, other)
    return found


def _rows(root: Path) -> list[dict[str, str]]:
    path = root / "participants.tsv"
    return read_tsv(path, needed=("participant_id",)) if path.is_file() else []


def _text(value: str) -> str | None:
    return None if value.strip().lower() in _MISSING else value.strip()


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if 0 <= number < 150 else None
