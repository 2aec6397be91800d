"""The statements as a full-text index in memory: which of them hold these words, and how well."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from weakref import finalize

from neurolupus.guidelines.ask.reading import Reading, read_text
from neurolupus.guidelines.ask.vocabulary import Vocabulary, Words, load_vocabulary, tokens
from neurolupus.guidelines.model import Knowledge
from neurolupus.guidelines.statements import Statement

# text, population, action, section: what is said counts most, then of whom
_WEIGHTS = "4.0, 3.0, 2.0, 2.0"


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class StatementIndex:
    """Statements that may be quoted, ready to be asked.

    Attributes
    ----------
    knowledge : Knowledge
    vocabulary : Vocabulary
    statements : mapping of id to Statement
        Without those that must not be quoted, in the order of their editions.
    readings : mapping of id to Reading
        What each is about.
    """

    knowledge: Knowledge
    vocabulary: Vocabulary
    statements: Mapping[str, Statement]
    readings: Mapping[str, Reading]
    _rows: sqlite3.Connection

    def holding(self, forms: Iterable[Words]) -> frozenset[str]:
        """Ids of the statements that hold one of these forms."""
        return frozenset(self.ranked(forms))

    def ranked(self, forms: Iterable[Words]) -> dict[str, float]:
        """Ids with their rank by BM25: the smaller, the better."""
        phrases = [f'"{" ".join(form)}"' for form in forms if form]
        if not phrases:
            return {}
        asked = "SELECT id, bm25(said, 0.0, " + _WEIGHTS + ") FROM said WHERE said MATCH ?"  # noqa: S608 - constants
        return dict(self._rows.execute(asked, (" OR ".join(phrases),)).fetchall())

    def headings(self) -> tuple[str, ...]:
        """Every heading, in the order of the editions."""
        return tuple(dict.fromkeys(one.section for one in self.statements.values()))


def statement_index(knowledge: Knowledge) -> StatementIndex:
    """An index of every statement that may be quoted."""
    vocabulary = load_vocabulary()
    quotable = {name: one for name, one in knowledge.statements.items() if not one.do_not_quote}
    rows = sqlite3.connect(":memory:", check_same_thread=False)
    rows.execute(
        "CREATE VIRTUAL TABLE said USING fts5(id UNINDEXED, text, population, action, section, tokenize='porter')"
    )
    rows.executemany(
        "INSERT INTO said VALUES (?, ?, ?, ?, ?)",
        (
            (name, *(" ".join(tokens(part)) for part in (one.text, one.population, one.action, one.section)))
            for name, one in quotable.items()
        ),
    )
    readings = {
        name: read_text(f"{one.text} {one.population}. {one.section}.", vocabulary) for name, one in quotable.items()
    }
    index = StatementIndex(knowledge, vocabulary, quotable, readings, rows)
    finalize(index, rows.close)  # Python 3.13 warns of a connection that is left open
    return index
