"""SEG and SR of finished scans: the right series, the right place, one fault at a time."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import nibabel
import pytest
from dicom_reading import numbers_of_report, places, segmentation_as_nifti
from dicom_series import Order, Patient, Written, asymmetric_phantom, write_series

from neurolupus.errors import DicomError, UsageError
from neurolupus.workflows.dicom_export import export_objects
from neurolupus.workflows.measure import MeasureOptions, measure_dataset

pytestmark = pytest.mark.slow

pytest.importorskip("highdicom", reason="needs the extra dicom")

MakeDataset = Callable[..., Path]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first test measured, for the others."""
    return tmp_path_factory.mktemp("kept") / "out"


@pytest.fixture
def measured(make_dataset: MakeDataset, fake_measure: ModuleType, tmp_path: Path, kept: Path) -> Path:
    """Two finished scans, 01 with a FLAIR and 02 without."""
    out = tmp_path / "out"
    bids = make_dataset(["01", "02"], no_flair=["02"])
    if not kept.exists():
        measure_dataset(bids, kept, MeasureOptions(participants=("01",)))
        measure_dataset(bids, kept, MeasureOptions(participants=("02",), need_flair=False))
    shutil.copytree(kept, out)
    return out


def sent(tmp_path: Path, label: str, **more: object) -> Written:
    """The T1w of a participant as DICOM."""
    path = tmp_path / "bids" / f"sub-{label}" / "anat" / f"sub-{label}_T1w.nii.gz"
    order = Order(patient=Patient(patient_id=f"MRN-{label}"), number=3)
    return write_series(tmp_path / "src" / label, path, plane="coronal", order=order, **more)  # type: ignore[arg-type]


def test_each_scan_finds_its_own_series(measured: Path, tmp_path: Path):
    from pydicom import dcmread

    first, second = sent(tmp_path, "01"), sent(tmp_path, "02")
    done = export_objects(measured, tmp_path / "src", tmp_path / "made", probability=True)
    assert [(one.scan, one.series_uid, one.fault) for one in done] == [
        ("sub-01", first.series_uid, ""), ("sub-02", second.series_uid, ""),
    ]  # fmt: skip
    names = sorted(path.name for path in (tmp_path / "made").iterdir())
    assert names == [
        "sub-01_volumes-sr.dcm", "sub-01_wmh-probability.dcm", "sub-01_wmh-seg.dcm", "sub-02_volumes-sr.dcm",
    ]  # fmt: skip
    assert dcmread(tmp_path / "made" / "sub-02_volumes-sr.dcm").PatientID == "MRN-02"
    mask = nibabel.load(measured / "sub-01" / "anat" / "sub-01_label-WMH_mask.nii.gz")  # type: ignore[attr-defined]
    assert len(places(mask)) == 12
    assert places(segmentation_as_nifti(tmp_path / "made" / "sub-01_wmh-seg.dcm"), mask) == places(mask)
    assert numbers_of_report(tmp_path / "made" / "sub-01_volumes-sr.dcm")["wmh_ml 118565006"][0] == pytest.approx(
        12 * 6**3 / 1000
    )


def test_the_series_may_come_in_a_zip(measured: Path, tmp_path: Path):
    written = sent(tmp_path, "01")
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "src")
    (done,) = export_objects(measured, Path(packed), tmp_path / "made", participants=("01",))
    assert (done.series_uid, done.fault) == (written.series_uid, "")


def test_no_library_shows_the_patient_s_name(measured: Path, tmp_path: Path, recwarn: pytest.WarningsRecorder):
    path = tmp_path / "bids" / "sub-01" / "anat" / "sub-01_T1w.nii.gz"
    write_series(
        tmp_path / "src", path, order=Order(patient=Patient(name="Quaglia"))
    )  # highdicom warns, and repeats it
    (done,) = export_objects(measured, tmp_path / "src", tmp_path / "made", participants=("01",))
    assert done.fault == ""
    assert [str(one.message) for one in recwarn] == []


def test_a_scan_without_its_series_does_not_stop_the_others(measured: Path, tmp_path: Path):
    sent(tmp_path, "01")
    write_series(tmp_path / "src" / "other", asymmetric_phantom((12, 12, 12)), order=Order(number=7))
    done = export_objects(measured, tmp_path / "src", tmp_path / "made", participants=("01",))
    assert [one.fault for one in done] == [""]
    shutil.rmtree(tmp_path / "src" / "01")
    (lost,) = export_objects(measured, tmp_path / "src", tmp_path / "made", participants=("01",))
    assert "None of 1 series lies where the T1w lies" in lost.fault
    assert "12 x 12 x 12 voxels" in lost.fault


def test_a_series_of_the_same_place_that_shows_another_head_is_refused(measured: Path, tmp_path: Path):
    import numpy as np

    path = tmp_path / "bids" / "sub-01" / "anat" / "sub-01_T1w.nii.gz"
    image = nibabel.load(path)  # type: ignore[attr-defined]
    other = np.random.default_rng(5).integers(300, 900, image.shape).astype(np.int16)
    write_series(tmp_path / "src", (other, image.affine), order=Order(patient=Patient(patient_id="SOMEBODY-ELSE")))
    (refused,) = export_objects(measured, tmp_path / "src", tmp_path / "made", participants=("01",))
    assert "shows something else" in refused.fault
    assert list((tmp_path / "made").iterdir()) == []


def test_the_same_result_again_is_no_fault_and_another_is_not_overwritten(measured: Path, tmp_path: Path):
    sent(tmp_path, "01")

    def export(**more: bool) -> str:
        (one,) = export_objects(measured, tmp_path / "src", tmp_path / "made", participants=("01",), **more)
        return one.fault

    assert export() == ""
    assert export() == ""
    path = tmp_path / "made" / "sub-01_wmh-seg.dcm"
    content = path.read_bytes()
    path.write_bytes(b"another")
    assert "--overwrite" in export()
    assert path.read_bytes() == b"another"
    assert export(overwrite=True) == ""
    assert path.read_bytes() == content


def test_names_are_not_written_beside_pseudonyms(measured: Path, tmp_path: Path):
    sent(tmp_path, "01")
    with pytest.raises(UsageError, match="by pseudonym"):
        export_objects(measured, tmp_path / "src", measured / "dicom")
    export_objects(measured, tmp_path / "src", tmp_path / "made")
    assert (tmp_path / "made").stat().st_mode & 0o077 == 0


def test_nobody_meant_is_told(measured: Path, tmp_path: Path):
    sent(tmp_path, "01")
    with pytest.raises(UsageError, match="no finished scan"):
        export_objects(measured, tmp_path / "src", tmp_path / "made", participants=("99",))


def test_a_folder_without_dicom_is_told(measured: Path, tmp_path: Path):
    with pytest.raises(DicomError, match="has no DICOM series"):
        export_objects(measured, tmp_path / "bids", tmp_path / "made")
