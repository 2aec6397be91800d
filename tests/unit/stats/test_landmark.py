"""Exposures that begin during follow-up, by hand and against R's tmerge (tests/reference/landmark.R)."""

import json
from pathlib import Path

import numpy as np
import pytest

from neurolupus.errors import StatsError
from neurolupus.stats.cox import cox_regression
from neurolupus.stats.landmark import immortal_time, landmark, split_exposure

R = json.loads((Path(__file__).resolve().parents[2] / "reference" / "landmark.json").read_text(encoding="utf-8"))
TIME, EVENT = np.array(R["time"]), np.array(R["event"])
BEGAN = np.array([np.nan if v is None else v for v in R["began"]], float)


def test_three_patients_by_hand():
    # exposed from 4 on; never; from the start
    split = split_exposure([10, 8, 6], [1, 0, 1], [4, np.nan, 0])
    assert split.row.tolist() == [0, 0, 1, 2]
    assert split.start.tolist() == [0, 4, 0, 0]
    assert split.time.tolist() == [4, 10, 8, 6]
    assert split.event.tolist() == [False, True, False, True]
    assert split.exposed.tolist() == [False, True, False, True]
    assert split.n_split == 1
    assert split.notes == (
        "Exposure began after time zero in 1 of 2 exposed; 25 % of their follow-up came before it. "
        "It was counted as unexposed.",
    )


def test_exposure_after_the_end_never_counts():
    split = split_exposure([5, 5], [1, 0], [5, 9])
    assert not split.exposed.any()
    assert split.notes == ("2 were exposed only at or after the end of their follow-up; they stay unexposed.",)


def test_immortal_time_is_measured_and_said():
    found = immortal_time([10, 8, 6], [1, 0, 1], [4, np.nan, 0])
    assert (found.n_exposed, found.n_later, found.person_time, found.person_time_exposed) == (2, 1, 4.0, 16.0)
    assert "25 %" in found.notes[0]
    assert immortal_time([10, 8], [1, 0], [0, np.nan]).notes == ()


def test_splitting_keeps_person_time_and_events():
    split = split_exposure(TIME, EVENT, BEGAN)
    assert (split.time - split.start).sum() == pytest.approx(TIME.sum())
    assert split.event.sum() == EVENT.sum()


def test_time_varying_cox_equals_r_after_tmerge():
    split = split_exposure(TIME, EVENT, BEGAN)
    fit = cox_regression(
        split.time, split.event, split.exposed[:, None].astype(float), ["exposed"], start=split.start, cluster=split.row
    )
    one = fit.estimates[0]
    assert [one.value, one.se] == pytest.approx(R["time_varying"], rel=1e-6)


def test_a_naive_analysis_is_biased_towards_the_exposure():
    # the exposure of these made-up data does nothing; "ever exposed" looks protective
    naive = cox_regression(TIME, EVENT, (BEGAN < TIME)[:, None].astype(float), ["ever"]).estimates[0].value
    assert naive == pytest.approx(R["naive"][0], rel=1e-6)
    assert naive < R["time_varying"][0]


def test_landmark_equals_r():
    found = landmark(TIME, EVENT, BEGAN, 1.0)
    one = cox_regression(found.time, found.event, found.exposed[:, None].astype(float), ["exposed"]).estimates[0]
    assert [one.value, one.se] == pytest.approx(R["landmark"], rel=1e-6)
    assert len(found.rows) == R["landmark_n"][0]
    assert found.n_left_out + len(found.rows) == len(TIME)


def test_landmark_by_hand():
    # ends at, before and after the landmark 5; exposed at 5 counts, at 6 does not
    found = landmark([5, 3, 9, 9, 9], [1, 0, 1, 0, 0], [1, np.nan, 5, 6, np.nan], 5)
    assert found.rows.tolist() == [2, 3, 4]
    assert found.time.tolist() == [4, 4, 4]
    assert found.exposed.tolist() == [True, False, False]
    assert (found.n_left_out, found.n_events_before) == (2, 1)
    assert found.notes == (
        "2 of 5 ended by the landmark 5 (1 with an event) and are left out.",
        "1 were exposed only after the landmark and count as unexposed.",
    )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: landmark([5, 3], [1, 0], [1, 2], 5), "leaves nobody of 2"),
        (lambda: landmark([5, 3], [1, 0], [1, 2], -1), "Landmark -1"),
        (lambda: split_exposure([5, 0], [1, 0], [1, 2]), "no follow-up"),
        (lambda: split_exposure([5, 4], [1, 0], [1]), "1 times of exposure for 2 rows"),
        (lambda: split_exposure([5, 4], [1, 2], [1, 1]), "event 2"),
    ],
)
def test_what_cannot_be_split(call, words):
    with pytest.raises(StatsError, match=words):
        call()
