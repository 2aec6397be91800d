"""Scans on a Dask cluster of our own on loopback: the same results, lost workers, coordinators that die."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from processes import has_ended

from neurolupus.errors import UsageError
from neurolupus.jobs.executors.dask import DaskExecutor
from neurolupus.jobs.run import JobOptions, run_many
from neurolupus.jobs.status import read_status
from neurolupus.jobs.task import Event, Task

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
FAKES = ROOT / "unit" / "jobs"


@pytest.fixture(autouse=True)
def _paths(python_path: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes find what the test finds, the cheap work too."""
    monkeypatch.syspath_prepend(str(FAKES))
    fakes = [str(FAKES), str(ROOT / "unit" / "workflows"), os.environ["PYTHONPATH"]]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(fakes))


Cluster = tuple[str, list[subprocess.Popen[bytes]]]


@contextmanager
def serving(folder: Path, *, protocol: str = "tcp") -> Iterator[Cluster]:
    """A scheduler and two workers of two threads each, on loopback; its address and the workers."""
    told = folder / "scheduler.json"  # where the scheduler says which port it has: one that was free may be taken since
    quiet = {**os.environ, "DASK_DISTRIBUTED__SCHEDULER__HTTP__ROUTES": "[]"}
    loopback = ["--host", "127.0.0.1", "--protocol", protocol, "--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", *loopback,
               "--scheduler-file", str(told)]  # fmt: skip
    at_work = [subprocess.Popen(command, env=quiet, stderr=subprocess.DEVNULL)]
    try:
        wait_until(lambda: told.is_file() and told.read_text().rstrip().endswith("}"))
        address = json.loads(told.read_text())["address"]
        worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "2", "--no-nanny",
                  *loopback, "--memory-limit", "0", "--local-directory", str(folder / "dask")]  # fmt: skip
        at_work += [subprocess.Popen(worker, env=quiet, stderr=subprocess.DEVNULL) for _ in range(2)]
        _wait_for_workers(address)
        yield address, at_work[1:]
    finally:
        for process in reversed(at_work):
            process.kill()
            process.wait()


def _wait_for_workers(address: str) -> None:
    from distributed import Client

    with Client(address, timeout=60, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)


@pytest.fixture
def cluster(tmp_path: Path, _paths: None) -> Iterator[Cluster]:
    """A cluster without encryption."""
    with serving(tmp_path) as made:
        yield made


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def tasks_of(out: Path, **kinds: str) -> list[Task]:
    return [Task(name, (kind, out / f"{name}.txt")) for name, kind in kinds.items()]


def times(out: Path, name: str, what: str = "count") -> int:
    path = out / f"{name}.{what}"
    return len(path.read_text()) if path.exists() else 0


def test_a_cluster_of_our_own_listens_on_no_port_and_does_what_local_does(tmp_path: Path) -> None:
    import fake_work

    ports: list[object] = []

    def look(event: Event) -> None:
        ports.extend(one for one in psutil.Process().net_connections() if one.status == psutil.CONN_LISTEN)

    kinds = {"a": "works", "b": "bad image", "c": "dies once", "d": "is killed"}
    before = [one for one in psutil.Process().net_connections() if one.status == psutil.CONN_LISTEN]
    for name, executor in (("dask", DaskExecutor(2)), ("local", None)):
        outcomes = run_many(
            tasks_of(tmp_path / name, **kinds), fake_work.work, tmp_path / name,
            options=JobOptions(2, executor=executor), clean_up=fake_work.clean_up, on_event=look,
        )  # fmt: skip
        assert [o.status for o in outcomes] == ["done", "failed", "done", "failed"]
        assert [times(tmp_path / name, n, "begun") for n in kinds] == [1, 1, 2, 3]
        assert {task.executor for task in read_status(tmp_path / name).tasks} == {name}
    assert [one for one in ports if one not in before] == []


def test_scans_of_a_lost_worker_are_done_by_another_and_none_twice(tmp_path: Path, cluster: Cluster) -> None:
    import fake_work

    address, workers = cluster
    names, at_work = [f"t{n}" for n in range(12)], set[str]()

    def begun() -> int:
        return sum(times(tmp_path, name, "begun") for name in names)

    def kill_one(event: Event) -> None:
        """Once each worker is in the middle of two scans, which go on when those of the lost one have ended."""
        if event.kind == "step":
            at_work.add(event.name)
        if len(at_work) < 4 or (tmp_path / "go").exists():
            return
        wait_until(lambda: begun() == 4)
        left = psutil.Process(workers[0].pid).children(recursive=True)
        assert len(left) == 2
        workers[0].kill()
        workers[0].wait()
        wait_until(lambda: all(has_ended(one) for one in left))
        (tmp_path / "go").touch()

    outcomes = run_many(
        tasks_of(tmp_path, **dict.fromkeys(names, "waits for go")), fake_work.work, tmp_path,
        options=JobOptions(executor=DaskExecutor(address=address)), clean_up=fake_work.clean_up, on_event=kill_one,
    )  # fmt: skip
    assert {o.status for o in outcomes} == {"done"}
    assert [times(tmp_path, name) for name in names] == [1] * len(names)
    assert begun() > len(names)  # some were begun on the lost worker
    assert workers[0].poll() is not None


