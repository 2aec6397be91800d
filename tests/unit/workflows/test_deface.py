import json
from pathlib import Path
from types import ModuleType

import nibabel
import numpy as np
import pytest

from neurolupus.errors import UsageError
from neurolupus.imaging.atlas_fit import AtlasFit
from neurolupus.workflows import deface
from neurolupus.workflows.capacity import Capacity
from neurolupus.workflows.deface import FACTS, deface_dataset
from neurolupus.workflows.measure import MeasureOptions, measure_dataset

pytestmark = pytest.mark.slow


@pytest.fixture
def measured(make_dataset, fake_measure: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Two tiny heads, measured in milliseconds, with a brain smaller than the head; beside them the data set."""
    columns = {"age": ["34", "93"], "sex": ["F", "M"], "name": ["Kanarienvogel", "Anna"]}
    root = make_dataset(["01", "02"], columns=columns)
    path = root / "sub-01" / "anat" / "sub-01_T1w.json"
    path.write_text(json.dumps({"EchoTime": 0.003, "PatientName": "Kanarienvogel", "AcquisitionTime": "13:47:59"}))
    out = tmp_path / "measured"
    measure_dataset(root, out, MeasureOptions(capacity=Capacity(2, 1)))
    for mask in out.rglob("*_desc-intracranial_mask.nii.gz"):
        image = nibabel.load(mask)
        grid = np.moveaxis(np.indices(image.shape), 0, -1) @ image.affine[:3, :3].T + image.affine[:3, 3]
        ball = np.linalg.norm(grid - [0, -10, 20], axis=-1) < 45
        nibabel.save(nibabel.Nifti1Image(ball.astype(np.uint8), image.affine), mask)
    monkeypatch.setattr(deface, "map_head", lambda t1w: t1w)
    monkeypatch.setattr(deface, "fit_atlas", lambda head: AtlasFit(np.eye(4), 0.9))
    return out


@pytest.fixture
def root(measured: Path, tmp_path: Path) -> Path:
    return tmp_path / "bids"


def values(path: Path) -> np.ndarray:
    return np.asanyarray(nibabel.load(path).dataobj)


def test_faces_are_cleared_and_the_rest_is_as_it_was(root: Path, measured: Path, tmp_path: Path) -> None:
    out = tmp_path / "shared"
    done = deface_dataset(root, measured, out)
    assert [(one.name, one.status) for one in done] == [("sub-01", "done"), ("sub-02", "done")]
    for name in ("sub-01/anat/sub-01_T1w.nii.gz", "sub-01/anat/sub-01_FLAIR.nii.gz", "sub-02/anat/sub-02_T1w.nii.gz"):
        before, after = values(root / name), values(out / name)
        assert 0.01 < (before != after).mean() < 0.9
        assert np.array_equal(after[after != 0], before[after != 0])
        mask = values(next(measured.glob(f"{name.split('/')[0]}/anat/*desc-intracranial_mask.nii.gz"))) > 0
        assert np.array_equal(after[mask], before[mask])


def test_the_shared_data_set_tells_nothing_more(root: Path, measured: Path, tmp_path: Path) -> None:
    out = tmp_path / "shared"
    deface_dataset(root, measured, out)
    assert (out / "participants.tsv").read_text() == (
        "participant_id\tage\tsex\tgroup\nsub-01\t34\tF\tn/a\nsub-02\t89\tM\tn/a\n"
    )
    told = json.loads((out / "sub-01" / "anat" / "sub-01_T1w.json").read_text())
    assert set(told) == {"EchoTime", FACTS}
    assert told[FACTS]["MarginMm"] == 20.0
    assert told[FACTS]["ClearedMl"] > 0
    everything = b"".join(
        path.read_bytes() for path in out.rglob("*") if path.suffix in (".json", ".tsv") or path.name == "README"
    )
    assert b"Kanarienvogel" not in everything
    assert not list(out.rglob("*.png"))
    assert [path.name for path in (measured / "sub-01" / "figures").glob("*_deface.png")] == ["sub-01_deface.png"]


def test_a_second_run_goes_on_where_the_first_ended(root: Path, measured: Path, tmp_path: Path) -> None:
    out = tmp_path / "shared"
    deface_dataset(root, measured, out)
    (out / "sub-02" / "anat" / "sub-02_T1w.json").unlink()  # as if killed in between
    assert [one.status for one in deface_dataset(root, measured, out)] == ["unchanged", "done"]
    assert [one.status for one in deface_dataset(root, measured, out, margin_mm=8.0)] == ["done", "done"]


def test_a_scan_that_cannot_be_defaced_stops_no_other(root: Path, measured: Path, tmp_path: Path) -> None:
    image = root / "sub-01" / "anat" / "sub-01_T1w.nii.gz"
    nibabel.save(nibabel.Nifti1Image(values(image) + 1, nibabel.load(image).affine), image)
    done = deface_dataset(root, measured, tmp_path / "shared")
    assert [one.status for one in done] == ["failed", "done"]
    assert "is not the file that was measured" in done[0].reason
    assert not (tmp_path / "shared" / "sub-01").exists()
    assert "sub-01" not in (tmp_path / "shared" / "participants.tsv").read_text()


def test_a_head_that_does_not_fit_is_not_written(
    root: Path, measured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deface, "fit_atlas", lambda head: AtlasFit(np.eye(4), 0.3))
    done = deface_dataset(root, measured, tmp_path / "shared")
    assert {one.status for one in done} == {"failed"}
    assert not list((tmp_path / "shared").rglob("*.nii.gz"))


def test_a_brain_without_a_head_is_copied_and_said_so(root: Path, measured: Path, tmp_path: Path) -> None:
    for mask in measured.rglob("*_desc-intracranial_mask.nii.gz"):
        t1w = values(root / mask.parent.relative_to(measured) / f"{mask.name.partition('_')[0]}_T1w.nii.gz")
        nibabel.save(nibabel.Nifti1Image((t1w > 0).astype(np.uint8), nibabel.load(mask).affine), mask)
    done = deface_dataset(root, measured, tmp_path / "shared")
    assert {one.status for one in done} == {"no face"}
    name = "sub-01/anat/sub-01_T1w.nii.gz"
    assert np.array_equal(values(root / name), values(tmp_path / "shared" / name))


def test_faces_and_what_is_shared_stay_apart(root: Path, measured: Path, tmp_path: Path) -> None:
    for out in (root / "derivatives" / "defaced", measured / "x", tmp_path):
        with pytest.raises(UsageError, match="lie in one another"):
            deface_dataset(root, measured, out)
    with pytest.raises(UsageError, match="the pictures show faces"):
        deface_dataset(root, measured, tmp_path / "shared", pictures=tmp_path / "shared" / "figures")
