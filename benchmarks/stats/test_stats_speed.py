"""The benchmark's own arithmetic: tables are reproducible, ratios are against neurolupus, absences are told."""

import data
import numpy as np
import peers
import pytest
import run as bench


@pytest.mark.parametrize("task", bench.TASKS)
def test_every_task_of_ours_runs_and_finds_numbers(task, tmp_path):
    # a wrong name would read as "absent" on the page
    path = tmp_path / "386.f64"
    data.table(386).T.tofile(path)
    found = peers.ours(task, path)()
    assert found
    assert np.isfinite(found).all()


def test_tables_are_the_same_each_time_and_as_described():
    one = data.table(2000)
    assert np.array_equal(one, data.table(2000))
    c = dict(zip(data.COLUMNS, one.T, strict=True))
    assert 0.4 < c["event"].mean() < 0.75
    assert 0.2 < c["treated"].mean() < 0.4
    assert set(c["outcome"]) == {0.0, 1.0, 2.0}
    assert len(set(c["time"])) < 2000


def test_ratios_are_against_neurolupus():
    base = bench.Timing("cox", "neurolupus", 386, 0.5, 100.0)
    assert bench._cell(bench.Timing("cox", "R", 386, 1.5, 80.0), base) == "1.5 s (3×), 80 MB"
    assert bench._cell(base, base) == "0.5 s, 100 MB"
    assert bench._cell(None, base) == "–"


def test_absent_tools_are_told_on_the_page():
    timings = [
        {"task": "cox", "tool": "neurolupus", "rows": 386, "seconds": 0.5, "peak_mb": 100.0},
        {"task": "cox", "tool": "R", "rows": 386, "absent": "no Rscript"},
    ]
    page = bench.markdown({"command": "c", "machine": "m", "timings": timings})
    assert "- R: no Rscript" in page
    assert "| neurolupus | 0.5 s, 100 MB |  |" in page
