import io
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pydicom", reason="needs the extra dicom")

import pydicom
from made_up_mr import ROOT, make_image, noisy_head, save
from pydicom import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from neurolupus.dicom.private import file as cleaning
from neurolupus.dicom.private.file import NotDicom, clean_file
from neurolupus.dicom.private.kept import KEPT, Rule
from neurolupus.dicom.private.linking_key import LinkingKey
from neurolupus.dicom.private.options import Options
from neurolupus.errors import DicomError


def cleaned(image: Dataset, path: Path, key: LinkingKey, options: Options | None = None, **more: bool) -> Dataset:
    made = clean_file(save(image, path), key, options or Options(), version="0", **more)
    return pydicom.dcmread(io.BytesIO(made.content))


def test_geometry_and_pixels_stay_bit_for_bit(tmp_path: Path, key: LinkingKey) -> None:
    image = make_image()
    made = cleaned(image, tmp_path / "a.dcm", key)
    assert made.PixelData == image.PixelData
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "Columns", "BitsStored"):
        assert made[keyword].value == image[keyword].value
    assert made.file_meta.TransferSyntaxUID == image.file_meta.TransferSyntaxUID


def test_the_marks_of_what_was_done(tmp_path: Path, key: LinkingKey) -> None:
    made = cleaned(make_image(), tmp_path / "a.dcm", key)
    assert made.PatientIdentityRemoved == "YES"
    assert made.LongitudinalTemporalInformationModified == "MODIFIED"
    codes = {item.CodeValue: item.CodeMeaning for item in made.DeidentificationMethodCodeSequence}
    assert set(codes) == {"113100", "113105", "113107", "113108"}
    dictionary = {entry["code"]: entry["meaning"] for entry in _context_group_7050()}
    assert codes.items() <= dictionary.items()
    bare = cleaned(make_image(), tmp_path / "a.dcm", key, Options(dates=False, age_and_sex=False, descriptions=False))
    assert [item.CodeValue for item in bare.DeidentificationMethodCodeSequence] == ["113100"]
    assert bare.LongitudinalTemporalInformationModified == "REMOVED"
    assert (bare.StudyDate, bare.PatientSex, "PatientAge" in bare, "SeriesDescription" in bare) == (
        "",
        "",
        False,
        False,
    )


def _context_group_7050() -> list[dict[str, str]]:
    """CID 7050 as pydicom's tables of PS3.16 have it: codes and meanings that are none of ours."""
    from pydicom.sr.codedict import codes

    return [
        {"code": one.value, "meaning": one.meaning}
        for one in (getattr(codes.CID7050, name) for name in codes.CID7050.dir())
    ]


def test_the_head_of_the_file_is_new(tmp_path: Path, key: LinkingKey) -> None:
    path = save(make_image(), tmp_path / "a.dcm", preamble=b"Kanarienvogel".ljust(128, b"!"))
    content = clean_file(path, key, Options(), version="0").content
    assert content[:128] == b"\0" * 128
    made = pydicom.dcmread(io.BytesIO(content))
    assert "SourceApplicationEntityTitle" not in made.file_meta
    assert made.file_meta.MediaStorageSOPInstanceUID == made.SOPInstanceUID != f"{ROOT}.1.1.1"
    assert made.file_meta.ImplementationClassUID == cleaning.IMPLEMENTATION_UID


def test_references_within_and_between_files_hold(tmp_path: Path, key: LinkingKey) -> None:
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4", f"{ROOT}.1.1.1"
    one = cleaned(make_image(), tmp_path / "1.dcm", key)
    two = cleaned(
        make_image(SOPInstanceUID=f"{ROOT}.1.1.2", SourceImageSequence=Sequence([reference])), tmp_path / "2.dcm", key
    )
    assert two.SourceImageSequence[0].ReferencedSOPInstanceUID == one.SOPInstanceUID
    assert two.SourceImageSequence[0].ReferencedSOPClassUID == "1.2.840.10008.5.1.4.1.1.4"
    assert (two.SeriesInstanceUID, two.FrameOfReferenceUID) == (one.SeriesInstanceUID, one.FrameOfReferenceUID)
    assert two.SOPInstanceUID != one.SOPInstanceUID
    assert UID(one.SOPInstanceUID).is_valid


