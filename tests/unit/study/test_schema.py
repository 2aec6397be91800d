"""The schema is the grammar: every key is documented where it is declared and on the reference page."""

import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from neurolupus.study.parse.reader import keys_of
from neurolupus.study.schema import data as schema_data
from neurolupus.study.schema import design as schema_design
from neurolupus.study.schema import extras as schema_extras
from neurolupus.study.schema import measurement_error as schema_error
from neurolupus.study.schema import models as schema_models
from neurolupus.study.schema import outcomes as schema_outcomes
from neurolupus.study.schema import simulate as schema_simulate
from neurolupus.study.schema import variables as schema_variables
from neurolupus.study.schema.vocabularies import ACR1999

MODULES = (
    schema_data,
    schema_variables,
    schema_design,
    schema_outcomes,
    schema_models,
    schema_extras,
    schema_error,
    schema_simulate,
)
NOT_WRITTEN = {"Level", "TermEffect", "Correlation"}
PARTS = [
    kind
    for module in MODULES
    for kind in vars(module).values()
    if is_dataclass(kind) and kind.__module__ == module.__name__ and kind.__name__ not in NOT_WRITTEN  # type: ignore[union-attr]
]
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "study-file.md"


def documented(kind: type) -> set[str]:
    """The keys that stand under Attributes, before a colon or alone."""
    attributes = (kind.__doc__ or "").partition("----------")[2]
    lines = re.findall(r"^    (\w[^:\n]*?)(?: : .*)?$", attributes, re.MULTILINE)
    return {name.strip() for line in lines for name in line.split(",")}


@pytest.mark.parametrize("kind", PARTS, ids=lambda kind: kind.__name__)
def test_every_key_is_documented_where_it_is_declared(kind: Any) -> None:
    assert set(keys_of(kind)) <= documented(kind)


@pytest.mark.parametrize("kind", PARTS, ids=lambda kind: kind.__name__)
def test_every_key_and_choice_is_on_the_reference_page(kind: Any) -> None:
    heading = (kind.__doc__ or "").split("`")[1]
    sections = re.split(r"^#+ ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (section,) = [text for text in sections if text.startswith(f"{kind.__name__}: `{heading}`")]
    for key, name in keys_of(kind).items():
        assert f"| `{key}` |" in section, key
        for choice in choices(get_type_hints(kind)[name]):
            assert choice in section, (key, choice)


def choices(hint: Any) -> set[str]:
    """The words that a field may hold."""
    if get_origin(hint) is Literal:
        return set(get_args(hint))
    return {choice for one in get_args(hint) for choice in choices(one)}


def test_defaults_are_never_shared_and_parts_are_frozen() -> None:
    for kind in PARTS:
        assert kind.__dataclass_params__.frozen
        assert all(not isinstance(field.default, (list, dict)) for field in fields(kind))


def test_the_vocabulary_has_the_nineteen_syndromes() -> None:
    # ACR nomenclature 1999: 12 of the central, 7 of the peripheral nervous system
    assert len(ACR1999) == 19
    assert len({label for _, label in ACR1999}) == 19
