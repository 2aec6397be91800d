"""What a program may neither read nor write of a record: sealed volumes; and what only a meeting may change."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from typing import Any

from fastapi import HTTPException

Plain = dict[str, Any]
SEALED = "mri."


def shown_record(record: Mapping[str, Any], hidden: Collection[str]) -> Plain:
    """The record without sealed volumes; what was signed may be read.

    Examples
    --------
    >>> shown_record({"mri": {"done": True, "wmh_ml": 3}, "note": ""}, {"mri.wmh_ml", "attribution.decided"})
    {'mri': {'done': True}, 'note': ''}
    """
    sealed = {name.removeprefix(SEALED) for name in hidden if name.startswith(SEALED)}
    found = copy.deepcopy(dict(record))
    if isinstance(found.get("mri"), dict):
        found["mri"] = {name: value for name, value in found["mri"].items() if name not in sealed}
    return found


def kept_record(sent: Mapping[str, Any], before: Mapping[str, Any], hidden: Collection[str]) -> Plain:
    """The record as sent, with what may not be changed as it was.

    Raises
    ------
    HTTPException
        403: it was sent with another value.
    """
    found = copy.deepcopy(dict(sent))
    for name in sorted(hidden):
        section, _, part = name.partition(".")
        was, inside = (before.get(section) or {}).get(part), found.get(section)
        if inside is not None and not isinstance(inside, dict):
            continue  # no section: the record's own reader says so
        if inside and inside.get(part) not in (None, [], was):
            raise HTTPException(403, f"{name} is changed by the consensus alone.\n    Leave it out, or as it was.")
        if was is not None:
            found[section] = {**(inside or {}), part: was}
    return found
