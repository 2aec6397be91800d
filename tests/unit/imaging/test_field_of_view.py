"""What a FLAIR that cuts off part of a block of a head still shows of each part, counted by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from neurolupus.imaging import field_of_view as module
from neurolupus.records.dictionary import DICTIONARY
from neurolupus.records.measurement import Measurement
from neurolupus.records.volume import Volume

SHAPE = (20, 20, 40)
HEAD = Volume(np.ones(SHAPE, np.float32), np.eye(4))
BRAIN = np.ones(SHAPE, bool)
MNI = np.diag([4.0, 6.0, 4.0, 1.0])  # the block's mm to MNI mm: 80 by 120 by 160 mm around the origin
MNI[:3, 3] = [-38, -60, -70]
NO_FIT = SimpleNamespace(is_good=False)


def on(_: Volume, *names: str) -> np.ndarray:
    """Slices 0 to 9 are the cerebellum, the middle of slices 18 to 21 a ventricle."""
    part = np.zeros(SHAPE, np.float32)
    if "ventricle" in names:
        part[8:12, 8:12, 18:22] = 1
    else:
        part[:, :, :10] = 1
    return part


def view(flair: Volume, fit: object = NO_FIT) -> module.FieldOfView:
    head = SimpleNamespace(on=on)
    return module.field_of_view(flair, HEAD, BRAIN, np.eye(4), head, lambda: fit)  # type: ignore[arg-type,return-value]


def without_first(slices: int, axis: int) -> Volume:
    """A FLAIR without the first slices of an axis."""
    shape, affine = list(SHAPE), np.eye(4)
    shape[axis] -= slices
    affine[axis, 3] = slices
    return Volume(np.ones(shape, np.float32), affine)


def test_a_flair_that_shows_all_asks_for_no_atlas() -> None:
    def never() -> None:
        raise AssertionError("asked for the atlas")

    head = SimpleNamespace(on=never)
    found = module.field_of_view(HEAD, HEAD, BRAIN, np.eye(4), head, never)  # type: ignore[arg-type]
    assert (found.brain, found.cut_off, found.warnings) == (1.0, {}, ())
    measured = (Measurement("wmh_infratentorial_ml", 0.0, "ml"),)
    assert found.without_cut_off(measured) == measured


def test_below_its_lowest_slice_nothing_is_known() -> None:
    found = view(without_first(4, axis=2))
    assert found.brain == pytest.approx(36 / 40)
    assert found.parts == pytest.approx({"cerebellum and brain stem": 6 / 10, "cerebrum": 1, "ventricles": 1})
    names = ("wmh_ml", "wmh_count", "wmh_deep_ml", "wmh_infratentorial_ml", "wmh_infratentorial_count")
    told = {one.name: one.value for one in found.without_cut_off([Measurement(name, 0.0) for name in names])}
    assert [name for name, value in told.items() if value is None] == [
        "wmh_infratentorial_ml",
        "wmh_infratentorial_count",
    ]
    assert "0.60 of the cerebellum and brain stem;" in found.warnings[0]


def test_a_slice_that_hardly_touches_the_brain_changes_nothing() -> None:
    found = view(without_first(1, axis=2))
    assert found.parts["cerebellum and brain stem"] == pytest.approx(0.9)  # what is needed
    assert (found.cut_off, found.warnings) == ({}, ())


def test_sides_and_lobes_are_told_by_the_atlas() -> None:
    found = view(without_first(5, axis=0), SimpleNamespace(is_good=True, head_to_mni=MNI))
    assert found.parts["left side"] == pytest.approx(5 / 10)  # columns 0 to 9 lie left of 0 mm
    assert found.parts["right side"] == 1
    unknown = {name for name in ("wmh_left_ml", "wmh_right_ml") if name.startswith(columns(found))}
    assert unknown == {"wmh_left_ml"}
    front = view(without_first(3, axis=1), SimpleNamespace(is_good=True, head_to_mni=MNI))  # y to -48 mm is missing
    assert front.parts["occipital lobes"] == 0
    assert front.parts["frontal lobes"] == 1


def columns(found: module.FieldOfView) -> tuple[str, ...]:
    return tuple(start for part in found.cut_off for start in module.COLUMNS[part])


def test_each_beginning_is_of_a_column_and_totals_are_in_none() -> None:
    names = [one.name for one in DICTIONARY]
    starts = [start for part in module.COLUMNS.values() for start in part]
    assert all(any(name.startswith(start) for name in names) for start in starts)
    totals = ("wmh_ml", "wmh_expected_ml", "wmh_operating_ml", "wmh_sdc_ml", "wmh_tiv", "wmh_count", "wmh_threshold")
    assert not [name for name in totals if name.startswith(tuple(starts))]


@pytest.mark.parametrize("padded", [False, True])
def test_of_a_mask_only_what_was_scanned_is_shown(padded: bool) -> None:
    flair = without_first(4, axis=2)
    if padded:
        flair = Volume(np.concatenate([np.zeros((20, 20, 4), np.float32), flair.data], axis=2), np.eye(4))
    shown = module.shown_of(BRAIN, flair, HEAD, np.eye(4))
    assert shown.sum() == 20 * 20 * 36
    assert not shown[:, :, :4].any()
    assert view(flair).brain == pytest.approx(36 / 40)


def test_a_flair_that_shows_nothing_of_a_mask_leaves_it_as_it_is() -> None:
    far = Volume(np.ones(SHAPE, np.float32), np.array([[1, 0, 0, 100], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]))
    assert module.shown_of(BRAIN, far, HEAD, np.eye(4)).all()
