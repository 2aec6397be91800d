"""Builders for tests of `study run`: a study from a few lines of YAML, its patients from a frame."""

import numpy as np
import pandas as pd

from neurolupus.io.yamlfile import parse_yaml
from neurolupus.records.study_table import StudyTable
from neurolupus.study.check import check_table
from neurolupus.study.parse import parse_study
from neurolupus.study.run import full_context, run_study

HEAD = """
study: {id: toy, title: Toy, seed: 1}
data: {file: toy.csv, id: patient}
variables:
  age: {label: Age, unit: years, show: mean_sd}
  male: {label: Male, type: binary}
  drug: {label: Drug, levels: {cyc: Cyclophosphamide, mmf: Mycophenolate, none: None}}
  gm: {label: Grey, unit: ml, role: outcome}
  wm: {label: White, unit: ml, role: outcome}
  tbv: {label: Brain, unit: ml, role: outcome, identity: gm + wm}
  wmh: {label: WMH, unit: ml, role: outcome, transform: {fn: log, scale: 1000}, back: ratio}
groups:
  arm: {label: Arm, column: it, levels: {0: Control, 1: Treated}, reference: 0}
"""


def patients(n=120, seed=3, **columns):
    """A small cohort; columns given replace or add to it."""
    rng = np.random.default_rng(seed)
    it = np.tile([0, 1], n // 2)
    age = rng.normal(40, 12, n).round(1)
    gm = (600 - 2 * (age - 40) - 15 * it + rng.normal(0, 25, n)).round(1)
    wm = (500 - 10 * it + rng.normal(0, 25, n)).round(1)
    frame = pd.DataFrame(
        {
            "patient": [f"p{i:03}" for i in range(n)],
            "it": it,
            "age": age,
            "male": (rng.random(n) < 0.2).astype(int),
            "drug": rng.choice(["cyc", "mmf", "none"], n, p=[0.5, 0.3, 0.2]),
            "gm": gm,
            "wm": wm,
            "tbv": (gm + wm).round(1),
            "wmh": np.exp(rng.normal(0.2 + 0.6 * it, 1, n)).round(3),
        }
    )
    return frame.assign(**columns)


def study_of(text):
    """The study that HEAD and these lines state."""
    return parse_study(parse_yaml(HEAD + text, "toy.yaml"))


def population_of(study, frame):
    """The patients of a frame, as if it had been read from a file."""
    cells = frame.astype(object).where(frame.notna(), None)
    cells.index = pd.RangeIndex(2, 2 + len(cells))
    return check_table(study, StudyTable("toy.csv", cells))


def context_of(text, frame):
    """What every analysis of this study is given."""
    study = study_of(text)
    return full_context(study, population_of(study, frame).frame)


def results_of(text, frame):
    """The whole study."""
    study = study_of(text)
    return run_study(study, population_of(study, frame))


def value(results, path):
    """One number of the results or of a part."""
    found = {one.id: one.value for one in results.numbers}
    assert path in found, sorted(found)[:40]
    return found[path]


def said(results):
    """Every warning as one text."""
    return "\n".join(one.text for one in results.warnings)
