"""Work folders: empty, private, gone at the end; what a killed program left goes with the next one."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from neurolupus.jobs.scratch import scratch

HOLD = """
import sys, time
from pathlib import Path
from neurolupus.jobs.scratch import scratch
with scratch("work", Path(sys.argv[1])) as folder:
    (folder / "patient.dcm").write_text("DOE^JANE")
    print("holds", flush=True)
    time.sleep(600)
"""


def holder(base: Path) -> subprocess.Popen[str]:
    """A program that has a work folder with a file in it."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(base)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "holds\n"
    return process


def fail_within(base: Path) -> None:
    with scratch("work", base) as folder:
        assert folder.parent == base
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "a").mkdir()
        (folder / "a" / "file").write_text("x")
        raise ValueError("of the block")


def test_it_is_private_and_gone_at_the_end_whatever_happens(tmp_path):
    with pytest.raises(ValueError, match="of the block"):
        fail_within(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_program_left_goes_and_what_is_in_use_stays(tmp_path, python_path):
    (tmp_path / "work-by-hand").mkdir()  # no claim beside it: not ours
    killed, living = holder(tmp_path), holder(tmp_path)
    try:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert len(list(tmp_path.glob("work-*/patient.dcm"))) == 2
        with scratch("other", tmp_path):
            assert len(list(tmp_path.glob("work-*/patient.dcm"))) == 2
        with scratch("work", tmp_path) as folder:
            assert len(list(tmp_path.glob("work-*/patient.dcm"))) == 1
            assert folder.is_dir()
    finally:
        living.kill()
        living.wait()
        for process in (killed, living):
            process.stdout.close()
    assert (tmp_path / "work-by-hand").is_dir()


def test_a_link_that_somebody_put_there_is_not_followed(tmp_path):
    target = tmp_path / "precious"
    target.mkdir()
    (target / "file").write_text("x")
    base = tmp_path / "base"
    base.mkdir()
    (base / "work-1").symlink_to(target)
    (base / "work-1.lock").write_text("")
    (base / "work-2.lock").symlink_to(target / "file")
    with scratch("work", base):
        pass
    assert (target / "file").read_text() == "x"
    assert (base / "work-2.lock").is_symlink()
