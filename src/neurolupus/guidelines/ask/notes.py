"""What is said beside an answer: how to read it, what must be shown, and where to look when nothing was found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches

from neurolupus.guidelines.ask.index import StatementIndex
from neurolupus.guidelines.ask.reading import Reading
from neurolupus.guidelines.ask.vocabulary import tokens

MOST_HEADINGS = 5
NOT_ADVICE = (
    "Quoted statements, not advice on a patient: whether a condition such as excluded infection holds is not checked "
    "here. For one patient's record: neurolupus advise."
)
FOR_PATIENTS = (
    "This is a general guide written for doctors, put into plain words. It is not advice for you or anybody you know: "
    "please talk to your doctor. In an emergency call the emergency services."
)


@dataclass(frozen=True, slots=True)
class Remark:
    """What must be read with an answer, and the statements that it rests on."""

    code: str
    text: str
    cites: tuple[str, ...]


def notes_on(said: Reading, index: StatementIndex, *, for_patients: bool) -> tuple[Remark, ...]:
    """What must be read with the answer, from the knowledge base's own notices and gaps."""
    knowledge, concepts = index.knowledge, index.vocabulary.concepts
    notes = [
        Remark("FOR_PATIENTS", FOR_PATIENTS, ("S3-060",))
        if for_patients
        else Remark("NOT_ADVICE", NOT_ADVICE, ("S3-061",))
    ]
    if any(concepts[name].is_time_critical for name in said.named):
        notice = knowledge.notices["TIME_CRITICAL"]
        notes.append(Remark(notice.code, notice.text, notice.cites))
    wanted = {concepts[name].gap for name in said.named} - {""}
    notes += [Remark(gap.code, gap.text, gap.cites) for gap in knowledge.gaps if gap.code in wanted]
    return tuple(notes)


def notices_beside(shown: Iterable[str], index: StatementIndex) -> tuple[Remark, ...]:
    """The notices that stand beside these statements wherever a rule cites them."""
    knowledge = index.knowledge
    names: dict[str, None] = {}
    for statement in shown:
        for rule in knowledge.rules:
            if statement in rule.cites:
                names.update(dict.fromkeys(knowledge.shown_with(rule)))
    notices = [knowledge.notices[name] for name in names]
    return tuple(Remark(one.code, one.text, one.cites) for one in notices)


def near_words(unmatched: tuple[str, ...], index: StatementIndex) -> tuple[str, ...]:
    """Words of the vocabulary that look like those that matched nothing."""
    known = sorted(
        {word for own in index.vocabulary.forms.values() for form, _ in own for word in form if len(word) > 3}
    )
    return tuple(dict.fromkeys(near for word in unmatched for near in get_close_matches(word, known, n=1, cutoff=0.8)))


def nearest_headings(question: str, index: StatementIndex) -> tuple[str, ...]:
    """The headings that look most like a word of the question."""
    asked = [word for word in tokens(question) if word not in index.vocabulary.ignored] or list(tokens(question))

    def likeness(heading: str) -> float:
        return max(SequenceMatcher(None, word, other).ratio() for word in asked for other in tokens(heading))

    headings = index.headings()
    best = sorted(headings, key=lambda heading: (-likeness(heading), headings.index(heading)))
    return tuple(best[:MOST_HEADINGS])
