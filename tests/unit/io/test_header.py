import gzip
import re
import struct
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from neurolupus.errors import ImageFileError
from neurolupus.io.header import read_image_header


def raw_header(
    dim: tuple[int, ...] = (3, 20, 22, 24, 1, 1, 1, 1),
    datatype: int = 4,
    bitpix: int = 16,
    magic: bytes = b"n+1\0",
    vox_offset: float = 352.0,
    sform: int = 1,
    qform: int = 0,
    srow: float = 6.0,
    pixdim: tuple[float, ...] = (1, 6, 6, 6, 0, 0, 0, 0),
    slope: float = 1.0,
    intercept: float = 0.0,
) -> bytes:
    """A NIfTI-1 header packed by hand, field by field as nifti1.h has them."""
    raw = struct.pack("<i35sb", 348, b"", 0)
    raw += struct.pack("<8h", *dim) + struct.pack("<3fh", 0, 0, 0, 0)
    raw += struct.pack("<3h", datatype, bitpix, 0) + struct.pack("<8f", *pixdim)
    raw += struct.pack("<3f", vox_offset, slope, intercept) + struct.pack("<hbb", 0, 0, 2)
    raw += struct.pack("<4f2i", 0, 0, 0, 0, 0, 0) + struct.pack("<80s24s", b"", b"")
    raw += struct.pack("<2h", qform, sform) + struct.pack("<6f", 0, 0, 0, 0, 0, 0)
    raw += struct.pack("<12f", srow, 0, 0, 1, 0, srow, 0, 2, 0, 0, srow, 3) + struct.pack("<16s4s", b"", magic)
    assert len(raw) == 348
    return raw + b"\0\0\0\0"


DATA = bytes(20 * 22 * 24 * 2)


def saved(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return path


def complaint(path: Path) -> str:
    with pytest.raises(ImageFileError) as caught:
        read_image_header(path)
    message = str(caught.value)
    assert str(path) in message
    assert len(message.splitlines()) >= 2, "a remedy is on its own line"
    return message


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_a_header_packed_by_hand(tmp_path, name):
    header = read_image_header(saved(tmp_path / name, raw_header() + DATA))
    assert header.shape == (20, 22, 24)
    assert header.voxel_size_mm == (6, 6, 6)
    assert header.dtype == np.int16
    assert header.placement.orientation == "sform"
    assert header.affine[:3, 3].tolist() == [1, 2, 3]
    assert header.compressed == name.endswith("gz")


def test_names_do_not_matter(tmp_path):
    path = tmp_path / "packed.nii"
    path.write_bytes(gzip.compress(raw_header() + DATA))
    assert read_image_header(path).compressed
    path = tmp_path / "plain.nii.gz"
    path.write_bytes(raw_header() + DATA)
    assert not read_image_header(path).compressed


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders(tmp_path, order):
    header = nib.Nifti1Header(endianness=order)
    header.set_data_shape((12, 13, 14))
    header.set_data_dtype(np.int16)
    header.set_sform(np.diag([7.0, 7, 7, 1]), code=1)
    header["vox_offset"], header["magic"] = 352, b"n+1"
    path = tmp_path / "a.nii"
    path.write_bytes(header.binaryblock + bytes(4 + 12 * 13 * 14 * 2))
    seen = read_image_header(path)
    assert seen.shape == (12, 13, 14)
    assert seen.affine[0, 0] == 7


def test_nifti2(tmp_path):
    image = nib.Nifti2Image(np.zeros((12, 13, 14), np.float32), np.diag([8.0, 8, 8, 1]))
    nib.save(image, tmp_path / "a.nii.gz")
    assert read_image_header(tmp_path / "a.nii.gz").shape == (12, 13, 14)


def test_a_tiny_file_that_claims_512_gb_is_refused_from_its_header(tmp_path):
    # 6350^3 voxels of int16: 512 GB; no byte of them exists
    path = saved(tmp_path / "huge.nii.gz", raw_header(dim=(3, 6350, 6350, 6350, 1, 1, 1, 1)))
    assert path.stat().st_size < 200
    message = complaint(path)
    assert "claims 512.1 GB" in message
    assert f"holds {path.stat().st_size} compressed bytes" in message


def test_55_bytes(tmp_path):
    # the smallest gzip of a mostly empty header
    raw = bytearray(352)
    raw[:4], raw[344:348] = struct.pack("<i", 348), b"n+1\0"
    raw[40:56] = struct.pack("<8h", 3, 8000, 8000, 4000, 1, 1, 1, 1)
    raw[70:74] = struct.pack("<2h", 4, 16)
    path = saved(tmp_path / "tiny.nii.gz", bytes(raw))
    assert path.stat().st_size < 70
    assert "claims 512.0 GB" in complaint(path)


def test_a_claim_larger_than_any_head_is_refused_even_when_the_file_could_hold_it(tmp_path):
    path = tmp_path / "sparse.nii"
    with path.open("wb") as stream:  # a sparse file: it takes no room on disk
        stream.write(raw_header(dim=(3, 1100, 1100, 1100, 1, 1, 1, 1), datatype=2, bitpix=8))
        stream.truncate(352 + 1100**3)
    assert "1100 x 1100 x 1100 voxels; at most 1024^3" in complaint(path)


def test_seven_huge_dimensions_do_not_overflow(tmp_path):
    path = saved(tmp_path / "a.nii.gz", raw_header(dim=(7, *[32767] * 7)))
    assert "claims" in complaint(path)


@pytest.mark.parametrize("size", [0, 1, 10, 347])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_files_too_short_for_a_header(tmp_path, size, name):
    content = raw_header()[:size]
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if size and name.endswith("gz") else content)
    assert re.search(r"is empty|holds \d+ bytes", complaint(path))


