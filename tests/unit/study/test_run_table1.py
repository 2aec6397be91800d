import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

sys.path.insert(0, str(Path(__file__).parent))  # the builders beside this file

from a_run import context_of, patients, said, value

from neurolupus.study.run.table1 import table1_part

TABLE = "table1: {by: arm, rows: [age, male, drug]}\n"


def table_of(text, frame):
    context = context_of(text, frame)
    return table1_part(context, context.study.table1[0])


def cells(part, label):
    (table,) = [block for block in part.blocks if hasattr(block, "rows")]
    (row,) = [row for row in table.rows if row.cells[0].text == label]
    return [cell.text for cell in row.cells[1:]]


def test_counts_percentages_and_p_by_another_program():
    frame = patients()
    part = table_of(TABLE, frame)
    male = [frame.male[frame.it == arm].sum() for arm in (0, 1)]
    assert cells(part, "Male")[:2] == [f"{m} ({100 * m / 60:.1f})" for m in male]
    table = [[60 - male[0], 60 - male[1]], male]
    assert value(part, "table1.full.male.p_value") == pytest.approx(stats.chi2_contingency(table).pvalue)
    assert value(part, "table1.full.drug.p_value") == pytest.approx(
        stats.chi2_contingency(np.array([[sum((frame.it == a) & (frame.drug == d)) for a in (0, 1)]
                                         for d in ("cyc", "mmf", "none")])).pvalue
    )  # fmt: skip


def test_mean_sd_and_the_t_test_of_a_normal_row():
    frame = patients()
    part = table_of(TABLE, frame)
    a, b = (frame.age[frame.it == arm] for arm in (0, 1))
    assert cells(part, "Age, years")[0] == f"{a.mean():.1f} ± {a.std():.1f}"
    assert value(part, "table1.full.age.p_value") == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue)
    assert value(part, "table1.full.age.smd") == pytest.approx((b.mean() - a.mean()) / frame.age.std())


def test_levels_stand_below_their_variable_in_the_order_declared():
    (table,) = table_of(TABLE, patients()).blocks
    labels = [(row.cells[0].text, row.indent) for row in table.rows]
    assert labels[2:] == [("Drug", 0), ("Cyclophosphamide", 1), ("Mycophenolate", 1), ("None", 1)]


def test_missing_values_are_counted_by_arm_and_said_when_many():
    frame = patients()
    frame.loc[[0, 2, 4, *range(6, 40, 2)], "age"] = np.nan
    part = table_of(TABLE, frame)
    assert cells(part, "Age, years")[2] == "20/0"
    assert "Age is missing in 20 of 120 patients" in said(part)


def test_a_row_named_test_is_used_instead_of_the_rule():
    frame = patients()
    text = TABLE + "tests: {preset: r_default, normal: student}\n"
    a, b = (frame.age[frame.it == arm] for arm in (0, 1))
    assert value(table_of(text, frame), "table1.full.age.p_value") == pytest.approx(stats.ttest_ind(a, b).pvalue)


def test_the_rule_stands_under_the_table():
    (table,) = table_of(TABLE, patients()).blocks
    notes = " ".join(table.notes)
    assert "Yates" in notes
    assert "Welch" in notes
    assert "ᵃ" in notes


def test_an_infrequent_row_gets_fishers_test():
    frame = patients(male=[1, 1, 1] + [0] * 117)
    part = table_of(TABLE, frame)
    table = [[58, 59], [2, 1]]
    assert value(part, "table1.full.male.p_value") == pytest.approx(stats.fisher_exact(table).pvalue)


def test_nothing_depends_on_the_order_of_rows_or_columns():
    frame = patients()
    first = table_of(TABLE, frame)
    again = table_of(TABLE, frame.sample(frac=1, random_state=1)[list(reversed(frame.columns))])
    for one, other in zip(first.numbers, again.numbers, strict=True):
        assert one.id == other.id
        assert one.value == pytest.approx(other.value, nan_ok=True)


def test_relabelling_the_arms_turns_the_difference_round_and_keeps_p():
    frame = patients()
    part, turned = table_of(TABLE, frame), table_of(TABLE, frame.assign(it=1 - frame.it))
    assert value(turned, "table1.full.age.smd") == pytest.approx(-value(part, "table1.full.age.smd"))
    assert value(turned, "table1.full.drug.p_value") == pytest.approx(value(part, "table1.full.drug.p_value"))
