import numpy as np
import pytest

from neurolupus.errors import ImageContentError, NeurolupusError
from neurolupus.imaging import wmh
from neurolupus.imaging.brain import CLASSES, HeadMap
from neurolupus.imaging.wmh_features import FEATURES, Candidates
from neurolupus.records.volume import Volume

SHAPE = (6, 7, 8)


@pytest.fixture
def scan():
    t1w = Volume(np.ones(SHAPE, np.float32), np.eye(4))
    head = HeadMap(np.zeros((len(CLASSES), 4, 4, 4), np.float32), Volume(np.zeros((4, 4, 4), np.float32), np.eye(4)))
    return t1w, np.ones(SHAPE, np.float32), np.ones(SHAPE, bool), head


class FakeSession:
    """Judges a row by half its first feature."""

    def run(self, names, inputs):
        return [inputs["features"][:, :1] / 2]


def test_candidates_get_the_models_probability_and_the_rest_none(scan, monkeypatch):
    where = np.array([[0, 3, 5], [1, 2, 6], [2, 0, 7]])
    table = np.zeros((3, len(FEATURES)), np.float32)
    table[:, 0] = (0.25, 0.5, 1.0)
    monkeypatch.setattr(wmh, "_session", lambda threads: FakeSession())
    monkeypatch.setattr(wmh, "_ROWS_AT_ONCE", 2)  # more rows than fit in one call
    monkeypatch.setattr(wmh, "describe_candidates", lambda *a, **k: Candidates(where, table))
    found = wmh.wmh_probability(*scan)
    assert found.dtype == np.float32
    assert [found[0, 1, 2], found[3, 2, 0], found[5, 6, 7]] == [0.125, 0.25, 0.5]
    assert found.sum() == 0.875


def test_no_candidates_no_lesions(scan, monkeypatch):
    monkeypatch.setattr(wmh, "_session", lambda threads: FakeSession())
    nothing = Candidates(np.zeros((3, 0), np.intp), np.zeros((0, len(FEATURES)), np.float32))
    monkeypatch.setattr(wmh, "describe_candidates", lambda *a, **k: nothing)
    assert not wmh.wmh_probability(*scan).any()


def test_grids_must_agree(scan):
    t1w, flair, mask, head = scan
    with pytest.raises(ImageContentError, match=r"(?s)FLAIR has shape \(6, 7, 7\).*Resample"):
        wmh.wmh_probability(t1w, flair[..., :-1], mask, head)


def test_a_missing_model_says_what_to_do(scan, monkeypatch):
    wmh._session.cache_clear()
    monkeypatch.setattr(wmh, "MODEL", "not_there.onnx")
    with pytest.raises(NeurolupusError, match=r"(?s)not_there\.onnx is not there.*train\.py"):
        wmh.wmh_probability(*scan)


def test_the_shipped_model_is_made_for_these_features():
    wmh._session.cache_clear()
    assert wmh._session(1).get_inputs()[0].shape[1] == len(FEATURES)


def test_a_model_for_other_features_is_refused(monkeypatch):
    wmh._session.cache_clear()
    monkeypatch.setattr(wmh, "FEATURES", FEATURES[:-1])
    with pytest.raises(NeurolupusError, match=rf"made for {len(FEATURES)} features.*has {len(FEATURES) - 1}"):
        wmh._session(1)
    wmh._session.cache_clear()


def test_the_model_answers_the_same_twice_and_within_bounds():
    table = np.random.default_rng(0).normal(0.8, 0.5, (5000, len(FEATURES))).astype(np.float32)
    one, two = (wmh._judged(wmh._session(threads), table) for threads in (1, 2))
    assert ((one >= 0) & (one <= 1)).all()
    np.testing.assert_array_equal(one, wmh._judged(wmh._session(1), table))
    np.testing.assert_allclose(one, two, atol=1e-6)
