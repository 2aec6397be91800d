"""Grades that raters gave to scans, from tables, and how well they agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from neurolupus.errors import TableError
from neurolupus.io.delimited import MISSING, read_tsv
from neurolupus.io.rater_folder import RATING_COLUMNS, scan_of_row
from neurolupus.stats.kappa import Kappa, cohen_kappa, counts_of_ratings, fleiss_kappa


@dataclass(frozen=True, slots=True)
class Rating:
    """One grade that one rater gave to one map of one scan."""

    scan: str
    rater: str
    map: str
    rating: str


@dataclass(frozen=True, slots=True)
class RatingAgreement:
    """The kappas of one map's grades: `raters` are two for Cohen's kappas, all of them for Fleiss'."""

    map: str
    raters: tuple[str, ...]
    categories: tuple[str, ...]
    kappas: tuple[Kappa, ...]


def read_ratings(paths: Sequence[Path]) -> tuple[Rating, ...]:
    """The grades of tables with the columns participant_id, session_id, rater, map and rating; empty ones are left out.

    Raises
    ------
    TableError
        A column is missing, a grade has no rater or map, or a rater graded a map of a scan twice.
    """
    found: dict[tuple[str, str, str], Rating] = {}
    faults = []
    for path in paths:
        needed = [name for name in RATING_COLUMNS if name != "session_id"]
        for number, row in enumerate(read_tsv(path, needed=needed), start=1):
            if row["rating"] in ("", MISSING):
                continue
            one = Rating(scan_of_row(row).stem, row["rater"], row["map"], _grade(row["rating"]))
            if {one.rater, one.map} & {"", MISSING}:
                faults.append(f"{path.name} row {number}: a rating of {one.scan} has no rater or no map")
            elif (one.scan, one.rater, one.map) in found:
                faults.append(f"{path.name} row {number}: {one.rater} rated the {one.map} of {one.scan} before")
            found[one.scan, one.rater, one.map] = one
    for what in ("rating", "map"):
        for alike in _alike_but_for_case({getattr(one, what) for one in found.values()}):
            faults.append(f"column {what} has {' and '.join(alike)}; write each in one way")
    if faults or not found:
        told = "\n".join(f"    {fault}." for fault in faults[:20])
        seen = f"{len(faults)} fault{'s' * (len(faults) > 1)}; correct them.\n{told}" if faults else "no rating."
        raise TableError(f"{', '.join(path.name for path in paths)}: {seen}")
    return tuple(found.values())


def _grade(text: str) -> str:
    """A grade as it counts: spreadsheets write the whole number 1 as 1.0.

    Examples
    --------
    >>> _grade("1.0"), _grade("0"), _grade("accept"), _grade("1.5")
    ('1', '0', 'accept', '1.5')
    """
    whole, point, zeros = text.partition(".")
    return whole if point and whole.isdigit() and zeros and not zeros.strip("0") else text


def _alike_but_for_case(words: set[str]) -> list[list[str]]:
    """Words that differ in their case alone: two raters who mean the same would never agree."""
    by_case: dict[str, list[str]] = {}
    for word in sorted(words):
        by_case.setdefault(word.casefold(), []).append(word)
    return [several for several in by_case.values() if len(several) > 1]


def rating_agreements(ratings: Sequence[Rating]) -> tuple[RatingAgreement, ...]:
    """Cohen's kappa of every two raters of each map, weighted too where grades are numbers; Fleiss' for three."""
    results = []
    for name in dict.fromkeys(one.map for one in ratings):
        here = [one for one in ratings if one.map == name]
        raters = tuple(dict.fromkeys(one.rater for one in here))
        scans = tuple(dict.fromkeys(one.scan for one in here))
        if len(raters) < 2:
            raise TableError(
                f"The {name} was rated by {raters[0]} alone; agreement needs two raters.\n"
                "    Give the ratings of the other rater too: --ratings A.tsv --ratings B.tsv"
            )
        graded = {(one.scan, one.rater): one.rating for one in here}
        categories = _in_order({one.rating for one in here})
        for pair in combinations(raters, 2):
            columns = [[graded.get((scan, rater)) for scan in scans] for rater in pair]
            if any(a is not None and b is not None for a, b in zip(*columns, strict=True)):
                results.append(RatingAgreement(name, pair, categories, _cohen(columns, categories)))
            else:
                raise TableError(f"{pair[0]} and {pair[1]} rated no scan's {name} in common.\n    Check the names.")
        if len(raters) > 2:
            rows = [[graded.get((scan, rater)) for rater in raters] for scan in scans]
            full = [[one for one in row if one is not None] for row in rows if None not in row]
            if full:
                kappa = fleiss_kappa(counts_of_ratings(full), n_dropped=len(rows) - len(full))
                results.append(RatingAgreement(name, raters, categories, (kappa,)))
    return tuple(results)


def _cohen(columns: Sequence[Sequence[str | None]], categories: tuple[str, ...]) -> tuple[Kappa, ...]:
    first, second = columns
    found = [cohen_kappa(first, second, categories=categories)]
    if len(categories) > 2 and _numbers(set(categories)) is not None:
        found += [cohen_kappa(first, second, categories=categories, weights="linear")]
        found += [cohen_kappa(first, second, categories=categories, weights="quadratic")]
    return tuple(found)


def _in_order(ratings: set[str]) -> tuple[str, ...]:
    """Whole numbers with those between them that nobody gave, since weights count steps; words by the alphabet."""
    numbers = _numbers(ratings)
    if numbers is None:
        return tuple(sorted(ratings))
    return tuple(str(value) for value in range(min(numbers), max(numbers) + 1))


def _numbers(ratings: set[str]) -> list[int] | None:
    """The grades as numbers, if all are whole ones within a scale of a hundred steps."""
    if not all(one.isascii() and one.isdigit() and str(int(one)) == one for one in ratings):
        return None
    numbers = [int(one) for one in ratings]
    return numbers if max(numbers) - min(numbers) <= 100 else None
