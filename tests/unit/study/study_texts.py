"""A small study that tests change in one place: `parsed(outcome="...")`."""

from __future__ import annotations

import pandas as pd

from neurolupus.io.yamlfile import parse_yaml
from neurolupus.records.study_table import StudyTable
from neurolupus.study.parse import parse_study
from neurolupus.study.schema import StudyFile

SMALL = """\
study: {id: small, title: A small study, seed: 1}
data: {id: patient}
groups:
  it: {levels: {0: Control, 1: Intrathecal}}
variables:
  age: {unit: years, range: [0, 110]}
  male: {type: binary}
  prot: {unit: g/L, derive: {high: "> 0.5"}}
  subtypes: {type: multilabel, vocabulary: [seizure, headache, acs],
             derive: {n_subtypes: count, headache_only: "== {headache}"}}
  drug: {type: nominal, levels: {cyc: Cyclophosphamide, none: None}, derive: {cyc_use: "== cyc"}}
outcomes:
  relapse: {type: time_to_event, time: years, event: ep, components: {relapse: {}, death: {}}, censored: none}
match:
  psm: {covariates: [age, male], caliper: 0.2}
models:
  adj: {type: cox, outcome: relapse, terms: [it, high, seizure]}
  km: {type: kaplan_meier, outcome: relapse, cohort: [full, matched]}
"""

ROWS: list[dict[str, object]] = [
    {"patient": "P1", "it": "0", "age": "30", "male": "1", "prot": "0.4", "subtypes": "seizure", "drug": "cyc",
     "years": "1.5", "ep": "none"},
    {"patient": "P2", "it": "1", "age": "41", "male": "0", "prot": "0.7", "subtypes": "headache", "drug": "none",
     "years": "2", "ep": "relapse"},
    {"patient": "P3", "it": "0", "age": "25", "male": "no", "prot": "0.5", "subtypes": "headache;acs", "drug": "cyc",
     "years": "0.5", "ep": "death"},
    {"patient": "P4", "it": "1", "age": "60", "male": "yes", "prot": None, "subtypes": "", "drug": None,
     "years": "3", "ep": "none"},
]  # fmt: skip


def parsed(text: str = SMALL) -> StudyFile:
    """The study that a text states."""
    return parse_study(parse_yaml(text, "s.yaml"))


def a_table(*changes: tuple[int, str, object], rows: list[dict[str, object]] | None = None) -> StudyTable:
    """The table of the small study with some cells changed: `(row of the file, column, cell)`."""
    cells = [dict(row) for row in (ROWS if rows is None else rows)]
    for row, column, cell in changes:
        cells[row - 2][column] = cell
    frame = pd.DataFrame(cells, dtype=object)
    frame = frame.where(frame.notna(), None)
    frame.index = pd.RangeIndex(2, 2 + len(frame))
    return StudyTable("t.csv", frame, (("t.csv", "0" * 64),))
