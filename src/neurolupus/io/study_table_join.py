"""Two tables put side by side, patient by patient: participants and the volumes of their scans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from neurolupus.errors import TableError
from neurolupus.records.study_table import StudyTable


def join_tables(
    left: StudyTable,
    right: StudyTable,
    *,
    on: Sequence[str],
    columns: Sequence[str] = (),
    unmatched: str = "refuse",
    usable_only: bool = True,
) -> StudyTable:
    """Every row of `left` with the columns of the row of `right` that has the same names of the patient.

    `sub-01` and `01` are one participant. Scans that `right` marks as not usable give missing values. What was matched
    and what was not is noted.

    Raises
    ------
    TableError
        A column is missing or stands in both, a name occurs twice, or a patient has no row in `right` and `unmatched`
        is `refuse`; all told together.
    """
    faults = [f"{t.name} has no column {name!r}" for t in (left, right) for name in on if name not in t.frame]
    wanted = list(columns) or [name for name in right.frame.columns if name not in on]
    faults += [f"{right.name} has no column {name!r}" for name in wanted if name not in right.frame]
    faults += [f"column {name!r} is in both {left.name} and {right.name}" for name in wanted if name in left.frame]
    _raise_join(faults, left, right)
    keys, places = _join_keys(left.frame, on), _join_keys(right.frame, on)
    twice = sorted({key for key in places if places.count(key) > 1})
    faults += [
        f"{right.name} has {' '.join(key)!r} twice; name the visit too: on: [participant_id, session_id]"
        for key in twice
    ]
    row_of = {key: row for row, key in enumerate(places)}
    absent = [key for key in keys if key not in row_of]
    if unmatched == "refuse":
        faults += [f"{left.name} row {row}: {' '.join(key)!r} is not in {right.name}"
                   for row, key in zip(left.frame.index, keys, strict=True) if key not in row_of]  # fmt: skip
    _raise_join(faults, left, right)
    taken = [row_of.get(key, -1) for key in keys]
    unused = len(set(row_of.values()) - set(taken))
    notes = [f"{len(keys) - len(absent)} of {len(keys)} rows of {left.name} were joined with {right.name}."]
    if usable_only and "usable" in right.frame:
        is_usable = ~right.frame["usable"].astype(str).str.lower().isin(("false", "0", "no")).to_numpy()
        refused = sum(1 for row in taken if row >= 0 and not is_usable[row])
        taken = [row if row >= 0 and is_usable[row] else -1 for row in taken]
        if refused:
            notes.append(f"{refused} scan{'s' * (refused > 1)} of {right.name} not usable; the values are missing.")
    added = {
        name: right.frame[name].astype(object).where(right.frame[name].notna(), None).to_numpy() for name in wanted
    }
    frame = left.frame.assign(
        **{
            name: pd.Series([values[row] if row >= 0 else None for row in taken], index=left.frame.index, dtype=object)
            for name, values in added.items()
        }
    )
    if unused:
        words = f"{unused} rows of {right.name} belong" if unused > 1 else f"1 row of {right.name} belongs"
        notes.append(f"{words} to no row of {left.name}.")
    return replace(left, frame=frame, sha256=left.sha256 + right.sha256, notes=left.notes + right.notes + tuple(notes))


def _join_keys(frame: pd.DataFrame, on: Sequence[str]) -> list[tuple[str, ...]]:
    columns = [[_key(value) for value in frame[name]] for name in on]
    return list(zip(*columns, strict=True))


def _key(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip().removeprefix("sub-").removeprefix("ses-")


def _raise_join(faults: Sequence[str], left: StudyTable, right: StudyTable) -> None:
    if faults:
        told = "\n".join(f"    {fault}." for fault in faults[:20])
        more = f"\n    and {len(faults) - 20} more." if len(faults) > 20 else ""
        raise TableError(f"{left.name} and {right.name} cannot be joined: {len(faults)} faults.\n{told}{more}")
