"""Which sessions are compared, what is written, what is refused."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from neurolupus.cli.app import main
from neurolupus.errors import ImageContentError, UsageError
from neurolupus.imaging import change as comparison
from neurolupus.imaging.wmh_calibration import calibration
from neurolupus.io.changes import write_change, write_change_table
from neurolupus.records.change import CHANGE_DICTIONARY, Change, LesionChange
from neurolupus.records.measured import Lesion, MeasuredScan, Settings
from neurolupus.records.measurement import Measurement, MeasurementSet, Number
from neurolupus.records.scan import ScanId, ScanPair
from neurolupus.records.volume import Volume
from neurolupus.report.change import change_case
from neurolupus.report.html import write_change_page
from neurolupus.workflows import change as workflow
from neurolupus.workflows.change import compare_all, session_pairs
from neurolupus.workflows.finished import FinishedScan


def scans(*names: str, **row: object) -> list[FinishedScan]:
    split = (name.split("/") for name in names)
    return [FinishedScan(ScanId(p, s or None), {"wmh_ml": 1.0, **row}, ()) for p, s in split]  # type: ignore[dict-item]


def told(pairs: tuple[tuple[FinishedScan, FinishedScan], ...]) -> list[tuple[str, str]]:
    return [(before.scan_id.stem, after.scan_id.stem) for before, after in pairs]


def a_change() -> Change:
    shape = (40, 40, 30)
    fates = np.zeros(shape, np.int32)
    fates[10:13, 10:13, 10:13] = 1
    flair = np.full(shape, 100, np.float32)
    values = {d.name: (3 if d.name.endswith("count") else 0.5) for d in CHANGE_DICTIONARY[3:]}
    values["version"] = "1.0"  # type: ignore[assignment]
    return Change(
        ScanId("01", "1"),
        ScanId("01", "2"),
        Volume(np.zeros(shape, np.float32), np.eye(4)),
        np.eye(4),
        np.eye(4),
        flair,
        flair + fates,
        fates,
        fates,
        (LesionChange(1, "new", 0.027, 0.0, 0.0, 0.027, (11.0, 11.0, 11.0)),),
        tuple(Measurement(name, value) for name, value in values.items()),
        ("Look at it.",),
    )


def a_session(
    method: str,
    wmh_ml: float,
    threshold: float = 0.2,
    dimension: str = "3D",
    infarcts: int = 0,
    slice_mm: float | None = None,
) -> MeasuredScan:
    """One voxel, and the numbers that are compared; as read back from derivatives, without the FLAIR's sidecar."""
    voxel = Volume(np.ones((1, 1, 1), np.float32), np.eye(4))
    pair = ScanPair(ScanId("01", "1"), voxel, None)
    why = "1 infarct-like lesion(s) over 15 mm" if infarcts else None
    told = {
        "wmh_ml": wmh_ml, "tbv_ml": 1100.0, "flair_dim": dimension, "wmh_method": method, "unusable_reason": why,
        "flair_slice_mm": slice_mm,
    }  # fmt: skip
    lesions = tuple(Lesion(n, 2.5, "deep", (0.0, 0.0, 0.0), 20.0, 0.5, infarct_like=True) for n in range(infarcts))
    numbers = tuple(Measurement(name, value) for name, value in told.items())
    one = voxel.data
    return MeasuredScan(
        pair, Settings(wmh_threshold=threshold), voxel, one, one > 0, one > 0, one, one, one, one, None, one, one > 0,
        np.ones((1, 1, 1), np.int32), one, lesions, MeasurementSet(numbers), not infarcts, (),
    )  # fmt: skip


def numbers_of(before: MeasuredScan, after: MeasuredScan, score: float = 1.2) -> dict[str, Number]:
    return {one.name: one.value for one in comparison._volume_numbers(before, after, score)}


def smallest(first: str, second: str, threshold: float = 0.2, dimension: str = "2D") -> tuple[Number, list[str]]:
    """The smallest real change of WMH between sessions of two methods, and the warnings."""
    before, after = (a_session(method, ml, threshold, dimension) for method, ml in ((first, 1.0), (second, 2.0)))
    return numbers_of(before, after)["wmh_smallest_real_change_ml"], list(comparison._warnings(before, after, 1.2))


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[FinishedScan]:
    """Scans that are found finished; comparing two of them gives the same small change."""
    several: list[FinishedScan] = []
    monkeypatch.setattr(workflow, "finished_scans", lambda out: several)
    monkeypatch.setattr(workflow, "read_finished_scan", lambda out, scan: scan)
    monkeypatch.setattr(workflow, "compare_sessions", lambda a, b, *, version: replace(a_change(), before=a, after=b))
    return several


