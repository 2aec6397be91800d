"""A question -> the statements that speak of it, quoted, ranked and with what was set aside; or the whole guide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from neurolupus.errors import UsageError
from neurolupus.guidelines.ask.conversation import Conversation, continued, conversation_of
from neurolupus.guidelines.ask.index import StatementIndex
from neurolupus.guidelines.ask.matching import Match, match_statements, only_ruled_out
from neurolupus.guidelines.ask.notes import Remark, near_words, nearest_headings, notes_on, notices_beside
from neurolupus.guidelines.ask.reading import Reading, read_text
from neurolupus.guidelines.ask.vocabulary import tokens
from neurolupus.guidelines.statements import Statement

GUIDE = "management-of-neurolupus-2025"
MOST_SHOWN = 12
LONGEST_QUESTION = 500
AnswerKind = Literal["statements", "guide", "nothing"]


@dataclass(frozen=True, slots=True)
class Quoted:
    """A statement in the words for an audience, and what of the question it matched."""

    statement: Statement
    text: str
    matched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetAside:
    """A statement that would have been found, but speaks of what the question rules out."""

    statement: Statement
    ruled_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GuideSection:
    """One heading of the guide and what stands below it, in the order of the source."""

    heading: str
    statements: tuple[Quoted, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found for a question.

    Attributes
    ----------
    question, audience : str
    kind : statements, guide or nothing
    terms, ruled_out, carried : tuple of str
        How the question was read; what it kept from the questions before.
    unmatched : tuple of str
        Its words of which no statement speaks.
    did_you_mean : tuple of str
        Words near to those.
    found : tuple of Quoted
    left_out : int
        How many more were found than are shown.
    set_aside : tuple of SetAside
    sections : tuple of GuideSection
        Of the guide, where it is the answer.
    nearest : tuple of str
        Headings, where nothing was found.
    notes : tuple of Remark
        How the answer is to be read.
    must_show : tuple of Remark
        What stands beside the statements that are shown, wherever advice cites them.
    conversation : Conversation
        For the next question.
    """

    question: str
    audience: str
    kind: AnswerKind
    terms: tuple[str, ...] = ()
    ruled_out: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
    did_you_mean: tuple[str, ...] = ()
    found: tuple[Quoted, ...] = ()
    left_out: int = 0
    set_aside: tuple[SetAside, ...] = ()
    sections: tuple[GuideSection, ...] = ()
    nearest: tuple[str, ...] = ()
    notes: tuple[Remark, ...] = ()
    must_show: tuple[Remark, ...] = ()
    conversation: Conversation = field(default_factory=Conversation)


def ask(
    question: str,
    index: StatementIndex,
    *,
    before: Conversation | None = None,
    audience: str = "rheumatologist",
    words: Mapping[str, str] | None = None,
    show_all: bool = False,
) -> Answer:
    """What the sources say of a question: quoted statements only, nothing generated.

    Parameters
    ----------
    question : str
        In plain words.
    index : StatementIndex
    before : Conversation or None
        Of the questions before.
    audience : str
        `patient` is given the general guide only.
    words : mapping of statement id to text, or None
        How each statement is worded for the audience; its own text where it has none.
    show_all : bool
        Everything found, instead of the best few.

    Raises
    ------
    UsageError
        The question is empty or too long.
    """
    reading = _read(question, index)
    unmatched = tuple(word for word in reading.words if not index.holding([(word,)]))
    own = replace(reading, words=tuple(word for word in reading.words if word not in unmatched))
    follow = continued(question, own, before or Conversation(), index.vocabulary, has_other_words=bool(unmatched))
    said, kept = follow.reading, follow.carried
    labels = {name: one.label for name, one in index.vocabulary.concepts.items()}
    wording = words or {}
    matches = match_statements(said, index)
    for_patients = audience == "patient"
    if for_patients:
        matches = tuple(one for one in matches if index.statements[one.id].source == GUIDE)
    good = [one for one in matches if not one.ruled_out]
    sections: tuple[GuideSection, ...] = ()
    kind: AnswerKind = "statements" if good else "nothing"
    if not said.named and not said.words and not said.ruled_out and (said.is_topic or said.is_subject):
        kind, sections, good = "guide", _sections(index, wording), []
    elif for_patients and good:
        headings = {index.statements[one.id].section for one in good}
        kind, sections, good = "guide", _sections(index, wording, headings), []
    shown = [_quoted(one, index, wording) for one in (good if show_all else good[:MOST_SHOWN])]
    return Answer(
        question=" ".join(question.split()),
        audience=audience,
        kind=kind,
        terms=tuple(labels[name] for name in said.named) + said.words,
        ruled_out=tuple(labels[name] for name in said.ruled_out),
        carried=tuple(labels[name] for name in kept.named)
        + kept.words
        + tuple(f"not {labels[name]}" for name in kept.ruled_out),
        unmatched=unmatched,
        did_you_mean=near_words(unmatched, index),
        found=tuple(shown),
        left_out=len(good) - len(shown),
        set_aside=() if kind == "guide" else _set_aside(said, matches, index),
        sections=sections,
        nearest=nearest_headings(question, index) if kind == "nothing" else (),
        notes=notes_on(said, index, for_patients=for_patients),
        must_show=notices_beside([one.statement.id for one in shown], index),
        conversation=conversation_of(said),
    )


def _read(question: str, index: StatementIndex) -> Reading:
    if not tokens(question):
        raise UsageError(
            "the question holds no words; one in plain language is needed.\n"
            '    For example: neurolupus ask "refractory seizures, aPL negative"'
        )
    if len(question) > LONGEST_QUESTION:
        raise UsageError(
            f"the question has {len(question)} characters; at most {LONGEST_QUESTION} are read.\n"
            "    Ask in a few words; a patient's facts belong into a record: neurolupus advise PATIENT.yaml"
        )
    return read_text(question, index.vocabulary)


def _quoted(match: Match, index: StatementIndex, wording: Mapping[str, str]) -> Quoted:
    statement = index.statements[match.id]
    return Quoted(statement, wording.get(match.id, statement.text), match.matched)


def _sections(
    index: StatementIndex, wording: Mapping[str, str], headings: set[str] | None = None
) -> tuple[GuideSection, ...]:
    """The guide by section, in the order of the source."""
    below: dict[str, list[Quoted]] = {}
    for name, one in index.statements.items():
        if one.source == GUIDE and (headings is None or one.section in headings):
            below.setdefault(one.section, []).append(Quoted(one, wording.get(name, one.text)))
    return tuple(GuideSection(heading, tuple(found)) for heading, found in below.items())


def _set_aside(said: Reading, matches: tuple[Match, ...], index: StatementIndex) -> tuple[SetAside, ...]:
    concepts = index.vocabulary.concepts
    aside = [one for one in (*matches, *only_ruled_out(said, index, matches)) if one.ruled_out]
    return tuple(
        SetAside(index.statements[one.id], tuple(concepts[name].label for name in one.ruled_out)) for one in aside
    )
