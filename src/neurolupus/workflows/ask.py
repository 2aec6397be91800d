"""neurolupus ask: a question in plain words -> what the sources say of it, quoted; follow-up questions keep context."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from neurolupus.errors import UsageError
from neurolupus.guidelines.ask.answer import Answer, ask
from neurolupus.guidelines.ask.as_data import answer_as_data
from neurolupus.guidelines.ask.conversation import Conversation
from neurolupus.guidelines.ask.index import StatementIndex, statement_index
from neurolupus.guidelines.audience import AUDIENCES, DEFAULT, statement_words
from neurolupus.guidelines.load import load_knowledge
from neurolupus.io.conversation_file import ConversationFile, read_conversation, write_conversation


@cache
def the_index() -> StatementIndex:
    """The index of the knowledge that ships with the package."""
    return statement_index(load_knowledge())


def ask_question(
    question: str, *, audience: str = DEFAULT, before: Conversation | None = None, show_all: bool = False
) -> Answer:
    """The answer to a question.

    Raises
    ------
    UsageError
        An audience that is not known; a question without words, or too long.
    """
    if audience not in AUDIENCES:
        raise UsageError(f"{audience!r} is no audience; choose {', '.join(AUDIENCES)}.")
    return ask(
        question, the_index(), before=before, audience=audience, words=statement_words(audience), show_all=show_all
    )


def ask_with_file(question: str, path: Path, *, audience: str = DEFAULT, show_all: bool = False) -> Answer:
    """The answer to a question that follows those of a file, which then holds this one's terms too.

    Raises
    ------
    UsageError
        As `ask_question`; or the file is no conversation.
    """
    kept = read_conversation(path)
    known = the_index().vocabulary.concepts
    before = Conversation(
        tuple(name for name in kept.named if name in known),
        tuple(name for name in kept.ruled_out if name in known),
        kept.words,
    )
    answer = ask_question(question, audience=audience, before=before, show_all=show_all)
    now = answer.conversation
    write_conversation(path, ConversationFile(now.named, now.ruled_out, now.words))
    return answer


def as_data(answer: Answer) -> dict[str, Any]:
    """An answer as JSON."""
    return answer_as_data(answer, the_index())