class TestPairs:
    def test_each_session_with_the_next(self) -> None:
        found = told(session_pairs(scans("01/1", "01/2", "01/3", "02/1")))
        assert found == [("sub-01_ses-1", "sub-01_ses-2"), ("sub-01_ses-2", "sub-01_ses-3")]

    def test_the_tenth_session_follows_the_ninth(self) -> None:
        found = told(session_pairs(scans("01/10", "01/9", "01/1", "02/m12", "02/m6", "02/baseline")))
        assert found == [
            ("sub-01_ses-1", "sub-01_ses-9"), ("sub-01_ses-9", "sub-01_ses-10"),
            ("sub-02_ses-baseline", "sub-02_ses-m6"), ("sub-02_ses-m6", "sub-02_ses-m12"),
        ]  # fmt: skip

    def test_the_order_of_sessions_may_be_told(self) -> None:
        many = scans("01/post", "01/pre")
        assert told(session_pairs(many)) == [("sub-01_ses-post", "sub-01_ses-pre")]
        assert told(session_pairs(many, order=["pre", "post"])) == [("sub-01_ses-pre", "sub-01_ses-post")]
        with pytest.raises(UsageError, match=r"sub-01_ses-post: its session is not among pre"):
            session_pairs(many, order=["pre"])

    def test_an_order_with_a_slip_is_refused(self) -> None:
        with pytest.raises(UsageError, match="names prae, which no finished scan has"):
            session_pairs(scans("01/post", "01/pre"), order=["pre", "post", "prae"])
        with pytest.raises(UsageError, match="names pre twice"):
            compare_all(Path("nowhere"), order=["pre", "pre", "post"])

    def test_one_pair_that_cannot_be_compared_does_not_take_the_others_with_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        several = scans("01/1", "01/2", "02/1", "02/2", version="1.0")
        monkeypatch.setattr(workflow, "finished_scans", lambda out: several)
        monkeypatch.setattr(workflow, "read_finished_scan", lambda out, scan: scan)

        def compared(before: ScanId, after: ScanId, *, version: str) -> Change:
            if before.participant_id == "01":
                raise ImageContentError("sub-01_ses-1 was measured at threshold 0.2, sub-01_ses-2 at 0.3.")
            return replace(a_change(), before=before, after=after)

        monkeypatch.setattr(workflow, "compare_sessions", compared)
        with pytest.raises(ImageContentError, match=r"1 of 2 pairs could not be compared; the other 1 stand in"):
            compare_all(tmp_path)
        with (tmp_path / "changes.tsv").open() as stream:
            assert [row["participant_id"] for row in csv.DictReader(stream, delimiter="\t")] == ["sub-02"]
        assert (tmp_path / "changes.html").is_file()

    def test_the_sessions_on_either_side_of_an_unusable_one_are_compared_as_well(self) -> None:
        many = scans("01/1", "01/2", "01/4", usable=True) + scans("01/3", usable=False)
        assert told(session_pairs(many)) == [
            ("sub-01_ses-1", "sub-01_ses-2"),
            ("sub-01_ses-2", "sub-01_ses-3"),
            ("sub-01_ses-2", "sub-01_ses-4"),
            ("sub-01_ses-3", "sub-01_ses-4"),
        ]

    def test_a_copied_session_is_no_second_scan(self, tmp_path: Path, compared: list[FinishedScan]) -> None:
        compared += scans("01/1", "01/2", "02/1", "02/2", version="1.0")
        for session in "12":
            folder = tmp_path / "sub-01" / f"ses-{session}" / "anat"
            folder.mkdir(parents=True)
            told = json.dumps({"input_sha256": {"T1w": "ab" * 32, "FLAIR": "cd" * 32}})
            (folder / f"sub-01_ses-{session}_provenance.json").write_text(told)
        with pytest.raises(ImageContentError, match=r"1 of 2 pairs(.|\n)*both sessions were measured from the same"):
            compare_all(tmp_path)

    def test_what_another_order_wrote_is_removed(self, tmp_path: Path, compared: list[FinishedScan]) -> None:
        compared += scans("01/post", "01/pre", version="1.0")
        compare_all(tmp_path)
        theirs = tmp_path / "sub-01" / "change" / "notes.txt"
        theirs.write_text("mine")
        compare_all(tmp_path, order=["pre", "post"], overwrite=True)
        names = [path.name for path in (tmp_path / "sub-01" / "change").iterdir()]
        assert not [name for name in names if "from-sespost" in name or "halfwaysespost" in name]
        assert len([name for name in names if "from-sespre_to-sespost" in name]) == 6
        assert theirs.read_text() == "mine"

    def test_a_table_of_others_is_not_replaced(self, tmp_path: Path, compared: list[FinishedScan]) -> None:
        compared += scans("01/1", "01/2", "02/1", "02/2", version="1.0")
        compare_all(tmp_path)
        table = (tmp_path / "changes.tsv").read_text()
        with pytest.raises(UsageError, match=r"1 participant\(s\) who would be lost: 02\."):
            compare_all(tmp_path, ["01"], overwrite=True)
        assert (tmp_path / "changes.tsv").read_text() == table

    def test_a_session_without_flair_is_passed_over(self) -> None:
        found = told(session_pairs(scans("01/1", "01/3") + scans("01/2", wmh_ml=None)))
        assert found == [("sub-01_ses-1", "sub-01_ses-3")]

    def test_only_the_asked_ones_and_a_stranger_is_refused(self) -> None:
        many = scans("01/1", "01/2", "02/1", "02/2")
        assert told(session_pairs(many, ["02"])) == [("sub-02_ses-1", "sub-02_ses-2")]
        with pytest.raises(UsageError, match=r"Participants 07 have no finished scan; finished are 01, 02"):
            session_pairs(many, ["07"])


