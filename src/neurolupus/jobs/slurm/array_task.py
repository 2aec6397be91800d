"""What one array task does: read its order, attend to it here, tell how it ended.

Started by the batch script as `python -m neurolupus.jobs.slurm.array_task PLAN SHA256` on a node of the cluster.
"""

import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from neurolupus.jobs.attend import attend, record_failure
from neurolupus.jobs.slurm.submission import other_version, read_order, read_plan, write_outcome
from neurolupus.jobs.task import Outcome

FAILED = 1
TERMINATED = 143


def main(arguments: Sequence[str]) -> int:
    """Do the scan whose number is in SLURM_ARRAY_TASK_ID; the exit code is for those who read Slurm's accounts."""
    plan, sha256 = Path(arguments[0]), arguments[1]
    index = int(os.environ["SLURM_ARRAY_TASK_ID"])
    terminated = threading.Event()  # by scancel, the time limit, or another's higher priority
    signal.signal(signal.SIGTERM, lambda number, frame: terminated.set())
    told = read_plan(plan, sha256)
    if fault := other_version(told):
        outcome = record_failure(plan.parents[3], told["tasks"][index]["name"], fault, run=told["run"])
        write_outcome(plan, index, outcome)
        return FAILED
    sys.path.extend(one for one in told["path"] if one not in sys.path)  # the order names what to import
    order = read_order(plan.with_name("orders"), told["tasks"][index])
    outcome = attend(order, stopped=terminated.is_set)
    if terminated.is_set() and outcome.status != "done":
        return TERMINATED  # why is known to Slurm alone: the coordinator asks there
    write_outcome(plan, index, outcome)
    _tell(outcome)
    return FAILED if outcome.status in ("failed", "again") else 0


def _tell(outcome: Outcome) -> None:
    if outcome.reason:
        sys.stderr.write(f"{outcome.name}: {outcome.status}: {outcome.reason}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
