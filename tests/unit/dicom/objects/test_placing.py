"""A volume put back on the frames of its series: exactly, or not at all."""

from pathlib import Path

import numpy as np
import pytest
from dicom_series import PLANES, Order, asymmetric_phantom, write_series
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from neurolupus.dicom.objects.placing import SAME_SCAN, likeness, misfit_mm, on_frames
from neurolupus.dicom.objects.source import SourceSeries, find_volumes
from neurolupus.errors import DicomError
from neurolupus.records.volume import Volume

SHAPE = (10, 12, 8)


def texture(seed: int) -> NDArray[np.float64]:
    """A smooth random pattern: edges everywhere, and other ones for each seed."""
    from scipy.ndimage import gaussian_filter

    noise = np.random.default_rng(seed).normal(size=(24, 26, 20))
    smooth = gaussian_filter(noise, 1.0)
    return 500 + 200 * smooth / smooth.std()


@pytest.mark.parametrize("enhanced", [False, True])
@pytest.mark.parametrize("plane", PLANES)
def test_each_voxel_finds_its_own_pixel(plane: str, enhanced: bool, tmp_path: Path):
    array, affine = asymmetric_phantom(SHAPE, mm=3.0)
    write_series(tmp_path, (array, affine), plane=plane, enhanced=enhanced)
    (source,) = find_volumes(tmp_path)
    laid = on_frames(array, Volume(array, affine), source)
    assert laid.shape == (source.shape[2], source.shape[1], source.shape[0])
    for number in range(source.shape[2]):
        assert np.array_equal(laid[number], source.frame(number))


@given(turn=st.permutations([0, 1, 2]), flips=st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_the_way_of_storing_changes_nothing(turn: list[int], flips: tuple[bool, bool, bool]):
    array = np.random.default_rng(0).normal(size=(3, 4, 5))
    tilt = np.array([[0.98, -0.17, 0.1], [0.17, 0.98, 0.05], [-0.107, -0.03, 0.99]])
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = np.linalg.qr(tilt)[0] * [1.0, 1.1, 3.0], [5, -7, 11]
    source = SourceSeries("1.2", "", (), (), affine, (3, 4, 5))
    stored, other = array, affine.copy()
    for axis in range(3):
        if flips[axis]:
            stored = np.flip(stored, axis)
            other[:3, 3] += other[:3, axis] * (array.shape[axis] - 1)
            other[:3, axis] *= -1
    stored = stored.transpose(turn)
    other[:3, :3] = other[:3, turn]
    volume = Volume(stored, other)
    assert misfit_mm(volume, source) == pytest.approx(0, abs=1e-9)
    assert np.array_equal(on_frames(stored, volume, source), array.transpose(2, 1, 0))


@pytest.mark.parametrize(("moved_mm", "fits"), [(0.05, True), (0.15, False), (1.0, False)])
def test_a_volume_that_lies_elsewhere_is_refused_with_the_distance(moved_mm: float, fits: bool):
    source = SourceSeries("1.2", "", (), (), np.eye(4), SHAPE)
    affine = np.eye(4)
    affine[0, 3] = moved_mm
    volume = Volume(np.zeros(SHAPE), affine)
    if fits:
        assert on_frames(volume.data, volume, source).shape == SHAPE[::-1]
        return
    with pytest.raises(DicomError, match=r"mm away|voxels of"):
        on_frames(volume.data, volume, source)


def test_a_small_turn_is_refused():
    angle = np.radians(1.0)
    affine = np.eye(4)
    affine[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    volume = Volume(np.zeros((100, 100, 8)), affine)
    source = SourceSeries("1.2", "", (), (), np.eye(4), (100, 100, 8))
    with pytest.raises(DicomError, match=r"lie 2\.4\d mm away; 0\.1 mm are allowed"):
        on_frames(volume.data, volume, source)


@pytest.mark.parametrize("shape", [(10, 12, 9), (10, 8, 12), (11, 12, 8)])
def test_another_shape_is_refused_in_words(shape: tuple[int, int, int]):
    source = SourceSeries("1.2", "", (), (), np.eye(4), SHAPE)
    volume = Volume(np.zeros(shape), np.eye(4))
    with pytest.raises(DicomError, match=f"10 x 12 x 8 voxels of 1 x 1 x 1 mm.*{shape[0]} x {shape[1]} x {shape[2]}"):
        on_frames(volume.data, volume, source)


def test_the_same_scan_is_known_under_shading_and_another_is_not(tmp_path: Path):
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    mine, other = texture(1), texture(2)
    write_series(tmp_path / "a", (mine, affine), plane="sagittal")
    write_series(tmp_path / "b", (other, affine), plane="sagittal", order=Order(number=4))
    shading = 1 + 0.4 * np.linspace(-1, 1, mine.shape[0])[:, None, None]
    measured = Volume((mine / shading).astype(np.float32), affine)
    brain = np.ones(mine.shape, bool)
    alike = {one.description + one.uid: likeness(measured, brain, one) for one in find_volumes(tmp_path)}
    low, high = sorted(alike.values())
    assert high > 0.95 > SAME_SCAN
    assert low < 0.3 < SAME_SCAN


def test_pixels_that_cannot_be_unpacked_prove_nothing(tmp_path: Path):
    from pydicom import dcmread

    array, affine = asymmetric_phantom(SHAPE)
    for path in write_series(tmp_path, (array, affine)).paths:
        read = dcmread(path)
        read.PixelData = b"\0" * 10
        read.save_as(path)
    (source,) = find_volumes(tmp_path)
    with pytest.raises(DicomError, match="cannot be unpacked"):
        likeness(Volume(array.astype(np.float32), affine), np.ones(SHAPE, bool), source)
