"""Univariable Cox models, one per term: a screen before, never instead of, a model chosen by knowledge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from neurolupus.errors import StatsError
from neurolupus.stats.complete import complete_matrix
from neurolupus.stats.cox import Errors, cox_regression
from neurolupus.stats.cox_fit import CoxFit
from neurolupus.stats.cox_likelihood import Ties
from neurolupus.stats.estimate import Notes


@dataclass(frozen=True, slots=True, eq=False)
class ScreenedTerm:
    """One term alone in a model.

    Attributes
    ----------
    fit : CoxFit or None
        None where it cannot be fitted; `notes` then say why.
    p_value : float or None
        Likelihood-ratio test of all its columns together; with robust errors the Wald test.
    """

    term: str
    fit: CoxFit | None
    p_value: float | None
    notes: Notes


def cox_screen(
    time: ArrayLike,
    event: ArrayLike,
    design: ArrayLike,
    names: Sequence[str],
    *,
    terms: Sequence[str] | None = None,
    start: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    ties: Ties = "efron",
    errors: Errors = "model",
    cluster: ArrayLike | None = None,
    level: float = 0.95,
) -> tuple[ScreenedTerm, ...]:
    """One Cox model per term, in the order of the terms; a term that cannot be fitted does not stop the others.

    Parameters
    ----------
    time, event, design, names, start, strata, weights, ties, errors, cluster, level
        As in `cox_regression`.
    terms : p strings, optional
        The term of each column: levels of a factor enter together. Each column alone by default.

    Raises
    ------
    StatsError
        The design has gaps, or `terms` does not name every column.
    """
    labels = tuple(names) if terms is None else tuple(terms)
    if len(labels) != len(names):
        raise StatsError(f"{len(labels)} terms for {len(names)} columns; one term per column is needed.")
    matrix = complete_matrix(design, names, len(np.asarray(time)))
    made = []
    for term in dict.fromkeys(labels):
        columns = [k for k, label in enumerate(labels) if label == term]
        try:
            fit = cox_regression(
                time, event, matrix[:, columns], [names[k] for k in columns], start=start, strata=strata,
                weights=weights, ties=ties, errors=errors, cluster=cluster, level=level,
            )  # fmt: skip
        except StatsError as error:
            made.append(ScreenedTerm(term, None, None, (str(error),)))
            continue
        wanted = "Wald" if errors == "robust" or cluster is not None else "likelihood ratio"
        p_value = next(test.p_value for test in fit.tests if test.method == wanted)
        made.append(ScreenedTerm(term, fit, p_value, fit.notes))
    return tuple(made)
