"""What a question says: the concepts it names, those it rules out, and the words that are neither."""

from __future__ import annotations

import re
from dataclasses import dataclass

from neurolupus.guidelines.ask.vocabulary import Vocabulary, Words, tokens

_CLAUSE = re.compile(r"[,;.?!()\[\]\n]| but | with | however ", re.I)
REACH = 3  # words between a cue and what it rules out
_CHAINS = frozenset({"or", "nor"})  # "no infection or fever" rules out both


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as read.

    Attributes
    ----------
    named : tuple of str
        Concepts, in their order.
    ruled_out : tuple of str
        Concepts said to be absent.
    words : tuple of str
        Other words that may mean something.
    is_subject, is_topic : bool
        It names the subject as a whole (neurolupus), or what may be asked of it (treatment).
    asks_definition : bool
    """

    named: tuple[str, ...]
    ruled_out: tuple[str, ...]
    words: tuple[str, ...] = ()
    is_subject: bool = False
    is_topic: bool = False
    asks_definition: bool = False


@dataclass(slots=True)
class _Piece:
    kind: str  # concept, before, after, either, void, subject, topic, between, chain, word
    value: str


def read_text(text: str, vocabulary: Vocabulary) -> Reading:
    """The concepts, negations and other words of a text.

    Examples
    --------
    >>> from neurolupus.guidelines.ask.vocabulary import load_vocabulary
    >>> reading = read_text("refractory seizures, aPL negative", load_vocabulary())
    >>> reading.named, reading.ruled_out
    (('refractory', 'seizures'), ('apl',))
    """
    named: list[str] = []
    out: list[str] = []
    words: list[str] = []
    kinds: set[str] = set()
    for clause in _CLAUSE.split(text):
        pieces = _pieces(tokens(clause), vocabulary)
        absent = _ruled_out(pieces)
        for at, piece in enumerate(pieces):
            if piece.kind == "concept":
                (out if at in absent else named).append(piece.value)
            elif piece.kind == "word" and piece.value not in vocabulary.ignored:
                words.append(piece.value)
            kinds.add(piece.kind)
    kept = tuple(dict.fromkeys(out))
    return Reading(
        tuple(name for name in dict.fromkeys(named) if name not in kept),
        kept,
        tuple(dict.fromkeys(words)),
        "subject" in kinds,
        "topic" in kinds,
        "defining" in kinds,
    )


def _pieces(words: Words, vocabulary: Vocabulary) -> list[_Piece]:
    pieces, at = [], 0
    while at < len(words):
        piece, length = _piece_at(words, at, vocabulary)
        pieces.append(piece)
        at += length
    return pieces


def _piece_at(words: Words, at: int, vocabulary: Vocabulary) -> tuple[_Piece, int]:
    """The longest thing that begins here."""
    found: list[tuple[int, int, _Piece]] = []
    for form, name in vocabulary.forms.get(words[at], ()):
        if words[at : at + len(form)] == form:
            found.append((len(form), 4, _Piece("concept", name)))
            break
    lists = (
        ("void", 3, vocabulary.not_a_negation),
        ("before", 2, vocabulary.ruled_out_before),
        ("after", 2, vocabulary.ruled_out_after),
        ("subject", 1, vocabulary.subject),
        ("topic", 1, vocabulary.topic),
        ("defining", 1, vocabulary.defining),
    )
    for kind, weight, forms in lists:
        for form in forms:
            if words[at : at + len(form)] == form:
                found.append((len(form), weight, _Piece(kind, " ".join(form))))
                break
    if found:
        length, _, piece = max(found, key=lambda one: one[:2])
        cues = {one.kind for _, _, one in found if one.kind in ("before", "after")}
        if piece.kind in cues and len(cues) == 2:
            piece = _Piece("either", piece.value)
        return piece, length
    word = words[at]
    kind = "chain" if word in _CHAINS else "between" if word in vocabulary.between else "word"
    return _Piece(kind, word), 1


def _ruled_out(pieces: list[_Piece]) -> set[int]:
    """The places of concepts that a cue rules out; a cue that can stand on either side looks back first."""
    absent: set[int] = set()
    for at, piece in enumerate(pieces):
        if piece.kind in ("after", "either"):
            back = _before(pieces, at)
            if back is not None:
                absent.add(back)
                continue
        if piece.kind in ("before", "either"):
            absent |= _following(pieces, at)
    return absent


def _before(pieces: list[_Piece], at: int) -> int | None:
    for place in range(at - 1, -1, -1):
        if pieces[place].kind == "concept":
            return place
        if pieces[place].kind != "between":
            return None
    return None


def _following(pieces: list[_Piece], at: int) -> set[int]:
    found: set[int] = set()
    gap = 0
    for place in range(at + 1, len(pieces)):
        kind = pieces[place].kind
        if kind == "concept":
            found.add(place)
            gap = 0
            if place + 1 >= len(pieces) or pieces[place + 1].kind != "chain":
                break
        elif kind in ("before", "after", "either", "void") or gap == REACH:
            break
        else:
            gap += kind != "chain"
    return found
