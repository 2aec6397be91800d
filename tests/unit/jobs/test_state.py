from pathlib import Path

import pytest

from neurolupus.jobs.key import FileStamp, stamp_file
from neurolupus.jobs.lock import claim, is_claimed
from neurolupus.jobs.state import StateFolder, TaskState, write_text_atomically
from neurolupus.jobs.status import read_status


def a_state(name: str = "sub-01", **facts: object) -> TaskState:
    return TaskState(name, **{"status": "done", "key": "k", **facts})  # type: ignore[arg-type]


def test_a_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    states = StateFolder(tmp_path)
    state = a_state(inputs={"/a": FileStamp(1, 2, 3, "f")}, outputs=("a", "b"), reason="ü")
    states.write(state)
    assert states.read("sub-01") == state
    assert [p.name for p in (tmp_path / ".neurolupus" / "tasks").iterdir()] == ["sub-01.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": "sub-01"}', "null", '{"inputs": {}, "outputs": [], "x": 1}'])
def test_a_damaged_state_counts_as_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / ".neurolupus" / "tasks" / "sub-01.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert StateFolder(tmp_path).read("sub-01") is None
    assert read_status(tmp_path).tasks == ()


def test_finished_means_done_with_this_key_and_all_files_there(tmp_path: Path) -> None:
    states = StateFolder(tmp_path)
    (tmp_path / "a").touch()
    assert states.is_finished(a_state(outputs=("a",)), "k")
    assert not states.is_finished(a_state(outputs=("a", "b")), "k")
    assert not states.is_finished(a_state(outputs=("a",)), "other")
    assert not states.is_finished(a_state(status="failed", outputs=("a",)), "k")
    assert not states.is_finished(None, "k")


def test_outputs_are_remembered_relative_so_that_a_moved_folder_resumes(tmp_path: Path) -> None:
    states = StateFolder(tmp_path / "out")
    assert states.relative(tmp_path / "out" / "anat" / "a.json") == "anat/a.json"
    assert states.relative(tmp_path / "b") == str(tmp_path / "b")


def test_running_without_a_holder_is_interrupted(tmp_path: Path) -> None:
    states = StateFolder(tmp_path)
    states.write(a_state(status="running"))
    with states.claim("sub-01") as held:
        assert held
        assert [s.status for s in states.all()] == ["running"]
    assert [s.status for s in states.all()] == ["interrupted"]


def test_a_claim_is_held_by_one(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    assert not is_claimed(path)
    with claim(path) as first, claim(path, wait_s=0) as second:
        assert (first, second) == (True, False)
        assert is_claimed(path)
    with claim(path, wait_s=0) as third:
        assert third


def test_a_write_that_fails_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text_atomically(path, "new \ud800")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_an_untouched_file_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    stamp = stamp_file(path)
    # FIPS 180-2, appendix B.1
    assert stamp.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    remembered = FileStamp(stamp.size, stamp.mtime_ns, stamp.ctime_ns, "remembered")
    assert stamp_file(path, remembered).sha256 == "remembered"
    path.write_bytes(b"abd")
    assert stamp_file(path, remembered).sha256 not in ("remembered", stamp.sha256)
