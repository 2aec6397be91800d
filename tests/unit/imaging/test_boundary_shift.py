"""Round brains of known size: white matter, a rind of cortex and a ventricle in fluid, voxels filled in part."""

from dataclasses import replace

import numpy as np
import pytest

from neurolupus.errors import ImageContentError
from neurolupus.imaging.boundary_shift import SessionOnGrid, boundary_shift
from neurolupus.records.volume import Volume

SHAPE = (72, 72, 72)
GRID = Volume(np.zeros(SHAPE, np.float32), np.eye(4))
RADIUS = np.sqrt(sum((axis - 35.5) ** 2 for axis in np.indices(SHAPE, np.float32)))
SKULL, RIND, VENTRICLE = 34.0, 3.0, 9.0
FLUID, CORTEX, WHITE = 0.25, 0.65, 1.0


def filled(radius: float) -> np.ndarray:
    """The share of each voxel within a ball: a voxel at its surface is filled as far as the surface reaches."""
    return np.clip(radius - RADIUS + 0.5, 0, 1)


def session(radius=28.0, ventricle=VENTRICLE, *, noise=0.0, scale=1.0, shading=0.0, seed=0) -> SessionOnGrid:
    hollow = 1 - filled(ventricle)
    gm, wm = (filled(radius) - filled(radius - RIND)) * hollow, filled(radius - RIND) * hollow
    image = FLUID * np.clip(1 - gm - wm, 0, 1) + CORTEX * gm + WHITE * wm
    image += noise * np.random.default_rng(seed).standard_normal(SHAPE)
    image *= scale * (1 + shading * np.linspace(-1, 1, SHAPE[0])[:, None, None])
    return SessionOnGrid(
        np.maximum(image, 1e-3).astype(np.float32), gm.astype(np.float32), wm.astype(np.float32), filled(SKULL) >= 0.5
    )


def true_percent(before: SessionOnGrid, after: SessionOnGrid) -> float:
    volumes = [float(one.brain.sum(dtype=np.float64)) for one in (before, after)]
    return 200 * (volumes[1] - volumes[0]) / sum(volumes)


class TestKnownChange:
    @pytest.mark.parametrize("lost", [0.05, 0.1, 0.2, 0.5])
    def test_a_brain_that_shrinks(self, lost):
        # a ball of 28 mm that loses 0.05 mm all round loses about 3 x 0.05 / 28 = 0.54 % of its volume
        before, after = session(), session(28 - lost)
        wanted = true_percent(before, after)
        assert wanted == pytest.approx(-300 * lost / 28 / (1 - (9 / 28) ** 3), rel=0.03)
        # 10 %: voxels of a curved border are not filled evenly, and the copies of the calibration are interpolated
        assert boundary_shift(before, after, GRID).change_percent == pytest.approx(wanted, rel=0.1)

    def test_a_ventricle_that_widens(self):
        before, after = session(), session(ventricle=VENTRICLE + 0.5)
        found = boundary_shift(before, after, GRID)
        # 4/3 pi (9.5^3 - 9^3) = 537 mm3 of brain became fluid
        assert found.shift_ml == pytest.approx(-0.537, rel=0.1)
        # white matter borders on fluid here: a voxel half full of it is as bright as cortex and counts as full
        assert found.change_percent == pytest.approx(true_percent(before, after), rel=0.15)

    def test_scale_and_shading_of_a_session_change_nothing(self):
        before, after = session(), session(27.8)
        plain = boundary_shift(before, after, GRID).change_percent
        shaded = boundary_shift(before, session(27.8, scale=3.1, shading=0.1), GRID).change_percent
        assert shaded == pytest.approx(plain, abs=0.15)  # uncorrected, one side would be taken for fluid

    def test_time_turned_round_turns_the_sign_and_nothing_else(self):
        before, after = session(noise=0.03, seed=1), session(27.9, noise=0.03, scale=1.2, seed=2)
        there, back = boundary_shift(before, after, GRID), boundary_shift(after, before, GRID)
        assert there.change_percent == pytest.approx(-back.change_percent, rel=1e-4)  # single precision
        assert there.change_percent < 0


@pytest.mark.parametrize("seed", range(3))
def test_rescans_of_one_brain_differ_by_little(seed):
    found = boundary_shift(session(noise=0.03, seed=seed), session(noise=0.03, seed=seed + 10), GRID)
    # some 20 000 border voxels with noise of 0.03 / 0.4 each, of 89 000 in the brain:
    # SD 100 sqrt(2 x 20000) 0.075 / 89000 = 0.017 %, less where voxels are cut at 0 and 1
    assert abs(found.change_percent) < 4 * 0.017


class TestFaults:
    def test_a_brain_without_fluid_is_told(self):
        one = session(33.9, ventricle=0)
        with pytest.raises(ImageContentError, match=r"voxels of fluid; 1000 are needed"):
            boundary_shift(one, one, GRID)

    def test_another_contrast_is_told(self):
        one = session()
        with pytest.raises(ImageContentError, match="no brighter than fluid"):
            boundary_shift(one, replace(one, t1w=1.3 - one.t1w), GRID)
