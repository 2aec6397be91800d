"""What must hold of any image on any grid: the same point has the same intensity after writing and reading."""

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nibabel.affines import apply_affine

from neurolupus.errors import ImageError
from neurolupus.io.delimited import escaped, unescaped
from neurolupus.io.nifti import read_image_header, read_volume, write_volume
from neurolupus.io.transforms import points_text, read_points_text
from neurolupus.records.volume import Volume

FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def affines(draw: st.DrawFn) -> np.ndarray:
    """Voxel sizes of 0.4 to 6 mm, any flip, any order of axes, any rotation."""
    sizes = draw(st.tuples(*[st.floats(0.4, 6.0)] * 3))
    signs = draw(st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3))
    order = draw(st.permutations(range(3)))
    angles = draw(st.tuples(*[st.floats(-0.6, 0.6)] * 3))
    rotation = np.eye(3)
    for axis, angle in enumerate(angles):
        i, j = [other for other in range(3) if other != axis]
        turn = np.eye(3)
        turn[i, i] = turn[j, j] = np.cos(angle)
        turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
        rotation = rotation @ turn
    affine = np.eye(4)
    affine[:3, :3] = rotation @ np.eye(3)[:, list(order)] @ np.diag(np.multiply(sizes, signs))
    affine[:3, 3] = draw(st.tuples(*[st.floats(-200, 200)] * 3))
    return affine


shapes = st.tuples(*[st.integers(2, 9)] * 3)


@FEW
@given(shape=shapes, affine=affines(), seed=st.integers(0, 1000), packed=st.booleans())
def test_intensity_belongs_to_the_point_not_to_the_index(tmp_path, shape, affine, seed, packed):
    data = np.random.default_rng(seed).integers(0, 30000, shape).astype(np.int16)
    path = tmp_path / ("a.nii.gz" if packed else "a.nii")
    image = nib.Nifti1Image(data, affine)
    nib.save(image, path)
    volume = read_volume(path)
    to_new = np.linalg.inv(volume.affine) @ image.get_sform()
    for index in np.ndindex(*shape):
        there = apply_affine(to_new, index)
        assert np.abs(there - np.rint(there)).max() < 1e-3
        assert volume.data[tuple(np.rint(there).astype(int))] == data[index]
    assert nib.aff2axcodes(volume.affine) == ("R", "A", "S")
    assert sorted(volume.shape) == sorted(shape)
    assert volume.data.sum(dtype=np.float64) == data.sum(dtype=np.float64)


@FEW
@given(shape=shapes, affine=affines(), seed=st.integers(0, 1000))
def test_reading_what_was_written_is_the_closest_ras_order_of_it(tmp_path, shape, affine, seed):
    volume = Volume(np.random.default_rng(seed).random(shape).astype(np.float32), affine)
    write_volume(tmp_path / "a.nii.gz", volume, dtype="float32")
    once = read_volume(tmp_path / "a.nii.gz")
    write_volume(tmp_path / "b.nii.gz", once, dtype="float32")
    twice = read_volume(tmp_path / "b.nii.gz")
    assert np.array_equal(once.data, twice.data)
    assert np.allclose(once.affine, twice.affine, atol=1e-4)
    assert once.voxel_volume_ml == pytest.approx(volume.voxel_volume_ml, rel=1e-5)


def reads_or_complains(path: Path) -> bool:
    """Whether the file is read, or refused with an error that names it; any other error is raised."""
    try:
        read_image_header(path)
        read_volume(path)
    except ImageError as error:
        return str(path) in str(error)
    return True


@FEW
@given(content=st.binary(max_size=900), start=st.sampled_from([b"", b"\x1f\x8b", b"\x5c\x01\0\0"]), mark=st.booleans())
def test_no_bytes_crash_the_reader(tmp_path, content, start, mark):
    raw = bytearray(start + content)
    if mark and len(raw) >= 348:
        raw[344:348] = b"n+1\0"
    path = tmp_path / "a.nii"
    for written in (bytes(raw), gzip.compress(bytes(raw))):
        path.write_bytes(written)
        assert reads_or_complains(path)


@FEW
@given(st.data())
def test_no_change_of_a_good_header_crashes_the_reader(tmp_path, data):
    good = nib.Nifti1Image(np.ones((4, 4, 4), np.int16), np.eye(4))
    path = Path(tmp_path) / "a.nii"
    nib.save(good, path)
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, 347))] = data.draw(st.integers(0, 255))
    raw[344:348] = b"n+1\0"
    path.write_bytes(bytes(raw))
    assert reads_or_complains(path)


@given(st.lists(st.floats(-1e6, 1e6), min_size=16, max_size=16))
def test_points_matrices_read_back_exactly(numbers):
    matrix = np.array(numbers).reshape(4, 4)
    assert np.array_equal(read_points_text(points_text(matrix)), matrix)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), max_size=30))
def test_no_text_becomes_a_formula_and_none_is_lost(text):
    written = escaped(text)
    try:
        float(text)
    except ValueError:
        assert not written.startswith(("=", "+", "-", "@"))
    if not text.startswith("'"):
        assert unescaped(written) == text
