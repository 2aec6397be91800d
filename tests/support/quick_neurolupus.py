"""The command line of neurolupus with a measurement that takes milliseconds: python quick_neurolupus.py measure ..."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "workflows"))

import fake_measure

from neurolupus.cli.app import main
from neurolupus.workflows import measure

if __name__ == "__main__":
    slow = "SLOW_DISK_S" in os.environ
    measure.measure_job = fake_measure.fake_measure_job_from_a_slow_disk if slow else fake_measure.fake_measure_job
    main()
