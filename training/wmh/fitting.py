"""Fit the model, and score it on patients and heads it was not fitted on."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from described import described
from model import fit, probabilities
from numpy.typing import NDArray
from real import EXPERT
from rows import Rows, sample
from scores import Reliability, scores_of
from sklearn.ensemble import HistGradientBoostingClassifier

Model = HistGradientBoostingClassifier
Floats = NDArray[np.float32]
Log = Callable[[dict[str, object]], None]


@dataclass(slots=True)
class _Member:
    """A case in training and its rows."""

    path: Path
    source: str
    rows: Rows


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

    def rows(self, sources: Collection[str]) -> tuple[Floats, NDArray[np.bool_], Floats]:
        """Features, lesion and weight of the rows of some sources."""
        chosen = [m.rows for m in self.members if m.source in sources]
        return (
            np.concatenate([r.table for r in chosen]), np.concatenate([r.lesion for r in chosen]),
            np.concatenate([r.weight for r in chosen]),
        )  # fmt: skip

    def model(self, sources: Collection[str]) -> Model:
        """The model fitted on some sources."""
        return fit(*self.rows(sources), self.seed)

    def leave_out(self) -> None:
        """Score each patient with expert lesions left out, and each half of the others."""
        reliability = Reliability.empty()
        for left_out in ({expert} for expert in EXPERT):
            self._score(left_out, reliability)
        for half in self.halves:
            self._score(half, reliability)
        self.log(
            {"reliability": reliability.rows(), "calibration_error": round(reliability.expected_calibration_error, 4)}
        )

    def _score(self, left_out: set[str], reliability: Reliability) -> None:
        model = self.model(self.everyone - left_out)
        for one in described([m.path for m in self.members if m.source in left_out], self.work):
            found = probabilities(model, one.table)
            reliability.add(found[one.known], one.lesion[one.known])
            for score in scores_of(one.case, one.image(found)):
                self.log({"left_out": sorted(left_out), **score.row()})
