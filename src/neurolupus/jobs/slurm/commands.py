"""The four programs of Slurm that are used (sbatch, squeue, scontrol, scancel) and what they answer."""

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neurolupus.errors import UsageError

_ANSWERS_WITHIN_S = 120
_DEFAULT_MAX_ARRAY_SIZE = 1001  # slurm.conf(5)
# What sbatch says when a user may have no more jobs: the words of slurm_errno.c and of the reasons of a policy.
_FULL = re.compile(r"MaxSubmitJob|MaxSubmitPU|job submit limit|MaxJobCount|too many jobs|Resource temporarily", re.I)


class SlurmFullError(Exception):
    """Slurm takes no more jobs of this user for now."""


class SlurmSilentError(Exception):
    """Slurm did not answer; it may later."""


@dataclass(frozen=True, slots=True)
class ArrayTask:
    """One array task as Slurm knows it.

    Parameters
    ----------
    array : str
        The name of its array.
    index : int
        Its number in the array.
    job : str
        The id of the array.
    state, reason : str
        In Slurm's words: PENDING, RUNNING, TIMEOUT ...; Resources, QOSMaxCpuPerUserLimit ...
    """

    array: str
    index: int
    job: str
    state: str
    reason: str

    @property
    def is_over(self) -> bool:
        """Whether it will not run, or not run on."""
        return self.state not in NOT_OVER


# squeue(1), job state codes; every other state is an end.
NOT_OVER = frozenset(
    {
        "PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING",
        "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "RESV_DEL_HOLD",
    }
)  # fmt: skip


def submit(script: Path, options: Sequence[str]) -> str:
    """Hand a batch script to Slurm; the id of the job.

    Raises
    ------
    SlurmFullError
        The user may have no more jobs for now.
    UsageError
        Slurm refused: an unknown partition, more memory than any node has ...
    """
    done = _run(["sbatch", "--parsable", *options, str(script)])
    if done.returncode == 0:
        return done.stdout.strip().partition(";")[0]
    said = " ".join(line.removeprefix("sbatch: error: ").strip() for line in done.stderr.splitlines())
    if _FULL.search(said):
        raise SlurmFullError(said)
    raise UsageError(
        f"Slurm refused the scans: {said or f'sbatch ended with exit code {done.returncode}'}\n"
        "    Look at --slurm-options, --mem-gb and --minutes; sinfo tells what the partitions allow."
    )


def queue(arrays: Iterable[str]) -> list[ArrayTask]:
    """What Slurm knows of the tasks of these arrays, also of those that ended some minutes ago.

    Raises
    ------
    SlurmSilentError
    """
    names = list(arrays)
    if not names:
        return []
    words = ["squeue", "--noheader", f"--user={os.getuid()}", f"--name={','.join(names)}", "--states=all"]
    done = _run([*words, "--format=%j|%F|%K|%T|%r"], {"SLURM_BITSTR_LEN": "0"})  # else long lists of tasks are cut
    if done.returncode:
        raise SlurmSilentError(done.stderr.strip())
    return [task for line in done.stdout.splitlines() for task in _tasks_of(line)]


def _tasks_of(line: str) -> Iterator[ArrayTask]:
    name, job, indices, state, reason = (line.strip().split("|") + [""] * 5)[:5]
    for index in _indices(indices):
        yield ArrayTask(name, index, job, state, reason)


def _indices(text: str) -> Iterator[int]:
    """The numbers of `0-2,7%4`; none of what is no such list: a job without an array."""
    for part in text.partition("%")[0].split(","):
        found = re.fullmatch(r"(\d+)(?:-(\d+)(?::(\d+))?)?", part.strip())
        if found:
            first, last, step = (int(one) if one else None for one in found.groups())
            assert first is not None
            yield from range(first, (first if last is None else last) + 1, step or 1)


def cancel(arrays: Iterable[str]) -> None:
    """End every task of these arrays.

    Raises
    ------
    SlurmSilentError
    """
    for name in arrays:
        _run(["scancel", f"--user={os.getuid()}", f"--name={name}"])


def max_array_size() -> int:
    """How many tasks one array may have on this cluster.

    Raises
    ------
    SlurmSilentError
    UsageError
        Slurm is not on this machine.
    """
    done = _run(["scontrol", "show", "config"])
    if done.returncode:
        raise SlurmSilentError(done.stderr.strip())
    found = re.search(r"^MaxArraySize\s*=\s*(\d+)", done.stdout, re.M)
    return int(found[1]) if found else _DEFAULT_MAX_ARRAY_SIZE


def _run(words: Sequence[str], environment: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """Run one of Slurm's programs; without a shell.

    Raises
    ------
    SlurmSilentError
        It took too long.
    UsageError
        There is no such program.
    """
    try:
        return subprocess.run(  # noqa: S603 - a program of Slurm, options that were checked
            words,
            capture_output=True,
            text=True,
            check=False,
            timeout=_ANSWERS_WITHIN_S,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
        )
    except FileNotFoundError:
        raise UsageError(
            f"{words[0]} was not found; --executor slurm needs Slurm's programs on this machine.\n"
            "    Run it on a login node of the cluster, or use --executor local."
        ) from None
    except subprocess.TimeoutExpired:
        raise SlurmSilentError(f"{words[0]} did not answer within {_ANSWERS_WITHIN_S} s") from None
