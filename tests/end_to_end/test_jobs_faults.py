"""Faults injected into runs over data sets: one scan is lost, the truth is told, and the next run heals.

The command line in processes of its own; scans are read and written in earnest and measured in milliseconds.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from processes import has_ended

pytestmark = pytest.mark.slow
SUPPORT = Path(__file__).parents[1] / "support"
MakeDataset = Callable[..., Path]


@pytest.fixture(autouse=True)
def _paths(python_path: None) -> None:
    """Processes find what the test finds."""


def start(*words: object) -> subprocess.Popen[str]:
    command = [sys.executable, str(SUPPORT / "quick_neurolupus.py"), *(str(word) for word in words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str], seconds: float = 120) -> tuple[int, str]:
    """Exit code, and what was said to stderr."""
    _, err = process.communicate(timeout=seconds)
    return process.returncode, err


def measure(bids: Path, out: Path, *words: object) -> tuple[int, str]:
    return finish(start("measure", bids, out, "--nprocs", 2, *words))


def participants_in_table(out: Path) -> list[str]:
    with (out / "volumes.tsv").open(newline="") as file:
        return [row["participant_id"] for row in csv.DictReader(file, delimiter="\t")]


def state(out: Path, name: str) -> dict[str, object]:
    told: dict[str, object] = json.loads((out / ".neurolupus" / "tasks" / f"{name}.json").read_text())
    return told


def is_in(out: Path, name: str, status: str) -> bool:
    with suppress(OSError, ValueError):
        return state(out, name)["status"] == status
    return False


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> float:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not happen in time"
        time.sleep(0.02)
    return time.monotonic() - began


def workers_of(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return [one for one in psutil.Process(pid).children(recursive=True) if "worker.py" in " ".join(one.cmdline())]
    return []


def bytes_of_results(out: Path) -> dict[str, bytes]:
    """Every file whose bytes must not depend on how often a run was interrupted, nor on where it lies."""
    files = [path for path in out.rglob("*") if path.is_file() and ".neurolupus" not in path.parts]
    elsewhere = ("_provenance.json", ".html", "dataset_description.json")
    kept = [path for path in files if not path.name.endswith(elsewhere)]
    return {str(path.relative_to(out)): path.read_bytes() for path in kept}


def test_a_worker_that_is_killed_is_followed_by_another(tmp_path: Path, make_dataset: MakeDataset) -> None:
    bids, out = make_dataset(["01", "slow"]), tmp_path / "out"
    process = start("measure", bids, out, "--nprocs", 2, "--tries", 2)
    wait_until(lambda: is_in(out, "sub-slow", "running") and is_in(out, "sub-01", "done"))
    wait_until(lambda: len(workers_of(process.pid)) == 1)
    first = workers_of(process.pid)[0]
    first.kill()
    wait_until(lambda: any(one.pid != first.pid for one in workers_of(process.pid)))
    next(one for one in workers_of(process.pid) if one.pid != first.pid).kill()
    code, err = finish(process)
    assert code == 12
    assert "sub-slow  is tried again: Its process was killed by SIGKILL" in err
    assert "(try 2 of 2)" in err
    assert participants_in_table(out) == ["sub-01"]


def test_workers_do_not_outlive_a_killed_coordinator_and_the_same_command_goes_on(
    tmp_path: Path, make_dataset: MakeDataset
) -> None:
    bids, out = make_dataset(["01", "slow"]), tmp_path / "out"
    process = start("measure", bids, out, "--nprocs", 2)
    wait_until(lambda: is_in(out, "sub-slow", "running") and is_in(out, "sub-01", "done"))
    wait_until(lambda: len(workers_of(process.pid)) == 1)
    orphan = workers_of(process.pid)[0]
    process.kill()
    process.communicate()
    assert wait_until(lambda: has_ended(orphan)) < 30  # the scan would have slept a minute
    told = json.loads(subprocess.run([sys.executable, "-m", "neurolupus", "status", out, "--json"],
                                     capture_output=True, text=True, check=True).stdout)  # fmt: skip
    assert (told["done"], told["interrupted"], told["runs"]) == (1, 1, [])
    (bids / "sub-slow").rename(bids / "sub-02")
    for path in (bids / "sub-02" / "anat").iterdir():
        path.rename(path.with_name(path.name.replace("slow", "02")))
    code, err = measure(bids, out)
    assert code == 0
    assert "sub-01  skipped: already done" in err
    assert participants_in_table(out) == ["sub-01", "sub-02"]
    fresh = tmp_path / "fresh"
    assert measure(bids, fresh)[0] == 0
    interrupted, whole = bytes_of_results(out), bytes_of_results(fresh)
    assert {name for name in whole if name.startswith("sub-") or name == "volumes.tsv"} <= set(interrupted)
    assert all(interrupted[name] == content for name, content in whole.items())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A file system of a given size, in memory; needs root."""
    mounted: list[Path] = []

    def mount(size: str) -> Path:
        place = tmp_path / "disk"
        place.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], capture_output=True)
        if done.returncode:
            pytest.skip(f"no small disk can be mounted here: {done.stderr.decode().strip()}")
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", "-l", place], check=False)


