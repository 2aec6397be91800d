"""Where scans are measured, and what each may take: the user's words made into an executor and limits."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args
from urllib.parse import urlsplit

from neurolupus.errors import UsageError, lacks_extra
from neurolupus.jobs.attend import TRIES
from neurolupus.jobs.executors import Executor
from neurolupus.jobs.executors.local import LocalExecutor
from neurolupus.jobs.limits import Limits
from neurolupus.workflows.capacity import Capacity, physical_memory_mb
from neurolupus.workflows.slurm import SlurmWishes, make_slurm_executor

ExecutorName: TypeAlias = Literal["local", "dask", "slurm"]

MINUTES_PER_SCAN = 60.0  # some fifty times what a scan takes, for slow disks and shared cores
LEAST_LIMIT_MB = 4096.0  # a pair of 0.7 mm takes 3.3 GB: docs/explanation/scale.md
LOOPBACK = ("localhost", "127.0.0.1", "::1")
KEPT_FREE = 0.1  # of this machine's memory, for everything else


@dataclass(frozen=True, slots=True)
class Execution:
    """Where scans are measured, and what each may take.

    Parameters
    ----------
    executor : {'local', 'dask', 'slurm'}
    mem_gb : float, optional
        Memory of one scan, in GB of 1024 MiB. By default the scan's share of this machine (nine tenths of its memory
        by the scans at once), and never less than 4; on a cluster 4.
    minutes : float, optional
        Wall time of one try; 60 by default, and what methods of the user's own may take on top.
    tries : int
        After so many a scan has failed.
    dask_address : str, optional
        Of a Dask scheduler; the workers must see data and output under the same paths.
    at_once : int, optional
        Scans at once on a cluster; as many as it lets run by default.
    slurm : SlurmWishes
    """

    executor: ExecutorName = "local"
    mem_gb: float | None = None
    minutes: float | None = None
    tries: int = TRIES
    dask_address: str | None = None
    at_once: int | None = None
    slurm: SlurmWishes = field(default_factory=SlurmWishes)

    def __post_init__(self) -> None:
        if self.executor not in get_args(ExecutorName):
            raise UsageError(f"Executor {self.executor!r} is unknown; choose {', '.join(get_args(ExecutorName))}.")
        for option, value in (("--mem-gb", self.mem_gb), ("--minutes", self.minutes), ("--tries", self.tries)):
            if value is not None and value <= 0:
                raise UsageError(f"{option} is {value:g}; more than 0 is needed.")
        if self.dask_address is not None and self.executor != "dask":
            raise UsageError(
                f"--dask-address was given, and the executor is {self.executor}.\n    Add --executor dask."
            )
        if self.slurm.given and self.executor != "slurm":
            raise UsageError(
                f"{' and '.join(self.slurm.given)} given, and the executor is {self.executor}.\n"
                "    Add --executor slurm."
            )


def make_executor(execution: Execution, capacity: Capacity) -> Executor:
    """The executor that was asked for.

    Raises
    ------
    UsageError
        The extra that it needs is not installed, or options for Slurm cannot be used.
    """
    makers: dict[ExecutorName, Callable[[], Executor]] = {
        "local": lambda: LocalExecutor(capacity.nprocs),
        "dask": lambda: _dask(execution, capacity),
        "slurm": lambda: make_slurm_executor(execution.slurm, threads=capacity.threads, at_once=execution.at_once),
    }
    return makers[execution.executor]()


def limits_of(execution: Execution, capacity: Capacity, *, method_minutes: float = 0.0) -> Limits:
    """What each try of a scan may take.

    Parameters
    ----------
    method_minutes : float
        What all methods of the user's own together may take on one scan.

    Examples
    --------
    >>> limits_of(Execution(mem_gb=3, minutes=5), Capacity(2, 2))
    Limits(memory_mb=3072, seconds=300)
    """
    memory_mb: float
    if execution.mem_gb is not None:
        memory_mb = execution.mem_gb * 1024
    elif execution.executor == "local":
        share = (physical_memory_mb() or 0) * (1 - KEPT_FREE) / capacity.nprocs
        memory_mb = max(LEAST_LIMIT_MB, share)
    else:
        memory_mb = LEAST_LIMIT_MB
    minutes = execution.minutes if execution.minutes is not None else MINUTES_PER_SCAN + method_minutes
    return Limits(memory_mb, minutes * 60)


def _dask(execution: Execution, capacity: Capacity) -> Executor:
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise UsageError(lacks_extra("--executor dask", error.name, "dask")) from None
    from neurolupus.jobs.executors.dask import DaskExecutor

    if execution.dask_address is None:
        return DaskExecutor(capacity.nprocs)
    return DaskExecutor(execution.at_once, execution.dask_address)


def cautions(execution: Execution) -> tuple[str, ...]:
    """What a user should hear before scans are sent to where they asked for."""
    if execution.dask_address is None:
        return ()
    address = urlsplit(execution.dask_address)
    if address.scheme == "tls" or address.hostname in LOOPBACK:
        return ()
    return (
        f"{execution.dask_address} is neither on this machine nor encrypted: whoever can reach that port can run "
        "programs as its owner. Use tls:// with certificates, or be sure of the network.",
    )
