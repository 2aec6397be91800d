"""Proposals of an import between the look at them and the answer: a file in the store, for an hour, of one user."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from neurolupus.errors import StoreError
from neurolupus.io.atomic import write_text
from neurolupus.workflows.clinic.patient_import import Proposal
from neurolupus.workflows.clinic.patient_merge import Difference

FOLDER, LIVES_S = "imports", 3600
_TOKEN = re.compile(r"[0-9a-f]{32}")


def keep_draft(files: Path, who: str, found: Sequence[Proposal]) -> str:
    """Keep proposals; the token that they are found by comes back. Drafts older than an hour are removed."""
    folder = files / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    for old in folder.glob("*.json"):
        if time.time() - old.stat().st_mtime > LIVES_S:
            old.unlink(missing_ok=True)
    token = secrets.token_hex(16)
    path = folder / f"{token}.json"
    write_text(path, json.dumps({"who": who, "proposals": [asdict(one) for one in found]}, ensure_ascii=False))
    path.chmod(0o600)
    return token


def draft_of(files: Path, who: str, token: str) -> list[Proposal]:
    """The proposals that one user was shown.

    Raises
    ------
    StoreError
        There are none such, or they are another's, or too old.
    """
    path = files / FOLDER / f"{token}.json"
    if not _TOKEN.fullmatch(token) or not path.is_file() or time.time() - path.stat().st_mtime > LIVES_S:
        raise StoreError("This import is not known any more; nothing was changed.\n    Give the files again.")
    data = json.loads(path.read_text("utf-8"))
    if data["who"] != who:
        raise StoreError("This import was begun by somebody else; nothing was changed.\n    Give the files again.")
    return [_proposal(one) for one in data["proposals"]]


def drop_draft(files: Path, token: str) -> None:
    """Forget proposals."""
    if _TOKEN.fullmatch(token):
        (files / FOLDER / f"{token}.json").unlink(missing_ok=True)


def _proposal(data: dict[str, Any]) -> Proposal:
    found = tuple(Difference(**one) for one in data["differences"])
    return Proposal(**{**data, "differences": found, "faults": tuple(data["faults"]), "notes": tuple(data["notes"])})
