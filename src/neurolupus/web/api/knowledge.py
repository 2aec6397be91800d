"""Knowledge: rules, statements, and questions in plain words."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from neurolupus.web.access import Viewer
from neurolupus.web.api.models import PREFIX, PROBLEMS, Id, Plain, QuestionIn
from neurolupus.workflows.ask import as_data, ask_question
from neurolupus.workflows.clinic.knowledge import find_rules, find_statements, knowledge_head, rule_page, statement_page

router = APIRouter(prefix=PREFIX, tags=["knowledge"], responses=PROBLEMS)
Word = Annotated[str, Query(max_length=64)]
Text = Annotated[str, Query(max_length=200, description="Words that occur in it.")]


@router.get("/knowledge")
def head(_: Viewer) -> Plain:
    """Version, hash, review status, sources, gaps and conflicts."""
    return knowledge_head()


@router.get("/knowledge/rules")
def rules(_: Viewer, source: Word = "", kind: Word = "", strength: Word = "", text: Text = "") -> list[Plain]:
    """Rules that meet every filter."""
    return find_rules(source=source, kind=kind, strength=strength, text=text)


@router.get("/knowledge/rules/{rule}")
def rule(_: Viewer, rule: Id) -> Plain:
    """A rule with its condition as a tree of words."""
    return rule_page(rule)


@router.get("/knowledge/statements")
def statements(_: Viewer, source: Word = "", kind: Word = "", strength: Word = "", text: Text = "") -> list[Plain]:
    """Statements that meet every filter."""
    return find_statements(source=source, kind=kind, strength=strength, text=text)


@router.get("/knowledge/statements/{statement}")
def statement(_: Viewer, statement: Id) -> Plain:
    """A statement, its source, and what uses it."""
    return statement_page(statement)


@router.post("/ask")
def ask(_: Viewer, body: QuestionIn) -> Plain:
    """What the sources say to a question: quoted, nothing generated."""
    return as_data(ask_question(body.question, audience=body.audience, show_all=body.show_all))
