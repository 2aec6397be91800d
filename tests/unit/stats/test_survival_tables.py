"""Survival statistics of lung, veteran and rossi against R 4.2.2, survival 3.5-3 (tests/reference/cox.R)."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurolupus.stats.concordance import cox_concordance
from neurolupus.stats.cox import cox_regression
from neurolupus.stats.cox_fit import CoxFit
from neurolupus.stats.cox_ph_test import proportional_hazards_test
from neurolupus.stats.kaplan_meier import SurvivalCurve, kaplan_meier
from neurolupus.stats.logrank import logrank

R = {
    name: np.array([np.nan if v is None else v for v in values], float)
    for name, values in json.loads(
        (Path(__file__).resolve().parents[2] / "reference" / "cox.json").read_text(encoding="utf-8")
    ).items()
}
EXACT = 1e-6  # relative
FIN = ["fin", "age", "prio"]
LUNG = ["age", "sex", "ph.ecog"]
MODELS = {
    "rossi": (["fin", "age", "race", "wexp", "mar", "paro", "prio"], {}),
    "rossi breslow": (FIN, {"ties": "breslow"}),
    "rossi weighted": (FIN, {"weights": "w", "errors": "robust"}),
    "rossi weighted strata cluster": (["fin", "prio"], {"weights": "w", "strata": "race", "cluster": "age"}),
    "veteran": (["trt", "karno", "age"], {}),
    "lung": (LUNG, {}),
    "lung strata cluster": (["age", "ph.ecog"], {"strata": "sex", "cluster": "inst"}),
    "lung entry": (LUNG, {"start": "a"}),
    "lung entry weighted": (
        LUNG,
        {"start": "a", "strata": "inst", "weights": "w", "cluster": "inst", "ties": "breslow"},
    ),
}


@pytest.fixture(scope="module")
def tables(shared: Path) -> dict[str, pd.DataFrame]:
    folder = shared / "data" / "tabular"
    rossi = pd.read_csv(folder / "rossi.csv").rename(columns={"week": "time", "arrest": "status"})
    lung = pd.read_csv(folder / "lung.csv").dropna(subset=["inst", "time", "status", *LUNG])
    return {
        "rossi": rossi.assign(w=rossi["age"] / 20),
        "veteran": pd.read_csv(folder / "veteran.csv"),
        "lung": lung.assign(w=lung["age"] / 60, a=np.maximum(0, lung["time"] - 200)),
    }


def model(tables: dict[str, pd.DataFrame], name: str) -> CoxFit:
    table, (columns, options) = tables[name.split()[0]], MODELS[name]
    given = {k: table[v] if k in ("weights", "strata", "cluster", "start") else v for k, v in options.items()}
    return cox_regression(table["time"], table["status"], table[columns], columns, **given)


@pytest.mark.parametrize("name", MODELS)
def test_estimates_errors_likelihood_and_tests(tables, name):
    fit = model(tables, name)
    np.testing.assert_allclose([e.value for e in fit.estimates] + [e.se for e in fit.estimates], R[name], rtol=EXACT)
    np.testing.assert_allclose([fit.log_likelihood_null, fit.log_likelihood], R[f"{name} likelihood"], rtol=1e-9)
    np.testing.assert_allclose([t.statistic for t in fit.tests], R[f"{name} tests"], rtol=EXACT)


@pytest.mark.parametrize("transform", ["km", "rank", "identity", "log"])
@pytest.mark.parametrize("name", MODELS)
def test_proportional_hazards(tables, name, transform):
    tests = proportional_hazards_test(model(tables, name), transform=transform)
    found = [value for t in tests for value in (t.statistic, t.df, t.p_value)]
    np.testing.assert_allclose(found, R[f"{name} zph {transform}"], rtol=EXACT)


@pytest.mark.parametrize("name", [name for name in MODELS if "entry" not in name])
def test_concordance(tables, name):
    cluster = MODELS[name][1].get("cluster")
    found = cox_concordance(model(tables, name), cluster=tables[name.split()[0]][cluster] if cluster else None)
    np.testing.assert_allclose([found.value, found.se], R[f"{name} concordance"], rtol=EXACT)


def test_baseline_hazard(tables):
    hazard = model(tables, "lung").baseline_hazard()
    np.testing.assert_allclose(hazard.time, R["lung hazard times"])
    np.testing.assert_allclose(hazard.cumulative_hazard, R["lung hazard"], rtol=EXACT)


def check_curve(curve: SurvivalCurve, name: str) -> None:
    found = np.concatenate([curve.time, curve.at_risk, curve.survival, curve.ci_low, curve.ci_high])
    np.testing.assert_allclose(found, R[name], rtol=EXACT, atol=1e-12)
    median = [np.nan if v is None else v for v in (curve.median, curve.median_low, curve.median_high)]
    np.testing.assert_allclose(median, R[f"{name} median"])


@pytest.mark.parametrize("limits", ["log", "log-log", "plain"])
def test_curve_of_veteran(tables, limits):
    veteran = tables["veteran"]
    check_curve(kaplan_meier(veteran["time"], veteran["status"], limits=limits), f"veteran curve {limits}")


def test_weights_that_are_no_counts_make_the_limits_robust_as_in_r(tables):
    rossi = tables["rossi"]
    curve = kaplan_meier(rossi["time"], rossi["status"], weights=rossi["w"])
    check_curve(curve, "rossi curve weighted")
    assert "robust" in curve.method


def test_clusters(tables):
    lung = tables["lung"]
    check_curve(
        kaplan_meier(lung["time"], lung["status"], weights=lung["w"], cluster=lung["inst"]), "lung curve cluster"
    )


def test_entry_times(tables):
    lung = tables["lung"]
    check_curve(kaplan_meier(lung["time"], lung["status"], start=lung["a"]), "lung curve entry")


def test_restricted_mean(tables):
    found = kaplan_meier(tables["lung"]["time"], tables["lung"]["status"]).restricted_mean(500)
    np.testing.assert_allclose([found.mean, found.se], R["lung mean"], rtol=EXACT)


@pytest.mark.parametrize("rho", [0, 0.5, 1])
def test_logrank(tables, rho):
    lung, veteran = tables["lung"], tables["veteran"]
    found = logrank(veteran["time"], veteran["status"], veteran["celltype"], rho=rho)
    np.testing.assert_allclose(
        [found.statistic, *found.observed, *found.expected], R[f"veteran logrank {rho}"], rtol=EXACT
    )
    found = logrank(lung["time"], lung["status"], lung["ph.ecog"], strata=lung["inst"], rho=rho)
    np.testing.assert_allclose(
        [found.statistic, *found.observed, *found.expected], R[f"lung logrank strata {rho}"], rtol=EXACT
    )
