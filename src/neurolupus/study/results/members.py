"""Whose values stand behind a number: the patients of every cohort, kept beside the results and never among them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

FULL = "full"
_LANDMARK = "_from_"


@dataclass(frozen=True, slots=True)
class Members:
    """The patients of one cohort.

    Attributes
    ----------
    cohort : str
        As it stands in the paths of numbers: `full`, `ps1`, `sensitivity.no_headache.full`.
    patients : tuple of str
        As the table's id column calls them; those with a weight of zero are left out.
    """

    cohort: str
    patients: tuple[str, ...]


def cohort_of_number(path: str, cohorts: Collection[str]) -> str:
    """The cohort that a number was computed in, by its path.

    Parameters
    ----------
    cohorts : collection of str
        Those that were made; `full` is among them.

    Examples
    --------
    >>> cohort_of_number("death.matched.hcq.hazard_ratio", ["full", "matched"])
    'matched'
    >>> cohort_of_number("sensitivity.late.death.full_from_1.hcq.p_value", ["full", "sensitivity.late.full"])
    'sensitivity.late.full'
    >>> cohort_of_number("score.matched.age.odds_ratio", ["full", "matched"])
    'full'
    """
    parts = path.split(".")
    before = next((k for k in range(len(parts), 0, -1) if ".".join((*parts[:k], FULL)) in cohorts), 0)
    prefix = "".join(f"{part}." for part in parts[:before])
    if parts[before] == "score":  # fitted in everybody, to make the cohort it is named after
        return prefix + FULL
    names = [prefix + part.partition(_LANDMARK)[0] for part in parts[before:]]
    return next((name for name in names if name in cohorts), prefix + FULL)
