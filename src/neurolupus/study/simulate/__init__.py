"""A made-up cohort that fits a study file: columns, levels, marginals, correlations and effects as it states them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from neurolupus.errors import UsageError
from neurolupus.records.study_table import SYNTHETIC, StudyTable
from neurolupus.study.derive import derive_fields, meanings_of
from neurolupus.study.grammar.evaluate import truth_of
from neurolupus.study.schema import StudyFile
from neurolupus.study.schema.columns import Column
from neurolupus.study.schema.simulate import Simulate, SimulatedVariable
from neurolupus.study.simulate.baseline import by_arm, simulate_baseline, simulated_name
from neurolupus.study.simulate.columns import as_cells, driven_columns, simulated_columns
from neurolupus.study.simulate.effects import put_in_effects
from neurolupus.study.simulate.flow import screened_rows
from neurolupus.study.simulate.truth import TrueEffect, truth_of_study

DEFAULT_N = 200
MOST_PATIENTS = 5_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """A made-up cohort and the truth behind it.

    Attributes
    ----------
    frame : DataFrame
        The table, cells as they are written; column `synthetic` is 1 in every row.
    truth : tuple of TrueEffect
    n : int
        Patients who are analysed.
    n_screened : int
        Further rows, whom the flow leaves out.
    seed : int
    notes : tuple of str
    """

    frame: pd.DataFrame
    truth: tuple[TrueEffect, ...]
    n: int
    n_screened: int
    seed: int
    notes: tuple[str, ...] = ()

    def as_table(self) -> StudyTable:
        """The cohort as if it had been read from a file."""
        frame = self.frame.copy()
        frame.index = pd.RangeIndex(2, 2 + len(frame))
        return StudyTable("synthetic cohort", frame)


def simulate_cohort(
    study: StudyFile,
    *,
    n: int | None = None,
    seed: int | None = None,
    screened: bool | None = None,
    exposed_as: str | None = None,
) -> Simulation:
    """A made-up cohort; the same study, n and seed give the same cohort.

    Parameters
    ----------
    n : int or None
        Patients who are analysed; the file's number by default. Groups keep their proportions.
    seed : int or None
        The study's by default.
    screened : bool or None
        Also rows whom the flow leaves out; as the file says by default, never with another n than the file's.
    exposed_as : str or None
        A level of the first group: outcomes occur as if everybody had it, while the table shows who really did. The
        same seed gives the same patients, so two such cohorts hold both potential outcomes of everybody; marginal
        effects follow from them.

    Raises
    ------
    UsageError
        n is no sensible number of patients, or the level is unknown.
    """
    section = study.simulate or Simulate()
    file_n = section.n or sum(section.groups.values()) or (study.flow.end.n if study.flow.end else DEFAULT_N)
    wanted = file_n if n is None else n
    if not 2 <= wanted <= MOST_PATIENTS:
        raise UsageError(f"{wanted} patients are asked for; from 2 to {MOST_PATIENTS:,} can be made up.")
    first = next(iter(study.groups.values()), None)
    if exposed_as is not None and (first is None or exposed_as not in [level.value for level in first.levels]):
        raise UsageError(f"exposed_as {exposed_as!r} is no level of the first group.")
    used_seed = study.study.seed if seed is None else seed
    rng = np.random.default_rng(used_seed)
    columns = simulated_columns(study)
    arms = _arms(study, section, wanted, rng)
    values = _values(study, columns, arms, rng, exposed_as)
    values = _made_missing(section, columns, values, arms, rng)
    frame = as_cells(columns, values, wanted, study)
    n_screened = 0
    notes: list[str] = []
    if section.screened if screened is None else screened:
        if wanted == file_n:
            frame, n_screened, notes = screened_rows(study, frame, rng)
        else:
            notes = [f"Screened patients are left out: the flow's numbers belong to n = {file_n}."]
    frame[SYNTHETIC] = 1
    return Simulation(frame, truth_of_study(study), wanted, n_screened, used_seed, tuple(notes))


def _arms(study: StudyFile, section: Simulate, n: int, rng: Generator) -> NDArray[np.object_]:
    """Level of the first group of every patient, in random order; exact sizes by largest remainders."""
    first = next(iter(study.groups.values()), None)
    if first is None:
        return np.full(n, "", dtype=object)
    levels = [level.value for level in first.levels]
    sizes = np.array([section.groups.get(level, 0 if section.groups else 1) for level in levels], dtype=float)
    shares = n * sizes / sizes.sum()
    whole = np.floor(shares).astype(int)
    for place in np.argsort(whole - shares, kind="stable")[: n - int(whole.sum())]:
        whole[place] += 1
    return rng.permutation(np.repeat(np.array(levels, dtype=object), whole))


def _values(
    study: StudyFile, columns: dict[str, Column], arms: NDArray[np.object_], rng: Generator, exposed_as: str | None
) -> dict[str, pd.Series]:
    """Values of every column: baseline first, then what effects determine, then what depends on outcomes."""
    driven = driven_columns(study)
    group = next(iter(study.groups.values()), None)
    free = {
        name: column
        for name, column in columns.items()
        if name not in driven and column.kind != "id" and not (group and name == group.column)
    }
    values = simulate_baseline(study, free, arms, rng)
    if group:
        values[group.column] = pd.Series(arms, dtype=object)
    for name in driven:
        kind = columns[name].kind
        empty = np.full(len(arms), np.nan) if kind in ("number", "binary") else np.full(len(arms), None, dtype=object)
        values[name] = pd.Series(empty)
    values = put_in_effects(study, columns, values, arms, rng, exposed_as)
    return _only_where(study, columns, values)


def _only_where(study: StudyFile, columns: dict[str, Column], values: dict[str, pd.Series]) -> dict[str, pd.Series]:
    """Columns with `only_if` are empty where the condition does not hold."""
    declared = study.simulate.variables if study.simulate else {}
    conditional = [name for name, column in columns.items() if _declared(declared, column).only_if]
    if not conditional:
        return values
    frame = derive_fields(study, values)
    for name in conditional:
        condition = _declared(declared, columns[name]).only_if
        assert condition is not None
        holds = truth_of(condition, frame, meanings_of(study)).holds
        values[name] = values[name].where(pd.Series(holds), other=np.nan if columns[name].kind == "number" else None)
    return values


def _declared(declared: Mapping[str, SimulatedVariable], column: Column) -> SimulatedVariable:
    return declared.get(simulated_name(column), SimulatedVariable())


def _made_missing(
    section: Simulate,
    columns: dict[str, Column],
    values: dict[str, pd.Series],
    arms: NDArray[np.object_],
    rng: Generator,
) -> dict[str, pd.Series]:
    """Values removed at random, last, so that effects were put in before."""
    for name, column in columns.items():
        one = section.variables.get(simulated_name(column))
        if one is None or not one.missing:
            continue
        shares = np.array([by_arm(one.missing, str(arm)) or 0.0 for arm in arms])
        removed = pd.Series(rng.random(len(arms)) < shares)
        values[name] = values[name].mask(removed, other=np.nan if column.kind in ("number", "binary") else None)
    return values
