"""A coordinator to be interrupted or killed: python coordinator.py OUT NAME=KIND ..."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import fake_work

from neurolupus.jobs.run import JobOptions, run_many
from neurolupus.jobs.task import Event, Task


def say(event: Event) -> None:
    print(event.name, event.kind, flush=True)


def main() -> int:
    out = Path(sys.argv[1])
    pairs = [argument.split("=") for argument in sys.argv[2:]]
    tasks = [Task(name, (kind, out / f"{name}.txt")) for name, kind in pairs]
    try:
        run_many(tasks, fake_work.work, out, options=JobOptions(2), clean_up=fake_work.clean_up, on_event=say)
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