def test_a_full_disk_ends_the_run_and_a_larger_one_heals_it(
    tmp_path: Path, make_dataset: MakeDataset, small_disk: Callable[[str], Path]
) -> None:
    names = [f"{n:02d}" for n in range(1, 9)]
    bids, disk = make_dataset(names), small_disk("1m")
    out = disk / "out"
    code, err = measure(bids, out)
    assert code in (2, 12), err
    assert "No space left on device" in err
    assert "Traceback" not in err
    subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
    half = [path for path in out.glob("sub-*/anat") if not list(path.glob("*_volumes.json"))]
    assert not half
    code, err = measure(bids, out)
    assert code == 0, err
    assert participants_in_table(out) == [f"sub-{name}" for name in names]
    assert not list(out.glob(".tmp-*"))
    fresh = tmp_path / "fresh"
    assert measure(bids, fresh)[0] == 0
    assert bytes_of_results(out) == bytes_of_results(fresh)


def test_an_output_that_cannot_be_written_is_told_in_words(
    make_dataset: MakeDataset, small_disk: Callable[[str], Path]
) -> None:
    bids, disk = make_dataset(["01", "02"]), small_disk("16m")
    out = disk / "out"
    assert measure(bids, out, "--participant-label", "01")[0] == 0
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    before = bytes_of_results(out)
    code, err = measure(bids, out)
    assert code == 2
    assert "Read-only file system" in err
    assert "Traceback" not in err
    assert bytes_of_results(out) == before
    done = subprocess.run([sys.executable, "-m", "neurolupus", "status", out], capture_output=True, text=True)
    assert done.returncode == 0
    assert "sub-01" in done.stdout


