"""Sidecars hold what tells how an image was acquired, and nothing that tells of whom, where or when."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from dicom_series import LEAKS, asymmetric_phantom, write_series

from neurolupus.dicom.series.convert import convert
from neurolupus.dicom.series.find import find_images
from neurolupus.dicom.series.geometry import grid_of
from neurolupus.dicom.series.group import group_series
from neurolupus.dicom.series.sidecar import KEPT, ON_REQUEST, bids_sidecar, secrets_of, without_secrets

SMALL = asymmetric_phantom((12, 14, 10), mm=10.0)


@pytest.mark.parametrize("vendor", ["SIEMENS", "GE", "PHILIPS"])
def test_the_sequence_is_kept_and_identities_are_not(tmp_path: Path, vendor: str) -> None:
    write_series(tmp_path, SMALL, kind="FLAIR", vendor=vendor)
    (series,) = group_series(find_images(tmp_path).buckets.values())
    told = convert(series, grid_of(series)).sidecar
    assert any(leak in json.dumps(told) for leak in LEAKS)  # dcm2niix tells the institution whatever is asked of it
    fields = bids_sidecar(told, series.facts)
    text = json.dumps(fields)
    assert not any(leak in text for leak in LEAKS)
    assert not any(word in text for word in ("2024", "10:15", "InstanceUID", 'Time": "1'))
    facts = series.facts
    assert fields["RepetitionTime"] == pytest.approx(facts.repetition_ms / 1000)  # type: ignore[operator]
    assert fields["EchoTime"] == pytest.approx(facts.echo_ms / 1000)  # type: ignore[operator]
    assert fields["InversionTime"] == pytest.approx(facts.inversion_ms / 1000)  # type: ignore[operator]
    assert fields["MRAcquisitionType"] == facts.acquisition_type
    assert fields["MagneticFieldStrength"] == 3
    assert {"Manufacturer", "ManufacturersModelName", "ScanningSequence", "SliceThickness"} <= set(fields)


def facts_of(tmp_path: Path):  # type: ignore[no-untyped-def]
    write_series(tmp_path, SMALL)
    return group_series(find_images(tmp_path).buckets.values())[0].facts


def test_a_field_that_is_not_listed_is_dropped_and_one_asked_for_is_kept(tmp_path: Path) -> None:
    facts = facts_of(tmp_path)
    told = {"EchoTime": 0.003, "PatientName": "x", "AcquisitionTime": "10:15", "InstitutionName": "here", "New": 1}
    assert set(told) & set(bids_sidecar(told, facts)) == {"EchoTime"}
    assert bids_sidecar(told, facts, keep=["InstitutionName"])["InstitutionName"] == "here"


def test_nothing_that_may_be_kept_on_request_is_kept_by_itself() -> None:
    assert not set(KEPT) & set(ON_REQUEST)
    assert not [
        name
        for name in KEPT
        if any(word in name for word in ("Date", "Patient", "Name"))
        and name
        not in ("ManufacturersModelName", "PulseSequenceName", "SequenceName", "ReceiveCoilName", "PatientPosition")
    ]


def test_a_name_in_a_field_that_is_kept_takes_the_field_out(tmp_path: Path) -> None:
    facts = facts_of(tmp_path)
    secrets = secrets_of("Quaglia^Ottavia", "MRN-7731955", "19791103")
    told = {"SequenceName": "quaglia_t1", "ReceiveCoilName": "HEAD", "ImageType": ["M", "MRN-7731955"]}
    assert set(told) & set(bids_sidecar(told, facts, secrets=secrets)) == {"ReceiveCoilName"}


def test_a_short_name_is_a_word_of_its_own() -> None:
    # somebody called Mag is not named by MAGNITUDE, somebody called Magnit is
    assert without_secrets("MAGNITUDE of Mag", secrets_of("Mag")) == "MAGNITUDE of …"
    assert without_secrets("MAGNITUDE", secrets_of("Magnit")) == "…UDE"
    assert secrets_of("Anonymous^Li") == ()


def test_a_scanner_has_a_pseudonym_unless_its_number_was_asked_for(tmp_path: Path) -> None:
    facts = facts_of(tmp_path)
    assert bids_sidecar({}, facts, scanner="12345678")["DeviceSerialNumber"] == "12345678"
    told = {"DeviceSerialNumber": "SN-55012"}
    assert bids_sidecar(told, facts, scanner="12345678")["DeviceSerialNumber"] == "12345678"
    assert bids_sidecar(told, facts, scanner="1", keep=["DeviceSerialNumber"])["DeviceSerialNumber"] == "SN-55012"


def test_what_dcm2niix_does_not_tell_comes_from_the_header(tmp_path: Path) -> None:
    facts = replace(facts_of(tmp_path), flip_angle_deg=None)
    fields = bids_sidecar({}, facts)
    assert fields == {
        "Manufacturer": "SIEMENS",
        "MagneticFieldStrength": 3.0,
        "MRAcquisitionType": "3D",
        "RepetitionTime": 2.3,
        "EchoTime": 0.00298,
        "InversionTime": 0.9,
    }
