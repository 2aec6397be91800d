"""The benchmark of scale on a small data set: the bounds that the whole one is measured against."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "scale" / "run.py"


@pytest.mark.usefixtures("python_path")
def test_three_hundred_scans_keep_the_bounds_of_ten_thousand(tmp_path: Path) -> None:
    out = tmp_path / "scale.json"
    subprocess.run([sys.executable, str(BENCHMARK), str(out), "--subjects", "300"], check=True, capture_output=True)
    told = json.loads(out.read_text())["300"]
    assert (told["done"], told["skipped"], told["status_done"]) == (300, 300, 300)
    assert told["table_complete_and_in_order"]
    assert told["index_s"] < 0.5
    assert told["per_scan_ms"] - told["bare_process_ms"] < 50  # scheduling, told apart from the process itself
    assert told["coordinator_mb"] - told["before_mb"] < 10
    assert told["status_s"] < 1
    assert told["page_mb"] < 8
