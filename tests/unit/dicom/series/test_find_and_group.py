"""Files of any name at any depth become series; what is none is counted, and nothing is read without bounds."""

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_series import LEAKS, Order, Patient, asymmetric_phantom, write_series
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, MediaStorageDirectoryStorage

from neurolupus.dicom.series.choose import choose
from neurolupus.dicom.series.find import find_images
from neurolupus.dicom.series.group import group_series
from neurolupus.dicom.series.import_map import ImportMap

SMALL = asymmetric_phantom((12, 14, 10), mm=10.0)


def test_no_extension_any_depth_and_other_files_beside(tmp_path: Path) -> None:
    write_series(tmp_path / "a" / "b" / "c" / "d", SMALL, extension="")
    (tmp_path / "a" / "notes.txt").write_text("x" * 500)
    (tmp_path / "picture.dcm").write_bytes(b"\x89PNG" + bytes(500))
    (tmp_path / "short.dcm").write_bytes(b"DICM")
    found = find_images(tmp_path)
    assert (found.n_files, found.n_dicom, found.n_other, found.n_unreadable) == (13, 10, 3, 0)


def test_a_file_without_preamble_is_read(tmp_path: Path) -> None:
    written = write_series(tmp_path, SMALL)
    for path in written.paths:
        raw = path.read_bytes()
        meta_length = int.from_bytes(raw[140:144], "little")
        path.write_bytes(raw[144 + meta_length :])  # the data set alone, explicit little endian
    (series,) = group_series(find_images(tmp_path).buckets.values())
    assert len(series.slices) == 10
    assert not any(one.pixel_fault for one in series.slices)


def test_a_text_that_begins_like_a_data_set_is_none(tmp_path: Path) -> None:
    (tmp_path / "odd").write_bytes(b"\x08\x00\x05\x00CS" + b"\x0a\x00" + b"ISO_IR 100" + bytes(200))
    found = find_images(tmp_path)
    assert (found.n_dicom, found.n_other) == (0, 1)


def test_a_dicomdir_is_no_image(tmp_path: Path) -> None:
    write_series(tmp_path / "IMAGES", SMALL, extension="")
    directory = Dataset()
    directory.FileSetID, directory.DirectoryRecordSequence = "DISC", []
    directory.file_meta = FileMetaDataset()
    directory.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    directory.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    directory.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    directory.save_as(tmp_path / "DICOMDIR", enforce_file_format=True)
    found = find_images(tmp_path)
    assert (found.n_dicom, found.n_other, found.n_unreadable) == (10, 1, 0)


def test_broken_headers_are_told_with_their_file_and_stop_nothing(tmp_path: Path) -> None:
    write_series(tmp_path, SMALL)
    (tmp_path / "broken.dcm").write_bytes(bytes(128) + b"DICM" + b"\xff" * 300)
    found = find_images(tmp_path)
    assert found.n_dicom == 10
    ((name, why),) = found.unreadable
    assert name == "broken.dcm"
    assert "header" in why


def test_a_deflated_file_is_not_unpacked(tmp_path: Path) -> None:
    write_series(tmp_path, SMALL, syntax=DeflatedExplicitVRLittleEndian)
    found = find_images(tmp_path)
    assert found.n_unreadable == 10
    assert "deflated" in found.unreadable[0][1]


def test_links_are_counted_and_not_followed(tmp_path: Path) -> None:
    write_series(tmp_path / "real", SMALL)
    there = tmp_path / "there"
    there.mkdir()
    (there / "loop").symlink_to(tmp_path, target_is_directory=True)
    (there / "file").symlink_to(tmp_path / "real" / "IM0001.dcm")
    found = find_images(there)
    assert (found.n_links, found.n_dicom) == (2, 0)


