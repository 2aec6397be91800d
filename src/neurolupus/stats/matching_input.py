"""What nearest-neighbour matching is given, checked: arms, options, caliper, exact variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.complete import Vector, complete_vector
from neurolupus.stats.matching_engine import Arms, Order, grid_unit, on_grid
from neurolupus.stats.matching_kernels import NO_LIMIT, Integers

CaliperUnit = Literal["sd_all", "sd_pooled", "absolute"]
Ties = Literal["first_in_data", "random"]


def exposed_rows(treated: ArrayLike, n: int) -> NDArray[np.bool_]:
    """Who is exposed, (n,); both arms must be there."""
    arm = complete_vector(treated, "treated")
    if len(arm) != n or not np.isin(arm, (0, 1)).all():
        raise StatsError(
            f"The arms are {len(arm)} values such as {np.unique(arm)[:4].tolist()} for {n} distances; 0 or 1 for each "
            "is needed.\n    Code the exposure so."
        )
    if arm.all() or not arm.any():
        raise StatsError(
            f"All {n} patients are {'exposed' if arm.all() else 'controls'}; both arms are needed for matching.\n"
            "    Check the exposure and the filters before it."
        )
    return np.asarray(arm == 1)


def check_options(
    ratio: int, caliper: float | None, unit: str, order: str, ties: str, rng: np.random.Generator | None
) -> None:
    """Raise when an option is unknown or does not fit."""
    for name, value, known in (("Order", order, Order), ("Caliper unit", unit, CaliperUnit), ("Ties", ties, Ties)):
        if value not in get_args(known):
            raise StatsError(f"{name} {value!r} is unknown; choose one of {', '.join(get_args(known))}.")
    if ratio < 1 or ratio != int(ratio):
        raise StatsError(f"The ratio is {ratio}; a whole number of 1 or more is needed.")
    if caliper is not None and not 0 <= caliper < np.inf:
        raise StatsError(f"The caliper is {caliper}; a number of 0 or more is needed.\n    Leave it out for none.")
    if rng is None and "random" in (order, ties):
        raise StatsError("A random order or random ties need a generator; give `rng`, made from the study's seed.")


def caliper_width(d: Vector, exposed: NDArray[np.bool_], caliper: float | None, unit: CaliperUnit) -> float | None:
    """The caliper in units of the distance."""
    if caliper is None or unit == "absolute":
        return caliper
    if unit == "sd_all":
        return caliper * float(np.sort(d).std(ddof=1))
    if min(exposed.sum(), (~exposed).sum()) < 2:
        raise StatsError("An arm has one patient, so no pooled SD; give the caliper as sd_all or absolute.")
    arms = (np.sort(d[rows]).var(ddof=1) for rows in (exposed, ~exposed))
    return caliper * float(np.sqrt(sum(arms) / 2))


def exact_codes(values: ArrayLike, n: int) -> Integers:
    """A number for each value of a variable to match exactly, (n,)."""
    column = pd.Series(np.asarray(values))
    missing = int(column.isna().sum())
    if len(column) != n or missing:
        raise StatsError(
            f"A variable to match exactly has {len(column)} values, {missing} of them missing, for {n} patients; one "
            "for each is needed.\n    Leave these patients out and report their count."
        )
    return np.asarray(pd.factorize(column)[0], np.int64)


def arms_of(
    d: Vector,
    exposed: NDArray[np.bool_],
    exact: Sequence[ArrayLike],
    ties: Ties,
    reverse: bool,
    width: float | None,
    rng: np.random.Generator | None,
) -> Arms:
    """Both arms on a grid of whole steps, with strata of equal exact values and who goes first among equals."""
    unit = grid_unit(d)
    stratum = np.zeros(len(d), np.int64)
    for values in exact:
        codes = exact_codes(values, len(d))
        stratum = np.asarray(pd.factorize(stratum * (int(codes.max()) + 1) + codes)[0], np.int64)
    rank = np.arange(len(d))
    if ties == "random" and rng is not None:
        rank = rng.permutation(len(d))
    limit = NO_LIMIT if width is None else min(NO_LIMIT, round(width / unit) + 1)  # 0.4 - 0.3 is within 0.1
    focal = exposed != reverse
    return Arms(np.flatnonzero(focal), np.flatnonzero(~focal), on_grid(d, unit), stratum, rank, limit)
