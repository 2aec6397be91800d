"""neurolupus status: what people and programs are told of a run that lives, of one that ended, of a large one."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from neurolupus.cli.app import main
from neurolupus.jobs.attend import record_failure
from neurolupus.jobs.plan import PlanFile, planned
from neurolupus.jobs.state import StateFolder, TaskState

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Exit code, stdout and stderr of the command line, in this process."""

    def run(*words: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        said = capsys.readouterr()
        code = ended.value.code
        return code if isinstance(code, int) else 0, said.out, said.err

    return run


@contextmanager
def at_work(out: Path, total: int, done: int) -> Iterator[PlanFile]:
    """A run that lives: so many scans of 40 s are done, the others wait; one has failed before its third try."""
    names = [f"sub-{n:03d}" for n in range(total)]
    with planned(out, names, executor="dask", places=4) as plan:
        for name in names[:done]:
            state = TaskState(name, "done", key="k", seconds=40.0, tries=1, run=plan.run, executor="dask", host="node7")
            StateFolder(out).write(state)
        record_failure(out, names[done], "It took 4.2 GB of memory (try 3 of 3)", run=plan.run)
        plan.tell(done + 1)
        yield plan


def test_a_person_is_told_what_waits_where_scans_ran_and_what_is_left(cli: Cli, tmp_path: Path) -> None:
    with at_work(tmp_path, 21, 10):
        code, out, err = cli("status", tmp_path)
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert lines["sub-000"].split() == ["sub-000", "done", "40.0", "1", "dask", "on", "node7"]
    assert lines["sub-020"].split() == ["sub-020", "waiting"]
    assert "try 3 of 3" in lines["sub-010"]
    assert "dask, 4 at once" in err
    assert "10 done, 10 waiting, 1 failed" in err
    # ten of 40 s, four at once: 100 s of work, and at the end three of four may idle for half a scan
    assert "About 2 min left (2 min to 2 min in 80% of runs like this): 10 scans, 4 at once, 40 s each" in err


def test_a_program_is_told_all_of_it(cli: Cli, tmp_path: Path) -> None:
    with at_work(tmp_path, 21, 10) as plan:
        _, out, _ = cli("status", tmp_path, "--json")
    told = json.loads(out)
    assert (told["done"], told["waiting"], told["failed"]) == (10, 10, 1)
    assert (told["left"]["low"], told["left"]["seconds"], told["left"]["high"]) == (100.0, 115.0, 130.0)
    assert told["left"]["level"] == 0.8
    assert [(run["run"], run["executor"], run["places"]) for run in told["runs"]] == [(plan.run, "dask", 4)]
    assert (told["scans"][0]["host"], told["scans"][0]["tries"]) == ("node7", 1)
    assert len(told["scans"]) == 21


def test_of_a_large_data_set_only_what_needs_a_look_is_listed(cli: Cli, tmp_path: Path) -> None:
    with at_work(tmp_path, 200, 60):
        _, out, _ = cli("status", tmp_path)
    assert [line.split()[0] for line in out.splitlines()] == ["scan", "sub-060", "…"]
    assert "and 199 more" in out


def test_watching_ends_with_the_run(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, let_go = threading.Event(), threading.Event()
    slept: list[float] = []

    def run() -> None:
        with at_work(tmp_path, 5, 3):
            seen.set()
            let_go.wait(60)

    thread = threading.Thread(target=run)

    def sleep(seconds: float) -> None:
        """The run ends between the first look and the second."""
        slept.append(seconds)
        let_go.set()
        thread.join()

    monkeypatch.setattr("neurolupus.cli.status.time", SimpleNamespace(sleep=sleep))
    thread.start()
    assert seen.wait(60)
    code, _, err = cli("status", tmp_path, "--watch", "--every", "0.5")
    thread.join()
    assert (code, slept) == (0, [0.5])
    assert (
        err.count("3 done, 1 waiting, 1 failed") == 2
    )  # while it lived, and at the end, where nothing is left to tell
    assert err.count("left (") == 1


def test_watching_is_for_people(cli: Cli, tmp_path: Path) -> None:
    code, _, err = cli("status", tmp_path, "--watch", "--json")
    assert code == 2
    assert "give one of them" in err
