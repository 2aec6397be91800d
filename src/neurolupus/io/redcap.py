"""REDCap's checkbox columns `field___code` put together to one cell of labels."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

_CHECKBOX = re.compile(r"(?P<field>.+?)___(?P<code>.+)")
_CHECKED = ("1", "1.0", "checked", "true", "yes")
_UNCHECKED = ("0", "0.0", "unchecked", "false", "no")


def join_checkboxes(frame: pd.DataFrame, *, separator: str = ";") -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The table with a column `field` for every set of columns `field___code`, and a note about each.

    A cell holds the codes that are checked, joined by the separator; it is missing where every box is empty (the form
    was not filled in), and the separator alone where every box is unchecked. Fields that the table has already stay as
    they are.
    """
    boxes: dict[str, dict[str, str]] = {}
    for name in frame.columns:
        match = _CHECKBOX.fullmatch(str(name))
        if match:
            boxes.setdefault(match["field"], {})[match["code"]] = name
    added: dict[str, pd.Series] = {}
    notes = []
    for field, columns in boxes.items():
        if field in frame or not all(_is_checkbox(frame[name]) for name in columns.values()):
            continue
        checked = {code: [_text(value) in _CHECKED for value in frame[name]] for code, name in columns.items()}
        filled = frame[list(columns.values())].notna().any(axis=1)
        cells = [
            (separator.join(code for code, values in checked.items() if values[row]) or separator)
            if is_filled
            else None
            for row, is_filled in enumerate(filled)
        ]
        added[field] = pd.Series(cells, index=frame.index, dtype=object)
        notes.append(f"{len(columns)} checkbox columns {field}___... were put together to {field}.")
    return (frame.assign(**added) if added else frame), tuple(notes)


def _is_checkbox(column: pd.Series) -> bool:
    return all(_text(value) in (*_CHECKED, *_UNCHECKED) for value in column.dropna().unique())


def _text(value: Any) -> str:
    return str(value).strip().lower()
