"""The page of the knowledge base is the knowledge base."""

from pathlib import Path

from neurolupus.guidelines.load import load_knowledge
from neurolupus.report.knowledge_text import knowledge_markdown, used_by

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "knowledge.md"


def test_the_page_is_made_from_the_knowledge_base():
    told = "run python -m neurolupus.report.knowledge_text > docs/explanation/knowledge.md"
    assert PAGE.read_text("utf-8") == knowledge_markdown(load_knowledge()), told


def test_every_statement_that_asks_for_something_is_encoded_or_marked():
    knowledge = load_knowledge()
    users = used_by(knowledge)
    for name, one in knowledge.statements.items():
        if one.kind in ("recommendation", "workup", "safety", "protocol"):
            assert users[name] or one.do_not_quote, name
        if one.do_not_quote:
            assert not users[name], name
