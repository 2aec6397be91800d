"""The command line with a measurement that takes milliseconds: python fake_cli.py measure BIDS OUT."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflows"))

import fake_measure

from neurolupus.cli.app import main
from neurolupus.workflows import measure

if __name__ == "__main__":
    measure.measure_job = fake_measure.fake_measure_job
    main()
