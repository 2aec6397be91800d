"""Coefficients that run away must not take the others with them (R 4.2.2, tests/reference/cox_maximum.R)."""

import json
from pathlib import Path

import numpy as np
import pytest

from neurolupus.stats.cox import cox_regression

R = json.loads((Path(__file__).parents[2] / "reference" / "cox_maximum.json").read_text(encoding="utf-8"))
DESIGN = np.column_stack([R["age"], R["rare"]])


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_the_only_patient_of_a_level_relapses_first(ties):
    # Newton's first step for that level is about n, at which no information is left about anything
    found = cox_regression(R["time"], R["event"], DESIGN, ["age", "rare"], ties=ties)
    assert found.separated == ("rare",)
    assert found.estimate("rare").value == np.inf
    rest = cox_regression(
        *(np.array(R[k])[DESIGN[:, 1] == 0] for k in ("time", "event")),
        DESIGN[DESIGN[:, 1] == 0, :1],
        ["age"],
        ties=ties,
    )
    # the likelihood stands still to 1e-10 of itself while that level's risk still counts for some 1e-7
    assert found.estimate("age").value == pytest.approx(rest.estimate("age").value, rel=1e-5)
    assert found.estimate("age").se == pytest.approx(rest.estimate("age").se, rel=1e-5)
    if ties == "efron":
        assert [found.estimate("age").value, found.estimate("age").se] == pytest.approx(R["rest"][:2], rel=1e-5)
        assert found.log_likelihood == pytest.approx(R["rest"][2], rel=1e-6)
