"""What dcm2niix writes is held against the headers, against another program, and against a phantom that has sides."""

import gzip
import stat
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from dicom_series import LEAKS, PLANES, VENDORS, asymmetric_phantom, write_series
from pydicom.uid import RLELossless

from neurolupus.dicom.series import convert as module
from neurolupus.dicom.series.convert import Converted, convert
from neurolupus.dicom.series.converted import conversion_faults
from neurolupus.dicom.series.find import find_images
from neurolupus.dicom.series.geometry import grid_of
from neurolupus.dicom.series.group import group_series
from neurolupus.dicom.series.slices import Series
from neurolupus.errors import DicomError

SMALL = asymmetric_phantom((24, 28, 20), mm=8.0)


def only(folder: Path) -> Series:
    (series,) = group_series(find_images(folder).buckets.values())
    return series


def image(done: Converted) -> Any:
    return nibabel.Nifti1Image.from_bytes(gzip.decompress(done.nifti_gz))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("enhanced", [False, True], ids=["one image a file", "multi-frame"])
@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("vendor", VENDORS)
def test_right_stays_right_front_stays_front(tmp_path: Path, vendor: str, plane: str, enhanced: bool) -> None:
    written = write_series(tmp_path, SMALL, kind="FLAIR", vendor=vendor, plane=plane, enhanced=enhanced)
    series = only(tmp_path)
    made = nibabel.as_closest_canonical(image(convert(series, grid_of(series))))  # type: ignore[no-untyped-call,attr-defined]
    assert np.array_equal(np.asanyarray(made.dataobj), written.array)
    assert np.allclose(made.affine, written.affine, atol=1e-3)
    # worked by hand: the bright block lies where RAS x, y and z are positive
    at = np.argwhere(np.asanyarray(made.dataobj) == 1500).mean(axis=0)
    assert ((made.affine @ [*at, 1])[:3] > 5).all()


@pytest.mark.parametrize(
    "folder",
    [
        "ge/anatomical/001",
        "ge/anatomical/001_implicit",
        "philips/anatomical/001",
        "philips/anatomical/001_implicit",
        "siemens/anatomical/001",
        "siemens/anatomical/001_implicit",
        "generic/anatomical/001",
        "generic/anatomical/001_implicit",
        "generic/anatomical/002_non_isotropic",
        "generic/compressed/001",
        "generic/compressed_j2k/001",
        "generic/compressed_jpeg/001",
        "generic/compressed_jpegls/001",
        "generic/compressed_rle/001",
    ],
)
def test_real_series_are_what_dicom2nifti_makes_of_them(shared: Path, folder: str) -> None:
    place = shared / "data" / "dicom" / folder
    series = only(place)
    made = nibabel.as_closest_canonical(image(convert(series, grid_of(series))))  # type: ignore[no-untyped-call,attr-defined]
    theirs: Any = nibabel.load(place.with_name(f"{place.name}_ground_truth.nii.gz"))  # type: ignore[attr-defined]
    theirs = nibabel.as_closest_canonical(theirs)  # type: ignore[no-untyped-call,attr-defined]
    # 32-bit floats in the headers; slopes of real scaling differ in the seventh digit
    assert np.allclose(np.asanyarray(made.dataobj), np.asanyarray(theirs.dataobj), atol=1e-5, rtol=0)
    assert np.allclose(made.affine, theirs.affine, atol=1e-4)


def test_the_same_series_gives_the_same_bytes_without_the_time_of_day(tmp_path: Path) -> None:
    write_series(tmp_path, SMALL, overrides={"ImageComments": "Quaglia, claustrophobic"})
    series = only(tmp_path)
    one, two = (convert(series, grid_of(series)).nifti_gz for _ in range(2))
    assert one == two
    raw = gzip.decompress(one)
    assert b"Time=" not in raw
    assert not any(leak.encode() in raw for leak in LEAKS)


@pytest.mark.slow
def test_part_of_a_series_is_converted_alone(shared: Path) -> None:
    parts = group_series(find_images(shared / "data" / "dicom" / "philips" / "anatomical" / "002").buckets.values())
    made = [image(convert(part, grid_of(part))) for part in parts]
    assert [one.shape for one in made] == [(768, 768, 4)] * 2
    assert not np.array_equal(made[0].dataobj, made[1].dataobj)


def test_rle_pixels_are_compared_too(tmp_path: Path) -> None:
    import pydicom

    written = write_series(tmp_path, SMALL)
    for path in written.paths:
        ds = pydicom.dcmread(path)
        ds.compress(RLELossless)
        ds.save_as(path)
    series = only(tmp_path)
    made = nibabel.as_closest_canonical(image(convert(series, grid_of(series))))  # type: ignore[no-untyped-call,attr-defined]
    assert np.array_equal(np.asanyarray(made.dataobj), written.array)


def nifti(path: Path, array: Any, affine: Any) -> Path:
    nibabel.save(nibabel.Nifti1Image(array, affine), path)  # type: ignore[no-untyped-call,attr-defined]
    return path


def test_an_image_that_is_not_the_series_is_found_out(tmp_path: Path) -> None:
    written = write_series(tmp_path / "in", SMALL)
    series = only(tmp_path / "in")
    grid, array, affine = grid_of(series), written.array, written.affine
    path = tmp_path / "image.nii"

    def faults(other: Any, place: Any) -> str:
        return "; ".join(conversion_faults(nifti(path, other, place), series, grid))

    assert faults(array, affine) == ""
    assert "the pixels of slice" in faults(array[::-1], affine)  # left and right exchanged
    assert "the pixels of slice" in faults(array[:, :, ::-1], affine)
    assert "8.00 mm from where" in faults(array, affine + np.array([[0, 0, 0, 8.0]] + [[0] * 4] * 3))
    assert "a corner lies" in faults(array, affine @ np.diag([1.01, 1, 1, 1]))
    assert "shape" in faults(array[:, :, 1:], affine)
    assert "4 dimensions" in faults(np.stack([array, array], axis=-1), affine)
    path.write_bytes(b"no image")
    assert "no readable NIfTI" in "; ".join(conversion_faults(path, series, grid))


def test_colour_is_refused(shared: Path) -> None:
    series = only(shared / "data" / "dicom" / "generic" / "rgb" / "001")
    with pytest.raises(DicomError, match="in colour"):
        convert(series, grid_of(series))


def script(folder: Path, text: str) -> Path:
    path = folder / "dcm2niix"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("echo Quaglia; exit 4", "ended with 4: it found damaged DICOM images"),
        ("exit 99", "ended with 99: it failed"),
        ("exit 0", "wrote no image"),
        ("sleep 20", "took longer than"),
    ],
)
def test_a_converter_that_fails_says_how_and_not_whom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    write_series(tmp_path / "in", SMALL)
    monkeypatch.setattr(module, "program", lambda: script(tmp_path, f"exec {text}" if "sleep" in text else text))
    series = only(tmp_path / "in")
    with pytest.raises(DicomError, match=words) as raised:
        convert(series, grid_of(series), minutes=0.005)
    assert "Quaglia" not in str(raised.value)
