"""Terms of earlier questions on disk: read back as written, refused when they are something else."""

from pathlib import Path

import pytest

from neurolupus.errors import UsageError
from neurolupus.io.conversation_file import ConversationFile, read_conversation, write_conversation


def test_what_is_written_is_read_back(tmp_path: Path):
    terms = ConversationFile(("seizures", "refractory"), ("apl",), ("gram",))
    write_conversation(tmp_path / "talk.json", terms)
    assert read_conversation(tmp_path / "talk.json") == terms


def test_no_file_yet_is_no_past(tmp_path: Path):
    assert read_conversation(tmp_path / "talk.json") == ConversationFile()


@pytest.mark.parametrize(
    "text",
    [
        "not JSON",
        "[1, 2]",
        '{"format": "other", "named": [], "ruled_out": [], "words": []}',
        '{"format": "neurolupus conversation 1", "named": [1], "ruled_out": [], "words": []}',
        '{"format": "neurolupus conversation 1", "named": [], "words": []}',
        "[" * 60_000,
    ],
)
def test_something_else_is_refused(tmp_path: Path, text: str):
    path = tmp_path / "talk.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"talk\.json is no conversation") as caught:
        read_conversation(path)
    assert "remove it to begin anew" in str(caught.value)


def test_bytes_that_are_no_text(tmp_path: Path):
    path = tmp_path / "talk.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is no conversation"):
        read_conversation(path)


def test_a_huge_file_is_not_read(tmp_path: Path):
    path = tmp_path / "talk.json"
    path.write_text(" " * 100_000)
    with pytest.raises(UsageError, match="is larger than a conversation can be"):
        read_conversation(path)
