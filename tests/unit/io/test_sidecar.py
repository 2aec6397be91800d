import json
from pathlib import Path

import numpy as np
import pytest

from neurolupus.io.header import read_image_header
from neurolupus.io.sidecar import (
    Sidecar,
    acquisition,
    contrast_agent,
    geometry_dim,
    kept_fields,
    looks_like,
    read_sidecar,
    split_name,
)


def put(path: Path, **fields: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(fields))


@pytest.fixture
def image(tmp_path) -> Path:
    return tmp_path / "ds" / "sub-01" / "ses-1" / "anat" / "sub-01_ses-1_acq-hi_T1w.nii.gz"


def test_nearer_files_win_and_farther_ones_fill_in(image):
    # BIDS 1.9.0, "The inheritance principle": a field of a lower level overrides that of a higher one
    root = image.parents[3]
    put(root / "T1w.json", EchoTime=1, FlipAngle=1, Manufacturer="root")
    put(root / "sub-01" / "sub-01_T1w.json", EchoTime=2, FlipAngle=2)
    put(image.with_name("sub-01_ses-1_acq-hi_T1w.json"), EchoTime=3)
    assert read_sidecar(image).fields == {"EchoTime": 3, "FlipAngle": 2, "Manufacturer": "root"}


def test_other_suffixes_and_entities_do_not_apply(image):
    root = image.parents[3]
    put(root / "FLAIR.json", EchoTime=9)
    put(root / "acq-lo_T1w.json", EchoTime=8)
    put(image.with_name("sub-01_ses-1_acq-hi_run-2_T1w.json"), EchoTime=7)
    put(image.parents[4] / "T1w.json", EchoTime=6)  # above the data set
    assert read_sidecar(image).fields == {}


def test_on_one_level_the_more_specific_file_wins(image):
    put(image.with_name("sub-01_T1w.json"), EchoTime=1, FlipAngle=1)
    put(image.with_name("sub-01_ses-1_T1w.json"), EchoTime=2)
    assert read_sidecar(image).fields == {"EchoTime": 2, "FlipAngle": 1}


def test_outside_bids_only_the_file_beside_it(tmp_path):
    put(tmp_path / "brain.json", EchoTime=1)
    put(tmp_path / "T1w.json", EchoTime=2)
    assert read_sidecar(tmp_path / "brain.nii.gz").fields == {"EchoTime": 1}
    assert read_sidecar(tmp_path / "other.nii.gz").fields == {}


@pytest.mark.parametrize("content", [b"[1, 2]", b"{", b"\xff\xfe\x00", b"", b"[" * 100_000])
def test_what_is_no_object_is_left_out_with_a_warning(image, content):
    put(image.with_name("sub-01_T1w.json"), EchoTime=1)
    image.with_name("sub-01_ses-1_acq-hi_T1w.json").write_bytes(content)
    sidecar = read_sidecar(image)
    assert sidecar.fields == {"EchoTime": 1}
    assert len(sidecar.warnings) == 1


def test_a_mark_at_the_start_is_no_fault(image):
    image.parent.mkdir(parents=True)
    image.with_name("sub-01_T1w.json").write_text('{"EchoTime": 1}', encoding="utf-8-sig")
    assert read_sidecar(image).number("EchoTime") == 1


def test_only_named_short_plain_fields_are_kept():
    fields = {
        "EchoTime": 0.1,
        "ImageType": ["ORIGINAL", "PRIMARY"],
        "Manufacturer": "x" * 500,
        "FlipAngle": {"nested": 1},
        "PatientBirthDate": "19700101",
        "AcquisitionTime": "10:00",
        "InstitutionName": "A",
        "DeviceSerialNumber": "1",
        "SeriesDescription": "free text",
        "ProtocolName": "free text",
        "StationName": "B",
    }
    assert kept_fields(fields) == {"EchoTime": 0.1, "ImageType": ["ORIGINAL", "PRIMARY"]}


def header_of(tmp_path, write_image, head_image, size):
    shape = tuple(max(2, round(120 / edge)) for edge in size)
    return read_image_header(write_image(tmp_path / "a.nii.gz", head_image(shape), size_mm=size))