class TestNumbers:
    def test_the_smallest_real_change_is_that_of_two_rescans(self) -> None:
        # 1.96 √2 x 0.28 % = 0.776 %; that of WMH: tests/unit/imaging/test_wmh_calibration.py
        assert pytest.approx(0.776, abs=5e-4) == comparison.REAL * comparison.TBV_CV_PERCENT

    @pytest.mark.parametrize("dimension", ["2D", "3D"])
    def test_of_two_maps_of_the_model_it_is_that_of_the_noise_of_each(self, dimension: str) -> None:
        found, warnings = smallest("model", "model", dimension=dimension)
        noise = calibration().noise.of(dimension)
        assert found == pytest.approx(1.96 * (noise.sd_ml(1.0) ** 2 + noise.sd_ml(2.0) ** 2) ** 0.5)
        assert warnings == []

    @pytest.mark.parametrize("method", ["own map", "rater A. Expert", "LST-AI 1.2.0"])
    def test_of_maps_of_the_user_s_own_none_is_known(self, method: str) -> None:
        found, (why,) = smallest(method, method)
        assert found is None
        assert f"({method})" in why
        assert "not known" in why

    @pytest.mark.parametrize("methods", [("model", "rater AB"), ("rater AB", "model"), ("rater AB", "rater CD")])
    def test_nor_of_maps_of_two_methods(self, methods: tuple[str, str]) -> None:
        found, (why,) = smallest(*methods)
        assert found is None
        assert f"two methods ({'; '.join(methods)})" in why

    def test_nor_at_another_threshold_than_that_of_the_noise(self) -> None:
        found, (why,) = smallest("model", "model", threshold=0.5)
        assert found is None
        assert "at the threshold 0.2 alone, and not at 0.5" in why

    def test_nor_between_a_2d_and_a_3d_flair(self) -> None:
        sessions = [a_session("model", 1.0, dimension=dimension) for dimension in ("2D", "3D")]
        (why,) = comparison._warnings(sessions[0], sessions[1], 1.2)
        assert "One FLAIR is 2D, the other 3D" in why
        assert numbers_of(*sessions)["wmh_smallest_real_change_ml"] is None

    def test_nor_of_anything_between_sessions_that_do_not_align(self) -> None:
        before, after = a_session("model", 1.0), a_session("model", 1.0)
        (why,) = comparison._warnings(before, after, 1.03)
        assert "align poorly" in why
        numbers = numbers_of(before, after, 1.03)
        assert numbers["wmh_smallest_real_change_ml"] is None
        assert numbers["tbv_smallest_real_change_percent"] is None

    @pytest.mark.parametrize(("slices", "known"), [((3.0, 3.6), True), ((3.0, 5.0), False), ((5.0, None), True)])
    def test_nor_between_flair_of_other_slices(self, slices: tuple[float | None, ...], known: bool) -> None:
        sessions = [a_session("model", 1.0, dimension="2D", slice_mm=one) for one in slices]
        why = comparison._warnings(sessions[0], sessions[1], 1.2)
        assert [one[:50] for one in why] == ([] if known else ["The FLAIR were taken with slices of 3.0 and 5.0 mm"])
        numbers = numbers_of(*sessions)
        assert (numbers["wmh_smallest_real_change_ml"] is not None) == known
        assert numbers["tbv_smallest_real_change_percent"] is not None

    @pytest.mark.parametrize(
        ("cover", "told"), [(0.979, ["sub-01_ses-1: the FLAIR shows 0.98 of the brain"]), (0.98, [])]
    )
    def test_a_flair_that_leaves_brain_out_is_told(self, cover: float, told: list[str]) -> None:
        whole, part = a_session("model", 1.0), a_session("model", 1.0)
        numbers = MeasurementSet((*part.measurements.items, Measurement("qc_flair_cover", cover)))
        warnings = comparison._warnings(whole, replace(part, measurements=numbers), 1.2)
        assert [one.partition(";")[0] for one in warnings] == told
        numbers_ = numbers_of(whole, replace(part, measurements=numbers))
        assert (numbers_["wmh_smallest_real_change_ml"] is None) == bool(told)
        assert numbers_["tbv_smallest_real_change_percent"] is not None

    @pytest.mark.parametrize(("cut", "known"), [(15.0, True), (22.6, False)])
    def test_a_t1w_that_cuts_the_brain_is_told(self, cut: float, known: bool) -> None:
        whole, part = a_session("model", 1.0), a_session("model", 1.0)
        part = replace(part, measurements=MeasurementSet((*part.measurements.items, Measurement("qc_cut_cm2", cut))))
        numbers = numbers_of(whole, part)
        assert (numbers["tbv_smallest_real_change_percent"] is not None) == known
        assert ("cuts the brain over 23 cm²" in " ".join(comparison._warnings(whole, part, 1.2))) != known

    def test_a_flair_that_may_be_another_persons_is_told(self) -> None:
        whole, other = a_session("model", 1.0), a_session("model", 1.0)
        score = Measurement("qc_registration_nmi", 1.012)
        other = replace(other, measurements=MeasurementSet((*other.measurements.items, score)))
        (why,) = comparison._warnings(whole, other, 1.2)
        assert "align poorly (mutual information 1.012, 1.04 expected): is the FLAIR of this person" in why
        numbers = numbers_of(whole, other)
        assert numbers["wmh_smallest_real_change_ml"] is None
        assert numbers["tbv_smallest_real_change_percent"] is not None

    @pytest.mark.parametrize(("size", "known"), [(1.09, True), (1.11, False)])
    def test_nor_between_t1w_of_other_voxels(self, size: float, known: bool) -> None:
        before, after = a_session("model", 1.0), a_session("model", 1.0)
        other = replace(after, t1w=Volume(after.t1w.data, np.diag([1.0, 1.0, size, 1.0])))
        numbers = numbers_of(before, other)
        assert (numbers["wmh_smallest_real_change_ml"] is not None) == known
        assert (numbers["tbv_smallest_real_change_percent"] is not None) == known
        told = " ".join(comparison._warnings(before, other, 1.2))
        assert ("(1.00 x 1.00 x 1.00 and 1.00 x 1.00 x 1.11 mm)" in told) != known

    def test_nor_of_scans_that_cannot_be_used(self) -> None:
        before, after = a_session("model", 1.0), replace(a_session("model", 1.0), usable=False)
        numbers = numbers_of(before, after)
        assert numbers["wmh_smallest_real_change_ml"] is None
        assert numbers["tbv_smallest_real_change_percent"] is None

    @pytest.mark.parametrize("counts", [(0, 1), (1, 0), (1, 2)])
    def test_infarct_like_lesions_are_counted_apart_and_told(self, counts: tuple[int, int]) -> None:
        before, after = (a_session("model", 1.0, infarcts=count) for count in counts)
        numbers = numbers_of(before, after)
        assert (numbers["infarct_like_before_count"], numbers["infarct_like_after_count"]) == counts
        assert numbers["infarct_like_after_ml"] == 2.5 * counts[1]
        assert numbers["wmh_smallest_real_change_ml"] is None
        *unusable, why = comparison._warnings(before, after, 1.2)
        assert f"({counts[0]} before, {counts[1]} after)" in why
        line = "sub-01_ses-1: volumes are unusable (1 infarct-like lesion(s) over 15 mm)."
        assert unusable == [line] * np.count_nonzero(counts)