def test_days_between_dates_of_one_patient_stay(tmp_path: Path, key: LinkingKey) -> None:
    one = cleaned(make_image(), tmp_path / "1.dcm", key)
    later = make_image(StudyDate="20250301", StudyInstanceUID=f"{ROOT}.2", AcquisitionDateTime="20250301101500")
    two = cleaned(later, tmp_path / "2.dcm", key)
    days = [
        np.datetime64(f"{text[:4]}-{text[4:6]}-{text[6:]}") for text in (one.StudyDate, one.SeriesDate, two.StudyDate)
    ]
    assert (days[1] - days[0], days[2] - days[0]) == (1, 366)  # 29 February to 1 March; to 1 March a year on
    assert np.datetime64("2024-02-29") - days[0] == key.days("0001")
    assert two.AcquisitionDateTime == two.StudyDate  # no time of day unless asked
    other = cleaned(make_image(PatientID="Q2"), tmp_path / "3.dcm", key)
    assert key.days("0002") == np.datetime64("2024-02-29") - np.datetime64(
        f"{other.StudyDate[:4]}-{other.StudyDate[4:6]}-{other.StudyDate[6:]}"
    )


def test_times_stay_when_asked(tmp_path: Path, key: LinkingKey) -> None:
    image = make_image(AcquisitionDateTime="20240229101500.25")
    made = cleaned(image, tmp_path / "a.dcm", key, Options(times=True))
    assert made.StudyTime == "134759"
    assert made.AcquisitionDateTime[8:] == "101500.25"


@pytest.mark.parametrize(
    ("told", "born", "kept"),
    [("067Y", "19560413", "067Y"), ("094Y", "19290413", "089Y"), (None, "19290413", "089Y"), (None, "19560413", "067Y"),
     (None, "", None), ("Kanarie", "", None)],
)  # fmt: skip
def test_ages(tmp_path: Path, key: LinkingKey, told: str | None, born: str, kept: str | None) -> None:
    image = make_image(PatientBirthDate=born)
    del image.PatientAge
    if told:
        with pydicom.config.disable_value_validation():
            image.PatientAge = told
    made = cleaned(image, tmp_path / "a.dcm", key)
    assert made.get("PatientAge") == kept
    assert made.PatientBirthDate == ""


def test_descriptions_keep_known_words_only(tmp_path: Path, key: LinkingKey) -> None:
    image = make_image(ProtocolName="FLAIR_3D Dr.Vogel 13.4.", BodyPartExamined="VOGEL", SequenceName="vogel")
    made = cleaned(image, tmp_path / "a.dcm", key)
    assert "BodyPartExamined" not in made
    assert "SequenceName" not in made
    assert (made.SeriesDescription, made.ProtocolName) == ("t1 mprage sag", "FLAIR 3D")
    assert (made.Manufacturer, made.ManufacturerModelName) == ("SIEMENS", "Prisma fit")


def test_one_scanner_has_one_made_up_number(tmp_path: Path, key: LinkingKey) -> None:
    options = Options(scanner=True)
    one = cleaned(make_image(DeviceSerialNumber="35278"), tmp_path / "1.dcm", key, options)
    two = cleaned(make_image(DeviceSerialNumber="35278", PatientID="Q2"), tmp_path / "2.dcm", key, options)
    other = cleaned(make_image(DeviceSerialNumber="99999"), tmp_path / "3.dcm", key, options)
    assert one.DeviceSerialNumber == two.DeviceSerialNumber != other.DeviceSerialNumber
    assert "DeviceSerialNumber" not in cleaned(make_image(DeviceSerialNumber="35278"), tmp_path / "1.dcm", key)