@pytest.mark.parametrize(
    ("size", "dim"),
    [
        ((1, 1, 1), "3D"),
        ((0.9, 0.9, 1.2), "3D"),
        ((1, 1, 1.99), "3D"),
        ((1, 1, 2), "2D"),  # twice as thick as wide
        ((2.4, 2.4, 2.4), "3D"),
        ((2.5, 2.5, 2.5), "2D"),
        ((0.72, 0.72, 4), "2D"),
        ((4, 0.9, 0.9), "2D"),  # sagittal slices
    ],
)
def test_dimension_by_geometry(tmp_path, write_image, head_image, size, dim):
    assert geometry_dim(header_of(tmp_path, write_image, head_image, size)) == dim


@pytest.mark.parametrize(
    ("told", "size", "dim", "warned"),
    [
        ("3D", (1, 1, 1), "3D", False),
        ("2D", (0.8, 0.8, 4), "2D", False),
        ("2d", (0.8, 0.8, 4), "2D", False),
        ("3D", (0.8, 0.8, 4), "3D", True),
        ("2D", (1, 1, 1), "2D", True),
        ("", (1, 1, 4), "2D", False),
        ("spiral", (1, 1, 1), "3D", False),
    ],
)
def test_the_sidecar_decides_and_disagreement_is_warned_of(tmp_path, write_image, head_image, told, size, dim, warned):
    header = header_of(tmp_path, write_image, head_image, size)
    facts, warnings = acquisition(header, Sidecar({"MRAcquisitionType": told}), tmp_path / "a.nii.gz")
    assert facts.acquisition_type == dim
    assert bool(warnings) == warned
    if warned:
        assert f"the sidecar says {told}" in warnings[0]


def test_facts_of_the_scanner(tmp_path, write_image):
    header = read_image_header(write_image(tmp_path / "a.nii", size_mm=(6, 5, 6)))
    sidecar = Sidecar({"Manufacturer": "Philips", "MagneticFieldStrength": 3, "ContrastBolusAgent": "none"})
    facts, warnings = acquisition(header, sidecar, tmp_path / "a.nii")
    assert facts.manufacturer == "Philips"
    assert facts.magnetic_field_strength_t == 3.0
    assert facts.native_voxel_size_mm == pytest.approx((6, 5, 6))
    assert facts.contrast_enhanced is None
    assert len([w for w in warnings if "contrast" in w]) == 0
    assert np.prod(facts.native_shape) == 24 * 28 * 20


@pytest.mark.parametrize("value", ["", "None", "no", "n/a", 5, None])
def test_no_contrast_agent(value):
    assert contrast_agent(Sidecar({"ContrastBolusAgent": value}), Path("a_T1w.nii")) == ""


@pytest.mark.parametrize(
    ("fields", "name", "kind"),
    [
        ({}, "sub-01_T1w.nii.gz", "T1w"),
        ({}, "sub-01_FLAIR.nii.gz", "FLAIR"),
        ({}, "T1.nii", "T1w"),
        ({}, "pat_t1_mprage.nii", "T1w"),
        ({}, "t2_tirm_tra.nii", "FLAIR"),
        ({}, "image1.nii", None),
        ({}, "T1_FLAIR.nii", None),  # a T1-weighted FLAIR is neither
        ({}, "sub-T1w01_T2.nii", "T1w"),
        ({"SeriesDescription": "AX FLAIR"}, "sub-01_T1w.nii.gz", "FLAIR"),
        ({"ProtocolName": "Sag_MPRAGE"}, "scan.nii", "T1w"),
        ({"EchoTime": 0.125, "RepetitionTime": 11.0}, "scan.nii", "FLAIR"),
        ({"EchoTime": 0.38, "RepetitionTime": 5.0}, "scan.nii", "FLAIR"),
        ({"EchoTime": 0.003, "RepetitionTime": 2.3}, "scan.nii", "T1w"),
        ({"EchoTime": 0.09, "RepetitionTime": 2.0}, "scan.nii", None),
        ({"EchoTime": "0.1", "RepetitionTime": True}, "scan.nii", None),
    ],
)
def test_what_an_image_looks_like(fields, name, kind):
    assert looks_like(Sidecar(fields), Path(name)) == kind


@pytest.mark.parametrize(
    ("name", "entities", "suffix", "extension"),
    [
        ("sub-01_T1w.nii.gz", {"sub": "01"}, "T1w", ".nii.gz"),
        ("T1.nii", {}, "T1", ".nii"),
        ("a_b_c.json", {}, "c", ".json"),
    ],
)
def test_split_name(name, entities, suffix, extension):
    assert split_name(name) == (entities, suffix, extension)
