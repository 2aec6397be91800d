"""Rows to learn from: all lesion candidates of a case, and some of the others, weighted for those left out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cases import Case
from neurolupus.imaging.wmh_features import FEATURES, Candidates, describe_candidates
from neurolupus.records.volume import Probability

HARD = FEATURES.index("flair_over_white_12mm")
POSITIVES, EASY_NEGATIVES, HARD_NEGATIVES = 12_000, 6_000, 12_000


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """All candidates of a case: where they are, their features, the truth."""

    case: Case
    where: NDArray[np.intp]
    table: NDArray[np.float32]
    lesion: NDArray[np.bool_]
    known: NDArray[np.bool_]

    @property
    def candidates(self) -> Candidates:
        """As at run time."""
        return Candidates(self.where, self.table)

    @property
    def recall(self) -> float:
        """Share of the lesion voxels that are candidates: what no model can exceed."""
        total = int(((self.case.truth >= 0.5) & ~self.case.ignore).sum())
        return float((self.lesion & self.known).sum() / total) if total else 1.0

    def image(self, values: NDArray[np.float32]) -> Probability:
        """Values of the candidates as an image, zero elsewhere."""
        out = np.zeros(self.case.t1w.shape, np.float32)
        out[tuple(self.where)] = values
        return out


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A sample of candidates; `index` numbers them among all of their case."""

    index: NDArray[np.intp]
    table: NDArray[np.float32]
    lesion: NDArray[np.bool_]
    weight: NDArray[np.float32]


def describe(case: Case) -> Described:
    """The features of a case, with the head map of the network as it is."""
    head = case.head()
    found = describe_candidates(case.t1w, case.flair, case.brain(head), head)
    here = tuple(found.where)
    return Described(case, found.where, found.table, case.truth[here] >= 0.5, ~case.ignore[here])


def sample(described: Described, rng: np.random.Generator) -> Rows:
    """At most 30,000 rows; bright negatives are seen more often than dull ones, and weigh less."""
    hard = described.table[:, HARD] > 0.2
    strata = (
        (described.lesion, POSITIVES),
        (~described.lesion & ~hard, EASY_NEGATIVES),
        (~described.lesion & hard, HARD_NEGATIVES),
    )
    chosen, weights = [], []
    for stratum, most in strata:
        index = np.flatnonzero(stratum & described.known)
        taken = np.sort(rng.permutation(index)[:most])
        chosen.append(taken)
        weights.append(np.full(len(taken), len(index) / max(1, len(taken)), np.float32))
    rows = np.concatenate(chosen)
    table = described.table[rows]
    return Rows(rows, table, described.lesion[rows], np.concatenate(weights))
