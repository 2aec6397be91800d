"""Archives: DICOM comes out, nothing else, nowhere else, and not without end."""

import io
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from dicom_series import asymmetric_phantom, write_series

from neurolupus.dicom.series import unpack as module
from neurolupus.dicom.series.find import find_images
from neurolupus.dicom.series.unpack import Limits, is_archive, unpack
from neurolupus.errors import DicomError

SMALL = asymmetric_phantom((12, 14, 10), mm=10.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_series(tmp_path / "in" / "deep", SMALL)
    (tmp_path / "in" / "viewer.exe").write_bytes(b"MZ" + bytes(3000))
    return tmp_path / "in"


def packed(folder: Path, kind: str) -> Path:
    path = folder.parent / f"scans.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for one in sorted(folder.rglob("*")):
                archive.write(one, one.relative_to(folder))
    else:
        with tarfile.open(path, f"w:{kind.partition('.')[2]}") as archive_tar:
            archive_tar.add(folder, "scans")
    return path


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_dicom_comes_out_and_nothing_else(folder: Path, tmp_path: Path, kind: str) -> None:
    archive, out = packed(folder, kind), tmp_path / "out"
    out.mkdir()
    assert is_archive(archive)
    done = unpack(archive, out)
    assert (done.n_files, find_images(out).n_dicom) == (10, 10)
    assert done.n_other >= 1
    assert not list(out.rglob("*.exe"))


def test_a_name_that_leads_out_leads_nowhere(folder: Path, tmp_path: Path) -> None:
    raw = next(folder.rglob("*.dcm")).read_bytes()
    archive, out = tmp_path / "evil.zip", tmp_path / "box" / "out"
    out.mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as made:
        for name in ("../../evil.dcm", "/tmp/evil.dcm", "a/../../evil.dcm", "C:\\evil.dcm"):
            made.writestr(name, raw)
    before = {path for path in tmp_path.rglob("*") if out not in path.parents}
    assert unpack(archive, out).n_files == 4
    assert {path for path in tmp_path.rglob("*") if out not in path.parents} == before


def test_links_and_devices_of_a_tar_are_no_files(folder: Path, tmp_path: Path) -> None:
    archive, out = tmp_path / "links.tar", tmp_path / "out"
    out.mkdir()
    with tarfile.open(archive, "w") as made:
        for kind, target in ((tarfile.SYMTYPE, "/etc/passwd"), (tarfile.LNKTYPE, "../x"), (tarfile.CHRTYPE, "")):
            member = tarfile.TarInfo("IM1.dcm")
            member.type, member.linkname = kind, target
            made.addfile(member)
    assert unpack(archive, out).n_files == 0
    assert not any(path.is_symlink() for path in out.rglob("*"))


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(members=3), "more than 3 members"),
        (Limits(total_bytes=5000), "more than 5e-06 GB"),
        (Limits(ratio=1.0, ratio_from_bytes=1000), "more than 1 times its own size"),
    ],
)
def test_an_archive_without_end_is_refused(folder: Path, tmp_path: Path, limits: Limits, words: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(DicomError, match=words):
        unpack(packed(folder, "zip"), out, limits=limits)


def test_a_full_disk_is_left_some_room(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: SimpleNamespace(free=8000))
    with pytest.raises(DicomError, match="more than the disk has room for"):
        unpack(packed(folder, "zip"), out)
    assert sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) <= 8000


def test_a_bomb_is_stopped_while_it_unpacks(tmp_path: Path) -> None:
    archive, out = tmp_path / "bomb.zip", tmp_path / "out"
    out.mkdir()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made, made.open("IM.dcm", "w") as member:
        member.write(bytes(128) + b"DICM")
        for _ in range(20):
            member.write(bytes(1 << 20))
    with pytest.raises(DicomError, match="times its own size"):
        unpack(archive, out, limits=Limits(ratio_from_bytes=4 << 20))
    assert sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) <= 6 << 20


def test_a_size_that_lies_does_not_help(tmp_path: Path) -> None:
    # the lengths that count are those that come out, not those that the archive tells
    archive, out = tmp_path / "liar.zip", tmp_path / "out"
    out.mkdir()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("IM.dcm", bytes(128) + b"DICM" + bytes(3 << 20))
    raw = bytearray(archive.read_bytes())
    for at in (22, raw.rindex(b"PK\x01\x02") + 24):
        raw[at : at + 4] = (200).to_bytes(4, "little")
    archive.write_bytes(raw)
    with pytest.raises(DicomError):
        unpack(archive, out, limits=Limits(total_bytes=1000))


def test_damage_and_passwords_are_told(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    archive = packed(folder, "tar.gz")
    raw = archive.read_bytes()
    archive.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(DicomError, match=r"scans\.tar\.gz holds damage"):
        unpack(archive, out)
    archive = packed(folder, "zip")
    raw = bytearray(archive.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.find(signature)
        while at >= 0:
            raw[at + offset] |= 1  # the bit that says a member is encrypted
            at = raw.find(signature, at + 4)
    archive.write_bytes(raw)
    with pytest.raises(DicomError, match="cannot be opened"):
        unpack(archive, out)


def test_other_files_are_no_archives(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(io.BytesIO(b"not a zip at all" * 10).getvalue())
    assert not is_archive(tmp_path / "a.zip")
    assert not is_archive(tmp_path)