def test_a_cut_plain_file_tells_both_sizes(tmp_path):
    path = saved(tmp_path / "a.nii", raw_header() + DATA[:1000])
    assert "claims 21.5 kB of content and holds 1,352 bytes" in complaint(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (bytes(128) + b"DICM" + bytes(400), "DICOM"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 5\n", "Git LFS"),
        (raw_header(magic=b"ni1\0"), r"\.hdr/\.img"),
        (b"not an image at all" * 40, "no NIfTI"),
        (raw_header(dim=(3, 0, 22, 24, 1, 1, 1, 1)), r"dimensions \[0, 22, 24\]"),
        (raw_header(dim=(3, -5, 22, 24, 1, 1, 1, 1)), r"dimensions \[-5"),
        (raw_header(datatype=999), "datatype code 999"),
        (raw_header(srow=0.0) + DATA, "sform that is no invertible"),
        (raw_header(srow=float("nan")) + DATA, "sform that is no invertible"),
        (raw_header(sform=0, pixdim=(1, 0, 0, 0, 0, 0, 0, 0)) + DATA, "neither sform nor qform"),
        (raw_header(vox_offset=float("nan")) + DATA, "data start"),
        (raw_header(vox_offset=-100.0) + DATA, "data start"),
        (raw_header(vox_offset=1e30) + DATA, "data start"),
        (raw_header(intercept=float("inf")) + DATA, "scl_inter"),
    ],
)
def test_what_is_no_image_says_what_it_is(tmp_path, content, words):
    path = tmp_path / "a.nii"
    path.write_bytes(content)
    assert re.search(words, complaint(path))


@pytest.mark.parametrize("row", [(6, 6, 6), (1e30, 6, 6), (0, 6, 0)])
def test_axes_that_nearly_coincide_or_vanish_are_no_grid(tmp_path, row):
    raw = bytearray(raw_header() + DATA)
    raw[280:292] = struct.pack("<3f", *row)  # srow_x: with (6, 6, 6) no two axes coincide; the others are faults
    path = tmp_path / "a.nii"
    path.write_bytes(bytes(raw))
    if row == (6, 6, 6):
        assert read_image_header(path).placement.orientation == "sform"
    else:
        assert "sform that is no invertible" in complaint(path)


def test_absent_files_folders_and_broken_links(tmp_path):
    assert "does not exist" in complaint(tmp_path / "absent.nii")
    assert "is a folder" in complaint(tmp_path)
    link = tmp_path / "link.nii.gz"
    try:
        link.symlink_to(tmp_path / "annex" / "object")
    except OSError:
        pytest.skip("this system makes no symbolic links")
    assert "datalad get" in complaint(link)


def test_sform_comes_first_and_the_difference_is_told(tmp_path):
    image = nib.Nifti1Image(np.zeros((12, 12, 12), np.int16), np.diag([6.0, 6, 6, 1]))
    moved = np.diag([6.0, 6, 6, 1])
    moved[:3, 3] = (0, 0, 40)
    image.set_sform(moved, code=1)
    image.set_qform(np.diag([6.0, 6, 6, 1]), code=1)
    nib.save(image, tmp_path / "a.nii")
    header = read_image_header(tmp_path / "a.nii")
    assert header.affine[2, 3] == 40
    assert header.placement.form_difference_mm == pytest.approx(40)


def test_the_qform_is_used_without_an_sform(tmp_path):
    affine = np.diag([-5.0, 6, 7, 1])
    affine[:3, 3] = (10, 20, 30)
    image = nib.Nifti1Image(np.zeros((12, 12, 12), np.int16), affine)
    image.set_qform(affine, code=1)
    image.set_sform(None, code=0)
    nib.save(image, tmp_path / "a.nii")
    header = read_image_header(tmp_path / "a.nii")
    assert header.placement.orientation == "qform"
    assert np.allclose(header.affine, affine)


def test_neither_form_gives_nibabels_guess(tmp_path):
    path = saved(tmp_path / "a.nii", raw_header(sform=0, qform=0) + DATA)
    header = read_image_header(path)
    assert header.placement.orientation == "none"
    assert np.array_equal(header.affine, nib.load(path).affine)


@pytest.mark.parametrize("slope", [0.0, float("nan")])
def test_a_slope_of_zero_means_values_as_stored(tmp_path, slope):
    header = read_image_header(saved(tmp_path / "a.nii", raw_header(slope=slope, intercept=7.0) + DATA))
    assert (header.slope, header.intercept) == (1.0, 0.0)
