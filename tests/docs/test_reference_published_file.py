"""docs/reference/published-file.md tells every key and every choice of the grammar."""

import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from neurolupus.study.audit import VERDICTS
from neurolupus.study.audit.schema import EffectRow, Effects, Paper, Row, StatedTests, Table
from neurolupus.study.audit.schema_claims import CLAIM_TYPES

PAGE = "docs/reference/published-file.md"
GRAMMAR = [Paper, StatedTests, Table, Row, Effects, EffectRow, *CLAIM_TYPES.values()]


def choices(hint: Any) -> set[str]:
    """The words that may stand as a value."""
    if get_origin(hint) is Literal:
        return set(get_args(hint))
    return set().union(*(choices(one) for one in get_args(hint)))


@pytest.mark.parametrize("kind", GRAMMAR, ids=lambda kind: kind.__name__)
def test_every_key_and_choice_is_told(kind: Any, page: Callable[[str], str]) -> None:
    text, hints = page(PAGE), get_type_hints(kind)
    keys = {field.name for field in fields(kind)} - {"name", "line"}
    assert {key for key in keys if f"`{key}`" not in text} == set()
    words = set().union(*(choices(hints[key]) for key in keys))
    assert {word for word in words if not re.search(rf"\b{word}\b", text)} == set()


def test_every_claim_and_verdict_is_told(page: Callable[[str], str]) -> None:
    text = page(PAGE)
    assert re.findall(r"^### `type: (\w+)`", text, re.MULTILINE) == list(CLAIM_TYPES)
    assert {verdict for verdict in VERDICTS if f"| {verdict} |" not in text} == set()
