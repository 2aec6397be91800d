"""How many scans are measured at once, and on how many threads each."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MEMORY_PER_SCAN_MB = 1792  # a 1 mm pair takes 1.4 to 1.6 GB: docs/explanation/scale.md, docs/reference/accuracy.md


@dataclass(frozen=True, slots=True)
class Capacity:
    """Scans at once and threads of each."""

    nprocs: int
    threads: int


def available_cpus() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def physical_memory_mb() -> int | None:
    """Memory in MiB of this machine, or of the container that this runs in; None where the system does not tell."""
    try:
        machine_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024**2
    except (AttributeError, ValueError, OSError):
        return None
    return min([machine_mb, *_container_mb()])


def _container_mb() -> list[int]:
    """What a container may take, by the first or second version of control groups; nothing where it has no limit."""
    found = []
    for path in CGROUP_LIMITS:
        with suppress(OSError, ValueError):  # `max`: no limit
            found.append(int(path.read_text(encoding="ascii")) // 1024**2)
    return found


def plan_capacity(nprocs: int | None, threads: int | None, memory_mb: int | None = None) -> Capacity:
    """The numbers asked for, or what the machine allows.

    Threads are two unless chosen, whatever the machine, since their number may change the last digit of a result.

    Parameters
    ----------
    memory_mb : int, optional
        What all scans together may take; the machine's memory by default. It limits only an `nprocs` that was
        not chosen.

    Examples
    --------
    >>> plan_capacity(3, 1)
    Capacity(nprocs=3, threads=1)
    """
    threads = threads or min(2, available_cpus())
    if nprocs is not None:
        return Capacity(nprocs, threads)
    memory_mb = memory_mb or physical_memory_mb() or MEMORY_PER_SCAN_MB
    return Capacity(max(1, min(available_cpus() // threads, memory_mb // MEMORY_PER_SCAN_MB)), threads)


def thread_environment(threads: int) -> dict[str, str]:
    """Environment variables that hold every numerical library to `threads` threads."""
    count = str(threads)
    libraries = ("OMP", "OPENBLAS", "MKL", "NUMEXPR")
    return {
        **{f"{library}_NUM_THREADS": count for library in libraries},
        "VECLIB_MAXIMUM_THREADS": count,
        "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": count,
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "Agg",
    }
