"""Lets pytest find the benchmark's modules, which run as scripts and are no package."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "src")]
sys.path.append(str(ROOT / "training" / "wmh"))
