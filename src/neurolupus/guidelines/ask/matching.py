"""Which statements speak of what a question says, in which order, and which of them it rules out."""

from __future__ import annotations

from dataclasses import dataclass

from neurolupus.guidelines.ask.index import StatementIndex
from neurolupus.guidelines.ask.reading import Reading
from neurolupus.guidelines.ask.vocabulary import Words
from neurolupus.guidelines.model import TIERS
from neurolupus.guidelines.statements import Statement

# What a match counts: the concept itself, a wider one, a word that is no concept
_CONCEPT, _WIDER, _WORD = 1.0, 0.6, 0.5
_LEAST_SHARE = 0.5  # of the best match, below which a statement is left out
_ASKS = frozenset({"recommendation", "workup", "safety", "protocol"})


@dataclass(frozen=True, slots=True)
class Match:
    """A statement that matched.

    Attributes
    ----------
    id : str
    matched : tuple of str
        Labels of what it matched.
    ruled_out : tuple of str
        Concepts that it speaks of and the question rules out.
    """

    id: str
    matched: tuple[str, ...]
    ruled_out: tuple[str, ...]


def match_statements(said: Reading, index: StatementIndex) -> tuple[Match, ...]:
    """Statements that match at least half of what the best one matches, the best first.

    Where the question names a concept, a word alone is no match; where it names a syndrome, statements on others are
    left out. Among equals, what asks for something comes first and the stronger before the weaker, then what was seen,
    then definitions and limits; a question for a definition has it first.
    """
    counts: dict[str, float] = {}
    labels: dict[str, list[str]] = {}
    concepts = index.vocabulary.concepts
    for name in said.named:
        _count(index.holding(concepts[name].written), _CONCEPT, concepts[name].label, counts, labels)
        for other in concepts[name].wider:
            wider = index.holding(concepts[other].written) - index.holding(concepts[name].written)
            _count(wider, _WIDER, concepts[other].label, counts, labels)
    by_concept = set(counts)
    for word in said.words:
        _count(index.holding([(word,)]), _WORD, word, counts, labels)
    able = [name for name in counts if (name in by_concept or not said.named) and _same_syndrome(name, said, index)]
    least = _LEAST_SHARE * max((counts[name] for name in able), default=0.0)
    ranks = index.ranked(_forms(said, index))
    order = {name: place for place, name in enumerate(index.statements)}

    def place(name: str) -> tuple[float, int, int, float, int]:
        one = index.statements[name]
        return -counts[name], _group(one, said), -TIERS[one.strength], ranks[name], order[name]

    kept = sorted((name for name in able if counts[name] >= least), key=place)
    out = _with_excluded(said, index)
    return tuple(Match(name, tuple(labels[name]), _ruled_out(name, out, index)) for name in kept)


def only_ruled_out(said: Reading, index: StatementIndex, matches: tuple[Match, ...]) -> tuple[Match, ...]:
    """What asks for something on what the question itself rules out and on nothing else of it."""
    known = {one.id for one in matches}
    found = []
    for name, statement in index.statements.items():
        out = _ruled_out(name, said.ruled_out, index)
        if out and name not in known and TIERS[statement.strength] > 0 and _same_syndrome(name, said, index):
            found.append(Match(name, (), out))
    return tuple(found)


def _count(
    names: frozenset[str], weight: float, label: str, counts: dict[str, float], labels: dict[str, list[str]]
) -> None:
    for name in names:
        counts[name] = counts.get(name, 0.0) + weight
        labels.setdefault(name, []).append(label)


def _forms(said: Reading, index: StatementIndex) -> list[Words]:
    concepts = index.vocabulary.concepts
    names = [other for name in said.named for other in (name, *concepts[name].wider)]
    return [form for name in names for form in concepts[name].written] + [(word,) for word in said.words]


def _same_syndrome(name: str, said: Reading, index: StatementIndex) -> bool:
    """Whether a statement is on a syndrome of the question, or on none."""
    concepts = index.vocabulary.concepts
    asked = frozenset(one for one in said.named if concepts[one].is_syndrome)
    own = frozenset(one for one in index.readings[name].named if concepts[one].is_syndrome)
    if not asked or not own:
        return True
    return bool(index.vocabulary.with_implied(asked) & own or asked & index.vocabulary.with_implied(own))


def _with_excluded(said: Reading, index: StatementIndex) -> tuple[str, ...]:
    excluded = (other for name in said.named for other in index.vocabulary.concepts[name].excludes)
    return tuple(dict.fromkeys((*said.ruled_out, *(one for one in excluded if one not in said.named))))


def _ruled_out(name: str, out: tuple[str, ...], index: StatementIndex) -> tuple[str, ...]:
    """Which of these concepts a statement affirms; what it rules out itself is not among those that it names."""
    about = index.vocabulary.with_implied(index.readings[name].named)
    return tuple(one for one in out if one in about)


def _group(statement: Statement, said: Reading) -> int:
    if statement.kind == "definition":
        return 0 if said.asks_definition else 3
    if statement.kind in _ASKS or statement.strength in ("option_observational", "may"):
        return 1
    return 2 if statement.kind == "evidence" else 3
