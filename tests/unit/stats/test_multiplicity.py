"""Adjusted p-values against R 4.2.2: tests/reference/tests.R."""

import json
from pathlib import Path

import numpy as np
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.multiplicity import adjust, tukey, tukey_critical_value

R = json.loads((Path(__file__).parents[2] / "reference" / "tests.json").read_text())
P = [0.001, 0.04, 0.03, 0.2, 0.011, 0.9, 0.03]


@pytest.mark.parametrize(
    ("method", "key"), [("holm", "holm"), ("benjamini_hochberg", "bh"), ("bonferroni", "bonferroni")]
)
def test_adjustments_are_those_of_r(method, key):
    assert adjust(P, method) == pytest.approx(np.array(R[key]))


@pytest.mark.parametrize("method", ["holm", "benjamini_hochberg", "bonferroni"])
def test_order_of_the_p_values_does_not_matter(method):
    turned = np.random.default_rng(2).permutation(len(P))
    assert adjust(np.array(P)[turned], method) == pytest.approx(adjust(P, method)[turned])


def test_tukey_by_the_studentised_range():
    assert tukey([0.4, -1.9, 2.6, 4.2], 3, 149) == pytest.approx(np.array(R["tukey"]))
    assert tukey_critical_value(0.95, 3, 149) == pytest.approx(R["qtukey"][0])


def test_no_p_value_gives_none():
    assert len(adjust([], "holm")) == 0


@pytest.mark.parametrize(("bad", "words"), [([1.2], "between 0 and 1"), ([np.nan], "missing")])
def test_bad_p_values_are_refused(bad, words):
    with pytest.raises(StatsError, match=words):
        adjust(bad, "holm")


def test_unknown_adjustment_is_refused():
    with pytest.raises(StatsError, match="sidak"):
        adjust(P, "sidak")
