"""Missing values filled several times by chained equations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.coding import Term, check_columns, coded_column
from neurolupus.stats.complete import Matrix, Vector
from neurolupus.stats.design import Gap
from neurolupus.stats.estimate import Notes
from neurolupus.stats.imputation import DONORS, draw_binary, draw_level, match_predictive_mean
from neurolupus.stats.matrix_checks import dependent_columns

CONVERGED = 1.2  # potential scale reduction below which chains are held for mixed
CHAINS_TO_JUDGE = 10  # with fewer it exceeds that by chance in every few studies


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """Potential scale reduction of the mean of one column's imputed values over chains; near 1 is mixed."""

    column: str
    scale_reduction: float


@dataclass(frozen=True, slots=True, eq=False)
class Imputations:
    """Completed tables.

    Attributes
    ----------
    frames : tuple of DataFrame
        m copies of the table; only missing cells of the declared columns differ.
    missing : tuple of Gap
        What was filled, per column.
    chains : tuple of ChainCheck
    """

    frames: tuple[pd.DataFrame, ...]
    missing: tuple[Gap, ...]
    chains: tuple[ChainCheck, ...]
    m: int
    iterations: int
    method: str
    n: int
    notes: Notes


def impute(
    frame: pd.DataFrame,
    terms: Sequence[Term],
    *,
    m: int,
    rng: Generator,
    iterations: int = 10,
    donors: int = DONORS,
    predictors: Mapping[str, Sequence[str]] | None = None,
) -> Imputations:
    """The table completed m times by chained equations.

    Parameters
    ----------
    frame : DataFrame
        One row per patient. Put the outcome among the terms: leaving it out pulls effects towards none. Of a time to
        event give the event and the Nelson–Aalen cumulative hazard at its time.
    terms : sequence of Term
        Columns that are filled and that predict: continuous by predictive mean matching, binary by logistic, nominal
        by multinomial draws, each from all others.
    m : int
        Number of completed tables.
    rng : Generator
        Each chain gets a generator spawned from it.
    iterations : int
        Rounds per chain.
    donors : int
        Of predictive mean matching.
    predictors : mapping or None
        Columns that predict a column, where not all others do.

    Raises
    ------
    StatsError
        A column is absent, has no value at all, or holds what its type does not allow; m or iterations are below 1.

    References
    ----------
    .. [1] van Buuren and Groothuis-Oudshoorn (2011), J Stat Softw 45(3), doi:10.18637/jss.v045.i03.
    .. [2] White and Royston (2009), Stat Med 28:1982, doi:10.1002/sim.3618 (time to event).
    """
    columns = _columns(frame, terms, m, iterations)
    gaps = [c for c in columns if c.absent.any()]
    gaps.sort(key=lambda c: int(c.absent.sum()))
    chosen = _predictor_indices(columns, predictors or {})
    means = np.full((m, iterations, len(gaps)), np.nan)
    frames = []
    for chain, own in enumerate(rng.spawn(m)):
        state = {c.term.name: _start(c, own) for c in columns}
        for round_ in range(iterations):
            for at, column in enumerate(gaps):
                _redraw(column, state, [columns[i] for i in chosen[column.term.name]], own, donors)
                means[chain, round_, at] = float(np.mean(state[column.term.name][column.absent]))
        frames.append(_filled(frame, gaps, state))
    checks = tuple(
        ChainCheck(c.term.name, _scale_reduction(means[:, :, at]))
        for at, c in enumerate(gaps)
        if m > 1 and iterations > 3
    )
    return Imputations(
        frames=tuple(frames),
        missing=tuple(Gap(c.term.name, int(c.absent.sum())) for c in gaps),
        chains=checks,
        m=m,
        iterations=iterations,
        method=f"chained equations, {m} imputations of {iterations} rounds, {donors} donors",
        n=len(frame),
        notes=_notes(gaps, checks, len(frame), m),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """A column as codes: numbers, 0/1, or positions among its levels; NaN where missing."""

    term: Term
    codes: Vector
    absent: NDArray[np.bool_]

    def block(self, codes: Vector) -> Matrix:
        """The columns by which it predicts others, (n, 1 or levels - 1)."""
        if self.term.kind != "nominal":
            return codes[:, None]
        return np.column_stack([codes == level for level in range(1, len(self.term.levels))]).astype(np.float64)


def _columns(frame: pd.DataFrame, terms: Sequence[Term], m: int, iterations: int) -> list[_Column]:
    if m < 1 or iterations < 1:
        raise StatsError(f"{m} imputations of {iterations} rounds were asked for; at least 1 of each is needed.")
    check_columns(frame, [t.name for t in terms])
    columns = []
    for term in terms:
        absent = frame[term.name].isna().to_numpy()
        if absent.all():
            raise StatsError(
                f"{term.name} has no value in any of {len(frame)} rows; nothing can be imputed from.\n"
                "    Take it out of the study."
            )
        codes = np.full(len(frame), np.nan)
        codes[~absent] = coded_column(frame.loc[~absent, term.name], term)
        columns.append(_Column(term, codes, absent))
    return columns


def _predictor_indices(columns: list[_Column], predictors: Mapping[str, Sequence[str]]) -> dict[str, list[int]]:
    names = [c.term.name for c in columns]
    unknown = [p for name, by in predictors.items() for p in (name, *by) if p not in names]
    if unknown:
        raise StatsError(f"Predictors name {unknown[0]!r}, which is no declared term; declare it too.")
    return {
        name: [
            i
            for i, other in enumerate(names)
            if other != name and (name not in predictors or other in predictors[name])
        ]
        for name in names
    }


def _start(column: _Column, rng: Generator) -> Vector:
    codes = column.codes.copy()
    codes[column.absent] = rng.choice(codes[~column.absent], int(column.absent.sum()))
    return codes


def _redraw(column: _Column, state: dict[str, Vector], others: list[_Column], rng: Generator, donors: int) -> None:
    """New values for the missing cells of one column, written into `state`."""
    blocks = [np.ones((len(column.codes), 1)), *(c.block(state[c.term.name]) for c in others)]
    x, absent = np.hstack(blocks), column.absent
    x = x[:, _usable(x[~absent])]
    y, here, there = column.codes[~absent], x[~absent], x[absent]
    target = state[column.term.name]
    if np.ptp(y) == 0:
        target[absent] = y[0]
    elif column.term.kind == "continuous":
        target[absent] = match_predictive_mean(y, here, there, rng, donors=donors)
    elif column.term.kind == "binary":
        target[absent] = draw_binary(y, here, there, rng)
    else:
        used, codes = np.unique(y, return_inverse=True)
        target[absent] = used[draw_level(codes.astype(np.intp), here, there, len(used), rng)]


def _usable(x: Matrix) -> list[int]:
    """Columns that vary among the observed rows and that those before them do not determine; the intercept stays."""
    if _surely_independent(x):
        return list(range(x.shape[1]))
    names = [str(j) for j in range(x.shape[1])]
    dependent = {d.name for d in dependent_columns(x, names)}
    return [j for j in range(x.shape[1]) if j == 0 or (np.ptp(x[:, j]) > 0 and str(j) not in dependent)]


def _surely_independent(x: Matrix) -> bool:
    """A quick look that is seldom wrong and never in the direction of True: pivots of the scaled cross product."""
    lengths = np.linalg.norm(x, axis=0)
    if not (lengths > 0).all():
        return False
    scaled = x / lengths
    try:
        pivots = np.diag(np.linalg.cholesky(scaled.T @ scaled))
    except np.linalg.LinAlgError:
        return False
    return bool(pivots.min() > 1e-4)


def _filled(frame: pd.DataFrame, gaps: list[_Column], state: dict[str, Vector]) -> pd.DataFrame:
    full = frame.copy()
    for column in gaps:
        values = state[column.term.name][column.absent]
        filled = full[column.term.name].astype(object)
        if column.term.levels:
            filled[column.absent] = [column.term.levels[int(v)] for v in values]
        else:
            filled[column.absent] = values
        full[column.term.name] = filled.infer_objects()
    return full


def _scale_reduction(means: Matrix) -> float:
    """Gelman and Rubin's potential scale reduction over the second half of the chains, (m, rounds)."""
    late = means[:, means.shape[1] // 2 :]
    length = late.shape[1]
    within = float(np.mean(late.var(axis=1, ddof=1)))
    between = float(late.mean(axis=1).var(ddof=1))
    return float(np.sqrt(((length - 1) / length * within + between) / within)) if within > 0 else 1.0


def _notes(gaps: list[_Column], checks: tuple[ChainCheck, ...], n: int, m: int) -> Notes:
    notes = [f"Imputed {c.term.name}: {int(c.absent.sum())} of {n} values." for c in gaps]
    if not gaps:
        notes.append(f"No value was missing; the {m} tables are equal.")
    notes += [
        f"Chains of {c.column} had not mixed (scale reduction {c.scale_reduction:.2f}): take more rounds."
        for c in checks
        if c.scale_reduction > CONVERGED and m >= CHAINS_TO_JUDGE
    ]
    return tuple(notes)
