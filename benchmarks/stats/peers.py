"""One tool, one task, one table, in a process of its own: seconds and the numbers it found, as one JSON line.

python peers.py TOOL TASK TABLE
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np
from data import COVARIATES, read_table

NAMES = [f"x{j + 1}" for j in range(COVARIATES)]
FAST = 1.0  # seconds under which a run is repeated, the best of three kept


def _arrays(path: Path):
    c = read_table(path)
    x = np.column_stack([c[name] for name in NAMES])
    return c, x, np.column_stack([np.ones(len(x)), x])


def ours(task: str, path: Path) -> Callable[[], list[float]]:
    c, x, with_ones = _arrays(path)
    names = ["intercept", *NAMES]
    if task == "matching":
        match = import_module("neurolupus.stats.matching").match_nearest

        def run() -> list[float]:
            found = match(c["logit"], c["treated"], caliper=0.2)
            return [float(found.n_sets)]
    elif task == "cox":
        cox = import_module("neurolupus.stats.cox").cox_regression

        def run() -> list[float]:
            return [e.value for e in cox(c["time"], c["event"], x, NAMES).estimates]
    elif task == "km_log_rank":
        kaplan_meier = import_module("neurolupus.stats.kaplan_meier").kaplan_meier
        logrank = import_module("neurolupus.stats.logrank").logrank

        def run() -> list[float]:
            for arm in (0.0, 1.0):
                kaplan_meier(c["time"][c["treated"] == arm], c["event"][c["treated"] == arm])
            return [logrank(c["time"], c["event"], c["treated"]).statistic]
    elif task == "multinomial":
        multinomial = import_module("neurolupus.stats.multinomial").multinomial_regression

        def run() -> list[float]:
            return [e.value for e in multinomial(c["outcome"], with_ones, names, [0.0, 1.0, 2.0]).estimates]
    else:
        logistic = import_module("neurolupus.stats.logistic").logistic_regression

        def run() -> list[float]:
            return [e.value for e in logistic(c["treated"], with_ones, names).estimates]

    return run


def with_statsmodels(task: str, path: Path) -> Callable[[], list[float]]:
    import statsmodels.api as sm
    from statsmodels.duration.survfunc import survdiff

    c, x, with_ones = _arrays(path)
    if task == "cox":
        return lambda: sm.PHReg(c["time"], x, status=c["event"], ties="efron").fit().params.tolist()
    if task == "km_log_rank":

        def run() -> list[float]:
            for arm in (0.0, 1.0):
                sm.SurvfuncRight(c["time"][c["treated"] == arm], c["event"][c["treated"] == arm])
            return [float(survdiff(c["time"], c["event"], c["treated"])[0])]

        return run
    if task == "multinomial":
        return lambda: sm.MNLogit(c["outcome"], with_ones).fit(disp=0).params.T.ravel().tolist()
    if task == "logistic":
        return lambda: sm.Logit(c["treated"], with_ones).fit(disp=0).params.tolist()
    raise ModuleNotFoundError(f"statsmodels has no {task}")


def with_lifelines(task: str, path: Path) -> Callable[[], list[float]]:
    import pandas as pd
    from lifelines import CoxPHFitter, KaplanMeierFitter
    from lifelines.statistics import logrank_test

    c, x, _ = _arrays(path)
    if task == "cox":
        frame = pd.DataFrame(x, columns=NAMES).assign(time=c["time"], event=c["event"])
        return lambda: CoxPHFitter().fit(frame, "time", "event").params_.tolist()
    if task == "km_log_rank":
        one = c["treated"] == 1

        def run() -> list[float]:
            for arm in (one, ~one):
                KaplanMeierFitter().fit(c["time"][arm], c["event"][arm])
            found = logrank_test(c["time"][one], c["time"][~one], c["event"][one], c["event"][~one])
            return [float(found.test_statistic)]

        return run
    raise ModuleNotFoundError(f"lifelines has no {task}")


TOOLS = {"neurolupus": ours, "statsmodels": with_statsmodels, "lifelines": with_lifelines}


def main(tool: str, task: str, table: str) -> None:
    """Times one task; the first, unmeasured run of ours is on 386 rows, so that compilation is told apart."""
    warnings.simplefilter("ignore")
    path = Path(table)
    try:
        began = time.perf_counter()
        TOOLS[tool](task, path.with_name("386.f64"))()
        warm_up = time.perf_counter() - began
        run = TOOLS[tool](task, path)
    except (ModuleNotFoundError, AttributeError) as error:
        print(json.dumps({"absent": str(error)}))
        return
    seconds = []
    while not seconds or (len(seconds) < 3 and min(seconds) < FAST):
        began = time.perf_counter()
        found = run()
        seconds.append(time.perf_counter() - began)
    print(json.dumps({"seconds": min(seconds), "warm_up_seconds": warm_up, "found": found}))


if __name__ == "__main__":
    main(*sys.argv[1:])
