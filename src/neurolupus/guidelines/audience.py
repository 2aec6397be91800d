"""For whom an item is worded: the same items, strengths and numbers in hand-written words for each reader."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

AUDIENCES = ("rheumatologist", "neurologist", "radiologist", "trainee", "researcher", "patient")
DEFAULT = "rheumatologist"  # whose words the rules and statements themselves are in


@cache
def _words(audience: str) -> Mapping[str, Mapping[str, str]]:
    file = resources.files("neurolupus.guidelines") / "knowledge" / "audience" / f"{audience}.yaml"
    if audience == DEFAULT or not file.is_file():
        return {}
    data: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {part: {str(name): str(text) for name, text in (data.get(part) or {}).items()} for part in _PARTS}


_PARTS = ("items", "statements")


def wording_for(audience: str) -> Mapping[str, str]:
    """The words of each code for an audience; empty where the rules' own serve.

    Examples
    --------
    >>> wording_for("rheumatologist")
    {}
    """
    return _words(audience).get("items", {})


def statement_words(audience: str) -> Mapping[str, str]:
    """The words of each statement for an audience; empty where the statements' own serve."""
    return _words(audience).get("statements", {})
