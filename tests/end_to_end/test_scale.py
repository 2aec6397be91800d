"""The benchmark of scale on a small data set: the bounds that the whole one is measured against."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "scale" / "run.py"


def bare_process_ms_now() -> float:
    """What a process costs after the run, measured as the benchmark measures it before."""
    command = [sys.executable, "-c", "import run; print(run.bare_process_ms())"]
    return float(subprocess.run(command, cwd=BENCHMARK.parent, check=True, capture_output=True, text=True).stdout)


@pytest.mark.usefixtures("python_path")
def test_three_hundred_scans_keep_the_bounds_of_ten_thousand(tmp_path: Path) -> None:
    out = tmp_path / "scale.json"
    subprocess.run([sys.executable, str(BENCHMARK), str(out), "--subjects", "300"], check=True, capture_output=True)
    told = json.loads(out.read_text())["300"]
    assert (told["done"], told["skipped"], told["status_done"]) == (300, 300, 300)
    assert told["table_complete_and_in_order"]
    assert told["index_s"] < 0.5
    assert told["per_scan_cpu_ms"] < 50  # what the coordinator itself computes
    # scheduling, told apart from the process itself, whose cost changes with what else the machine does meanwhile
    assert told["per_scan_ms"] - max(told["bare_process_ms"], bare_process_ms_now()) < 50
    assert told["coordinator_mb"] - told["before_mb"] < 10
    assert told["status_s"] < 1
    assert told["page_mb"] < 8
