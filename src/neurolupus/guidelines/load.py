"""The knowledge that ships with the package, read and checked; bad knowledge is refused with every fault."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

from neurolupus.errors import KnowledgeError
from neurolupus.guidelines.audience import AUDIENCES
from neurolupus.guidelines.load_checks import check_knowledge
from neurolupus.guidelines.load_parts import (
    parse_conflicts,
    parse_definitions,
    parse_facts,
    parse_gaps,
    parse_gates,
    parse_notices,
    parse_rules,
)
from neurolupus.guidelines.model import Knowledge, Rule
from neurolupus.guidelines.statements import Source, Statement, parse_statements

EDITIONS = ("management-of-neurolupus-2025", "intrathecal-outcomes-2023", "mri-phenotypes-2021", "literature")
COMMON = ("facts", "definitions", "notices", "gaps", "conflicts", "gates", "codes")
MOST_FAULTS_TOLD = 40
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def load_knowledge() -> Knowledge:
    """The knowledge base that ships with the package.

    Raises
    ------
    KnowledgeError
        A file is absent or has faults; all of them are told.
    """
    return parse_knowledge(package_texts())


def package_texts() -> dict[str, str]:
    """The text of every knowledge file by its name, such as `literature/statements.yaml`."""
    folder = resources.files("neurolupus.guidelines") / "knowledge"
    names = [f"{name}.yaml" for name in COMMON]
    names += [f"{edition}/statements.yaml" for edition in EDITIONS]
    names += [f"{edition}/rules.yaml" for edition in EDITIONS if (folder / edition / "rules.yaml").is_file()]
    names += [f"audience/{name}.yaml" for name in AUDIENCES if (folder / "audience" / f"{name}.yaml").is_file()]
    return {name: (folder / name).read_text(encoding="utf-8") for name in names}


def parse_knowledge(texts: Mapping[str, str]) -> Knowledge:
    """Knowledge from the text of its files.

    Parameters
    ----------
    texts : mapping of name to text
        As `package_texts` gives them.

    Raises
    ------
    KnowledgeError
        With every fault.
    """
    faults: list[str] = []
    data = {name: _plain(name, text, faults) for name, text in texts.items()}
    common = {name: data.get(f"{name}.yaml") or {} for name in COMMON}
    facts = parse_facts(common["facts"], faults)
    definitions = parse_definitions(common["definitions"], facts, faults)
    sources: dict[str, Source] = {}
    statements: dict[str, Statement] = {}
    rules: list[Rule] = []
    for name, content in data.items():
        if name.endswith("/statements.yaml"):
            found = parse_statements(content, name)
            faults += found.faults
            if found.source is not None:
                sources[found.source.id] = found.source
            for key, statement in found.statements.items():
                if key in statements:
                    faults.append(f"{name}: {key} is a statement of another edition too; ids are unique")
                statements[key] = statement
        elif name.endswith("/rules.yaml"):
            rules += parse_rules(content, name, facts, faults)
    gates, gate_codes = parse_gates(common["gates"], facts, faults)
    knowledge = Knowledge(
        version=", ".join(sorted(f"{source.id} ({source.date})" for source in sources.values())),
        hash=_hash(texts),
        sources=sources,
        statements=statements,
        facts=facts,
        definitions=definitions,
        conditions={name: one.when for name, one in definitions.items()},
        rules=tuple(sorted(rules, key=lambda rule: rule.id)),
        notices=parse_notices(common["notices"], facts, faults),
        gaps=parse_gaps(common["gaps"], facts, faults),
        conflicts=parse_conflicts(common["conflicts"], facts, faults),
        gates=gates,
        titles={str(code): str(title) for code, title in common["codes"].items()},
    )
    faults += check_knowledge(knowledge, gate_codes)
    if faults:
        raise _refusal(faults)
    return knowledge


def _plain(name: str, text: str, faults: list[str]) -> Any:
    try:
        return yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader, in C where there is one
    except yaml.YAMLError as error:
        faults.append(f"{name}: {' '.join(str(error).split())}")
        return {}


def _hash(texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for name in sorted(texts):
        digest.update(f"{name}\0{len(texts[name])}\0".encode())
        digest.update(texts[name].encode())
    return digest.hexdigest()


def _refusal(faults: list[str]) -> KnowledgeError:
    told = [f"    {fault}." for fault in faults[:MOST_FAULTS_TOLD]]
    if len(faults) > MOST_FAULTS_TOLD:
        told.append(f"    and {len(faults) - MOST_FAULTS_TOLD} more.")
    head = f"the knowledge base has {len(faults)} fault{'s' * (len(faults) != 1)}; no advice is given from it."
    return KnowledgeError("\n".join([head, *told]))
