"""Terms and a table become a matrix; what is wrong with either is told."""

import numpy as np
import pandas as pd
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.design import Term, build_design
from neurolupus.stats.matrix_checks import check_full_rank, leverage, size_notes, variance_inflation

TABLE = pd.DataFrame(
    {
        "age": [30.0, 41, np.nan, 25, 60],
        "male": [0, 1, 0, 0, 1],
        "drug": ["cyc", "mmf", "rtx", None, "cyc"],
        "sex": ["female", "male", "female", "female", "male"],
    }
)
DRUG = Term("drug", "nominal", ("cyc", "mmf", "rtx"))


def test_matrix_by_hand_with_its_dropped_rows():
    design = build_design(TABLE, [Term("age"), Term("male", "binary"), DRUG])
    assert design.names == ("intercept", "age", "male", "drug[mmf]", "drug[rtx]")
    assert design.matrix.tolist() == [[1, 30, 0, 0, 0], [1, 41, 1, 1, 0], [1, 60, 1, 0, 0]]
    assert design.rows.tolist() == [0, 1, 4]
    assert (design.n, design.n_dropped) == (3, 2)
    assert [(gap.column, gap.n_missing) for gap in design.missing] == [("age", 1), ("drug", 1)]
    assert design.columns_of("drug") == (3, 4)


def test_a_stated_reference_comes_first():
    design = build_design(TABLE, [Term("drug", "nominal", ("cyc", "mmf", "rtx"), reference="rtx")], intercept=False)
    assert design.names == ("drug[cyc]", "drug[mmf]")


def test_a_binary_column_in_words():
    design = build_design(TABLE, [Term("sex", "binary", ("female", "male"))], intercept=False)
    assert design.matrix.ravel().tolist() == [0, 1, 0, 0, 1]


def test_an_interaction_is_the_product():
    design = build_design(TABLE, [Term("male", "binary"), DRUG], interactions=[("male", "drug")])
    assert design.names[-2:] == ("male:drug[mmf]", "male:drug[rtx]")
    assert design.matrix[:, -2].tolist() == [0, 1, 0, 0]
    assert design.columns_of("male:drug") == (4, 5)


def test_the_outcome_must_be_there_too():
    assert build_design(TABLE, [Term("male", "binary")], also_complete=["age"]).n == 4


def test_order_of_rows_changes_only_the_order_of_rows():
    turned = TABLE.iloc[::-1].reset_index(drop=True)
    terms = [Term("age"), DRUG]
    assert build_design(turned, terms).matrix.tolist() == build_design(TABLE, terms).matrix[::-1].tolist()


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ([Term("agee")], "'agee'. Did you mean 'age'"),
        ([Term("drug")], r"drug holds 'cyc' in row 0 \(4 such cells\)"),
        ([Term("age", "binary")], "0 and 1 are needed"),
        ([Term("drug", "nominal", ("cyc", "mmf"))], r"'rtx' \(1\), not among its declared levels"),
        ([Term("drug", "nominal", ("cyc", "mmf", "rtx"), reference="aza")], "reference 'aza'"),
        ([Term("drug", "binary", ("cyc", "mmf", "rtx"))], "declare it as nominal"),
        ([Term("age"), Term("age")], "occur twice"),
    ],
)
def test_faults_are_told(terms, words):
    with pytest.raises(StatsError, match=words):
        build_design(TABLE, terms)


def test_dates_are_no_numbers():
    table = pd.DataFrame({"onset": pd.to_datetime(["2013-01-02", "2014-05-06"])})
    with pytest.raises(StatsError, match="onset holds dates, such as 2013-01-02"):
        build_design(table, [Term("onset")])


def test_interaction_of_an_undeclared_term_is_refused():
    with pytest.raises(StatsError, match="which is no term"):
        build_design(TABLE, [Term("age")], interactions=[("age", "male")])


def test_an_all_missing_column_leaves_no_row():
    with pytest.raises(StatsError, match=r"None of 5 rows is complete: x \(5\)"):
        build_design(TABLE.assign(x=np.nan), [Term("x")])


def test_constant_and_dependent_columns_are_named():
    wm, gm = np.array([1.0, 2, 4, 3, 7]), np.array([2.0, 1, 5, 2, 2])
    x = np.column_stack([np.ones(5), wm, gm, wm + gm, np.full(5, 3.0)])
    with pytest.raises(StatsError, match="csf is constant; tbv is a combination of wm and gm"):
        check_full_rank(x, ["intercept", "wm", "gm", "tbv", "csf"])


def test_units_do_not_decide_what_is_dependent():
    rng = np.random.default_rng(3)
    x = np.column_stack([np.ones(50), rng.normal(size=50) * 1e-6, rng.normal(size=50) * 1e6])
    check_full_rank(x, ["intercept", "a", "b"])


def test_more_coefficients_than_rows_are_refused():
    with pytest.raises(StatsError, match="2 rows for 3 coefficients"):
        check_full_rank(np.ones((2, 3)), ["a", "b", "c"])


def test_inflation_of_two_columns_is_one_over_one_minus_r_squared():
    rng = np.random.default_rng(5)
    a = rng.normal(size=40)
    b = a + rng.normal(size=40)
    x = np.column_stack([np.ones(40), a, b])
    wanted = 1 / (1 - np.corrcoef(a, b)[0, 1] ** 2)
    assert [v.vif for v in variance_inflation(x, ["intercept", "a", "b"])] == pytest.approx([wanted, wanted])
    assert leverage(x).sum() == pytest.approx(3)


def test_notes_on_size():
    assert size_notes(100, 10) == ()
    assert size_notes(99, 10) == ("99 rows for 10 terms: 9.9 per term, fewer than 10.",)