def test_a_corrupt_image_among_good_ones_is_tried_once_and_fails_alone(
    tmp_path: Path, make_dataset: MakeDataset
) -> None:
    bids, out = make_dataset(["01", "02", "03"]), tmp_path / "out"
    damaged = bids / "sub-02" / "anat" / "sub-02_FLAIR.nii.gz"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[: len(whole) // 2])
    code, err = measure(bids, out)
    assert code == 12
    assert "sub-02  failed" in err
    assert "tried again" not in err
    assert "sub-02_FLAIR.nii.gz" in str(state(out, "sub-02")["reason"])
    assert state(out, "sub-02")["tries"] == 1
    assert participants_in_table(out) == ["sub-01", "sub-03"]
    damaged.write_bytes(gzip.compress(gzip.decompress(whole)))
    code, err = measure(bids, out, "--rerun", "failed")
    assert code == 0
    assert participants_in_table(out) == ["sub-01", "sub-02", "sub-03"]


@pytest.mark.parametrize(("seconds", "minutes", "code"), [(20, 5, 0), (120, 1, 12)])
def test_a_disk_that_takes_its_time_is_waited_for_within_the_limit_and_the_others_go_on(
    tmp_path: Path, make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch, seconds: int, minutes: int, code: int
) -> None:
    bids, out = make_dataset(["01", "slowdisk", "x1", "x2"]), tmp_path / "out"
    monkeypatch.setenv("SLOW_DISK_S", str(seconds))
    if not code:
        monkeypatch.setenv("SLOW_DISK_UNTIL", str(tmp_path / "others ended"))
    process = start("measure", bids, out, "--nprocs", 2, "--minutes", minutes, "--tries", 1)
    wait_until(lambda: all(is_in(out, f"sub-{name}", "done") for name in ("01", "x1", "x2")), 120)
    (tmp_path / "others ended").touch()
    ended, err = finish(process)
    assert ended == code, err
    assert participants_in_table(out) == [f"sub-{n}" for n in ("01", *(["slowdisk"] if code == 0 else []), "x1", "x2")]
    lines = [line.partition("] ")[2] for line in err.splitlines() if line.startswith("[")]
    assert lines[-1].startswith("sub-slowdisk")  # the others did not wait for it
    if code:
        assert "a scan may take 1.0 (--minutes)" in err


def test_what_another_machine_left_running_is_taken_up(tmp_path: Path, make_dataset: MakeDataset) -> None:
    bids, out = make_dataset(["01", "02"]), tmp_path / "out"
    assert measure(bids, out)[0] == 0
    path = out / ".neurolupus" / "tasks" / "sub-02.json"
    left = {**json.loads(path.read_text()), "status": "running", "host": "node7", "pid": 1, "finished": ""}
    path.write_text(json.dumps(left))
    (out / ".neurolupus" / "claims" / "sub-02.lock").touch()
    code, err = measure(bids, out)
    assert code == 0
    assert "sub-01  skipped: already done" in err
    assert state(out, "sub-02")["status"] == "done"
    assert state(out, "sub-02")["host"] != "node7"


def test_clocks_that_differ_by_days_change_nothing(tmp_path: Path, make_dataset: MakeDataset) -> None:
    bids, out = make_dataset(["01", "02"]), tmp_path / "out"
    ahead = time.time() + 3 * 86400
    for path in bids.rglob("*.nii.gz"):
        os.utime(path, (ahead, ahead))
    assert measure(bids, out)[0] == 0
    for name in ("sub-01", "sub-02"):
        path = out / ".neurolupus" / "tasks" / f"{name}.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "started": "2031-01-01T00:00:00+00:00"}))
    code, err = measure(bids, out)
    assert code == 0
    assert err.count("already done") == 2


def test_two_coordinators_at_once_share_the_work_and_lose_no_row(tmp_path: Path, make_dataset: MakeDataset) -> None:
    names = [f"{n:02d}" for n in range(1, 13)]
    bids, out = make_dataset(names), tmp_path / "out"
    both = [start("measure", bids, out, "--nprocs", 2) for _ in range(2)]
    ends = [finish(process) for process in both]
    assert [code for code, _ in ends] == [0, 0], ends
    measured = [line for _, err in ends for line in err.splitlines() if line.startswith("[") and line.endswith(" s")]
    assert len(measured) == len(names)  # each by one of them
    assert all(state(out, f"sub-{name}")["tries"] == 1 for name in names)
    assert participants_in_table(out) == [f"sub-{name}" for name in names]


def test_ctrl_c_ends_at_once_and_the_same_command_goes_on(tmp_path: Path, make_dataset: MakeDataset) -> None:
    bids, out = make_dataset(["01", "slow"]), tmp_path / "out"
    process = start("measure", bids, out, "--nprocs", 2)
    wait_until(lambda: is_in(out, "sub-slow", "running") and is_in(out, "sub-01", "done"))
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    code, err = finish(process)
    assert code == 130
    assert time.monotonic() - began < 30  # the scan would have slept a minute
    assert "Run the same command again" in err
    assert state(out, "sub-slow")["status"] == "interrupted"
