"""SEG and SR read back by other programs: voxel for voxel, number for number, without a fault."""

import datetime
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from dicom_reading import faults_of, numbers_of_report, places, segmentation_as_nifti, texts_of_report
from dicom_series import LEAKS, PLANES, asymmetric_phantom, write_series

from neurolupus.dicom.objects.placing import on_frames
from neurolupus.dicom.objects.report import measurement_report
from neurolupus.dicom.objects.result import Result
from neurolupus.dicom.objects.segmentation import mask_segmentation, probability_segmentation
from neurolupus.dicom.objects.source import find_volumes
from neurolupus.records.measurement import Measurement, MeasurementSet
from neurolupus.records.volume import Volume

pytest.importorskip("highdicom", reason="needs the extra dicom")

SHAPE = (20, 24, 16)
ITEMS = (
    Measurement("tiv_ml", 1450.1234567, "ml"),
    Measurement("gm_ml", 650.5, "ml"),
    Measurement("wmh_ml", 4.6, "ml", 3.1, 6.9),
    Measurement("wmh_count", 3, "1"),
    Measurement("wmh_periventricular_ml", 2.5, "ml"),
    Measurement("wmh_deep_ml", 1.25, "ml"),
    Measurement("wmh_juxtacortical_ml", 0.5, "ml"),
    Measurement("wmh_infratentorial_ml", 0.35, "ml"),
    Measurement("wmh_method", "model"),
)


def a_result(*, items: tuple[Measurement, ...] = ITEMS, usable: bool = True, hour: int = 12, **more: Any) -> Result:
    facts = {"reason": "", "warnings": (), "threshold": 0.2, "version": "0.7.0"} | more
    made_at = datetime.datetime(2024, 5, 1, hour, tzinfo=datetime.UTC)
    return Result(MeasurementSet(items), usable, made_at=made_at, **facts)  # type: ignore[arg-type]


class Laid:
    """A phantom, its block as a mask, and both on the frames of a series."""

    def __init__(self, folder: Path, plane: str = "axial", *, enhanced: bool = False) -> None:
        self.array, self.affine = asymmetric_phantom(SHAPE, mm=3.0)
        self.mask = self.array == 1500
        written = write_series(folder / "src", (self.array, self.affine), plane=plane, enhanced=enhanced)
        self.study_uid, self.series_uid = written.study_uid, written.series_uid
        (self.source,) = find_volumes(folder / "src")
        self.volume = Volume(self.array, self.affine)

    @property
    def headers(self) -> list[Any]:
        return self.source.headers()

    def frames(self, values: Any) -> Any:
        return self.source.in_file_order(on_frames(values, self.volume, self.source))

    def nifti(self, values: Any) -> Any:
        return nibabel.Nifti1Image(values.astype(np.float32), self.affine)  # type: ignore[no-untyped-call]


@pytest.fixture
def laid(tmp_path: Path) -> Laid:
    return Laid(tmp_path)


def saved(made: Any, path: Path) -> Path:
    made.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("enhanced", [False, True])
@pytest.mark.parametrize("plane", PLANES)
def test_the_mask_lies_where_the_block_lies(plane: str, enhanced: bool, tmp_path: Path):
    laid = Laid(tmp_path, plane, enhanced=enhanced)
    made = mask_segmentation(laid.headers, laid.frames(laid.mask), a_result())
    path = saved(made, tmp_path / "seg.dcm")
    sent = laid.nifti(laid.mask)
    assert len(places(sent)) == 72
    assert places(segmentation_as_nifti(path), sent) == places(sent)
    assert not faults_of(path)


@pytest.mark.slow
def test_probabilities_come_back_to_half_a_step(laid: Laid, tmp_path: Path):
    values = np.where(laid.mask, np.float32(0.437), np.float32(0)) + np.where(laid.array == 500, np.float32(0.1), 0)
    made = probability_segmentation(laid.headers, laid.frames(values), a_result())
    path = saved(made, tmp_path / "prob.dcm")
    sent = places(laid.nifti(values))
    read = places(segmentation_as_nifti(path), laid.nifti(values))
    assert read.keys() == sent.keys()
    assert max(abs(read[place] - sent[place]) for place in sent) <= 0.5 / 255 + 1e-6
    assert (made.SegmentationType, made.SegmentationFractionalType) == ("FRACTIONAL", "PROBABILITY")
    assert not faults_of(path)