def test_a_value_that_claims_more_than_the_file_holds_spoils_that_file_alone(tmp_path: Path) -> None:
    written = write_series(tmp_path, SMALL)
    raw = written.paths[0].read_bytes()
    at = raw.index(b"\x08\x00\x3e\x10LO") + 6  # SeriesDescription: two bytes of length
    written.paths[0].write_bytes(raw[:at] + b"\xff\xff" + raw[at + 2 :])
    found = find_images(tmp_path)
    assert (found.n_dicom, found.n_unreadable) == (9, 1)


def test_copies_count_once_and_a_whole_copy_stands_for_a_cut_one(tmp_path: Path) -> None:
    written = write_series(tmp_path / "a", SMALL)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    first = written.paths[0]
    first.write_bytes(first.read_bytes()[:-50])
    (series,) = group_series(find_images(tmp_path).buckets.values())
    assert len(series.slices) == 10
    assert series.n_copies == 10
    assert not any(one.pixel_fault for one in series.slices)


def test_two_patients_with_one_series_uid_are_two(tmp_path: Path) -> None:
    # some exporters give every patient the same UIDs
    write_series(tmp_path / "a", SMALL)
    write_series(tmp_path / "b", SMALL, overrides={"PatientID": "other"})
    series = group_series(find_images(tmp_path).buckets.values())
    assert sorted(one.identity.patient_id for one in series) == ["MRN-7731955", "other"]


def test_magnitude_and_phase_of_one_series_come_apart(shared: Path) -> None:
    folder = shared / "data" / "dicom" / "philips" / "anatomical" / "002"
    parts = group_series(find_images(folder).buckets.values())
    assert [len(one.slices) for one in parts] == [4, 4]
    assert ["SW_M" in one.part for one in parts] == [True, False]


def test_echoes_of_one_series_come_apart(tmp_path: Path) -> None:
    for number, echo in enumerate(("2.5", "7.4")):
        changed = {k: {"SOPInstanceUID": f"1.2.{number}.{k}"} for k in range(10)}
        write_series(tmp_path / echo, SMALL, overrides={"EchoTime": echo}, per_slice=changed)
    parts = group_series(find_images(tmp_path).buckets.values())
    assert [(one.facts.echo_ms, len(one.slices)) for one in parts] == [(2.5, 10), (7.4, 10)]
    assert parts[0].part == "echo time 2.5"


def test_repetitions_of_one_series_come_apart(tmp_path: Path) -> None:
    for number in (1, 2):
        changed = {k: {"SOPInstanceUID": f"1.2.{number}.{k}"} for k in range(10)}
        write_series(tmp_path / str(number), SMALL, overrides={"AcquisitionNumber": str(number)}, per_slice=changed)
    assert [one.part for one in group_series(find_images(tmp_path).buckets.values())] == [
        "repetition 1",
        "repetition 2",
    ]


