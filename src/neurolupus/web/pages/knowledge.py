"""Knowledge: statements and rules to browse and search, each with its source; nothing is generated."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from neurolupus.errors import UsageError
from neurolupus.report.wording import STRENGTHS
from neurolupus.web.access import Viewer
from neurolupus.web.render import page
from neurolupus.workflows.ask import as_data, ask_question
from neurolupus.workflows.clinic.knowledge import (
    RULE_KINDS,
    STATEMENT_KINDS,
    find_rules,
    find_statements,
    knowledge_head,
    rule_page,
    statement_page,
)

router = APIRouter()
LONGEST = 200


@router.get("/knowledge")
def browse(
    request: Request,
    _: Viewer,
    part: str = "rules",
    source: str = "",
    kind: str = "",
    strength: str = "",
    text: str = "",
    question: str = "",
) -> Response:
    """Rules or statements by source, kind and strength; or the answer to a question."""
    part = part if part in ("rules", "statements") else "rules"
    find = find_rules if part == "rules" else find_statements
    found = find(source=source, kind=kind, strength=strength, text=text[:LONGEST])
    values: dict[str, Any] = {
        "part": part, "found": found, "source": source, "kind": kind, "strength": strength, "text": text[:LONGEST],
        "head": knowledge_head(), "kinds": RULE_KINDS if part == "rules" else STATEMENT_KINDS,
        "strengths": STRENGTHS, "question": question,
    }  # fmt: skip
    if request.headers.get("hx-target") == "found":
        return page(request, "knowledge_found.html.j2", **values)
    return page(request, "knowledge.html.j2", **values, **_asked(question))


@router.get("/knowledge/ask")
def ask(request: Request, _: Viewer, question: str = "") -> Response:
    """The statements that answer a question, as a part of the page."""
    return page(request, "knowledge_answer.html.j2", strengths=STRENGTHS, question=question, **_asked(question))


@router.get("/knowledge/rules/{name}")
def rule(request: Request, _: Viewer, name: str) -> Response:
    """A rule: its condition in words, what it needs, what it rests on."""
    return page(request, "knowledge_rule.html.j2", rule=rule_page(name), head=knowledge_head(), kinds=RULE_KINDS)


@router.get("/knowledge/statements/{name}")
def statement(request: Request, _: Viewer, name: str) -> Response:
    """A statement: what the source says, where, and what uses it."""
    return page(request, "knowledge_statement.html.j2", one=statement_page(name), kinds=STATEMENT_KINDS)


def _asked(question: str) -> dict[str, Any]:
    """The answer and what went wrong."""
    if not question.strip():
        return {"answer": None, "fault": ""}
    try:
        return {"answer": as_data(ask_question(question)), "fault": ""}
    except UsageError as error:
        return {"answer": None, "fault": str(error)}
