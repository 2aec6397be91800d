"""What a follow-up question keeps from those before it: terms, never the wording of a question."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from neurolupus.guidelines.ask.reading import Reading
from neurolupus.guidelines.ask.vocabulary import Vocabulary, tokens

_OPENS = re.compile(r"^\W*(and|but|or|then|also|if|what about|what if|how about|in that case)\b", re.I)
_POINTS_BACK = frozenset({"it", "thi", "this", "that", "them", "these", "those", "they", "she", "he", "her", "him"})


@dataclass(frozen=True, slots=True)
class Conversation:
    """Concepts and words of the questions so far; an empty one has no past."""

    named: tuple[str, ...] = ()
    ruled_out: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.named or self.ruled_out or self.words)


@dataclass(frozen=True, slots=True)
class Continued:
    """A question with what it keeps from before, and what that was."""

    reading: Reading
    carried: Conversation


def continued(
    question: str, reading: Reading, before: Conversation, vocabulary: Vocabulary, *, has_other_words: bool = False
) -> Continued:
    """A reading with the terms that it keeps from before.

    They are kept where the question has none of its own, opens as a follow-up (`and`, `what about`) or points back
    (`it`, `she`); never where it names the subject as a whole. What the question says anew wins: another syndrome
    replaces the earlier one, and what is now ruled out is no longer named. `has_other_words`: it holds words
    of which no statement speaks, so that it is a question of its own.
    """
    own = bool(reading.named or reading.ruled_out or reading.words or has_other_words)
    points_back = bool(_OPENS.match(question)) or any(word in _POINTS_BACK for word in tokens(question))
    if not before or reading.is_subject or (own and not points_back):
        return Continued(reading, Conversation())
    concepts = vocabulary.concepts
    has_syndrome = any(concepts[name].is_syndrome for name in reading.named)
    said = {*reading.named, *reading.ruled_out}
    named = tuple(
        name for name in before.named if name not in said and not (has_syndrome and concepts[name].is_syndrome)
    )
    ruled_out = tuple(name for name in before.ruled_out if name not in said)
    words = tuple(word for word in before.words if word not in reading.words)
    whole = replace(
        reading,
        named=(*reading.named, *named),
        ruled_out=(*reading.ruled_out, *ruled_out),
        words=(*reading.words, *words),
    )
    return Continued(whole, Conversation(named, ruled_out, words))


def conversation_of(reading: Reading) -> Conversation:
    """What the next question may keep of this one."""
    return Conversation(reading.named, reading.ruled_out, reading.words)
