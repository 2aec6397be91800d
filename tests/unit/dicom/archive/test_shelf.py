"""Fetched files: whole or not at all, only those asked for."""

from pathlib import Path

import pytest
from dicom_series import asymmetric_phantom, write_series

from neurolupus.dicom.archive.found import InstanceFound
from neurolupus.dicom.archive.shelf import Shelf
from neurolupus.errors import PacsError


@pytest.fixture
def files(tmp_path: Path) -> dict[InstanceFound, Path]:
    """Three files of a series, and what an archive calls them."""
    from pydicom import dcmread

    written = write_series(tmp_path / "series", asymmetric_phantom((8, 9, 3)))
    uids = [dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in written.paths]
    found = (InstanceFound(written.study_uid, written.series_uid, str(uid)) for uid in uids)
    return dict(zip(found, written.paths, strict=True))


def test_a_file_that_is_wanted_is_kept_byte_for_byte(files: dict[InstanceFound, Path], tmp_path: Path):
    shelf = Shelf(tmp_path / "out", files)
    (one, path), *rest = files.items()
    assert shelf.put([path.read_bytes()[:100], path.read_bytes()[100:]])
    assert shelf.place(one).read_bytes() == path.read_bytes()
    assert shelf.missing() == tuple(other for other, _ in rest)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [one.study_uid]


def test_what_is_there_is_not_wanted_again(files: dict[InstanceFound, Path], tmp_path: Path):
    first = Shelf(tmp_path / "out", files)
    first.put([next(iter(files.values())).read_bytes()])
    again = Shelf(tmp_path / "out", files)
    assert (again.n_before, len(again.missing())) == (1, 2)
    assert again.holds_some(next(iter(files)).series_uid)


@pytest.mark.parametrize("content", [b"", b"no DICOM", b"\0" * 128 + b"DICM"])
def test_a_file_that_is_there_and_is_none_is_fetched_again(
    content: bytes, files: dict[InstanceFound, Path], tmp_path: Path
):
    one = next(iter(files))
    place = Shelf(tmp_path / "out", files).place(one)
    place.parent.mkdir(parents=True)
    place.write_bytes(content)
    assert one in Shelf(tmp_path / "out", files).missing()


def test_a_file_that_nobody_asked_for_is_not_kept(files: dict[InstanceFound, Path], tmp_path: Path):
    (one, path), (_, other), _ = files.items()
    shelf = Shelf(tmp_path / "out", [one])
    assert not shelf.put([other.read_bytes()])
    assert not shelf.put([b"<html>sorry</html>"])
    assert list((tmp_path / "out").iterdir()) == []
    assert shelf.put([path.read_bytes()])


def test_a_file_of_another_series_is_not_kept_under_a_known_name(files: dict[InstanceFound, Path], tmp_path: Path):
    one, path = next(iter(files.items()))
    lying = InstanceFound(one.study_uid, "1.2.3", one.sop_uid)
    assert not Shelf(tmp_path / "out", [lying]).put([path.read_bytes()])


def test_a_file_that_grows_without_end_is_cut_off(files: dict[InstanceFound, Path], tmp_path: Path):
    shelf = Shelf(tmp_path / "out", files, largest=1000)
    with pytest.raises(PacsError, match="is not kept"):
        shelf.put(b"x" * 600 for _ in range(10**9))
    assert list((tmp_path / "out").iterdir()) == []


def test_what_a_killed_run_left_is_removed(files: dict[InstanceFound, Path], tmp_path: Path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".part-0123").write_bytes(b"half")
    Shelf(tmp_path / "out", files)
    assert list((tmp_path / "out").iterdir()) == []


def test_only_the_owner_may_look(files: dict[InstanceFound, Path], tmp_path: Path):
    Shelf(tmp_path / "out", files)
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0
