"""The batch script: with and without lines of the user's own."""

import subprocess
import sys
from pathlib import Path

import pytest

from neurolupus.errors import UsageError
from neurolupus.jobs.slurm.script import batch_script, read_setup

PLAN = Path("/data/a study's out/.neurolupus/slurm/1f/plan.json")
HASH = "ab" * 32


def words_of(script: str) -> list[str]:
    """What the last line of the script starts, as a shell understands it."""
    last = script.splitlines()[-1].removeprefix("exec ")
    told = subprocess.run(["bash", "-c", f"printf '%s\\n' {last}"], capture_output=True, text=True, check=True)
    return told.stdout.splitlines()


def test_it_starts_this_python_whatever_the_folder_is_called():
    script = batch_script(PLAN, HASH)
    assert script.startswith("#!/bin/bash")
    assert words_of(script) == [sys.executable, "-P", "-m", "neurolupus.jobs.slurm.array_task", str(PLAN), HASH]


def test_lines_of_the_user_come_first(tmp_path: Path):
    setup = tmp_path / "setup.sh"
    setup.write_text("module load neurolupus/1\n")
    lines = batch_script(PLAN, HASH, read_setup(setup)).splitlines()
    assert lines.index("module load neurolupus/1") < next(n for n, line in enumerate(lines) if line.startswith("exec"))


def test_a_line_of_the_user_may_start_the_scan():
    script = batch_script(PLAN, HASH, "apptainer exec --bind /data image.sif python -m {task}\n")
    assert words_of(script)[-4:] == ["-m", "neurolupus.jobs.slurm.array_task", str(PLAN), HASH]
    assert sys.executable not in script
    assert "PYTHONPATH" not in script


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("#SBATCH --partition=long\n", "Give options to --slurm-options"),
        ("a {task}\nb {task}\n", "2 times"),
        ("x" * 70_000, "more than 65536 bytes"),
        ("a\0b", "no text file"),
    ],
)
def test_what_is_no_setup_is_refused(tmp_path: Path, text: str, told: str):
    setup = tmp_path / "setup.sh"
    setup.write_text(text)
    with pytest.raises(UsageError, match=told):
        read_setup(setup)


def test_a_setup_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_setup(tmp_path / "none.sh")
