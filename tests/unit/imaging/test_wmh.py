import json
from importlib import resources

import numpy as np
import pytest

from neurolupus.errors import ImageContentError, NeurolupusError
from neurolupus.imaging import wmh
from neurolupus.imaging.brain import CLASSES, HeadMap
from neurolupus.imaging.wmh_calibration import Calibration, Noise, calibration
from neurolupus.imaging.wmh_input import ANATOMY, NetworkInput
from neurolupus.imaging.wmh_units import Units
from neurolupus.records.volume import Volume

SHAPE = (6, 7, 8)
UNITS = Units(1, 1, 1, 1, 1)


@pytest.fixture
def scan():
    t1w = Volume(np.ones(SHAPE, np.float32), np.eye(4))
    head = HeadMap(np.zeros((len(CLASSES), 4, 4, 4), np.float32), Volume(np.zeros((4, 4, 4), np.float32), np.eye(4)))
    return t1w, np.ones(SHAPE, np.float32), np.ones(SHAPE, bool), head


class FakeSession:
    """Scores a voxel by its FLAIR, and one more at the first index along x, whichever side that is."""

    def run(self, names, inputs):
        scores = inputs["images"][:, :1].copy()
        scores[:, :, 0] += 1
        return [scores]


def seen(t1w, mask):
    images = np.zeros((2, 8, 8, 8), np.float32)
    images[0, 2, 3, 4] = 2.0
    inside = np.zeros((8, 8, 8), bool)
    inside[:6, :7, :8] = True
    return NetworkInput(
        images, np.zeros((len(ANATOMY), 4, 4, 4), np.float32), inside, Volume(images[0], np.eye(4)), UNITS
    )


def test_scores_are_the_mean_of_the_scan_and_its_mirror_image(scan, monkeypatch):
    half = Calibration(1.0, -1.0, 0.3, 0.9, -1, 1, (1, 0), Noise(0, 0), Noise(0, 0), (0, 0, 0))
    monkeypatch.setattr(wmh, "_session", lambda threads: FakeSession())
    monkeypatch.setattr(wmh, "network_input", lambda t1w, flair, mask, head: seen(t1w, mask))
    monkeypatch.setattr(wmh, "calibration", lambda: half)
    t1w, flair, mask, head = scan
    mask = mask.copy()
    mask[5, 6, 7] = False
    found = wmh.wmh_probability(t1w, flair, mask, head)
    assert found.dtype == np.float32
    assert found[2, 3, 4] == pytest.approx(1 / (1 + np.exp(-(2.0 - 1.0))))
    assert found[1, 1, 1] == pytest.approx(1 / (1 + np.exp(1.0)))
    assert found[0, 0, 0] == pytest.approx(1 / (1 + np.exp(-(0.5 - 1.0))))  # 1 straight, 0 mirrored
    assert found[5, 6, 7] == 0  # outside the mask


def test_grids_must_agree(scan):
    t1w, flair, mask, head = scan
    with pytest.raises(ImageContentError, match=r"(?s)FLAIR has shape \(6, 7, 7\).*Resample"):
        wmh.wmh_probability(t1w, flair[..., :-1], mask, head)


def test_a_missing_model_says_what_to_do(scan, monkeypatch):
    wmh._session.cache_clear()
    monkeypatch.setattr(wmh, "MODEL", "not_there.onnx")
    with pytest.raises(NeurolupusError, match=r"(?s)not_there\.onnx is not there.*train\.py"):
        wmh.wmh_probability(*scan)


def test_the_shipped_model_is_made_for_this_anatomy():
    wmh._session.cache_clear()
    assert wmh._session(1).get_inputs()[1].shape[1] == len(ANATOMY)


def test_a_model_for_other_anatomy_is_refused(monkeypatch):
    wmh._session.cache_clear()
    monkeypatch.setattr(wmh, "ANATOMY", ANATOMY[:-1])
    with pytest.raises(NeurolupusError, match=rf"made for {len(ANATOMY)} channels.*has {len(ANATOMY) - 1}"):
        wmh._session(1)
    wmh._session.cache_clear()


def test_the_shipped_model_is_small():
    file = resources.files("neurolupus.imaging.models").joinpath(wmh.MODEL)
    assert len(file.read_bytes()) <= 10_000_000


@pytest.mark.slow
def test_the_model_answers_the_same_twice_and_nearly_so_with_other_threads():
    rng = np.random.default_rng(0)
    images = rng.normal(0, 0.5, (2, 32, 40, 32)).astype(np.float32)
    anatomy = rng.random((len(ANATOMY), 16, 20, 16)).astype(np.float32)
    one, two = (wmh._run(wmh._session(threads), images, anatomy) for threads in (1, 2))
    np.testing.assert_array_equal(one, wmh._run(wmh._session(1), images, anatomy))
    np.testing.assert_allclose(one, two, atol=1e-3)
    assert one.shape == (32, 40, 32)


def test_the_shipped_constants_are_read_as_they_stand():
    told = json.loads(resources.files("neurolupus.imaging.models").joinpath("wmh_network.json").read_text())
    assert (calibration().scale, calibration().operating_point) == (told["scale"], told["operating_point"])
    assert 0.2 <= calibration().operating_point <= 0.6
    assert calibration().low < 0 < calibration().high
