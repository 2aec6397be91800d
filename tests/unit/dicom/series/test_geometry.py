"""Every way in which slices fail to be a volume has its own words; real series of the vendors and made ones."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from dicom_series import asymmetric_phantom, write_series
from pydicom.uid import UID

from neurolupus.dicom.series.find import find_images
from neurolupus.dicom.series.geometry import grid_of, judge
from neurolupus.dicom.series.group import group_series
from neurolupus.dicom.series.slices import Series

SMALL = asymmetric_phantom((12, 14, 10), mm=10.0)


def read(folder: Path) -> tuple[Series, ...]:
    return group_series(find_images(folder).buckets.values())


def only(folder: Path) -> Series:
    (series,) = read(folder)
    return series


def told(series: Series) -> dict[str, str]:
    return {fault.kind: fault.what for fault in judge(series)}


def test_a_whole_series_has_no_fault_and_its_grid_is_the_volumes(tmp_path: Path) -> None:
    written = write_series(tmp_path, SMALL, plane="coronal")
    series = only(tmp_path)
    assert told(series) == {}
    grid = grid_of(series)
    assert grid.shape == (12, 10, 14)
    # the voxel that lies at RAS (0, 0, 0) + one step of each axis, by both affines
    corner = np.linalg.inv(grid.affine) @ written.affine @ [0, 0, 0, 1]
    assert np.allclose(corner[:3] % 1, 0, atol=1e-6)


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("failing/gantrytilting/001", {"gantry-tilt": "slices are sheared by 14.0°"}),
        ("failing/notavolume/001", {"not-a-volume": "all 4 slices lie at one position"}),
        ("failing/slicecount/001", {"too-few-slices": "2 slices; a volume has 4 or more"}),
        # positions 18.1, 23.1, 28.1, 38.1 mm of numbers 7, 8, 9, 10: no number is missing, a step is
        ("failing/sliceincrement/001", {"uneven-increment": "uneven: 5.00, 10.00 mm, the first odd one after slice 9"}),
        # numbers 1, 2, 3, 5, tilted by acos(0.9636) = 15.5°
        (
            "failing/sliceincrement/002",
            {"gantry-tilt": "sheared by 15.5°", "missing-slices": "1 slice missing: number 4"},
        ),
        ("ge/anatomical/001_single_slice", {"too-few-slices": "1 slice; a volume has 4 or more"}),
    ],
)
def test_real_series_that_fail_say_how(shared: Path, folder: str, words: Mapping[str, str]) -> None:
    faults = told(only(shared / "data" / "dicom" / folder))
    assert set(faults) == set(words)
    for kind, part in words.items():
        assert part in faults[kind]


@pytest.mark.parametrize(
    "folder",
    [
        "ge/anatomical/001",
        "ge/anatomical/001_implicit",
        "philips/anatomical/001",
        "siemens/anatomical/001_implicit",
        "generic/anatomical/002_non_isotropic",
        "generic/compressed_j2k/001",
        "generic/compressed_jpeg/001",
        "generic/compressed_jpegls/001",
        "generic/compressed_rle/001",
    ],
)
def test_real_volumes_pass(shared: Path, folder: str) -> None:
    assert told(only(shared / "data" / "dicom" / folder)) == {}


def moved(k: int, by_mm: float) -> dict[int, dict[str, object]]:
    """A slice moved along z; slices of SMALL lie 10 mm apart."""
    return {k: {"ImagePositionPatient": [-55, -65, -45 + 10 * k + by_mm]}}


MADE: list[tuple[dict[str, object], dict[str, str]]] = [
    ({"leave_out": [4]}, {"missing-slices": "1 slice missing: number 5 (20.00 mm after slice 4, else 10.00 mm)"}),
    ({"leave_out": [2, 3, 6]}, {"missing-slices": "3 slices missing: number 3, 4, 7"}),
    ({"per_slice": moved(9, 5.0)}, {"uneven-increment": "10.00, 15.00 mm, the first odd one after slice 9"}),
    ({"per_slice": moved(5, -10.0)}, {"duplicate-slices": "slices 5 and 6", "missing-slices": "number 6"}),
    ({"per_slice": {3: {"ImagePositionPatient": None}}}, {"no-position": "1 of 10 slices have no position"}),
    ({"overrides": {"ImageOrientationPatient": None}}, {"no-position": "10 of 10 slices have no position"}),
    ({"overrides": {"PixelSpacing": None}}, {"no-position": "PixelSpacing is missing"}),
    ({"overrides": {"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}}, {"no-position": "no pair of directions"}),
    ({"per_slice": {0: {"PixelSpacing": [9, 9]}}}, {"mixed-sizes": "pixels of 2 sizes: 10 x 10, 9 x 9 mm"}),
    (
        {"per_slice": {0: {"Rows": 7, "Columns": 12, "PixelData": bytes(168)}}},
        {"mixed-sizes": "9 of 12 x 14, 1 of 12 x 7 pixels"},
    ),
    (
        {"per_slice": {k: {"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]} for k in range(3)}},
        {"not-a-volume": "slices of 2 orientations (3 + 7), as in a localiser"},
    ),
    ({"per_slice": {2: {"PixelData": bytes(40)}}}, {"truncated": "slice 3 of 10: pixel data end early: 40 of 336"}),
    ({"per_slice": {k: {"PixelData": None} for k in (1, 5)}}, {"truncated": "slice 2 and 1 more of 10: no pixel data"}),
    ({"leave_out": [4], "per_slice": {7: {"PixelData": bytes(40)}}}, {"truncated": "slice 8", "missing-slices": "5"}),
]


@pytest.mark.parametrize(("made", "words"), MADE, ids=[", ".join(words) for _, words in MADE])
def test_made_series_that_fail_say_how(tmp_path: Path, made: dict[str, object], words: Mapping[str, str]) -> None:
    write_series(tmp_path, SMALL, **made)  # type: ignore[arg-type]
    faults = told(only(tmp_path))
    assert set(faults) == set(words)
    for kind, part in words.items():
        assert part in faults[kind]


def test_a_file_that_was_cut_while_it_was_sent(tmp_path: Path) -> None:
    written = write_series(tmp_path, SMALL)
    raw = written.paths[4].read_bytes()
    written.paths[4].write_bytes(raw[:-100])
    assert "slice 5 of 10: pixel data end early: 236 of 336" in told(only(tmp_path))["truncated"]


def test_compressed_pixels_that_end_early(shared: Path, tmp_path: Path) -> None:
    for path in (shared / "data" / "dicom" / "generic" / "compressed_j2k" / "001").iterdir():
        raw = path.read_bytes()
        (tmp_path / path.name).write_bytes(raw[: len(raw) // 2] if "0002" in path.name else raw)
    assert "slice 2 of 4: compressed pixel data end early" in told(only(tmp_path))["truncated"]


def test_a_transfer_syntax_that_nobody_unpacks(tmp_path: Path) -> None:
    write_series(tmp_path, SMALL)
    for path in tmp_path.iterdir():  # MPEG2, of the same length as the UID it replaces
        known, video = b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.4.100"
        raw = path.read_bytes()
        path.write_bytes(raw.replace(known, video[: len(known)].ljust(len(known), b"0"), 1))
    assert "cannot be unpacked" in told(only(tmp_path))["transfer-syntax"]


def test_several_faults_are_told_together(tmp_path: Path) -> None:
    write_series(tmp_path, SMALL, leave_out=[3], per_slice={0: {"PixelSpacing": [9, 9]}, 8: {"PixelData": bytes(4)}})
    assert set(told(only(tmp_path))) == {"missing-slices", "mixed-sizes", "truncated"}


def test_numbers_that_run_backwards_or_in_fours_tell_which_slice_is_missing(tmp_path: Path) -> None:
    # GE counts down, Philips counts echoes in between
    numbers = {k: {"InstanceNumber": str(100 - 4 * k)} for k in range(10)}
    write_series(tmp_path, SMALL, per_slice=numbers, leave_out=[6])
    assert "number 76" in told(only(tmp_path))["missing-slices"]


def test_positions_of_few_digits_are_no_uneven_increment(tmp_path: Path) -> None:
    # dicom2nifti's and GE's headers round to 0.01 mm
    places = {k: {"ImagePositionPatient": [-55, -65, round(-45 + 0.777 * k, 2)]} for k in range(10)}
    write_series(tmp_path, SMALL, per_slice=places)
    assert told(only(tmp_path)) == {}


@pytest.mark.parametrize("missing", [[], [4]])
def test_a_multi_frame_file_is_judged_by_its_frames(tmp_path: Path, missing: list[int]) -> None:
    write_series(tmp_path, SMALL, enhanced=True, leave_out=missing)
    series = only(tmp_path)
    assert len(series.slices) == 10 - len(missing)
    # frames are numbered without gaps: an uneven step is all that shows
    assert set(told(series)) == ({"uneven-increment"} if missing else set())


@pytest.mark.slow
def test_a_multi_frame_file_of_many_frames_is_read_whole(tmp_path: Path) -> None:
    # functional groups of 400 frames take more than 64 KB, as those of any vendor do
    write_series(tmp_path, asymmetric_phantom((8, 8, 400), mm=1.0), enhanced=True)
    series = only(tmp_path)
    assert (len(series.slices), told(series)) == (400, {})


@pytest.mark.slow
def test_slices_all_around_are_told_shortly(tmp_path: Path) -> None:
    around = {k: {"ImageOrientationPatient": [f"{np.cos(k):.6f}", f"{np.sin(k):.6f}", 0, 0, 0, -1]} for k in range(120)}
    write_series(tmp_path, asymmetric_phantom((6, 6, 120), mm=1.0), per_slice=around)
    words = told(only(tmp_path))["not-a-volume"]
    assert words == "not a volume: slices of 100 orientations (1 + 1 + 1 + 1 + 1 + 1 ...), as in a localiser"


def test_the_syntaxes_that_are_told_as_known_have_these_names() -> None:
    from neurolupus.dicom.series.geometry import SYNTAXES

    for uid, name in SYNTAXES.items():
        if uid:
            first = name.split()[0].lower().rstrip(",")
            assert first.split("-")[0] in UID(uid).name.lower(), uid