def test_safe_private_numbers_stay_when_asked(tmp_path: Path, key: LinkingKey) -> None:
    image = make_image()
    block = image.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
    block.add_new(0x0E, "FL", 0.25)
    block.add_new(0x0F, "LO", "KANARIENVOGEL")
    image.private_block(0x2005, "SOMEBODY", create=True).add_new(0x0E, "FL", 0.5)
    assert not any(one.tag.is_private for one in cleaned(image, tmp_path / "a.dcm", key))
    made = cleaned(image, tmp_path / "a.dcm", key, Options(safe_private=True))
    assert [one.value for one in made if one.tag.is_private] == ["Philips MR Imaging DD 001", 0.25]
    assert made.DeidentificationMethodCodeSequence[-1].CodeValue == "113111"


def test_what_hides_behind_or_above_the_pixels_goes(tmp_path: Path, key: LinkingKey) -> None:
    pixels = noisy_head()
    hidden = pixels | np.uint16(0x8000)  # an overlay in the highest bit, as was done before 2004
    image = make_image(PixelData=hidden.tobytes() + b"KANARIENVOGEL^ANNA")
    image["PixelData"].VR = "OW"
    made = cleaned(image, tmp_path / "a.dcm", key, pixels_seen=True)
    assert made.PixelData == pixels.tobytes()


def test_fewer_pixels_than_told_are_refused(tmp_path: Path, key: LinkingKey) -> None:
    image = make_image(PixelData=noisy_head().tobytes()[:-64])
    image["PixelData"].VR = "OW"
    with pytest.raises(DicomError, match="pixels"):
        cleaned(image, tmp_path / "a.dcm", key)


def test_the_sweep_finds_what_the_list_would_let_pass(
    tmp_path: Path, key: LinkingKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KEPT, "PatientComments", Rule.TAG)  # a hole in the list: the value is copied
    image = make_image(PatientComments="seen by Dr Kanarienvogel")
    with pytest.raises(DicomError, match=r"the text of .*PatientName") as error:
        cleaned(image, tmp_path / "a.dcm", key)
    assert "kanarienvogel" not in str(error.value).lower()


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("AccessionNumber", "A2024-77"), ("PatientBirthDate", "19560413"), ("OtherPatientIDs", "XK 4711"),
     ("InstitutionName", "Lupus Clinic Aarau"), ("StudyInstanceUID", f"{ROOT}.1"), ("StudyID", "5512")],
)  # fmt: skip
def test_the_sweep_knows_every_kind(
    tmp_path: Path, key: LinkingKey, monkeypatch: pytest.MonkeyPatch, keyword: str, value: str
) -> None:
    monkeypatch.setitem(KEPT, "ImageComments", Rule.TAG)
    image = make_image(**{keyword: value}, ImageComments=f"({value})")
    with pytest.raises(DicomError, match="still stood in the result"):
        cleaned(image, tmp_path / "a.dcm", key)


def test_a_name_among_the_pixels_is_found(tmp_path: Path, key: LinkingKey) -> None:
    pixels = bytearray(noisy_head().tobytes())
    pixels[1000:1018] = b"Kanarienvogel^Anna"
    image = make_image(PixelData=bytes(pixels), BitsStored=16, HighBit=15)
    image["PixelData"].VR = "OW"
    with pytest.raises(DicomError, match="PatientName"):
        cleaned(image, tmp_path / "a.dcm", key, pixels_seen=True)


def test_somebody_named_like_a_word_of_ours_is_no_alarm(tmp_path: Path, key: LinkingKey) -> None:
    made = cleaned(make_image(PatientName="Head^Basic", ReferringPhysicianName="Siemens^Retain"), tmp_path / "a", key)
    assert made.PatientName == "0001"


def test_without_a_patient_id_each_study_is_somebody(tmp_path: Path, key: LinkingKey) -> None:
    one = cleaned(make_image(PatientID=""), tmp_path / "1.dcm", key)
    two = cleaned(make_image(PatientID="", StudyInstanceUID=f"{ROOT}.2"), tmp_path / "2.dcm", key)
    assert (one.PatientID, two.PatientID) == ("0001", "0002")


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "Secondary Capture Image Storage: only MR, CT and PET"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.104.1"}, "Encapsulated PDF Storage"),
        ({"SOPClassUID": "1.3.12.2.1107.5.9.1"}, "only MR, CT and PET images"),
        ({"BurnedInAnnotation": "YES"}, "BurnedInAnnotation is YES"),
        ({"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}, "a picture of a screen"),
        ({"PhotometricInterpretation": "RGB"}, "a colour picture"),
        ({"StudyInstanceUID": None}, "StudyInstanceUID is missing"),
    ],
)
def test_what_cannot_be_made_safe_is_refused(
    tmp_path: Path, key: LinkingKey, attributes: dict[str, object], reason: str
) -> None:
    with pytest.raises(DicomError, match=reason):
        cleaned(make_image(**attributes), tmp_path / "a.dcm", key)


