"""An answer as plain data: the JSON of `neurolupus ask`, in a fixed order."""

from __future__ import annotations

from typing import Any

from neurolupus.guidelines.ask.answer import GUIDE, Answer, Quoted
from neurolupus.guidelines.ask.index import StatementIndex
from neurolupus.guidelines.ask.notes import Remark
from neurolupus.guidelines.statements import Source

INTENDED_USE = (
    "For clinicians, research and teaching: a look-up of what the cited sources say, in plain words. It is not a "
    "medical device, has no CE mark or FDA clearance, is not for emergencies, gives no advice on a patient and does "
    "not replace clinical judgement. Verify everything against the primary literature."
)


def answer_as_data(answer: Answer, index: StatementIndex) -> dict[str, Any]:
    """An answer as mappings and lists: every statement with its strength, place, figures and source."""
    knowledge = index.knowledge
    shown = [*answer.found, *(one for section in answer.sections for one in section.statements)]
    used = dict.fromkeys(one.statement.source for one in shown)
    if answer.kind == "guide":
        used[GUIDE] = None
    return {
        "intended_use": INTENDED_USE,
        "knowledge": {
            "version": knowledge.version,
            "hash": knowledge.hash,
            "review_status": knowledge.review_status,
        },
        "question": answer.question,
        "audience": answer.audience,
        "kind": answer.kind,
        "read_as": {
            "terms": list(answer.terms),
            "ruled_out": list(answer.ruled_out),
            "kept_from_before": list(answer.carried),
            "not_in_the_sources": list(answer.unmatched),
            "did_you_mean": list(answer.did_you_mean),
        },
        "notes": [_note(one) for one in answer.notes],
        "found": [_quoted(one) for one in answer.found],
        "left_out": answer.left_out,
        "must_show": [_note(one) for one in answer.must_show],
        "set_aside": [
            {"id": one.statement.id, "text": one.statement.text, "ruled_out": list(one.ruled_out)}
            for one in answer.set_aside
        ],
        "sections": [
            {"heading": one.heading, "statements": [_quoted(quoted) for quoted in one.statements]}
            for one in answer.sections
        ],
        "nearest_headings": list(answer.nearest),
        "sources": {name: _source(knowledge.sources[name]) for name in used},
    }


def _quoted(one: Quoted) -> dict[str, Any]:
    statement = one.statement
    return {
        "id": statement.id,
        "text": one.text,
        "strength": statement.strength,
        "kind": statement.kind,
        "population": statement.population,
        "figures": list(statement.figures),
        "caution": statement.caution,
        "source": statement.source,
        "locator": statement.locator,
        "words": statement.words,
        "rests_on": statement.rests_on,
        "primary": statement.primary,
        "matched": list(one.matched),
    }


def _note(note: Remark) -> dict[str, Any]:
    return {"code": note.code, "text": note.text, "cites": list(note.cites)}


def _source(source: Source) -> dict[str, Any]:
    return {
        "title": source.title,
        "edition": source.edition,
        "kind": source.kind,
        "authors": source.authors,
        "address": source.address,
        "review_status": source.review_status,
        "last_updated": source.last_updated,
        "editorial_policy": source.editorial_policy,
        "disclaimer": source.disclaimer,
        "review_by": source.review_by.isoformat(),
    }