class TestFiles:
    def test_table_images_and_dictionary(self, tmp_path: Path) -> None:
        write_change(tmp_path, a_change())
        table = write_change_table(tmp_path, [a_change()])
        with table.open() as stream:
            (row,) = csv.DictReader(stream, delimiter="\t")
        assert (row["participant_id"], row["session_before"], row["session_after"]) == ("sub-01", "ses-1", "ses-2")
        assert list(row) == list(json.loads((tmp_path / "changes.json").read_text()))
        names = {path.name for path in (tmp_path / "sub-01/change").iterdir()}
        assert "sub-01_from-ses1_to-ses2_space-halfway_desc-change_dseg.nii.gz" in names
        with (
            tmp_path / "sub-01/change/sub-01_from-ses1_to-ses2_space-halfway_desc-changedlesions_dseg.tsv"
        ).open() as f:
            (lesion,) = csv.DictReader(f, delimiter="\t")
        assert (lesion["fate"], lesion["gained_ml"]) == ("new", "0.027")

    def test_each_pair_keeps_its_own_transforms(self, tmp_path: Path) -> None:
        moved = np.eye(4)
        moved[0, 3] = 2.0
        first = replace(a_change(), to_after=moved)
        second = replace(a_change(), before=ScanId("01", "2"), after=ScanId("01", "3"))
        for change in (first, second):
            write_change(tmp_path, change)
        files = sorted((tmp_path / "sub-01/change").glob("*_xfm.txt"))
        assert len(files) == 4
        (kept,) = [path for path in files if "halfwayses1ses2" in path.name and "to-ses2" in path.name]
        np.testing.assert_allclose(np.loadtxt(kept), moved)

    def test_the_page_shows_fate_warning_and_noise(self, tmp_path: Path) -> None:
        write_change_page(tmp_path / "page.html", [change_case(a_change())])
        text = (tmp_path / "page.html").read_text()
        assert "not known" not in text
        for words in ("sub-01: ses-1 to ses-2", "3 new", "Look at it.", "Smallest real change", "± 0.50"):
            assert words in text

    @pytest.mark.parametrize("counts", [(0, 0), (0, 1)])
    def test_a_new_infarct_is_never_no_change(self, counts: tuple[int, int]) -> None:
        change = a_change()
        values = dict(zip(("infarct_like_before_count", "infarct_like_after_count"), counts, strict=True))
        values |= {f"{fate}_count": 0 for fate in ("new", "enlarging", "shrinking", "disappeared")}
        told = tuple(replace(one, value=values.get(one.name, one.value)) for one in change.measurements)
        verdict = change_case(replace(change, measurements=told)).verdict
        infarcts = " Infarct-like lesions: 0 before, 1 after." if counts[1] else ""
        assert verdict == f"No hyperintensity changed beyond noise.{infarcts}"

    def test_an_unknown_smallest_change_is_said_to_be_so(self, tmp_path: Path) -> None:
        change = a_change()
        told = tuple(
            replace(one, value=None) if one.name == "wmh_smallest_real_change_ml" else one
            for one in change.measurements
        )
        write_change_page(tmp_path / "page.html", [change_case(replace(change, measurements=told))])
        text = (tmp_path / "page.html").read_text()
        assert "<td>not known</td>" in text
        assert "± n/a" not in text
        write_change_table(tmp_path, [replace(change, measurements=told)])
        with (tmp_path / "changes.tsv").open() as stream:
            (row,) = csv.DictReader(stream, delimiter="\t")
        assert row["wmh_smallest_real_change_ml"] == "n/a"


@pytest.mark.slow
@pytest.mark.usefixtures("fake_measure")
def test_one_session_each_is_refused_with_what_to_do(
    tmp_path: Path, make_dataset, capsys: pytest.CaptureFixture[str], fake_measure: ModuleType
) -> None:
    from neurolupus.workflows.capacity import Capacity
    from neurolupus.workflows.measure import MeasureOptions, measure_dataset

    out = tmp_path / "out"
    measure_dataset(make_dataset(["01", "02"]), out, MeasureOptions(capacity=Capacity(1, 1)))
    with pytest.raises(SystemExit) as stop:
        main(["change", str(out)])
    assert stop.value.code == 2
    assert "no participant with two finished sessions" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["change", str(out), "--participant-label", "01", "sub-02"])
    assert "with a FLAIR among 01, 02; a change needs two" in capsys.readouterr().err.replace("\n", " ")
