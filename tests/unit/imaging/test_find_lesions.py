"""What a rater drew as infarct-like is a class of its own, in a head of one tissue."""

from types import SimpleNamespace

import numpy as np
import pytest

from neurolupus.imaging import find_lesions as module
from neurolupus.imaging.lesion_measures import lesion_measures
from neurolupus.records.volume import Volume

SHAPE = (40, 30, 20)


@pytest.fixture
def plain_head(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A head without ventricle, cortex or fluid that fits no atlas."""
    nothing = np.zeros(SHAPE, bool)
    monkeypatch.setattr(module, "fluid_dark", lambda *_: nothing)
    monkeypatch.setattr(module, "fluid_like", lambda *_: nothing)
    monkeypatch.setattr(module, "bright_walled", lambda *_: nothing)
    monkeypatch.setattr(module, "black_hole_dark", lambda *_: None)
    return SimpleNamespace(on=lambda *_: np.zeros(SHAPE, np.float32))


def find(head: SimpleNamespace, wmh: np.ndarray, infarct: np.ndarray | None) -> module.FoundLesions:
    grid = Volume(np.ones(SHAPE, np.float32), np.eye(4))
    no_fit = SimpleNamespace(is_good=False, overlap=0.5)
    return module.find_lesions(
        grid,
        grid.data,
        wmh.astype(np.float32),
        np.ones(SHAPE, bool),
        head,  # type: ignore[arg-type]
        lambda: no_fit,  # type: ignore[arg-type,return-value]
        threshold=0.2,
        drawn_infarct=infarct,
    )


def test_a_drawn_infarct_is_counted_beside_the_hyperintensities_it_touches(plain_head: SimpleNamespace) -> None:
    wmh, infarct = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    wmh[5:9, 5:9, 5:9] = True  # 64 voxels of 1 mm³
    infarct[9:11, 5:9, 5:9] = True  # 32, face to face with them
    infarct[30:32, 20:22, 10:12] = True  # 8, far away
    found = find(plain_head, wmh, infarct)
    assert [(one.label, one.infarct_like) for one in found.labelled.lesions] == [(1, False), (2, True), (3, True)]
    assert [one.volume_ml for one in found.labelled.lesions] == pytest.approx([0.064, 0.032, 0.008])
    assert [one.peak_probability for one in found.labelled.lesions] == [1, 1, 1]
    measures = {one.name: one.value for one in lesion_measures(found.labelled.lesions, None)}
    assert (measures["infarct_like_count"], measures["infarct_like_ml"]) == (2, pytest.approx(0.040))
    np.testing.assert_array_equal(found.mask, wmh)
    np.testing.assert_array_equal(found.labelled.labels > 1, infarct)
    np.testing.assert_array_equal(found.filled, wmh | infarct)


def test_where_both_are_drawn_it_is_an_infarct_and_no_wmh(plain_head: SimpleNamespace) -> None:
    wmh = np.zeros(SHAPE, bool)
    wmh[5:9, 5:9, 5:9] = True
    found = find(plain_head, wmh, wmh)
    assert not found.mask.any()
    assert not found.probability.any()
    assert [one.infarct_like for one in found.labelled.lesions] == [True]


def test_without_a_drawing_nothing_is_infarct_like(plain_head: SimpleNamespace) -> None:
    wmh = np.zeros(SHAPE, bool)
    wmh[5:9, 5:9, 5:9] = True
    for drawn in (None, np.zeros(SHAPE, bool)):
        assert [one.infarct_like for one in find(plain_head, wmh, drawn).labelled.lesions] == [False]


def test_a_rater_decides_what_is_an_infarct_and_is_told_of_what_looks_like_one(
    plain_head: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    wmh = np.zeros(SHAPE, bool)
    wmh[5:25, 5:12, 5:12] = True  # 20 mm long
    core = np.zeros(SHAPE, bool)
    core[8:20, 6:11, 6:11] = True
    monkeypatch.setattr(module, "fluid_like", lambda *_: core)
    alone = find(plain_head, wmh, None)
    assert [one.infarct_like for one in alone.labelled.lesions] == [True]
    decided = find(plain_head, wmh, np.zeros(SHAPE, bool))
    assert [one.infarct_like for one in decided.labelled.lesions] == [False]
    np.testing.assert_array_equal(decided.mask, wmh)
    assert any("sees an infarct-like lesion of about 1.0 ml that the rater did not draw" in w for w in decided.warnings)
    cavity = np.zeros(SHAPE, bool)
    cavity[28:34, 5:12, 5:12] = True
    monkeypatch.setattr(module, "walled_cavities", lambda *_: cavity)
    assert [one.infarct_like for one in find(plain_head, wmh, None).labelled.lesions] == [True, True]
    again = find(plain_head, wmh, np.zeros(SHAPE, bool))
    assert [one.infarct_like for one in again.labelled.lesions] == [False]
    np.testing.assert_array_equal(again.mask, wmh)
