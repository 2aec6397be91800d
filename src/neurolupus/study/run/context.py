"""What every analysis of a study is given: the file, its cohorts, and how numbers are printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.describe import QuantileType
from neurolupus.study.run.format import Printer
from neurolupus.study.schema import FULL, StudyFile
from neurolupus.study.schema.design import Group
from neurolupus.study.schema.fields import Field

CohortKind = Literal["full", "matched", "weighted"]
Rows = NDArray[np.bool_]  # (n,)


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """Patients who are analysed together.

    Attributes
    ----------
    name, label : str
    frame : DataFrame
        One row per patient; a matched cohort holds the matched ones, a weighted one everybody.
    pairs : (n,) int array or None
        Which rows were matched with one another; None after matching with replacement, where a row may be in several
        sets.
    weights : (n,) float array or None
    """

    name: str
    label: str
    kind: CohortKind
    frame: pd.DataFrame
    pairs: NDArray[np.int64] | None = None
    weights: NDArray[np.float64] | None = None

    @property
    def n(self) -> int:
        """Rows with a weight above zero."""
        return len(self.frame) if self.weights is None else int(np.count_nonzero(self.weights))

    @property
    def places(self) -> tuple[int, ...]:
        """Its rows with a weight above zero, as the full table counts them."""
        kept = slice(None) if self.weights is None else self.weights > 0
        return tuple(int(place) for place in self.frame.index.to_numpy()[kept])

    def taken(self, rows: Rows) -> Cohort:
        """Some of its rows."""
        return replace(
            self,
            frame=self.frame.loc[rows],
            pairs=None if self.pairs is None else self.pairs[rows],
            weights=None if self.weights is None else self.weights[rows],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """The study with its cohorts.

    Attributes
    ----------
    study : StudyFile
    cohorts : mapping of name to Cohort
    prefix : str
        Before the path of every number: `sensitivity.no_headache.`; empty in the main analysis.
    suffix : str
        After every title: ` (without headache only)`.
    """

    study: StudyFile
    cohorts: dict[str, Cohort]
    printer: Printer
    prefix: str = ""
    suffix: str = ""
    fields: dict[str, Field] = field(default_factory=dict)

    @property
    def full(self) -> Cohort:
        """Everybody."""
        return self.cohorts[FULL]

    @property
    def quantile_type(self) -> QuantileType:
        """How quantiles are computed: as SPSS does under its preset, else as R."""
        return 6 if self.study.tests.preset == "spss" else 7

    def cohort(self, name: str) -> Cohort:
        """A cohort by its name.

        Raises
        ------
        StatsError
            It was not made.
        """
        if name not in self.cohorts:
            raise StatsError(f"Cohort {name!r} does not exist; there are {', '.join(self.cohorts)}.")
        return self.cohorts[name]

    def members(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Each cohort as paths call it, and its rows of the full table; rows of no weight are left out."""
        return tuple((self.path(name), cohort.places) for name, cohort in self.cohorts.items())

    def group(self, name: str = "") -> Group:
        """The group of this name, or the first one."""
        return self.study.groups[name] if name else next(iter(self.study.groups.values()))

    def label(self, name: str) -> str:
        """The printed name of a variable or group."""
        return self.fields[name].label if name in self.fields else name

    def rows_of(self, words: Sequence[str]) -> tuple[Field, ...]:
        """The variables that rows of a table mean; of a multilabel one its labels, those that somebody has."""
        found: list[Field] = []
        for name in self.study.rows_of(tuple(words)):
            entry = self.fields.get(name)
            if entry is None or entry.kind in ("text", "date"):
                continue
            labels = [one for one in self.fields.values() if one.parent == name and one.origin == "label"]
            if entry.kind != "multilabel":
                found.append(entry)
                continue
            found += [
                one for one in labels if bool(self.full.frame[one.name].to_numpy(dtype=float, na_value=0.0).any())
            ]
        return tuple(found)

    def path(self, *parts: str) -> str:
        """The id of a number."""
        return self.prefix + ".".join(part for part in parts if part)

    def block_id(self, *parts: str) -> str:
        """The id of a table or figure: letters, digits and hyphens, so that it can be a file's name."""
        import re

        return re.sub(r"[^A-Za-z0-9]+", "-", self.path(*parts)).strip("-").lower()


def group_rows(frame: pd.DataFrame, group: Group, level: str) -> Rows:
    """Who belongs to a level of a group, merged levels included."""
    meant = group.merge[level].levels if level in group.merge else (level,)
    return np.asarray(frame[group.name].isin(list(meant)).to_numpy(), dtype=bool)


def level_label(group: Group, level: str) -> str:
    """The printed name of a level."""
    if level in group.merge:
        return group.merge[level].label or level
    return next((entry.label for entry in group.levels if entry.value == level), level)


def is_exposed(frame: pd.DataFrame, group: Group) -> Rows:
    """Who does not have the reference level, of a group with two levels."""
    return np.asarray((frame[group.name] != group.reference).to_numpy() & frame[group.name].notna().to_numpy(), bool)


def is_unexposed(frame: pd.DataFrame, group: Group) -> Rows:
    """Who has the reference level; patients of no known group are neither exposed nor unexposed."""
    return np.asarray((frame[group.name] == group.reference).to_numpy(), dtype=bool)


def check_two_levels(group: Group) -> None:
    """Raise unless a group has exactly two levels.

    Raises
    ------
    StatsError
        It has more or fewer.
    """
    if len(group.levels) != 2:
        raise StatsError(
            f"Group {group.name!r} has {len(group.levels)} levels; two are needed here.\n"
            "    Give a group with two levels, or name two of them."
        )


def numbers_of(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """A column as floats; NaN is missing."""
    column = frame[name]
    if column.dtype == np.float64:
        return np.asarray(column.to_numpy(), dtype=np.float64)
    return np.asarray(pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan))


def known(frame: pd.DataFrame, names: Sequence[str]) -> Rows:
    """Rows in which every one of these columns has a value."""
    return np.asarray(frame[list(names)].notna().all(axis=1).to_numpy(), dtype=bool)
