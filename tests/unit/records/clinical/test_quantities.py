"""A protein concentration is the same in every unit, and nothing without one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurolupus.records.clinical import ProteinConcentration

HUNDREDTHS = st.integers(min_value=0, max_value=2000)


@pytest.mark.parametrize(
    ("value", "unit", "g_per_L"),
    [(50, "mg/dL", 0.5), (500, "mg/L", 0.5), (0.5, "g/L", 0.5), (72, "mg/dL", 0.72), (51, "mg/dL", 0.51),
     (50.1, "mg/dL", 0.501), (0, "g/L", 0.0), (29, "mg/dL", 0.29), (57, "mg/dL", 0.57)],
)  # fmt: skip
def test_units_by_hand(value: float, unit: Any, g_per_L: float):
    assert ProteinConcentration(value, unit).g_per_L == g_per_L


@pytest.mark.parametrize("given", [(0.72, None), (None, "g/L"), (None, None)])
def test_without_value_or_unit_it_is_unknown(given: Any):
    assert ProteinConcentration(*given).g_per_L is None


@given(HUNDREDTHS)
def test_every_unit_says_the_same(mg_per_dl: int):
    # Plain floats fail here: 0.01 * 57 is 0.5700000000000001, and a cut-off would move
    found = {
        ProteinConcentration(mg_per_dl, "mg/dL").g_per_L,
        ProteinConcentration(mg_per_dl * 10, "mg/L").g_per_L,
        ProteinConcentration(float(f"{mg_per_dl / 100:.2f}"), "g/L").g_per_L,
        float(f"{mg_per_dl // 100}.{mg_per_dl % 100:02d}"),
    }
    assert len(found) == 1
