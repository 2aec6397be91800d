"""The declared rules of tests as `stats.choice` takes them, for the whole table and for one row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from neurolupus.stats.choice import Rules, rules
from neurolupus.study.schema.design import COUNT_TESTS, Tests
from neurolupus.study.schema.fields import Field


@dataclass(frozen=True, slots=True)
class RowRules:
    """The rules of one row; `normal` None lets them judge a numeric row."""

    rules: Rules
    normal: bool | None


def house_rules(tests: Tests) -> Rules:
    """The rules of the file: its preset with what it changes."""
    changes: dict[str, Any] = {
        name: value
        for name in ("counts", "small", "small_rule", "normal", "skewed", "normality")
        if (value := getattr(tests, name)) is not None
    }
    return rules(tests.preset, **changes)


def row_rules(house: Rules, entry: Field) -> RowRules:
    """The rules of a row: the file's, unless the variable names its own test.

    Without a criterion of normality a row is held for normal unless it is shown as a median.
    """
    test: Any = entry.variable.test if entry.variable else None
    if test in COUNT_TESTS:
        return RowRules(replace(house, counts=test, small_rule="never"), None)
    if test in ("student", "welch"):
        return RowRules(replace(house, normal=test), True)
    if test in ("mann_whitney_cc", "mann_whitney_nocc"):
        return RowRules(replace(house, skewed=test), False)
    if not house.normality:
        return RowRules(house, not entry.show.startswith("median"))
    return RowRules(house, None)
