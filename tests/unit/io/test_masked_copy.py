import gzip
from pathlib import Path

import nibabel
import numpy as np
import pytest

from neurolupus.errors import ImageFileError
from neurolupus.io.masked_copy import write_masked_copy


def saved(path: Path, data: np.ndarray, *, slope: float = 1.0, inter: float = 0.0) -> Path:
    affine = np.array([[0, -1.2, 0.1, 7], [0.9, 0, 0, -3], [0, 0.1, 3.0, 4], [0, 0, 0, 1.0]])
    image = nibabel.Nifti1Image(data, affine)
    image.header["descrip"] = b"TE=3;Time=134759"
    image.header["db_name"] = b"Kanarienvogel"
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"Kanarienvogel"))
    image.header.set_qform(affine, 1)
    image.header.set_sform(affine, 2)
    image.header.set_slope_inter(slope, inter)
    image.to_filename(path)
    if slope != 1.0 or inter:  # nibabel scales what it writes; the stored values and the scaling are wanted as given
        raw = bytearray(path.read_bytes())
        raw[112:120] = np.array([slope, inter], "<f4").tobytes()
        path.write_bytes(raw)
    return path


@pytest.mark.parametrize("dtype", ["int16", "uint8", "float32", "uint16"])
@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_what_stays_is_the_same_and_texts_go(tmp_path: Path, dtype: str, ending: str) -> None:
    random = np.random.default_rng(2)
    data = random.integers(1, 250, (6, 7, 8)).astype(dtype)
    source, target = saved(tmp_path / f"a{ending}", data), tmp_path / "new" / f"b{ending}"
    clear = random.random(data.shape) < 0.3
    write_masked_copy(source, target, clear)
    before, after = nibabel.load(source), nibabel.load(target)
    assert np.array_equal(np.asanyarray(after.dataobj), np.where(clear, 0, data))
    assert after.get_data_dtype() == np.dtype(dtype)
    for name in ("pixdim", "sform_code", "qform_code", "srow_x", "srow_y", "srow_z", "quatern_b", "qoffset_x", "dim"):
        assert np.array_equal(before.header[name], after.header[name])
    raw = target.read_bytes()
    assert b"Kanarienvogel" not in (gzip.decompress(raw) if ending == ".nii.gz" else raw)
    assert after.header["descrip"].tobytes().strip(b"\0") == b""
    assert not after.header.extensions


def test_scaling_stays_and_cleared_voxels_are_zero(tmp_path: Path) -> None:
    data = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    source = saved(tmp_path / "a.nii", data, slope=0.5, inter=-3.0)
    clear = np.zeros(data.shape, bool)
    clear[0] = True
    write_masked_copy(source, tmp_path / "b.nii", clear)
    after = nibabel.load(tmp_path / "b.nii").get_fdata()
    assert np.array_equal(after[0], np.zeros((3, 4)))
    assert np.array_equal(after[1], 0.5 * data[1] - 3.0)


def test_a_scaling_without_a_zero_is_refused(tmp_path: Path) -> None:
    source = saved(tmp_path / "a.nii", np.arange(24, dtype=np.uint8).reshape(2, 3, 4), slope=1.0, inter=100.0)
    with pytest.raises(ImageFileError, match="cannot hold the value 0"):
        write_masked_copy(source, tmp_path / "b.nii", np.ones((2, 3, 4), bool))
    assert not (tmp_path / "b.nii").exists()


def test_a_volume_stored_with_a_fourth_axis_keeps_it(tmp_path: Path) -> None:
    source = saved(tmp_path / "a.nii", np.ones((2, 3, 4, 1), np.int16))
    clear = np.zeros((2, 3, 4), bool)
    clear[1, 2, 3] = True
    write_masked_copy(source, tmp_path / "b.nii", clear)
    after = np.asanyarray(nibabel.load(tmp_path / "b.nii").dataobj)
    assert after.shape == (2, 3, 4, 1)
    assert after.sum() == 23


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    source = saved(tmp_path / "a.nii.gz", np.ones((2, 3, 4), np.int16))
    for name in ("b.nii.gz", "c.nii.gz"):
        write_masked_copy(source, tmp_path / name, np.zeros((2, 3, 4), bool))
    assert (tmp_path / "b.nii.gz").read_bytes() == (tmp_path / "c.nii.gz").read_bytes()
