import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

from a_run import context_of, patients

from neurolupus.errors import StatsError
from neurolupus.stats.design import Term, build_design
from neurolupus.study.run.terms import model_terms


def test_numbers_and_flags_make_the_design_that_build_design_makes():
    frame = patients()
    frame.loc[[2, 5], "age"] = np.nan
    frame.loc[7, "gm"] = np.nan
    context = context_of("", frame)
    full = context.full.frame
    ours = model_terms(context, full, ["arm", "age", "male"], also_complete=["gm"], intercept=True).design
    table = full.assign(arm=(full.arm == "1").astype(float))
    theirs = build_design(
        table, [Term("arm", "binary"), Term("age"), Term("male", "binary")], also_complete=["gm"], intercept=True
    )
    assert np.array_equal(ours.matrix, theirs.matrix)
    assert (ours.names, ours.terms, ours.n, ours.n_dropped) == (theirs.names, theirs.terms, theirs.n, theirs.n_dropped)
    assert np.array_equal(ours.rows, theirs.rows)
    assert {(g.column, g.n_missing) for g in ours.missing} == {(g.column, g.n_missing) for g in theirs.missing}


def test_levels_are_coded_against_the_reference_and_named_in_words():
    context = context_of("", patients())
    made = model_terms(context, context.full.frame, ["drug", "age"])
    assert made.design.names == ("drug[mmf]", "drug[none]", "age")
    assert made.labels["drug[mmf]"] == "Drug: Mycophenolate vs Cyclophosphamide"
    assert made.labels["age"] == "Age, per years"


def test_a_study_that_refuses_missing_values_is_obeyed():
    frame = patients()
    frame.loc[[2, 5], "age"] = np.nan
    context = context_of("", frame)
    missing = replace(context.study.data.missing, models="refuse")
    study = replace(context.study, data=replace(context.study.data, missing=missing))
    with pytest.raises(StatsError, match=r"2 patients left out .* refuses"):
        model_terms(replace(context, study=study), context.full.frame, ["age"])


def test_a_table_without_a_complete_row_is_refused_with_the_count():
    context = context_of("", patients())
    frame = context.full.frame.assign(age=np.nan)
    with pytest.raises(StatsError, match=r"age \(120\)"):
        model_terms(context, frame, ["age"])