def test_three_planes_of_one_localiser_stay_together_and_two_stacks_come_apart(tmp_path: Path) -> None:
    across = {"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}
    write_series(tmp_path / "a", SMALL, per_slice=dict.fromkeys(range(3), across), order=Order(number=1))
    write_series(tmp_path / "b", SMALL, order=Order(number=2))
    changed = {k: {"SOPInstanceUID": f"1.2.{k}", "SeriesInstanceUID": "1.9"} for k in range(14)}
    write_series(tmp_path / "c", SMALL, plane="coronal", order=Order(number=3), per_slice=changed)
    for path in (tmp_path / "b").iterdir():
        ds = pydicom.dcmread(path)
        ds.SeriesInstanceUID, ds.SeriesNumber = "1.9", "3"
        ds.save_as(path)
    series = group_series(find_images(tmp_path).buckets.values())
    assert [(one.facts.series_number, len(one.slices), one.part) for one in series] == [
        (1, 10, ""),
        (3, 10, "orientation 1"),
        (3, 14, "orientation 2"),
    ]


def test_noise_in_the_orientation_takes_no_stack_apart(tmp_path: Path) -> None:
    # 0.00499 and 0.00501 round to different hundredths
    noisy = {k: {"ImageOrientationPatient": [1, 0.00499 + 0.00002 * (k % 2), 0, -0.005, 1, 0]} for k in range(18)}
    write_series(tmp_path, asymmetric_phantom((12, 14, 18), mm=10.0), per_slice=noisy)
    (series,) = group_series(find_images(tmp_path).buckets.values())
    assert (len(series.slices), series.part) == (18, "")


def test_slices_are_in_the_order_of_their_places(tmp_path: Path) -> None:
    written = write_series(tmp_path, SMALL, per_slice={k: {"InstanceNumber": str(99 - k)} for k in range(10)})
    rng = np.random.default_rng(1)
    for path, name in zip(written.paths, rng.permutation(10), strict=True):
        path.rename(tmp_path / f"z{name}")
    (series,) = group_series(find_images(tmp_path).buckets.values())
    assert [one.number for one in series.slices] == [99 - k for k in range(10)]


def test_a_name_in_another_alphabet_is_read(tmp_path: Path) -> None:
    write_series(
        tmp_path, SMALL, overrides={"SeriesDescription": "T1 Schädel μ"}, order=Order(patient=Patient("王^小明"))
    )
    (series,) = group_series(find_images(tmp_path).buckets.values())
    assert series.facts.description == "T1 Schädel μ"
    assert series.identity.name == "王^小明"


def test_what_a_series_is_called_here_holds_no_identity(tmp_path: Path) -> None:
    write_series(tmp_path, SMALL, overrides={"SeriesDescription": "T1 Quaglia"})
    (series,) = group_series(find_images(tmp_path).buckets.values())
    assert series.name == "series 3"
    assert not any(leak in series.name for leak in LEAKS)


def test_three_hundred_headers_take_no_second_and_a_half(tmp_path: Path) -> None:
    # 0.3 ms of the processor each; what else the machine does is not counted
    written = write_series(tmp_path / "a", SMALL)
    for number in range(30):
        (tmp_path / str(number)).mkdir()
        for path in written.paths:
            os.link(path, tmp_path / str(number) / path.name)
    began = time.process_time()
    found = find_images(tmp_path)
    assert found.n_dicom == 310
    assert time.process_time() - began < 1.5


@pytest.mark.parametrize("length", range(0, 2000, 37))
def test_a_file_cut_anywhere_raises_nothing_unforeseen(tmp_path: Path, length: int) -> None:
    written = write_series(tmp_path / "whole", SMALL, leave_out=range(1, 10))
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "IM.dcm").write_bytes(written.paths[0].read_bytes()[:length])
    find_images(tmp_path / "cut")


def damaged(raw: bytes, rng: np.random.Generator) -> bytes:
    """A header with bytes changed, taken out and put in."""
    made = bytearray(raw)
    for _ in range(int(rng.integers(1, 20))):
        at = int(rng.integers(130, min(len(made), 3000)))
        length, what = int(rng.integers(1, 20)), rng.integers(3)
        made[at : at + (1 if what == 0 else length if what == 1 else 0)] = (
            b"" if what == 1 else rng.bytes(1 if what == 0 else length)
        )
    return bytes(made)


@pytest.mark.parametrize("enhanced", [False, True], ids=["one image a file", "multi-frame"])
def test_damaged_headers_raise_nothing_unforeseen(tmp_path: Path, enhanced: bool) -> None:
    raw = write_series(tmp_path / "whole", SMALL, enhanced=enhanced).paths[0].read_bytes()
    (tmp_path / "bad").mkdir()
    rng = np.random.default_rng(7)
    for number in range(80):
        (tmp_path / "bad" / str(number)).write_bytes(damaged(raw, rng))
    found = find_images(tmp_path / "bad")
    for study in group_series(found.buckets.values()):
        choose([study], ImportMap())
    assert found.n_dicom + found.n_unreadable + found.n_other == 80
    assert found.n_unreadable > 5