def test_an_empty_mask_is_an_object_too(laid: Laid, tmp_path: Path):
    made = mask_segmentation(laid.headers, laid.frames(np.zeros(SHAPE, bool)), a_result())
    path = saved(made, tmp_path / "seg.dcm")
    assert places(segmentation_as_nifti(path)) == {}
    assert not faults_of(path)


def test_both_belong_to_the_patient_and_study_of_the_source(laid: Laid):
    seg = mask_segmentation(laid.headers, laid.frames(laid.mask), a_result())
    report = measurement_report(laid.headers, seg, a_result())
    for made in (seg, report):
        assert (made.PatientID, made.StudyInstanceUID) == ("MRN-7731955", laid.study_uid)
        assert made.SeriesInstanceUID != laid.series_uid
    assert seg.SeriesInstanceUID != report.SeriesInstanceUID
    assert seg.FrameOfReferenceUID == laid.headers[0].FrameOfReferenceUID


def test_what_is_segmented_is_told_in_codes(laid: Laid):
    (segment,) = mask_segmentation(laid.headers, laid.frames(laid.mask), a_result()).SegmentSequence
    coded = [segment.SegmentedPropertyCategoryCodeSequence, segment.SegmentedPropertyTypeCodeSequence,
             segment.AnatomicRegionSequence]  # fmt: skip
    assert [(one[0].CodeValue, one[0].CodingSchemeDesignator) for one in coded] == [
        ("49755003", "SCT"), ("110702", "DCM"), ("12738006", "SCT"),
    ]  # fmt: skip
    (algorithm,) = segment.SegmentationAlgorithmIdentificationSequence
    assert (segment.SegmentAlgorithmType, algorithm.AlgorithmVersion) == ("AUTOMATIC", "0.7.0")
    assert "wmh_threshold" in algorithm.AlgorithmParameters


def test_a_mask_of_the_user_s_own_is_not_called_automatic(laid: Laid):
    items = (*ITEMS[:-1], Measurement("wmh_method", "lst 3.0"))
    made = mask_segmentation(laid.headers, laid.frames(laid.mask), a_result(items=items))
    (segment,) = made.SegmentSequence
    assert segment.SegmentAlgorithmType == "SEMIAUTOMATIC"
    assert segment.SegmentationAlgorithmIdentificationSequence[0].AlgorithmName == "lst 3.0"


@pytest.mark.slow
def test_the_numbers_of_the_report_are_those_measured(laid: Laid, tmp_path: Path):
    seg = mask_segmentation(laid.headers, laid.frames(laid.mask), a_result())
    path = saved(measurement_report(laid.headers, seg, a_result()), tmp_path / "sr.dcm")
    assert numbers_of_report(path) == {
        "tiv_ml 118565006": (1450.123457, "mL"),
        "gm_ml 118565006": (650.5, "mL"),
        "wmh_ml 118565006": (4.6, "mL"),
        "wmh_ml 118565006 371886008": (2.3, "mL"),  # upwards, to 6.9
        "wmh_ml 118565006 371885007": (1.5, "mL"),  # downwards, to 3.1
        "wmh_ml wmh_ml_low": (3.1, "mL"),
        "wmh_ml wmh_ml_high": (6.9, "mL"),
        "wmh_ml 246206008": (3.0, "{lesions}"),
        "wmh_ml wmh_pv_ml": (2.5, "mL"),
        "wmh_ml wmh_deep_ml": (1.25, "mL"),
        "wmh_ml wmh_juxta_ml": (0.5, "mL"),
        "wmh_ml wmh_infra_ml": (0.35, "mL"),
    }
    assert not faults_of(path)


