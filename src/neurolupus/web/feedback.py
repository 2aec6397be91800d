"""Feedback on cards: card, outcome and coded reason are kept; no ids of patients or users, and no free text."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from neurolupus.web.cards import OVERRIDE_SYSTEM, OVERRIDES
from neurolupus.web.requests import Refused

OUTCOMES = ("accepted", "overridden")
MOST_ENTRIES = 100


def keep_feedback(body: Mapping[str, Any], service: str, path: Path | None) -> None:
    """Append one line for each entry to a file; without a file it is checked and forgotten.

    Raises
    ------
    Refused
        400 for feedback of another form; none of it is kept.
    """
    entries = body.get("feedback")
    if not isinstance(entries, list) or len(entries) > MOST_ENTRIES:
        raise Refused(400, f"feedback is a list of at most {MOST_ENTRIES} objects")
    lines = [json.dumps({"service": service, **_kept(one)}) + "\n" for one in entries]
    if path is None:
        return
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, "".join(lines).encode())  # one write: lines of two calls never mix
    finally:
        os.close(handle)


def _kept(entry: Any) -> dict[str, str | None]:
    if not isinstance(entry, Mapping) or entry.get("outcome") not in OUTCOMES:
        raise Refused(400, f"each feedback needs card and outcome: {' or '.join(OUTCOMES)}")
    try:
        card = str(uuid.UUID(str(entry.get("card"))))  # what is no uuid of a card could be a name
    except ValueError:
        raise Refused(400, "card is the uuid of a card") from None
    received = datetime.now(UTC).isoformat(timespec="seconds")
    return {"card": card, "outcome": entry["outcome"], "reason": _reason(entry), "received": received}


def _reason(entry: Mapping[str, Any]) -> str | None:
    """The code of one of our own reasons; `other` for any other, whose words are not kept."""
    told = entry.get("overrideReason")
    reason = told.get("reason") if isinstance(told, Mapping) else None
    if not isinstance(reason, Mapping):
        return None
    ours = {code for code, _ in OVERRIDES}
    return reason["code"] if reason.get("system") == OVERRIDE_SYSTEM and reason.get("code") in ours else "other"
