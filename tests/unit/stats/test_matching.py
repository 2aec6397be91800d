"""Matching against plain loops of the documented rule, in Python for made-up data and in R for lalonde."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.design import Term, build_design
from neurolupus.stats.matching import match_nearest
from neurolupus.stats.matching_validity import assert_valid_matching
from neurolupus.stats.propensity import propensity_score

R = json.loads((Path(__file__).parents[2] / "reference" / "matching.json").read_text())
TERMS = [
    *map(Term, ("age", "educ")),
    Term("race", "nominal", ("white", "black", "hispan")),
    *map(Term, ("married", "nodegree", "re74", "re75")),
]
ORDERS = ["largest", "smallest", "closest", "data"]


@pytest.fixture(scope="module")
def lalonde(shared):
    return pd.read_csv(shared / "data" / "tabular" / "lalonde.csv")


@pytest.fixture(scope="module")
def logit(lalonde):
    design = build_design(lalonde, TERMS)
    return propensity_score(lalonde["treat"], design.matrix, design.names).logit


def slow_pairs(steps, treated, *, ratio, replace, limit, order, stratum, reverse, rank):
    """The documented rule word by word, in O(n²) or worse; distances are whole numbers."""
    focal, pool = np.flatnonzero(treated != reverse).tolist(), set(np.flatnonzero(treated == reverse).tolist())
    found = {i: [] for i in focal}

    def nearest(i, free):
        allowed = [j for j in free if stratum[i] == stratum[j] and abs(steps[i] - steps[j]) <= limit]
        return min(allowed, key=lambda j: (abs(steps[i] - steps[j]), rank[j]), default=None)

    def take(i, j):
        found[i].append(j)
        pool.discard(j)

    if replace:
        for i in focal:
            while len(found[i]) < ratio and (j := nearest(i, pool - set(found[i]))) is not None:
                found[i].append(j)
        return found
    turn = {"largest": lambda i: (-steps[i], rank[i]), "smallest": lambda i: (steps[i], rank[i]), "data": lambda i: i}
    for k in range(ratio):
        asking = {i for i in focal if len(found[i]) == k}
        if order == "closest":
            while pairs := [(i, j) for i in asking if (j := nearest(i, pool)) is not None]:
                i, j = min(pairs, key=lambda p: (abs(steps[p[0]] - steps[p[1]]), rank[p[0]], rank[p[1]]))
                take(i, j)
                asking.discard(i)
        else:
            for i in sorted(asking, key=turn[order]):
                if (j := nearest(i, pool)) is not None:
                    take(i, j)
    return found


def _random_case(rng):
    n = int(rng.integers(4, 26))
    treated = rng.random(n) < rng.choice([0.3, 0.5, 0.7])
    treated[:2] = (True, False)
    return {
        "distance": rng.integers(0, rng.choice([3, 12, 1000]), n),  # many ties, some, hardly any
        "treated": treated,
        "stratum": rng.integers(0, rng.choice([1, 3]), n),
        "ratio": int(rng.integers(1, 4)),
        "replace": bool(rng.random() < 0.25),
        "reverse": bool(rng.random() < 0.3),
        "caliper": None if rng.random() < 0.4 else int(rng.choice([0, 1, 3, 100])),
        "ties": str(rng.choice(["first_in_data", "random"])),
        "seed": int(rng.integers(2**31)),
    }


def _check_case(case, order):
    match = match_nearest(
        case["distance"], case["treated"], ratio=case["ratio"], replace=case["replace"], caliper=case["caliper"],
        caliper_unit="absolute", order=order, exact=[case["stratum"]], ties=case["ties"], reverse=case["reverse"],
        rng=np.random.default_rng(case["seed"]),
    )  # fmt: skip
    n = len(case["distance"])
    rank = np.arange(n) if case["ties"] == "first_in_data" else np.random.default_rng(case["seed"]).permutation(n)
    limit = np.inf if case["caliper"] is None else case["caliper"]
    expected = slow_pairs(
        case["distance"], case["treated"], ratio=case["ratio"], replace=case["replace"], limit=limit, order=order,
        stratum=case["stratum"], reverse=case["reverse"], rank=rank,
    )  # fmt: skip
    pairs = [(j, i) if case["reverse"] else (i, j) for i in sorted(expected) for j in expected[i]]
    assert [tuple(pair) for pair in match.pairs.tolist()] == pairs, case
    assert_valid_matching(match, case["distance"], case["treated"], exact=[case["stratum"]])


@pytest.mark.parametrize("order", ORDERS)
def test_pairs_are_those_of_the_rule_word_by_word(order):
    rng = np.random.default_rng(ORDERS.index(order))
    for _ in range(150):
        _check_case(_random_case(rng), order)


@pytest.mark.slow
def test_compiled_loops_give_the_pairs_of_plain_ones(monkeypatch):
    rng = np.random.default_rng(5)
    monkeypatch.setattr("neurolupus.stats.matching_kernels.COMPILE_FROM", 0)
    for i in range(120):
        _check_case(_random_case(rng), ORDERS[i % 4])


@pytest.mark.parametrize("order", ["largest", "smallest", "data", "closest", "replace"])
def test_lalonde_is_matched_as_by_loops_in_r(lalonde, logit, order):
    with_replacement = order == "replace"
    match = match_nearest(
        logit, lalonde["treat"], caliper=0.2, replace=with_replacement, order="data" if with_replacement else order
    )
    assert_valid_matching(match, logit, lalonde["treat"])
    partner = np.full(len(lalonde), -1)
    partner[match.pairs[:, 0]] = match.pairs[:, 1]
    assert partner[lalonde["treat"] == 1].tolist() == R[order]
    earned = lalonde["re78"].to_numpy()
    kept = match.pairs
    effect = earned[kept[:, 0]].mean() - earned[kept[:, 1]].mean()
    assert [match.n_sets, effect] == pytest.approx(R[f"{order}_effect"])


def test_caliper_and_naive_difference_of_lalonde(lalonde, logit):
    earned = lalonde.groupby("treat")["re78"].mean()
    assert earned[1] - earned[0] == pytest.approx(-635.03, abs=0.005)  # known to two places
    assert earned[1] - earned[0] == pytest.approx(R["naive"][0])
    widths = [
        match_nearest(logit, lalonde["treat"], caliper=0.2, caliper_unit=unit).caliper
        for unit in ("sd_all", "sd_pooled")
    ]
    assert widths == pytest.approx(R["caliper"])


def test_unmatched_patients_are_told_in_words():
    match = match_nearest([0.0, 1.0, 5.0, 0.1, 1.2], [1, 1, 1, 0, 0], caliper=0.5, caliper_unit="absolute")
    assert match.words == "1 of 3 exposed patients has no free control within caliper 0.5; 2 pairs remain."
    assert match.notes[0] == match.words
    assert "fewer controls (2) than exposed patients (3)" in match.notes[1]
    assert (match.n_treated_unmatched, match.n_control_unmatched, match.n_dropped) == (1, 0, 1)
    assert match.set_of.tolist() == [0, 1, -1, 0, 1]


def test_caliper_in_sd_is_told_in_units_too():
    d = np.arange(10.0)
    match = match_nearest(d, d < 5, caliper=0.2)
    assert match.words == "5 of 5 exposed patients have no free control within caliper 0.2 SD (0.606); 0 pairs remain."
    assert (match.n_sets, len(match.pairs), match.weights.sum()) == (0, 0, 0)
    assert_valid_matching(match, d, d < 5)


def test_a_difference_of_the_caliper_is_within_it():
    # 0.4 - 0.3 is more than 0.1 in binary
    match = match_nearest([0.4, 0.3], [1, 0], caliper=0.1, caliper_unit="absolute")
    assert match.n_sets == 1
    assert match_nearest([0.4, 0.29999], [1, 0], caliper=0.1, caliper_unit="absolute").n_sets == 0


def test_weights_with_fewer_partners_than_the_ratio():
    match = match_nearest([0.0, 5.0, 0.1, 0.2, 5.1], [1, 1, 0, 0, 0], ratio=2, caliper=1, caliper_unit="absolute")
    assert match.weights.tolist() == [1, 1, 0.5, 0.5, 1]
    assert "1 of 4 places for controls stay empty; use the weights." in match.notes


def test_weights_with_replacement():
    match = match_nearest([0.0, 0.2, 0.1, 9.0], [1, 1, 0, 0], replace=True)
    assert match.weights.tolist() == [1, 1, 2, 0]
    assert match.pairs.tolist() == [[0, 2], [1, 2]]
    assert "1 controls serve in 2 pairs" in match.notes[0]


def test_exact_values_keep_patients_apart():
    sex = np.array(["f", "m", "m", "m"], dtype=object)
    match = match_nearest([0.0, 1.0, 0.0, 1.5], [1, 1, 0, 0], exact=[sex])
    assert match.pairs.tolist() == [[1, 3]]
    assert "1 exposed patients have no control at all with equal exact variables." in match.notes
    swapped = replace(match, pairs=np.array([[0, 2]]))
    with pytest.raises(AssertionError, match="exact values are equal"):
        assert_valid_matching(swapped, [0.0, 1.0, 0.0, 1.5], [1, 1, 0, 0], exact=[sex])


def test_random_order_is_that_of_the_generator():
    rng = np.random.default_rng(1)
    d, arm = rng.normal(size=60), np.arange(60) % 2
    one, two, other = (
        match_nearest(d, arm, order="random", rng=np.random.default_rng(seed)).pairs.tolist() for seed in (1, 1, 2)
    )
    assert one == two != other


@pytest.mark.parametrize(
    ("change", "promise"),
    [
        ({"pairs": np.array([[0, 2], [1, 2]])}, "nobody serves twice"),
        ({"caliper": 0.01}, "the caliper is kept"),
        ({"weights": np.array([1.0, 1, 1, 2])}, "weights from pairs"),
        ({"n_sets": 3}, "set numbers"),
        ({"set_of": np.array([0, 1, 1, 0])}, "sets of partners"),
        ({"n_dropped": 1}, "counts add up"),
        ({"gap": np.zeros(2)}, "gaps are those"),
        ({"pairs": np.array([[2, 0], [3, 1]])}, "one exposed patient and one control"),
    ],
)
def test_broken_promises_are_found(change, promise):
    d, arm = np.array([0.0, 1.0, 0.1, 1.1]), [1, 1, 0, 0]
    match = match_nearest(d, arm)
    assert_valid_matching(match, d, arm)
    with pytest.raises(AssertionError, match=promise):
        assert_valid_matching(replace(match, **change), d, arm)


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (([0.1, 0.2], [1, 1]), {}, "All 2 patients are exposed; both arms are needed"),
        (([0.1, np.nan], [1, 0]), {}, "the distance has 1 missing or infinite of 2"),
        (([0.1, 0.2], [1, 2]), {}, "0 or 1 for each is needed"),
        (([0.1, 0.2], [1, 0]), {"caliper": -1}, "The caliper is -1"),
        (([0.1, 0.2], [1, 0]), {"ratio": 0}, "The ratio is 0"),
        (([0.1, 0.2], [1, 0]), {"order": "best"}, "Order 'best' is unknown; choose one of largest"),
        (([0.1, 0.2], [1, 0]), {"ties": "random"}, "need a generator"),
        (([0.1, 0.2], [1, 0]), {"caliper": 1, "caliper_unit": "sd_pooled"}, "no pooled SD"),
        (([0.1, 0.2], [1, 0]), {"exact": [np.array(["f", None], object)]}, "1 of them missing"),
    ],
)
def test_what_cannot_be_matched_is_refused(arguments, options, words):
    with pytest.raises(StatsError, match=words):
        match_nearest(*arguments, **options)