def test_an_interval_that_does_not_hold_the_value_is_told_by_its_bounds_alone(laid: Laid, tmp_path: Path):
    items = (Measurement("wmh_ml", 4.6, "ml", 5.0, 6.9), ITEMS[-1])
    seg = mask_segmentation(laid.headers, laid.frames(laid.mask), a_result())
    numbers = numbers_of_report(
        saved(measurement_report(laid.headers, seg, a_result(items=items)), tmp_path / "sr.dcm")
    )
    assert numbers == {
        "wmh_ml 118565006": (4.6, "mL"), "wmh_ml wmh_ml_low": (5.0, "mL"), "wmh_ml wmh_ml_high": (6.9, "mL"),
    }  # fmt: skip


@pytest.mark.slow
def test_highdicom_reads_the_report_and_its_segment(laid: Laid, tmp_path: Path):
    import highdicom as hd

    seg = mask_segmentation(laid.headers, laid.frames(laid.mask), a_result())
    path = saved(measurement_report(laid.headers, seg, a_result()), tmp_path / "sr.dcm")
    content = hd.sr.srread(path).content
    (group,) = content.get_volumetric_roi_measurement_groups()
    assert group.referenced_segment.referenced_sop_instance_uid == seg.SOPInstanceUID
    assert group.finding_type.value == "110702"
    assert len(content.get_image_measurement_groups()) == 3  # intracranial, grey matter, the verdict


@pytest.mark.slow
@pytest.mark.parametrize(("usable", "code"), [(True, "373066001"), (False, "373067005")])
def test_the_verdict_is_told_with_its_reason_and_warnings(usable: bool, code: str, laid: Laid, tmp_path: Path):
    result = a_result(usable=usable, reason="" if usable else "infarct-like lesion", warnings=("2D FLAIR", "motion"))
    path = saved(measurement_report(laid.headers, None, result), tmp_path / "sr.dcm")
    from pydicom import dcmread

    assert f"'{code}'" in str(dcmread(path))
    told = texts_of_report(path)
    assert told == [*([] if usable else ["Not usable: infarct-like lesion"]), "2D FLAIR", "motion"]
    assert not faults_of(path)


def test_without_a_flair_there_is_a_report_and_no_segment(laid: Laid, tmp_path: Path):
    path = saved(measurement_report(laid.headers, None, a_result(items=ITEMS[:2])), tmp_path / "sr.dcm")
    assert numbers_of_report(path).keys() == {"tiv_ml 118565006", "gm_ml 118565006"}


def both(laid: Laid, result: Result, mask: Any = None) -> list[bytes]:
    import io

    seg = mask_segmentation(laid.headers, laid.frames(laid.mask if mask is None else mask), result)
    contents = []
    for made in (seg, measurement_report(laid.headers, seg, result)):
        stream = io.BytesIO()
        made.save_as(stream, enforce_file_format=True)
        contents.append(stream.getvalue())
    return contents


@pytest.mark.slow
def test_the_same_result_is_the_same_object(laid: Laid):
    assert both(laid, a_result()) == both(laid, a_result())


def uids(contents: list[bytes]) -> list[str]:
    import io

    from pydicom import dcmread

    return [str(dcmread(io.BytesIO(one)).SOPInstanceUID) for one in contents]


@pytest.mark.slow
@pytest.mark.parametrize("other", [a_result(version="0.8.0"), a_result(hour=13), a_result(threshold=0.3)])
def test_another_result_is_another_object(other: Result, laid: Laid):
    assert not set(uids(both(laid, a_result()))) & set(uids(both(laid, other)))


@pytest.mark.slow
def test_one_voxel_more_is_another_object(laid: Laid):
    more = laid.mask.copy()
    more[0, 0, 0] = True
    assert not set(uids(both(laid, a_result()))) & set(uids(both(laid, a_result(), more)))


