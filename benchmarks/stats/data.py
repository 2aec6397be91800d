"""Made-up tables to time statistics with: one seed, the same rows for every tool."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

COVARIATES = 5
COLUMNS = ("time", "event", "treated", "logit", "outcome", *(f"x{j + 1}" for j in range(COVARIATES)))


def table(n: int) -> NDArray[np.float64]:
    """A table (n, 10) of `COLUMNS`: whole days (so that times are tied), about half with the event, 30 % treated."""
    rng = np.random.default_rng(20_230_386)
    x = rng.normal(size=(n, COVARIATES))
    x[:, 4] = x[:, 4] > 0.5
    logit = x @ [0.4, -0.3, 0.2, 0.0, 0.5] - 1.1
    treated = rng.random(n) < 1 / (1 + np.exp(-logit))
    event_time = rng.exponential(1500 * np.exp(-(x @ [0.3, -0.2, 0.1, 0.0, 0.4])))
    end = rng.uniform(200, 3000, n)
    time = np.ceil(np.minimum(event_time, end))
    shares = np.exp(np.column_stack([np.zeros(n), x @ [0.5, 0, 0, 0.2, 0], x @ [0, 0.4, -0.4, 0, 0.3] - 0.5]))
    shares /= shares.sum(axis=1, keepdims=True)
    outcome = (rng.random(n)[:, None] > np.cumsum(shares, axis=1)).sum(axis=1).clip(0, 2)
    return np.column_stack([time, event_time <= end, treated, logit, outcome, x])


def read_table(path: Path) -> dict[str, NDArray[np.float64]]:
    """The columns by name."""
    columns = np.fromfile(path).reshape(len(COLUMNS), -1)
    return dict(zip(COLUMNS, columns, strict=True))


if __name__ == "__main__":  # ROWS PATH: columns one after another, 64-bit floats, which R's readBin reads too
    table(int(sys.argv[1])).T.tofile(sys.argv[2])
