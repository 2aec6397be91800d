"""The output folders below those that the server may read, and how far the measuring in each is."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from neurolupus.jobs.state import STATE_FOLDER, TaskState
from neurolupus.workflows.clinic.scan_intake import confined
from neurolupus.workflows.run_status import (
    place_in_words,
    rest_in_words,
    run_in_words,
    run_status,
    span_in_words,
    worth_showing,
)

DEEPEST = 3  # folders below a root: ROOT/derivatives/neurolupus and one more
ORDER = ("failed", "interrupted", "running", "waiting", "done")  # what needs a look comes first
MOST_LOOKED_AT = 5000  # entries, so that a root with a large data set beside its outputs does not hold the page up


@dataclass(frozen=True, slots=True)
class ShownTask:
    """One scan of a run, in words."""

    name: str
    status: str
    seconds: str
    tries: str
    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class ShownRun:
    """How far the measuring in one output folder is.

    Parameters
    ----------
    counts : dict of str to int
        Scans by status; those that have none are left out.
    at_work : bool
        Whether a run lives: the page looks again.
    not_shown : int
        Scans of a large data set that are only counted.
    """

    folder: Path
    counts: dict[str, int]
    total: int
    at_work: bool
    lines: tuple[str, ...]
    tasks: tuple[ShownTask, ...]
    not_shown: int


def output_folders(roots: Sequence[Path]) -> tuple[Path, ...]:
    """The folders below the roots that neurolupus measured into; neither links nor data sets are entered."""
    return tuple(sorted({found for root in roots for found in _outputs(root)}))


def shown_run(folder: Path, roots: Sequence[Path]) -> ShownRun:
    """How far the measuring in an output folder is.

    Raises
    ------
    UsageError
        The folder lies elsewhere, or nothing was measured into it.
    """
    place = confined(folder, roots)
    known = run_status(place)
    shown = worth_showing(known)
    return ShownRun(
        folder=folder,
        counts={status: count for status, count in known.counts.items() if count},
        total=len(known.tasks),
        at_work=bool(known.live),
        lines=(*(run_in_words(run) for run in known.live), *([rest_in_words(known.rest)] if known.rest else ())),
        tasks=tuple(_shown(task) for task in sorted(shown, key=lambda one: ORDER.index(one.status))),
        not_shown=len(known.tasks) - len(shown),
    )


def _shown(task: TaskState) -> ShownTask:
    seconds = span_in_words(task.seconds) if task.seconds else ""
    return ShownTask(
        task.name, task.status, seconds, str(task.tries or ""), place_in_words(task), task.reason.partition("\n")[0]
    )


def _outputs(root: Path) -> Iterator[Path]:
    left = MOST_LOOKED_AT
    level = [root]
    for _ in range(DEEPEST + 1):
        below: list[Path] = []
        for folder in level:
            if (folder / STATE_FOLDER).is_dir():
                yield folder
                continue
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        left -= 1
                        if left < 0:
                            return
                        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith((".", "sub-")):
                            below.append(folder / entry.name)
            except OSError:
                continue
        level = below
