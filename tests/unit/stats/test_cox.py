"""Cox regression and its proportional-hazards test against R 4.2.2, survival (tests/reference/survival.R)."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.cox import cox_regression
from neurolupus.stats.cox_fit import CoxFit
from neurolupus.stats.cox_ph_test import GLOBAL, proportional_hazards_test

ROOT = Path(__file__).resolve().parents[3]
R = json.loads((ROOT / "tests" / "reference" / "survival.json").read_text(encoding="utf-8"))
TABULAR = ROOT.parent / "shared" / "data" / "tabular"
X, Z, TIME, EVENT, START, WEIGHT, STRATUM, ID = (
    np.array(R[f"data_{k}"]) for k in ("x", "z", "t", "e", "a", "w", "s", "id")
)
DESIGN = np.column_stack([X, Z])
EXACT = 1e-6  # relative: R stops when the likelihood changes by 1e-12 of itself


def fit(**options) -> CoxFit:
    return cox_regression(TIME, EVENT, DESIGN, ["x", "z"], **options)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("efron", {}),
        ("breslow", {"ties": "breslow"}),
        ("weighted", {"weights": WEIGHT}),
        ("weighted_robust", {"weights": WEIGHT, "errors": "robust"}),
        ("robust", {"errors": "robust"}),
        ("cluster", {"cluster": ID}),
        ("strata", {"strata": STRATUM}),
        ("entry", {"start": START}),
        ("everything", {"start": START, "strata": STRATUM, "weights": WEIGHT, "cluster": ID}),
    ],
)
def test_coefficients_errors_and_likelihood(name, options):
    found = fit(**options)
    assert [e.value for e in found.estimates] == pytest.approx(R[name][:2], rel=EXACT)
    assert [e.se for e in found.estimates] == pytest.approx(R[name][2:], rel=EXACT)
    assert [found.log_likelihood_null, found.log_likelihood] == pytest.approx(R[f"{name}_loglik"], rel=1e-9)


def test_the_three_tests_of_all_terms():
    assert [t.statistic for t in fit().tests] == pytest.approx(R["efron_tests"], rel=EXACT)


@pytest.mark.parametrize("kind", ["martingale", "score", "dfbeta"])
def test_residuals(kind):
    assert fit().residuals(kind).ravel() == pytest.approx(np.array(R[f"residual_{kind}"]), rel=EXACT, abs=1e-8)


def test_schoenfeld_residuals():
    # R orders tied events as the rows stand in the table, and so does a stable sort
    assert fit().residuals("schoenfeld").ravel() == pytest.approx(
        np.array(R["residual_schoenfeld"]), rel=EXACT, abs=1e-8
    )
    assert fit().residuals("scaled_schoenfeld").ravel() == pytest.approx(
        np.array(R["residual_scaled"]), rel=EXACT, abs=1e-7
    )


def rows_of(tests) -> list[float]:
    return [value for one in tests for value in (one.statistic, one.df, one.p_value)]


@pytest.mark.parametrize("transform", ["km", "rank", "identity", "log"])
def test_proportional_hazards(transform):
    assert rows_of(proportional_hazards_test(fit(), transform=transform)) == pytest.approx(
        R[f"zph_{transform}"], rel=EXACT
    )


@pytest.mark.parametrize(
    ("name", "options", "transform"),
    [
        ("strata", {"strata": STRATUM}, "km"),
        ("entry", {"start": START}, "identity"),
        ("breslow", {"ties": "breslow"}, "km"),
    ],
)
def test_proportional_hazards_of_other_models(name, options, transform):
    assert rows_of(proportional_hazards_test(fit(**options), transform=transform)) == pytest.approx(
        R[f"zph_{name}"], rel=EXACT
    )


def test_levels_of_a_factor_are_tested_together():
    design = np.column_stack([X, *(level == STRATUM for level in (2, 3, 4))]).astype(float)
    found = cox_regression(TIME, EVENT, design, ["x", "s2", "s3", "s4"])
    tests = proportional_hazards_test(found, terms=["x", "s", "s", "s"])
    assert [t.name for t in tests] == ["x", "s", GLOBAL]
    assert rows_of(tests) == pytest.approx(R["zph_factor"], rel=EXACT)


@pytest.mark.skipif(not TABULAR.is_dir(), reason="the tables beside the repository are absent")
@pytest.mark.parametrize(
    ("name", "columns"), [("lung", ["age", "sex", "ph.ecog"]), ("veteran", ["trt", "karno", "age"])]
)
def test_published_tables(name, columns):
    table = pd.read_csv(TABULAR / f"{name}.csv")[["time", "status", *columns]].dropna()
    found = cox_regression(table["time"], table["status"], table[columns], columns)
    assert [e.value for e in found.estimates] == pytest.approx(R[name][:3], rel=EXACT)
    assert rows_of(proportional_hazards_test(found)) == pytest.approx(R[f"{name}_zph"], rel=EXACT)
    if name == "lung":  # printed in the manual of survival and in the issue of this project
        assert [e.value for e in found.estimates] == pytest.approx([0.011067, -0.55261, 0.463728], abs=5e-6)


def test_one_tie_by_hand():
    # times 1 1 2; the two at time 1 fail, x = 1 and 0; at zero: S0 = 3, D0 = 2.
    # Efron: log likelihood 0 + 0 - log 3 - log(3 - 2/2); Breslow: -2 log 3
    design = [[1.0], [0.0], [3.0]]
    efron = cox_regression([1, 1, 2], [1, 1, 0], design, ["x"])
    breslow = cox_regression([1, 1, 2], [1, 1, 0], design, ["x"], ties="breslow")
    assert efron.log_likelihood_null == pytest.approx(-np.log(3) - np.log(2))
    assert breslow.log_likelihood_null == pytest.approx(-2 * np.log(3))


def test_a_level_without_events_is_named_and_the_others_kept():
    design = np.column_stack([X, (np.arange(80) % 9 == 0).astype(float)])
    event = EVENT * (1 - design[:, 1])
    found = cox_regression(TIME, event, design, ["x", "rare"])
    assert found.separated == ("rare",)
    assert found.estimate("rare").value == -np.inf
    assert np.isnan(found.estimate("rare").p_value)
    assert np.isfinite(found.estimate("x").se)
    assert any("Firth" in note for note in found.notes)
    with pytest.raises(StatsError, match="rare has no finite estimate"):
        proportional_hazards_test(found)


def test_few_events_per_term_are_said():
    assert any(
        "per coefficient" in note for note in cox_regression(TIME[:20], EVENT[:20], DESIGN[:20], ["x", "z"]).notes
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"event": EVENT * 0}, "None of 80 rows has an event"),
        ({"time": np.where(np.arange(80) == 3, -1, TIME)}, "Row 3 has time -1"),
        ({"start": TIME}, "a start must lie before its end"),
        ({"design": np.column_stack([X, X * 2])}, "z"),
        ({"design": np.column_stack([X, np.full(80, 0.1)])}, "z is constant"),
    ],
)
def test_what_cannot_be_fitted(change, words):
    given = {"time": TIME, "event": EVENT, "design": DESIGN, **change}
    with pytest.raises(StatsError, match=words):
        cox_regression(given.pop("time"), given.pop("event"), given.pop("design"), ["x", "z"], **given)