COORDINATOR = """
import sys
from pathlib import Path
import fake_work
from neurolupus.jobs.executors.dask import DaskExecutor
from neurolupus.jobs.run import JobOptions, run_many
from neurolupus.jobs.task import Task
out = Path(sys.argv[1])
tasks = [Task(name, ("slow", out / f"{name}.txt")) for name in ("a", "b")]
run_many(tasks, fake_work.work, out, options=JobOptions(executor=DaskExecutor(address=sys.argv[2])),
         clean_up=fake_work.clean_up)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_scans_on_the_cluster_end_soon_after_their_coordinator(
    tmp_path: Path, cluster: Cluster, how: signal.Signals
) -> None:
    address, workers = cluster
    command = [sys.executable, "-c", COORDINATOR, str(tmp_path), address]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as coordinator:
        wait_until(lambda: read_status(tmp_path).count("running") == 2)
        wait_until(lambda: len(_scans_on(workers)) == 2)
        time.sleep(1.5)  # long enough for the workers to have seen that the coordinator lives
        coordinator.send_signal(how)
        coordinator.communicate(timeout=30)
    wait_until(lambda: _scans_on(workers) == [], 10)
    wait_until(lambda: read_status(tmp_path).count("interrupted") == 2, 10)
    assert not list(tmp_path.glob("*.unfinished"))


def _scans_on(workers: list[subprocess.Popen[bytes]]) -> list[int]:
    found = []
    for worker in workers:
        with suppress(psutil.NoSuchProcess):
            found += [child.pid for child in psutil.Process(worker.pid).children(recursive=True)]
    return found


def test_a_data_set_is_measured_on_a_cluster_with_the_bytes_of_this_machine(
    tmp_path: Path, make_dataset: Callable[..., Path], cluster: Cluster
) -> None:
    bids = make_dataset(["01", "02", "fault", "crash"])
    quick = str(ROOT / "support" / "quick_neurolupus.py")

    def measure(out: Path, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, quick, "measure", str(bids), str(out), *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    there = measure(tmp_path / "there", "--executor", "dask", "--dask-address", cluster[0])
    here = measure(tmp_path / "here")
    assert (there.returncode, here.returncode) == (12, 12), there.stderr
    assert "sub-crash  is tried again" in there.stderr
    for name in ("volumes.tsv", "sub-01/anat/sub-01_volumes.json", "sub-02/anat/sub-02_label-WMH_mask.nii.gz"):
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()
    with (tmp_path / "there" / "volumes.tsv").open(newline="") as file:
        assert [row["participant_id"] for row in csv.DictReader(file, delimiter="\t")] == ["sub-01", "sub-02"]
    state = json.loads((tmp_path / "there" / ".neurolupus" / "tasks" / "sub-01.json").read_text())
    assert state["executor"] == "dask"


def test_an_address_where_nobody_answers_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fake_work

    monkeypatch.setattr("neurolupus.jobs.executors.dask._CONNECT_S", 1.0)
    options = JobOptions(executor=DaskExecutor(address="tcp://127.0.0.1:9"))
    with pytest.raises(UsageError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        run_many(tasks_of(tmp_path, a="works"), fake_work.work, tmp_path, options=options)


def test_workers_with_another_neurolupus_are_refused(
    tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fake_work

    monkeypatch.setattr("neurolupus.jobs.executors.dask.__version__", "9.9.9")
    options = JobOptions(executor=DaskExecutor(address=cluster[0]))
    with pytest.raises(UsageError, match=r"has neurolupus .*; this is 9\.9\.9"):
        run_many(tasks_of(tmp_path, a="works"), fake_work.work, tmp_path, options=options)
    assert times(tmp_path, "a") == 0


def test_a_cluster_behind_certificates_is_reached_as_dask_is_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dask
    import fake_work
    from certificate import make_certificate

    cert, key = make_certificate(tmp_path, "localhost", "127.0.0.1")
    told = {"ca-file": cert}
    for who in ("scheduler", "worker", "client"):
        told |= {f"{who}.cert": cert, f"{who}.key": key}
    for name, path in told.items():
        variable = name.upper().replace(".", "__").replace("-", "_")
        monkeypatch.setenv(f"DASK_DISTRIBUTED__COMM__TLS__{variable}", path)
    with (
        dask.config.set({f"distributed.comm.tls.{name}": path for name, path in told.items()}),
        serving(tmp_path, protocol="tls") as (address, _),
    ):
        options = JobOptions(executor=DaskExecutor(address=address))
        (outcome,) = run_many(tasks_of(tmp_path, a="works"), fake_work.work, tmp_path, options=options)
    assert outcome.status == "done"
