"""The exact p-value of an r × c table by Mehta and Patel's network, one column at a time."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy import special

from neurolupus.stats.crosstabs import Counts

Logs = NDArray[np.float64]
_MOST_WORK = 60_000_000  # cells of the bound tables, all columns together
_SAME = 1e-7  # log probabilities closer than this are equal


class TooManyTables(Exception):  # noqa: N818
    """The network grows past the limit; never leaves this folder."""


def exact_p_value(counts: Counts, *, most_paths: int = 400_000) -> float:
    """Probability, given both margins, of all tables no more probable than `counts`.

    Parameters
    ----------
    counts : (r, c) int array
        Without empty rows or columns.
    most_paths : int
        The largest number of partial tables held at once.

    Raises
    ------
    TooManyTables
        More would have to be held, or bounds cost too much.

    Notes
    -----
    A state is what is left of the row totals after some columns. For each state the smallest and the largest
    probability of all ways to finish are found backwards; forwards, a partial table whose every ending is at most as
    probable as the observed table is added at once with the (closed) sum of its endings, one whose every ending is
    more probable is dropped, and partial tables of equal state and probability are held as one.
    """
    table = counts if counts.shape[0] <= counts.shape[1] else counts.T
    rows = table.sum(axis=1)
    columns = np.sort(table.sum(axis=0))[::-1]
    grid = tuple(int(r) + 1 for r in rows[:-1])
    steps = [_fillings(int(c), rows) for c in columns]
    if float(np.prod(grid)) * sum(len(s) for s in steps) > _MOST_WORK:
        raise TooManyTables
    lowest, highest = _bounds(columns, steps, grid, int(rows.sum()))
    observed = -float(special.gammaln(table + 1.0).sum())
    every = _log_sum_of_endings(np.asarray(rows)[None, :], columns)[0]
    return min(1.0, float(np.exp(_walk(rows, columns, steps, (lowest, highest), observed, most_paths) - every)))


def _fillings(total: int, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """All ways to spread a column's total over the rows, (ways, r)."""
    ranges = [range(min(total, int(r)) + 1) for r in rows[:-1]]
    if np.prod([float(len(r)) for r in ranges]) > 1_000_000:
        raise TooManyTables
    first = np.array(list(itertools.product(*ranges)), dtype=np.int64).reshape(-1, len(rows) - 1)
    last = total - first.sum(axis=1)
    kept = (last >= 0) & (last <= rows[-1])
    return np.column_stack([first[kept], last[kept]])


def _bounds(
    columns: NDArray[np.int64], steps: list[NDArray[np.int64]], grid: tuple[int, ...], n: int
) -> tuple[list[Logs], list[Logs]]:
    """Smallest and largest log weight of the columns from j on, for each state; ±inf where there is no ending."""
    left = np.indices(grid)
    lowest, highest = [np.full(grid, np.inf)], [np.full(grid, -np.inf)]
    origin = (0,) * len(grid)
    lowest[0][origin] = highest[0][origin] = 0.0
    remaining = 0
    for total, ways in zip(columns[::-1], steps[::-1], strict=True):
        remaining += int(total)
        low, high = np.full(grid, np.inf), np.full(grid, -np.inf)
        weights = -special.gammaln(ways + 1.0).sum(axis=1)
        for way, weight in zip(ways, weights, strict=True):
            to = tuple(slice(int(k), None) for k in way[:-1])
            since = tuple(slice(None, size - int(k)) for k, size in zip(way[:-1], grid, strict=True))
            np.minimum(low[to], weight + lowest[0][since], out=low[to])
            np.maximum(high[to], weight + highest[0][since], out=high[to])
        impossible = left.sum(axis=0) > remaining
        low[impossible], high[impossible] = np.inf, -np.inf
        lowest.insert(0, low)
        highest.insert(0, high)
    return lowest, highest


def _walk(
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    steps: list[NDArray[np.int64]],
    bounds: tuple[list[Logs], list[Logs]],
    observed: float,
    most_paths: int,
) -> float:
    """Log of the summed weight of all tables at most as probable as the observed one."""
    lowest, highest = bounds
    states, past, many = rows[None, :].copy(), np.zeros(1), np.zeros(1)
    sums: list[float] = []
    for j, ways in enumerate(steps):
        if len(states) * len(ways) > 10 * most_paths:
            raise TooManyTables
        weights = -special.gammaln(ways + 1.0).sum(axis=1)
        states = (states[:, None, :] - ways[None, :, :]).reshape(-1, len(rows))
        past, many = (past[:, None] + weights).ravel(), np.repeat(many, len(ways))
        possible = (states >= 0).all(axis=1)
        states, past, many = states[possible], past[possible], many[possible]
        at = tuple(states[:, :-1].T)
        best, worst = past + highest[j + 1][at], past + lowest[j + 1][at]
        counted = best <= observed + _SAME
        if counted.any():
            endings = _log_sum_of_endings(states[counted], columns[j + 1 :])
            sums.append(float(special.logsumexp(past[counted] + many[counted] + endings)))
        open_still = ~counted & (worst <= observed + _SAME)
        states, past, many = _merged(states[open_still], past[open_still], many[open_still])
        if len(states) > most_paths:
            raise TooManyTables
        if not len(states):
            break
    return float(special.logsumexp(sums)) if sums else -np.inf


def _log_sum_of_endings(left: NDArray[np.int64], columns: NDArray[np.int64]) -> Logs:
    """Log of the sum of prod 1/cell! over all ways to fill `columns` from row totals `left`, (m, r)."""
    n = left.sum(axis=1)
    return np.asarray(
        special.gammaln(n + 1.0) - special.gammaln(left + 1.0).sum(axis=1) - special.gammaln(columns + 1.0).sum()
    )


def _merged(states: NDArray[np.int64], past: Logs, many: Logs) -> tuple[NDArray[np.int64], Logs, Logs]:
    """Paths of equal state and probability as one, the log of their number kept."""
    if len(states) < 2:
        return states, past, many
    flat = np.ravel_multi_index(tuple(states[:, :-1].T), tuple(states[:, :-1].max(axis=0) + 1))
    rounded = np.round(past * 1e9)
    order = np.lexsort((rounded, flat))
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(flat[order]) != 0) | (np.diff(rounded[order]) != 0)
    inverse = np.empty(len(order), np.intp)
    inverse[order] = np.cumsum(new) - 1
    first = order[new]
    heaviest = np.full(len(first), -np.inf)
    np.maximum.at(heaviest, inverse, many)
    total = np.zeros(len(first))
    np.add.at(total, inverse, np.exp(many - heaviest[inverse]))
    return states[first], past[first], heaviest + np.log(total)