@pytest.mark.slow
def test_no_uid_and_no_time_is_of_the_moment_of_writing(laid: Laid):
    from pydicom import dcmread
    from pydicom.uid import UID

    for content in both(laid, a_result()):
        import io

        read = dcmread(io.BytesIO(content))
        now = f"{datetime.datetime.now(datetime.UTC):%Y}"
        assert not [one for one in read.iterall() if one.VR in ("DA", "DT") and str(one.value).startswith(now)]
        assert not [one for one in read.iterall() if "1.2.826.0.1.3680043.10.511.3." in str(one.value)]
        assert UID(read.SOPInstanceUID).is_valid
        assert read.SOPInstanceUID.startswith("2.25.")


def test_the_identity_in_the_objects_is_the_source_s_and_no_more(laid: Laid):
    """They go back to the archive that knows the patient: nothing is added, private elements are not copied."""
    seg, report = both(laid, a_result())
    assert LEAKS[0].encode() in seg
    assert b"NEUROLUPUS TEST" not in seg + report


def changed(folder: Path, **values: Any) -> None:
    """Headers as other scanners write them; None takes an attribute away."""
    from pydicom import dcmread

    for path in folder.rglob("*.dcm"):
        read = dcmread(path)
        for keyword, value in values.items():
            setattr(read, keyword, value)
            if value is None:
                delattr(read, keyword)
        read.save_as(path)


def test_what_anonymised_series_lack_is_left_empty(tmp_path: Path):
    Laid(tmp_path)
    changed(tmp_path, PatientSex=None, PatientBirthDate=None, AccessionNumber=None, SliceThickness=None)
    (source,) = find_volumes(tmp_path / "src")
    made = mask_segmentation(source.headers(), np.ones(source.shape[::-1], bool), a_result())
    assert (made.PatientSex or "", made.AccessionNumber or "") == ("", "")
    shared = made.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert float(shared.SliceThickness) == 3.0
    assert not faults_of(saved(made, tmp_path / "seg.dcm"))


def test_a_series_without_a_frame_of_reference_is_refused(tmp_path: Path):
    from neurolupus.errors import DicomError

    Laid(tmp_path)
    changed(tmp_path, FrameOfReferenceUID=None)
    (source,) = find_volumes(tmp_path / "src")
    with pytest.raises(DicomError, match="lacks FrameOfReferenceUID"):
        source.headers()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("letters", "name"),
    [
        ("ISO_IR 100", "Müller^Jörg"), ("ISO 2022 IR 100", "Müller^Jörg"), ("ISO_IR 192", "Ağaoğlu^Şirin"),
        (["ISO 2022 IR 6", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),  # PS3.5 H.3
    ],
)  # fmt: skip
def test_names_keep_their_letters(letters: Any, name: str, tmp_path: Path):
    from pydicom import dcmread

    Laid(tmp_path)
    changed(tmp_path, SpecificCharacterSet=letters, PatientName=name)
    (source,) = find_volumes(tmp_path / "src")
    headers = source.headers()
    seg = mask_segmentation(headers, np.ones(source.shape[::-1], bool), a_result())
    for made in (seg, measurement_report(headers, seg, a_result())):
        assert str(dcmread(saved(made, tmp_path / "made.dcm")).PatientName) == name


@pytest.mark.filterwarnings(
    "ignore:The string .* is unlikely:UserWarning"
)  # the published series' patient has one name
@pytest.mark.parametrize("vendor", ["siemens", "ge", "philips"])
def test_series_of_real_scanners_are_taken(vendor: str, shared: Path, tmp_path: Path):
    import shutil

    shutil.copytree(shared / "data" / "dicom" / vendor / "anatomical" / "001", tmp_path / "src")
    changed(
        tmp_path, FrameOfReferenceUID="1.2.3", PatientAge="030Y"
    )  # taken away, and broken, when they were published
    (source,) = find_volumes(tmp_path / "src")
    headers = source.headers()
    seg = mask_segmentation(headers, np.ones(source.shape[::-1], bool), a_result())
    for made in (seg, measurement_report(headers, seg, a_result())):
        assert not faults_of(saved(made, tmp_path / "made.dcm"))