def test_what_is_no_dicom_file_is_passed_over(tmp_path: Path, key: LinkingKey) -> None:
    (tmp_path / "notes.txt").write_text("Kanarienvogel")
    with pytest.raises(NotDicom):
        clean_file(tmp_path / "notes.txt", key, Options(), version="0")


@pytest.mark.slow
def test_damaged_files_are_refused_whatever_is_wrong_with_them(tmp_path: Path, key: LinkingKey) -> None:
    good = save(make_image(), tmp_path / "good.dcm").read_bytes()
    random = np.random.default_rng(11)
    outcomes = set()
    for _ in range(120):
        bad = bytearray(good[: random.integers(140, len(good))] if random.random() < 0.3 else good)
        for place in random.integers(132, min(len(bad), 1400), 4):
            bad[place] = random.integers(0, 256)
        (tmp_path / "bad.dcm").write_bytes(bad)
        try:
            content = clean_file(tmp_path / "bad.dcm", key, Options(), version="0").content
        except DicomError:
            outcomes.add("refused")
            continue
        outcomes.add("cleaned")
        assert b"kanarienvogel" not in content.lower()
        assert b"PID-778899" not in content
    assert outcomes == {"refused", "cleaned"}


def test_sequences_without_end_are_refused(tmp_path: Path, key: LinkingKey) -> None:
    innermost = item = Dataset()
    for _ in range(40):
        inner = Dataset()
        item.ReferencedImageSequence = Sequence([inner])
        item = inner
    with pytest.raises(DicomError, match="nest more than"):
        cleaned(make_image(ReferencedImageSequence=Sequence([innermost])), tmp_path / "a.dcm", key)


def test_frames_of_an_enhanced_image_keep_their_places_and_lose_the_rest(tmp_path: Path, key: LinkingKey) -> None:
    frames = np.stack([noisy_head(), noisy_head() + np.uint16(1)])
    shared, measures, orientation = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [1.0, 1.0], 3.0
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = Sequence([measures]), Sequence([orientation])
    each = []
    for number in range(2):
        frame, content, place = Dataset(), Dataset(), Dataset()
        content.FrameAcquisitionDateTime, content.StackID = "20240229134759.5", "1"
        content.FrameComments = "Kanarienvogel"
        place.ImagePositionPatient = [0, 0, 3.0 * number]
        frame.FrameContentSequence, frame.PlanePositionSequence = Sequence([content]), Sequence([place])
        frame.private_block(0x2005, "Philips MR Imaging DD 005", create=True).add_new(0x0F, "LO", "Kanarienvogel")
        each.append(frame)
    image = make_image(
        frames[0],
        SOPClassUID="1.2.840.10008.5.1.4.1.1.4.1",
        NumberOfFrames=2,
        PixelData=frames.tobytes(),
        SharedFunctionalGroupsSequence=Sequence([shared]),
        PerFrameFunctionalGroupsSequence=Sequence(each),
    )
    made = cleaned(image, tmp_path / "a.dcm", key)
    assert made.PixelData == frames.tobytes()
    assert made.SharedFunctionalGroupsSequence == image.SharedFunctionalGroupsSequence
    places = [one.PlanePositionSequence[0].ImagePositionPatient for one in made.PerFrameFunctionalGroupsSequence]
    assert places == [[0, 0, 0], [0, 0, 3]]
    content = made.PerFrameFunctionalGroupsSequence[1].FrameContentSequence[0]
    assert (content.StackID, content.FrameAcquisitionDateTime) == ("1", made.StudyDate)
    assert "FrameComments" not in content
