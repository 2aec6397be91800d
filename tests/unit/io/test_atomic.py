import json

import numpy as np
import pytest

from neurolupus.io.atomic import replacing, replacing_folder, write_json, write_text


def test_a_failing_block_keeps_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old\n")

    def interrupted() -> None:
        with replacing(path) as stream:
            stream.write(b"half of the n")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"old\n"
    assert [item.name for item in tmp_path.iterdir()] == ["a.txt"]


def test_folders_are_made(tmp_path):
    write_text(tmp_path / "a" / "b" / "c.txt", "ü\n")
    assert (tmp_path / "a" / "b" / "c.txt").read_bytes() == b"\xc3\xbc\n"


def test_numpy_values_are_plain_json(tmp_path):
    write_json(tmp_path / "a.json", {"n": np.float32(1.5), "i": np.int64(3), "b": np.bool_(True), "a": np.eye(2)})
    assert json.loads((tmp_path / "a.json").read_text()) == {"n": 1.5, "i": 3, "b": True, "a": [[1, 0], [0, 1]]}


@pytest.mark.parametrize("value", [float("nan"), object()])
def test_what_json_cannot_hold_is_refused_and_nothing_written(tmp_path, value):
    with pytest.raises((ValueError, TypeError)):
        write_json(tmp_path / "a.json", {"x": value})
    assert not list(tmp_path.iterdir())


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    out = tmp_path / "new" / "out"
    with replacing_folder(out) as folder:
        (folder / "a").write_text("1")
        assert not out.exists()
    assert (out / "a").read_text() == "1"
    with pytest.raises(IsADirectoryError), replacing_folder(out) as folder:
        folder.write_text("2")
    assert (out / "a").read_text() == "1"
    with replacing_folder(out) as folder:
        (folder / "b").touch()
    assert [path.name for path in out.iterdir()] == ["b"]
    assert [path.name for path in out.parent.iterdir()] == ["out"]  # nothing is left beside it
