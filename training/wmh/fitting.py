"""Fit both looks: the first on features, the second on features and what the first found around each voxel.

The second must learn from first looks as they are on new scans, so the first look at a head or patient in training
comes from a model that has not seen it, nor any scan with expert lesions: leaving one of those out stays honest.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from described import described
from model import fit, probabilities
from numpy.typing import NDArray
from real import EXPERT
from rows import Described, Rows, sample
from scores import Reliability, scores_of
from sklearn.ensemble import HistGradientBoostingClassifier

from neurolupus.imaging.wmh_context import describe_context

Model = HistGradientBoostingClassifier
Floats = NDArray[np.float32]
Log = Callable[[dict[str, object]], None]


@dataclass(slots=True)
class _Member:
    """A case in training: its rows and, later, their context."""

    path: Path
    source: str
    rows: Rows
    context: Floats | None = None


class Training:
    """All cases, and models of any part of them."""

    def __init__(self, paths: list[Path], work: Path, seed: int, log: Log) -> None:
        self.work, self.seed, self.log = work, seed, log
        self.members: list[_Member] = []
        for number, one in enumerate(described(paths, work)):
            rows = sample(one, np.random.default_rng((seed, 3, number)))
            self.members.append(_Member(paths[number], one.case.source, rows))
            log({"case": one.case.name, "origin": one.case.origin, "ml": round(one.case.lesion_ml, 2),
                 "candidates": len(one.lesion), "recall": round(one.recall, 4)})  # fmt: skip
        self.everyone = {m.source for m in self.members}
        others = sorted(self.everyone - set(EXPERT))
        turned = [others[i] for i in np.random.default_rng(seed).permutation(len(others))]
        self.halves = [set(turned[0::2]), set(turned[1::2])]
        self.blind = [self.first(other) for other in reversed(self.halves)]  # each has not seen the half it looks at
        self._add_context()

    def _add_context(self) -> None:
        no_expert = self.first(self.everyone - set(EXPERT))
        for member, one in zip(self.members, described([m.path for m in self.members], self.work), strict=True):
            looks = [model for model, half in zip(self.blind, self.halves, strict=True) if member.source in half]
            first = probabilities(looks[0] if looks else no_expert, one.table)
            member.context = describe_context(one.case.t1w, one.candidates, first)[member.rows.index]

    def rows(self, sources: Collection[str]) -> tuple[Floats, NDArray[np.bool_], Floats, Floats]:
        """Features, lesion, weight and context of the rows of some sources."""
        chosen = [m for m in self.members if m.source in sources]
        context = [m.context for m in chosen if m.context is not None]
        return (
            np.concatenate([m.rows.table for m in chosen]), np.concatenate([m.rows.lesion for m in chosen]),
            np.concatenate([m.rows.weight for m in chosen]),
            np.concatenate(context) if context else np.zeros((0, 0), np.float32),
        )  # fmt: skip

    def first(self, sources: Collection[str]) -> Model:
        """The first look of some sources."""
        table, lesion, weight, _ = self.rows(sources)
        return fit(table, lesion, weight, self.seed)

    def second(self, sources: Collection[str]) -> Model:
        """The second look of some sources."""
        table, lesion, weight, context = self.rows(sources)
        return fit(np.concatenate([table, context], axis=1), lesion, weight, self.seed)

    def final(self) -> tuple[Model, Model]:
        """Both looks of everyone."""
        return self.first(self.everyone), self.second(self.everyone)

    def leave_out(self) -> None:
        """Score each patient with expert lesions left out, and each half of the others."""
        reliability = Reliability.empty()
        for expert in EXPERT:
            rest = self.everyone - {expert}
            self._score({expert}, self.first(rest), self.second(rest), reliability)
        for blind, half in zip(self.blind, self.halves, strict=True):
            self._score(half, blind, self.second(self.everyone - half), reliability)
        self.log(
            {"reliability": reliability.rows(), "calibration_error": round(reliability.expected_calibration_error, 4)}
        )

    def _score(self, left_out: set[str], first: Model, second: Model, reliability: Reliability) -> None:
        for one in described([m.path for m in self.members if m.source in left_out], self.work):
            at_first = probabilities(first, one.table)
            found = second_look(one, at_first, second)
            reliability.add(found[one.known], one.lesion[one.known])
            for look, values in (("first", at_first), ("second", found)):
                for score in scores_of(one.case, one.image(values)):
                    self.log({"look": look, "left_out": sorted(left_out), **score.row()})


def second_look(one: Described, first: Floats, second: Model) -> Floats:
    """The final probabilities of a case."""
    context = describe_context(one.case.t1w, one.candidates, first)
    return probabilities(second, np.concatenate([one.table, context], axis=1))
