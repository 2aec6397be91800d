"""Work folders: empty, private, gone at the end; what a killed program left goes with the next one."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from neurolupus.jobs import lock
from neurolupus.jobs import scratch as module
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


def left_behind(base: Path, name: str = "work-1") -> Path:
    """What a killed program leaves: a folder with a patient's file, and a claim that nobody holds."""
    folder = base / name
    folder.mkdir()
    (folder / "patient.dcm").write_text("DOE^JANE")
    (base / f"{name}.lock").touch()
    return folder


def test_where_files_cannot_be_locked_nothing_of_others_is_removed(tmp_path, monkeypatch):
    def no_locks(file, *, shared=False):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(lock, "_lock", no_locks)
    with scratch("work", tmp_path) as first:
        with scratch("work", tmp_path) as second:
            assert first.is_dir()
            assert second != first
        assert not second.exists()
    assert list(tmp_path.iterdir()) == []


def test_what_could_not_be_removed_keeps_its_claim_and_goes_with_a_later_one(tmp_path, monkeypatch):
    left = left_behind(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(module.shutil, "rmtree", lambda path, ignore_errors: None)  # a file in it is still open
        with scratch("work", tmp_path) as own:
            pass
    assert (left / "patient.dcm").exists()
    assert own.exists()
    with scratch("work", tmp_path):
        assert not left.exists()
        assert not own.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_claim_that_is_only_just_made_is_not_taken_for_a_leftover(tmp_path):
    about_to, forgotten = tmp_path / "work-1.lock", tmp_path / "work-2.lock"
    for path in (about_to, forgotten):
        path.touch()
    hour_ago = time.time() - 3600
    os.utime(forgotten, (hour_ago, hour_ago))
    with scratch("work", tmp_path):
        assert about_to.exists()
        assert not forgotten.exists()


def test_who_lost_the_claim_before_holding_it_makes_another(tmp_path, monkeypatch):
    made: list[Path] = []

    def removed_at_once(path, **options):
        context = lock.claim(path, **options)
        if not made:
            made.append(path)

            class Lost:
                def __enter__(self):
                    held = context.__enter__()
                    path.unlink()  # by a program that cleared just then
                    return held

                def __exit__(self, *told):
                    return context.__exit__(*told)

            return Lost()
        made.append(path)
        return context

    monkeypatch.setattr(module, "claim", removed_at_once)
    with scratch("work", tmp_path) as folder:
        assert len(made) == 2
        assert made[1].exists()
        assert made[1] == folder.with_suffix(".lock")
    assert list(tmp_path.iterdir()) == []
