"""The allow-list against DICOM PS3.15 table E.1-1: a canary in every attribute of it, and none may survive."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("pydicom", reason="needs the extra dicom")

import pydicom
from dicom_series import tells
from made_up_mr import make_image
from pydicom import Dataset
from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from neurolupus.dicom.private.dataset import cleaned_dataset, whose
from neurolupus.dicom.private.kept import KEPT, PATTERNS, Rule
from neurolupus.dicom.private.linking_key import LinkingKey
from neurolupus.dicom.private.options import Options

TABLE = Path(__file__).parents[3] / "reference" / "confidentiality_profile.csv"
ACTIONS = {int(row["tag"], 16): row["action"] for row in csv.DictReader(TABLE.read_text().splitlines())}
ALL_OPTIONS = Options(times=True, size_and_weight=True, scanner=True, safe_private=True)
NO_OPTIONS = Options(dates=False, age_and_sex=False, descriptions=False)

CANARY = "KANARIENVOGEL"
VALUES: dict[str, object] = {
    "AE": CANARY, "AS": "097Y", "CS": CANARY, "DA": "19560413", "DS": "56041.3", "DT": "19560413134759.123456",
    "IS": "560413", "LO": CANARY, "LT": CANARY, "PN": f"{CANARY}^{CANARY}", "SH": CANARY, "ST": CANARY,
    "TM": "134759.123456", "UC": CANARY, "UI": "1.2.56.4.13.56041.3", "UN": CANARY.encode(), "UR": CANARY,
    "US": 56413, "UT": CANARY, "OB": CANARY.encode() + b"0",
}  # fmt: skip
# Offered by a Retain or Clean option, with what the option makes of the value.
BY_OPTION = {
    Rule.DATE, Rule.DATETIME, Rule.TIME, Rule.AGE, Rule.SEX, Rule.BODY, Rule.DESCRIPTION, Rule.AGENT, Rule.SERIAL,
}  # fmt: skip


def canary(tag: int) -> DataElement:
    vr = dictionary_VR(tag) if dictionary_has_tag(tag) else "LO"
    if vr != "SQ":
        return DataElement(tag, vr, VALUES[vr])
    item = Dataset()
    item.PatientName, item.CodeMeaning, item.TextValue, item.StudyDate = CANARY, CANARY, CANARY, "19560413"
    return DataElement(tag, "SQ", Sequence([item]))


def with_canaries(image: Dataset) -> Dataset:
    """Canaries in every attribute of the table: at the top, in kept sequences, in dropped ones, in private blocks."""
    nested, deep = Dataset(), Dataset()
    for tag in ACTIONS:
        if Tag(tag).group <= 2 or keyword_for_tag(tag) in ("StudyInstanceUID", "SOPInstanceUID", "SeriesInstanceUID"):
            continue
        for place in (image, nested, deep):
            if keyword_for_tag(tag) not in ("ReferencedImageSequence", "PatientID", "StudyDate"):
                place[tag] = canary(tag)
    nested.ReferencedSOPInstanceUID = "1.2.56.4.13.56041.3"
    nested.SourceImageSequence = Sequence([deep])
    image.ReferencedImageSequence = Sequence([nested])
    for place in (image, nested):
        block = place.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
        for offset, vr in enumerate(("LO", "PN", "UT", "OB", "UN", "DA")):
            block.add_new(offset, vr, VALUES[vr])
        inside = Dataset()
        inside.PatientName = CANARY
        block.add_new(0x20, "SQ", Sequence([inside]))
    return image


def written(dataset: Dataset) -> bytes:
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, dataset, implicit_vr=False, little_endian=True)
    return stream.getvalue()


def all_elements(dataset: Dataset) -> Iterator[DataElement]:
    for element in dataset:
        yield element
        if element.VR == "SQ":
            for item in element.value:
                yield from all_elements(item)


@pytest.mark.parametrize("options", [NO_OPTIONS, Options(), ALL_OPTIONS])
def test_no_canary_survives(key: LinkingKey, options: Options) -> None:
    with pydicom.config.disable_value_validation():
        original = with_canaries(make_image())
        assert written(original).count(CANARY.encode()) > 900  # they are there, three times for each attribute
        made = cleaned_dataset(original, whose(original, key), key, options, "0")
        content = written(made)
    assert CANARY.encode() not in content.upper()
    for telltale in ("19560413", "560413", "56041.3", "097Y", "1.2.56.4.13", "PID-778899", "20240229", "WARD7"):
        if telltale == "56041.3" and options.size_and_weight:
            continue  # the canaries of size and weight, kept as asked
        assert not tells(content, telltale), telltale


def test_what_the_standard_removes_stays_only_by_an_option(key: LinkingKey) -> None:
    with pydicom.config.disable_value_validation():
        original = with_canaries(make_image())
        made = cleaned_dataset(original, whose(original, key), key, NO_OPTIONS, "0")
    removed = {tag for tag, action in ACTIONS.items() if "U" not in action}
    filled = [one for one in all_elements(made) if int(one.tag) in removed and not one.is_empty]
    # PatientName and PatientID hold the label; that an agent was given is told without its name
    assert {one.keyword for one in filled} <= {"PatientName", "PatientID", "ContrastBolusAgent"}
    assert {str(one.value) for one in filled} == {"0001", "CONTRAST"}


def test_kept_attributes_of_the_table_are_each_covered_by_a_rule_that_makes_the_value_new() -> None:
    kept = {tag_for_keyword(keyword): rule for keyword, rule in KEPT.items()}
    for tag, rule in kept.items():
        action = ACTIONS.get(int(tag or 0))
        if action is None:
            continue
        if "U" in action:
            assert rule in (Rule.UID, Rule.SEQUENCE), keyword_for_tag(int(tag or 0))
        else:
            assert rule in BY_OPTION | {Rule.LABEL, Rule.EMPTY}, keyword_for_tag(int(tag or 0))


def test_every_name_of_the_list_is_one_of_the_standard_with_a_fitting_type() -> None:
    types = {
        Rule.NUMBER: {"DS", "IS", "US", "UL", "FD", "FL", "US or SS"}, Rule.CODE: {"CS"}, Rule.UID: {"UI"},
        Rule.DATE: {"DA"}, Rule.DATETIME: {"DT"}, Rule.TIME: {"TM"}, Rule.SEQUENCE: {"SQ"}, Rule.TAG: {"AT"},
    }  # fmt: skip
    for keyword, rule in KEPT.items():
        tag = tag_for_keyword(keyword)
        assert tag is not None, keyword
        if rule in types:
            assert dictionary_VR(tag) in types[rule], keyword
    assert set(PATTERNS) == {keyword for keyword, rule in KEPT.items() if rule is Rule.PATTERN}


def test_repeating_groups_and_unknown_tags_go(key: LinkingKey) -> None:
    image = make_image()
    for group in (0x5000, 0x5002, 0x6000, 0x6002):
        image.add_new((group, 0x3000), "OW", b"AB" * 8)
        image.add_new((group, 0x0040 if group >= 0x6000 else 0x0020), "CS", "G")
    image.add_new((0x0019, 0x1001), "LO", CANARY)  # private without a creator
    image.add_new((0x0010, 0x0FFF), "LO", CANARY)  # even, and not in the dictionary
    image.add_new((0xFFFC, 0xFFFC), "OB", CANARY.encode() + b"0")
    with pydicom.config.disable_value_validation():
        made = cleaned_dataset(image, whose(image, key), key, ALL_OPTIONS, "0")
    assert all(one.tag.group < 0x5000 or one.tag.group == 0x7FE0 for one in made)
    assert not any(one.tag.is_private for one in made)
    assert CANARY.encode() not in written(made)


def test_a_value_under_a_false_type_goes(key: LinkingKey) -> None:
    image = make_image(EchoTime=None, MagneticFieldStrength=None, ScanOptions=None, Rows=64)
    with pydicom.config.disable_value_validation():
        image.add_new("EchoTime", "LO", CANARY)
        image.add_new("MagneticFieldStrength", "DS", None)
        image._dict[Tag("MagneticFieldStrength")] = DataElement(Tag("MagneticFieldStrength"), "DS", "3")
        image["MagneticFieldStrength"]._value = f"3 {CANARY}"
        image.add_new("ScanOptions", "CS", f"{CANARY} lower case")
        made = cleaned_dataset(image, whose(image, key), key, Options(), "0")
    for keyword in ("EchoTime", "MagneticFieldStrength", "ScanOptions"):
        assert keyword not in made
    assert made.Rows == 64
