"""Lets pytest find the benchmark's modules, which run as scripts and are no package."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "src")]
