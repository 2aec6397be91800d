"""What Slurm's programs answer, in the words of its manual pages and of a Slurm 22.05, and how it is understood."""

import stat
from pathlib import Path

import pytest

from neurolupus.errors import UsageError
from neurolupus.jobs.slurm import commands
from neurolupus.jobs.slurm.commands import SlurmFullError, SlurmSilentError


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of stand-ins, the only ones found."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def stand_in(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_the_queue_of_an_array(programs: Path):
    # squeue 22.05 with --format=%j|%F|%K|%T|%r, an array of ten, two at once
    stand_in(
        programs,
        "squeue",
        'test "$SLURM_BITSTR_LEN" = 0 || exit 9\n'
        "printf 'nl-1|7|4-5,8%%2|PENDING|JobArrayTaskLimit\\n'\n"
        "printf 'nl-1|7|2|RUNNING|None\\nnl-1|7|1|TIMEOUT|TimeLimit\\nother|9|N/A|RUNNING|None\\n'",
    )
    tasks = commands.queue(["nl-1"])
    assert [(task.index, task.state, task.is_over) for task in tasks] == [
        (4, "PENDING", False),
        (5, "PENDING", False),
        (8, "PENDING", False),
        (2, "RUNNING", False),
        (1, "TIMEOUT", True),
    ]
    assert tasks[0].reason == "JobArrayTaskLimit"


def test_nothing_is_asked_about_nothing(programs: Path):
    stand_in(programs, "squeue", "exit 1")
    assert commands.queue([]) == []


def test_a_queue_that_cannot_be_read_is_no_empty_queue(programs: Path):
    stand_in(programs, "squeue", "echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1")
    with pytest.raises(SlurmSilentError, match="Unable to contact"):
        commands.queue(["nl-1"])


def test_the_id_of_a_submitted_job(programs: Path, tmp_path: Path):
    stand_in(programs, "sbatch", "echo '4711;cluster'")
    assert commands.submit(tmp_path / "script.sh", []) == "4711"


@pytest.mark.parametrize(
    "said",
    [
        "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)",
        "AssocMaxSubmitJobLimit",
        "QOSMaxSubmitJobPerUserLimit",
    ],
)
def test_a_full_queue_is_no_refusal(programs: Path, tmp_path: Path, said: str):
    stand_in(programs, "sbatch", f'echo "sbatch: error: {said}" >&2; exit 1')
    with pytest.raises(SlurmFullError):
        commands.submit(tmp_path / "script.sh", [])


def test_a_refusal_is_told_in_slurms_words(programs: Path, tmp_path: Path):
    stand_in(programs, "sbatch", 'echo "sbatch: error: invalid partition specified: lonk" >&2; exit 1')
    with pytest.raises(UsageError, match=r"Slurm refused the scans: invalid partition specified: lonk"):
        commands.submit(tmp_path / "script.sh", [])


def test_without_slurm_it_says_where_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="login node"):
        commands.max_array_size()


@pytest.mark.parametrize(("config", "size"), [("MaxArraySize            = 5000", 5000), ("", 1001)])
def test_the_largest_array(programs: Path, config: str, size: int):
    stand_in(programs, "scontrol", f"echo '{config}'")
    assert commands.max_array_size() == size


def test_a_controller_that_is_away_is_told(programs: Path):
    stand_in(programs, "scontrol", "echo 'slurm_load_ctl_conf error: Unable to contact slurm controller' >&2; exit 1")
    with pytest.raises(SlurmSilentError, match="Unable to contact"):
        commands.max_array_size()
