"""A conversation on disk: the terms of the questions so far, so that a follow-up question can keep them.

The wording of a question is never written: it may hold what identifies a patient.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from neurolupus.errors import UsageError
from neurolupus.io.atomic import write_json

FORMAT = "neurolupus conversation 1"
LARGEST_BYTES = 65_536
_LISTS = ("named", "ruled_out", "words")
_ASK_ANEW = "    Name another file, or remove it to begin anew."


@dataclass(frozen=True, slots=True)
class ConversationFile:
    """Names of concepts and other words, as written down."""

    named: tuple[str, ...] = ()
    ruled_out: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def read_conversation(path: Path) -> ConversationFile:
    """The terms so far; none where the file does not exist yet.

    Raises
    ------
    UsageError
        The file is something else.
    """
    if not path.exists():
        return ConversationFile()
    if path.stat().st_size > LARGEST_BYTES:
        raise UsageError(f"{path} is larger than a conversation can be ({LARGEST_BYTES} bytes).\n{_ASK_ANEW}")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is no conversation; JSON written by --follow-up is needed.\n{_ASK_ANEW}") from error
    if (
        not isinstance(data, dict)
        or data.get("format") != FORMAT
        or not all(_is_words(data.get(key)) for key in _LISTS)
    ):
        raise UsageError(f"{path} is no conversation; a file written by --follow-up is needed.\n{_ASK_ANEW}")
    return ConversationFile(*(tuple(data[key]) for key in _LISTS))


def write_conversation(path: Path, conversation: ConversationFile) -> None:
    """Write the terms so far, whole or not at all."""
    write_json(path, {"format": FORMAT, **{key: list(value) for key, value in asdict(conversation).items()}})


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and 0 < len(one) < 100 for one in value)
