"""Methods of the user's own through a whole run: measured with, compared with, failing, known again."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_scan import a_small_scan

from neurolupus.errors import UsageError
from neurolupus.io.tables import read_tsv
from neurolupus.jobs.run import ALREADY_DONE
from neurolupus.records.measured import Settings
from neurolupus.records.wmh_method import MethodFacts
from neurolupus.workflows import measure
from neurolupus.workflows.capacity import Capacity
from neurolupus.workflows.measure import MeasureOptions, measure_dataset
from neurolupus.workflows.wmh_methods import OtherMap, choose_methods, compare_methods

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_measure")]
FACTS = MethodFacts("half", "0.9", "00")

# The tiny head of tests/conftest.py holds 2 x 3 x 2 = 12 bright voxels of 6 mm: 12 x 0.216 = 2.592 ml. Six of them
# are the half with the lower i.
HALF = """
version = "0.9"
def missing():
    return None
def wmh_probability(t1w, flair, work):
    import nibabel
    image = nibabel.load(flair)
    bright = (image.get_fdata() > 1000).astype("float32")
    bright[18:] = 0
    nibabel.save(nibabel.Nifti1Image(bright, image.affine), work / "half.nii.gz")
    return work / "half.nii.gz"
"""
BROKEN = HALF.replace("import nibabel\n", "raise RuntimeError('no weights for ' + flair.name)\n")
LACKING = HALF.replace("return None", "return 'the program LST'")


@pytest.fixture
def method(tmp_path: Path):
    def write(name: str, text: str = HALF) -> str:
        path = tmp_path / f"{name}.py"
        path.write_text(text)
        return str(path)

    return write


def options(**changes: object) -> MeasureOptions:
    return MeasureOptions(**{"capacity": Capacity(1, 1), **changes})  # type: ignore[arg-type]


def test_a_method_is_compared_with_the_model(tmp_path: Path, make_dataset, method, fake_measure, monkeypatch) -> None:
    bids, out = make_dataset(["01"]), tmp_path / "out"
    monkeypatch.setattr(measure, "measure_job", fake_measure.fake_measure_job_with_report)
    measure_dataset(bids, out, options(wmh_compare=(method("half"), method("broken", BROKEN))))
    good, bad = read_tsv(out / "wmh_methods.tsv")
    assert (good["participant_id"], good["method"], good["method_version"]) == ("sub-01", "half", "0.9")
    assert (good["measured"], float(good["measured_ml"])) == ("model", pytest.approx(2.592))
    assert float(good["volume_ml"]) == pytest.approx(1.296)
    assert float(good["dice"]) == pytest.approx(2 * 6 / 18, abs=1e-6)
    assert (good["lesions"], good["lesion_recall"], good["lesion_precision"]) == ("1", "1", "1")
    assert bad["dice"] == "n/a"
    (row,) = read_tsv(out / "volumes.tsv")
    told = json.loads((out / "sub-01/anat/sub-01_volumes.json").read_text())["warnings"]
    assert (row["wmh_method"], int(row["qc_warnings"])) == ("model", len(told))
    reason = "broken 0.9 failed: RuntimeError: no weights for sub-01_FLAIR.nii.gz."
    assert told[-1] == f"Comparison left out: {reason}"
    assert bad["failure"] == reason
    assert (out / "sub-01/anat/sub-01_label-WMH_desc-half_mask.nii.gz").is_file()
    page = (out / "sub-01.html").read_text()
    assert "Methods compared" in page
    assert "half 0.9" in page
    assert "no weights" in page
    assert str(tmp_path) not in page
    facts = json.loads((out / "sub-01/anat/sub-01_provenance.json").read_text())["settings"]["wmh_compared"]
    assert [one["version"] for one in facts] == ["0.9", "0.9"]
    assert str(tmp_path) not in json.dumps(facts)


FAINT = HALF.replace('.astype("float32")', '.astype("float32") * 0.45')


def test_a_map_that_stays_below_the_threshold_everywhere_is_warned_of(tmp_path: Path, make_dataset, method) -> None:
    bids, faint = make_dataset(["01"]), method("faint", FAINT)
    words = "faint 0.9: no voxel reaches 0.5, the highest is 0.45; no hyperintensity is left."
    for name, chosen in (("compared", {"wmh_compare": (faint,)}), ("main", {"wmh_method": faint})):
        out = tmp_path / name
        measure_dataset(bids, out, options(settings=Settings(wmh_threshold=0.5), **chosen))
        told = json.loads((out / "sub-01/anat/sub-01_volumes.json").read_text())["warnings"]
        assert [words in one for one in told] == [False, True]  # the first is of the head without a sidecar
        assert [int(row["qc_warnings"]) for row in read_tsv(out / "volumes.tsv")] == [len(told)]


def test_of_an_empty_map_one_warning_is_enough(tmp_path: Path, make_dataset, method) -> None:
    out, empty = tmp_path / "out", method("empty", HALF.replace("> 1000", "> 1e9"))
    measure_dataset(make_dataset(["01"]), out, options(wmh_compare=(empty,)))
    told = json.loads((out / "sub-01/anat/sub-01_volumes.json").read_text())["warnings"]
    assert [one for one in told if "empty 0.9" in one] == [told[-1]]
    assert "empty; no hyperintensity is measured" in told[-1]


def test_an_infarct_that_a_method_calls_wmh_is_no_fault_of_it() -> None:
    scan = a_small_scan(usable=False)  # its one lesion is infarct-like: in no WMH of ours
    assert scan.wmh_mask is not None
    ours = replace(scan, wmh_mask=np.zeros_like(scan.wmh_mask))
    (found,) = compare_methods(ours, [OtherMap(FACTS, scan.t1w.with_data(scan.wmh_mask.astype(np.float32)))])
    assert (found.volume_ml, found.lesions, found.volume_error_ml) == (0.0, 0, 0.0)


def test_a_compared_map_is_left_outside_the_head_as_the_measured_one_is() -> None:
    scan = a_small_scan()
    assert scan.wmh_mask is not None
    outside = np.argwhere(~scan.intracranial_mask)
    stray = scan.wmh_mask.astype(np.float32)
    stray[tuple(outside[0])] = 1
    same, other = compare_methods(
        scan,
        [
            OtherMap(FACTS, scan.t1w.with_data(stray)),
            OtherMap(FACTS, scan.t1w.with_data((~scan.intracranial_mask).astype(np.float32))),
        ],
    )
    assert (same.dice, same.volume_error_ml) == (1.0, 0.0)
    assert "outside the head" in other.failure
    assert other.dice is None


def test_a_method_takes_the_models_place_and_the_model_is_compared(tmp_path: Path, make_dataset, method) -> None:
    bids, out = make_dataset(["01"]), tmp_path / "out"
    measure_dataset(bids, out, options(wmh_method=method("half"), wmh_compare=("model",)))
    (row,) = read_tsv(out / "volumes.tsv")
    assert (row["wmh_method"], float(row["wmh_ml"])) == ("half 0.9", pytest.approx(1.296))
    (compared,) = read_tsv(out / "wmh_methods.tsv")
    assert (compared["method"], float(compared["volume_error_ml"])) == ("model", pytest.approx(1.296))
    facts = json.loads((out / "sub-01/anat/sub-01_provenance.json").read_text())["settings"]["wmh_method"]
    assert (facts["name"], facts["version"], len(facts["code_sha256"])) == ("half", "0.9", 64)


def test_a_method_that_fails_on_a_scan_fails_that_scan_only(tmp_path: Path, make_dataset, method) -> None:
    bids, out = make_dataset(["01", "02"]), tmp_path / "out"
    picky = HALF.replace("import nibabel\n", "import nibabel\n    assert 'sub-01' not in flair.name, 'not this one'\n")
    result = measure_dataset(bids, out, options(wmh_method=method("picky", picky)))
    (failed,) = result.failed
    assert failed.name == "sub-01"
    assert "picky 0.9 failed: AssertionError: not this one" in failed.reason
    assert [row["participant_id"] for row in read_tsv(out / "volumes.tsv")] == ["sub-02"]


def test_results_are_known_again_by_the_methods_code_and_version(tmp_path: Path, make_dataset, method) -> None:
    bids, out = make_dataset(["01"]), tmp_path / "out"
    for text, again in ((HALF, False), (HALF, True), (HALF.replace("0.9", "1.0"), False), (HALF + "\n# x", False)):
        result = measure_dataset(bids, out, options(wmh_method=method("half", text)))
        assert (result.outcomes[0].reason == ALREADY_DONE) == again
    assert measure_dataset(bids, out, options()).outcomes[0].status == "done"
    assert [row["wmh_method"] for row in read_tsv(out / "volumes.tsv")] == ["model"]
    assert not (out / "wmh_methods.tsv").exists()


def test_names_that_make_no_sense_are_refused_before_anything_is_measured(tmp_path: Path, make_dataset, method) -> None:
    with pytest.raises(UsageError, match="cannot run: the program LST"):
        choose_methods(method("lacking", LACKING), ())
    assert choose_methods(None, (method("lacking", LACKING),)).compared[0].missing == "the program LST"
    with pytest.raises(UsageError, match="half would be compared with itself"):
        choose_methods(None, (method("half"), method("half")))
    with pytest.raises(UsageError, match="model would be compared with itself"):
        choose_methods(None, ("model",))
    with pytest.raises(UsageError, match="both say what is a hyperintensity"):
        choose_methods(method("half"), (), own_wmh=Path("mask.nii.gz"))
    with pytest.raises(UsageError, match="more than 0"):
        choose_methods(None, (method("half"),), minutes=0)
    with pytest.raises(UsageError, match="need the FLAIR"):
        measure_dataset(make_dataset(["01"]), tmp_path / "o", options(need_flair=False, wmh_compare=("model",)))
