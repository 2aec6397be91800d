"""One T1w and one FLAIR of each study; every other series with the reason; the map has the last word."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from dicom_series import Order, asymmetric_phantom, write_series

from neurolupus.dicom.series.choose import Verdict, choose
from neurolupus.dicom.series.find import find_images
from neurolupus.dicom.series.group import group_series
from neurolupus.dicom.series.import_map import ImportMap, SeriesRule

FINE = asymmetric_phantom((20, 22, 18), mm=6.0)
COARSE = asymmetric_phantom((15, 16, 13), mm=9.0)
SLAB = asymmetric_phantom((20, 22, 13), mm=6.0)


class Study:
    """Series of one study, written as they are named."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.number = folder, 0

    def add(self, image: Any = FINE, *, time: str = "", **more: Any) -> int:
        self.number += 1
        order = Order(number=self.number, time=time or f"10{self.number:02d}00")
        write_series(self.folder / str(self.number), image, order=order, **more)
        return self.number

    def choose(self, rules: Sequence[SeriesRule] = ()) -> dict[int | None, Verdict]:
        found = choose(group_series(find_images(self.folder).buckets.values()), ImportMap(tuple(rules)))
        return {one.series.facts.series_number: one for one in found}


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study(tmp_path)


def states(verdicts: dict[int | None, Verdict]) -> list[str]:
    return [one.state for one in verdicts.values()]


@pytest.mark.slow
def test_the_t1w_and_the_flair_of_a_clinical_study(study: Study) -> None:
    study.add(SLAB, overrides={"SeriesDescription": "localizer"})
    t1w = study.add()
    flair = study.add(kind="FLAIR", vendor="GE")
    study.add(kind="FLAIR", vendor="GE", overrides={"InversionTime": None, "ScanningSequence": "SE"})
    study.add(overrides={"ContrastBolusAgent": "Gadovist"})
    study.add(overrides={"ImageType": ["DERIVED", "SECONDARY", "MPR"]})
    verdicts = study.choose()
    assert {n for n, one in verdicts.items() if one.state == "take"} == {t1w, flair}
    assert (verdicts[t1w].suffix, verdicts[t1w].dim) == ("T1w", "3D")
    assert (verdicts[flair].suffix, verdicts[flair].dim) == ("FLAIR", "2D")
    reasons = [one.told for one in verdicts.values() if one.state == "passed over"]
    for words in ("localiser", "T2-weighted", "contrast-enhanced (Gadovist)", "reformatted"):
        assert any(words in reason for reason in reasons), words


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ({"overrides": {"MRAcquisitionType": "2D"}}, {}, "3D before 2D"),
        ({"image": COARSE}, {}, "thinner: 6 against 9 mm"),
        ({}, {}, "the later one"),
    ],
)
def test_the_better_one_is_taken_and_the_other_says_why(study: Study, first: Any, second: Any, words: str) -> None:
    worse, better = study.add(**first), study.add(**second)
    verdicts = study.choose()
    assert verdicts[better].state == "take"
    assert verdicts[worse].state == "passed over"
    assert f"series {better} was taken: {words}" in verdicts[worse].told
    assert f"{words} than series {worse}" in verdicts[better].told


def test_better_beats_later(study: Study) -> None:
    better = study.add()
    study.add(COARSE)
    assert study.choose()[better].state == "take"


def test_a_slab_is_no_brain(study: Study) -> None:
    number = study.add(SLAB)
    assert "covers 78 mm; a brain needs 100 mm" in study.choose()[number].told


def test_a_few_slices_are_a_localiser(study: Study) -> None:
    number = study.add(leave_out=range(8, 18))
    verdict = study.choose()[number]
    assert verdict.state == "passed over"
    assert "8 slices, as of a localiser" in verdict.told


def test_a_t1w_after_contrast_shows_it_though_its_header_does_not(study: Study) -> None:
    before = study.add(time="100000")
    study.add(time="101000", kind="FLAIR", overrides={"ContrastBolusAgent": "Gadovist"})
    after = study.add(time="102000")
    verdicts = study.choose()
    assert verdicts[before].state == "take"
    assert "given before, as another series" in verdicts[after].told


def test_a_broken_series_fails_and_its_whole_repetition_is_taken(study: Study) -> None:
    broken, whole = study.add(leave_out=[9]), study.add()
    verdicts = study.choose()
    assert (verdicts[broken].state, verdicts[whole].state) == ("passed over", "take")
    assert f"series {whole} was taken instead" in verdicts[broken].told
    assert "1 slice missing" in verdicts[broken].told


def test_a_broken_3d_series_is_not_replaced_by_a_2d_one_in_silence(study: Study) -> None:
    broken, other = study.add(leave_out=[9]), study.add(overrides={"MRAcquisitionType": "2D"})
    assert states(study.choose()) == ["failed", "take"]
    assert f"series {other} was taken for want of it" in study.choose()[broken].told


def test_a_broken_series_alone_fails(study: Study) -> None:
    study.add(leave_out=[9])
    assert states(study.choose()) == ["failed"]


def test_the_map_names_what_is_taken(study: Study) -> None:
    one, two = study.add(COARSE), study.add()
    verdicts = study.choose([SeriesRule("T1w", number=one, line=2)])
    assert (verdicts[one].state, verdicts[two].state) == ("take", "passed over")
    assert "as the map says (line 2)" in verdicts[one].told
    assert "the map names it" in verdicts[two].told


def test_the_map_takes_what_would_be_passed_over(study: Study) -> None:
    study.add(overrides={"ContrastBolusAgent": "Gadovist", "SeriesDescription": "T1 MPRAGE +C"})
    assert states(study.choose([SeriesRule("T1w", description="*mprage*")])) == ["take"]


def test_the_map_can_skip(study: Study) -> None:
    skipped, other = study.add(), study.add(COARSE)
    verdicts = study.choose([SeriesRule("skip", number=skipped, line=4)])
    assert (verdicts[skipped].state, verdicts[other].state) == ("passed over", "take")
    assert verdicts[skipped].told == "the map says so (line 4)"


def test_the_map_makes_no_volume_of_what_is_none(study: Study) -> None:
    number = study.add(leave_out=[9])
    assert states(study.choose([SeriesRule("T1w", number=number)])) == ["failed"]


def test_geometry_is_told_of_what_is_passed_over_too(shared: Path) -> None:
    folder = shared / "data" / "dicom" / "failing" / "gantrytilting"
    (verdict,) = choose(group_series(find_images(folder).buckets.values()), ImportMap())
    assert verdict.told.startswith("CT Image, no MR image; slices are sheared by 14.0°")


def test_a_report_has_no_geometry_to_be_wrong(study: Study) -> None:
    report = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.33", "Modality": "SR", "ImagePositionPatient": None}
    empty = {"Rows": None, "Columns": None, "PixelData": None, "PixelSpacing": None, "SamplesPerPixel": None}
    number = study.add(leave_out=range(1, 18), overrides={**report, **empty})
    assert study.choose()[number].told == "Comprehensive SR, no MR image"


def test_the_order_in_which_files_are_found_changes_nothing(study: Study) -> None:
    for _ in range(3):
        study.add(kind="FLAIR")
    series = group_series(find_images(study.folder).buckets.values())
    taken = [
        next(one.series.facts.series_number for one in choose(order, ImportMap()) if one.state == "take")
        for order in (series, series[::-1])
    ]
    assert taken == [3, 3]
