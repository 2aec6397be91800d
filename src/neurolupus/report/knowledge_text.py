"""The knowledge base as a document for review by a clinician: every rule as a sentence, every statement accounted for.

`python -m neurolupus.report.knowledge_text` prints it; it is kept as docs/explanation/knowledge.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from neurolupus.guidelines.condition_text import in_words
from neurolupus.guidelines.explain import rule_in_words
from neurolupus.guidelines.load import load_knowledge
from neurolupus.guidelines.model import Knowledge, Rule
from neurolupus.report.wording import STRENGTHS

KINDS = {
    "workup": "Work-up",
    "advice": "Advice",
    "treatment": "Treatment",
    "option": "Options from observation",
    "follow_up": "Follow-up",
    "warning": "Warnings",
    "evidence": "Evidence shown beside advice",
}
BY_CODE = {  # used by attribution.py, mechanism.py, context.py and the scores, not by a rule
    "S0-V": "published group volumes, shown beside the patient's own",
    "L-SLEDAI2K": "weights of the SLEDAI-2K score",
    "L-SDI-NP": "neuropsychiatric items of the damage index",
    "L-ITALIAN-WEIGHTS": "weights of the attribution score",
    "L-AINIALA": "minor events of the attribution score",
    "L-SLICC": "the SLICC attribution models",
    "L-ACR-1999": "the list of syndromes",
    "S0-032": "shown beside volumes",
    "S0-035": "shown beside volumes",
    "S0-043": "shown beside volumes",
    "S3-003": "attribution",
    "S3-004": "attribution",
    "S3-005": "attribution",
    "S3-006": "attribution",
    "S3-007": "attribution",
}
WHY_NOT = {
    "evidence": "evidence that no item of advice rests on",
    "definition": "a definition of a study, not of a patient",
    "limitation": "a limit of a study that bears on no item",
    "governance": "on the source itself; told in its description",
    "recommendation": "not used",
    "workup": "not used",
    "safety": "not used",
    "protocol": "not used",
}
HEAD = """# What the advice rests on

This page is made from the knowledge base (`python -m neurolupus.report.knowledge_text`), for review by a clinician.
Every rule is a sentence; each names the statements it cites. A rule is active when its condition holds, deferred while
a fact that it needs is unknown or not as needed, and silent otherwise. **Unknown is never taken for false.** None of it
is a substitute for the sources.
"""


def knowledge_markdown(knowledge: Knowledge) -> str:
    """The document, as Markdown."""
    return "\n".join(_lines(knowledge)).rstrip() + "\n"


def used_by(knowledge: Knowledge) -> dict[str, list[str]]:
    """For each statement, what uses it."""
    found: dict[str, list[str]] = {name: [] for name in knowledge.statements}
    for rule in knowledge.rules:
        for name in rule.all_statements:
            found[name].append(rule.id)
    for one in knowledge.definitions.values():
        for name in one.cites:
            found[name].append(f"definition {one.name}")
    for notice in knowledge.notices.values():
        for name in notice.cites:
            found[name].append(f"notice {notice.code}")
    for gap in knowledge.gaps:
        for name in gap.cites:
            found[name].append(f"gap {gap.code}")
    for conflict in knowledge.conflicts:
        for name in dict.fromkeys(cite for side in conflict.positions for cite in side.cites):
            found[name].append(f"conflict {conflict.code}")
    for name, users in found.items():
        users += [why for start, why in BY_CODE.items() if name.startswith(start)]
    return found


def _lines(knowledge: Knowledge) -> Iterator[str]:
    yield HEAD
    yield f"Review status: **{knowledge.review_status}**."
    yield "\n## Sources\n"
    yield "| edition | what it is | date | to be reviewed by | status of the source |\n|---|---|---|---|---|"
    for source in knowledge.sources.values():
        yield f"| {source.id} | {source.title} | {source.date} | {source.review_by} | {source.review_status} |"
    yield "\n## Conditions with names\n"
    sentences = {name: one.sentence for name, one in knowledge.definitions.items()}
    for one in knowledge.definitions.values():
        told = in_words(one.when, knowledge.facts, sentences)
        yield f"- **{one.sentence}** ({', '.join(one.cites)}): {told}"
    yield "\n## Before any immunosuppressant\n"
    for name, gate in knowledge.gates.items():
        yield f"Every rule behind the gate *{name}* waits until:\n"
        for part in gate.requires:
            yield f"- {in_words(part, knowledge.facts, sentences)}"
        yield "\nand shows:\n"
        for code in gate.must_show:
            yield f"- {knowledge.notices[code].text}"
    for kind, title in KINDS.items():
        rules = [rule for rule in knowledge.rules if rule.kind == kind]
        if rules:
            yield f"\n## {title}\n"
            for rule in sorted(rules, key=lambda rule: (rule.code, rule.id)):
                yield from _rule(rule, knowledge)
    yield "\n## What is shown beside items\n"
    for notice in knowledge.notices.values():
        unless = f" Hidden once: {in_words(notice.unless, knowledge.facts, sentences)}." if notice.unless else ""
        yield f"- **{notice.code}**: {notice.text}{unless} ({', '.join(notice.cites)})"
    yield "\n## What the sources do not cover\n"
    for gap in knowledge.gaps:
        when = in_words(gap.when, knowledge.facts, sentences)
        yield f"- **{gap.code}**, if {when}: {gap.text} ({', '.join(gap.cites)})"
    yield "\n## Where the sources do not agree\n"
    for conflict in knowledge.conflicts:
        yield f"- **{conflict.code}**: {conflict.text}"
        for side in conflict.positions:
            yield f"    - {side.text} ({', '.join(side.cites)})"
    yield from _coverage(knowledge)


def _rule(rule: Rule, knowledge: Knowledge) -> Iterator[str]:
    title = knowledge.titles[rule.code]
    reviewed = f"reviewed by: {rule.reviewed_by or 'nobody yet'}"
    yield f"**{rule.id}** · `{rule.code}` {title} · {STRENGTHS[rule.strength]} · {reviewed}\n"
    yield f"> {rule_in_words(rule, knowledge)}\n>\n> → {rule.text}\n"
    parts = [f"Cites {', '.join(rule.cites)}"]
    parts += [f"quotes the figures of {', '.join(rule.quote)}"] if rule.quote else []
    parts += [f"protocol {', '.join(rule.protocol)}"] if rule.protocol else []
    parts += [f"limits {', '.join(rule.limits)}"] if rule.limits else []
    parts += [f"shows {', '.join(rule.must_show)}"] if rule.must_show else []
    yield "; ".join(parts) + ".\n"


def _coverage(knowledge: Knowledge) -> Iterator[str]:
    yield "\n## Every statement, and what uses it\n"
    yield "| statement | kind | strength | what it says | used by, or why not |\n|---|---|---|---|---|"
    users = used_by(knowledge)
    for name in sorted(knowledge.statements):
        one = knowledge.statements[name]
        if one.do_not_quote:
            why = f"must not be quoted: {one.do_not_quote}"
        else:
            why = ", ".join(users[name]) or WHY_NOT[one.kind]
        yield f"| {name} | {one.kind} | {STRENGTHS[one.strength]} | {_cell(one.text)} | {_cell(why)} |"


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")


if __name__ == "__main__":
    sys.stdout.write(knowledge_markdown(load_knowledge()))
