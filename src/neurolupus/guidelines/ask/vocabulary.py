"""Words that mean one thing, as `knowledge/ask.yaml` holds them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

import yaml

from neurolupus.errors import KnowledgeError

Words = tuple[str, ...]
_TOKEN = re.compile(r"[a-z0-9]+")
_CONCEPT_KEYS = {"asked", "written", "syndrome", "implies", "wider", "excludes", "gap", "time_critical"}
_LISTS = ("subject", "topic", "defining", "ignored", "ruled_out_before", "ruled_out_after", "not_a_negation", "between")


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing that questions and statements name in several ways.

    Attributes
    ----------
    name, label : str
    asked, written : tuple of words
        As a question says it; as statements say it.
    is_syndrome : bool
    implies, wider, excludes : tuple of str
        Other concepts: what it says too, what else to look for at less weight, what cannot hold as well.
    gap : str
        Code of what the sources do not cover, or empty.
    is_time_critical : bool
    """

    name: str
    label: str
    asked: tuple[Words, ...]
    written: tuple[Words, ...]
    is_syndrome: bool = False
    implies: tuple[str, ...] = ()
    wider: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    gap: str = ""
    is_time_critical: bool = False


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All concepts, and the lists of words that are none; forms by their first word, the longest first."""

    concepts: Mapping[str, Concept]
    subject: tuple[Words, ...]
    topic: tuple[Words, ...]
    defining: tuple[Words, ...]
    ignored: frozenset[str]
    ruled_out_before: tuple[Words, ...]
    ruled_out_after: tuple[Words, ...]
    not_a_negation: tuple[Words, ...]
    between: frozenset[str]
    forms: Mapping[str, tuple[tuple[Words, str], ...]] = field(default_factory=dict)

    def with_implied(self, names: Iterable[str]) -> frozenset[str]:
        """The concepts and all that they imply."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.concepts[name].implies
        return frozenset(found)


def tokens(text: str) -> Words:
    """The words of a text without case, accents and plural s.

    Examples
    --------
    >>> tokens("Guillain–Barré; fits (β2GP1)")
    ('guillain', 'barre', 'fit', '2gp1')
    """
    plain = unicodedata.normalize("NFKD", text.lower())
    return tuple(_singular(one) for one in _TOKEN.findall("".join(c for c in plain if not unicodedata.combining(c))))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


@cache
def load_vocabulary() -> Vocabulary:
    """The vocabulary that ships with the package.

    Raises
    ------
    KnowledgeError
        The file has faults; all are told.
    """
    file = resources.files("neurolupus.guidelines") / "knowledge" / "ask.yaml"
    return parse_vocabulary(yaml.safe_load(file.read_text(encoding="utf-8")))


def parse_vocabulary(data: Any) -> Vocabulary:
    """A vocabulary from plain values.

    Raises
    ------
    KnowledgeError
        With every fault.
    """
    faults = _faults(data)
    if faults:
        told = "\n".join(f"    ask.yaml: {one}." for one in faults)
        raise KnowledgeError(
            f"the words of `ask` have {len(faults)} fault{'s' * (len(faults) != 1)}; none are used.\n{told}"
        )
    concepts = {name: _concept(name, one) for name, one in data["concepts"].items()}
    lists = {name: tuple(tokens(str(one)) for one in data[name]) for name in _LISTS}
    forms: dict[str, list[tuple[Words, str]]] = {}
    for name, concept in concepts.items():
        for form in concept.asked:
            forms.setdefault(form[0], []).append((form, name))
    return Vocabulary(
        concepts,
        _longest_first(lists["subject"]),
        lists["topic"],
        _longest_first(lists["defining"]),
        frozenset(one[0] for one in lists["ignored"]),
        _longest_first(lists["ruled_out_before"]),
        _longest_first(lists["ruled_out_after"]),
        _longest_first(lists["not_a_negation"]),
        frozenset(one[0] for one in lists["between"]),
        {first: tuple(sorted(own, key=lambda one: (-len(one[0]), one))) for first, own in forms.items()},
    )


def _concept(name: str, data: Mapping[str, Any]) -> Concept:
    asked = tuple(dict.fromkeys(tokens(str(one)) for one in data["asked"]))
    written = tuple(dict.fromkeys(tokens(str(one)) for one in data.get("written", data["asked"])))
    return Concept(
        name,
        str(data["asked"][0]),
        asked,
        written,
        bool(data.get("syndrome", False)),
        tuple(data.get("implies", ())),
        tuple(data.get("wider", ())),
        tuple(data.get("excludes", ())),
        str(data.get("gap", "")),
        bool(data.get("time_critical", False)),
    )


def _faults(data: Any) -> list[str]:
    if not isinstance(data, Mapping) or not isinstance(data.get("concepts"), Mapping):
        return ["a mapping with concepts: is needed"]
    faults = [f"{name} is absent or no list" for name in _LISTS if not isinstance(data.get(name), list)]
    for name in _LISTS:
        for one in data.get(name) or ():
            if not isinstance(one, str) or not tokens(one):
                faults.append(
                    f"{name} holds {one!r}; a word is needed, in quotes where YAML reads no, on or off otherwise"
                )
    seen: dict[Words, str] = {}
    for name, one in data["concepts"].items():
        if not isinstance(one, Mapping) or not one.get("asked"):
            faults.append(f"{name} lacks asked")
            continue
        faults += [f"{name}: unknown {key}" for key in one if key not in _CONCEPT_KEYS]
        faults += [
            f"{name} implies {other!r}, which is no concept"
            for other in one.get("implies", ())
            if other not in data["concepts"]
        ]
        for form in {tokens(str(form)) for form in one["asked"]}:
            if not form:
                faults.append(f"{name} has a form without words")
            elif seen.setdefault(form, name) != name:
                faults.append(f"{' '.join(form)!r} means both {seen[form]} and {name}")
    return faults


def _longest_first(forms: tuple[Words, ...]) -> tuple[Words, ...]:
    return tuple(sorted(dict.fromkeys(forms), key=lambda form: (-len(form), form)))
