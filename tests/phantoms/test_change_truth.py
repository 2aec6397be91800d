"""Two sessions of a simulated head: lesions painted new, grown and gone; other noise, other position.

The maps are the painted lesions, so this proves the way from two sessions to what changed (alignment half way, one
scale, fates and volumes), not the WMH model.
"""

import numpy as np
import pytest
from scipy import ndimage

from neurolupus.imaging.atlas import draw_labels
from neurolupus.imaging.change import compare_sessions
from neurolupus.imaging.contrast import CONTRASTS
from neurolupus.imaging.grid import resample
from neurolupus.imaging.labels import heal_lesions
from neurolupus.imaging.phantom import Rigid, Scanner, simulate_pair
from neurolupus.records.measured import MeasuredScan, Settings
from neurolupus.records.measurement import Measurement, MeasurementSet
from neurolupus.records.scan import ScanId

pytestmark = pytest.mark.slow
RADIUS_MM = 5.0
NOISE = 0.05  # more than scanners have
VOXEL_MM = 1.5  # coarser than most scanners, for half the work


@pytest.fixture(scope="module")
def labels():
    labels = draw_labels(np.random.default_rng(7))
    return labels.with_data(heal_lesions(labels.data, labels.affine))


def places(labels, count):
    """Centres of balls well inside cerebral white matter, far from one another."""
    inner = ndimage.distance_transform_edt(np.isin(labels.data, (2, 41))) * labels.voxel_size_mm[0]
    found = []
    for index in np.argwhere(inner > RADIUS_MM + 2)[:: 997 // 100]:
        if all(np.linalg.norm((index - other) * labels.voxel_size_mm) > 25 for other in found):
            found.append(index)
        if len(found) == count:
            return found
    raise AssertionError("the head has too little white matter for this test")


def painted(labels, balls):
    mask = np.zeros(labels.shape, bool)
    grid = np.indices(labels.shape)
    for centre, radius_mm in balls:
        mask |= sum(((grid[a] - centre[a]) * labels.voxel_size_mm[a]) ** 2 for a in range(3)) <= radius_mm**2
    return mask


def session(labels, balls, name, seed):
    rng = np.random.default_rng(seed)
    x, y, z = (float(v) for v in rng.normal(0, 3, 3))
    scanner = Scanner(
        noise=NOISE,
        t1w_position=Rigid((x, y, z), (4.0 * seed - 6, 3.0, -2.0)),
        point_mm=1.0,
        t1w_voxel_mm=(VOXEL_MM,) * 3,
        flair_voxel_mm=(VOXEL_MM,) * 3,
    )
    phantom = simulate_pair(
        labels,
        contrast=CONTRASTS["mprage_3t"],
        scanner=scanner,
        rng=rng,
        lesion_mask=painted(labels, balls),
        scan_id=ScanId("01", name),
    )
    t1w, truth = phantom.pair.t1w, phantom.truth
    flair = resample(phantom.pair.flair, t1w, onto_to_moving=np.linalg.inv(truth.flair_to_t1w_ras))
    tissue = [(truth.tissue == n).astype(np.float32) for n in (1, 2, 3)]
    wmh = truth.wmh_mask
    numbers = (Measurement("wmh_ml", truth.wmh_ml, "ml"), Measurement("tbv_ml", truth.tbv_ml, "ml"))
    return MeasuredScan(
        pair=phantom.pair,
        settings=Settings(),
        t1w=t1w,
        t1w_corrected=t1w.data,
        brain_mask=truth.brain_mask,
        intracranial_mask=truth.brain_mask,
        gm=tissue[0],
        wm=tissue[1],
        csf=tissue[2],
        flair=flair,
        transform=None,
        wmh_probability=wmh.astype(np.float32) * 0.9,
        wmh_mask=wmh,
        lesion_labels=wmh.astype(np.int32),
        filled_t1w=t1w.data,
        lesions=(),
        measurements=MeasurementSet(numbers),
        usable=True,
        warnings=(),
    )


def test_each_painted_change_is_found_and_nothing_else(labels):
    stays, comes, grows, goes = places(labels, 4)
    before = session(labels, [(stays, 4.0), (grows, 3.0), (goes, 4.0)], "1", 1)
    after = session(labels, [(stays, 4.0), (grows, 5.0), (comes, 4.0)], "2", 2)
    change = compare_sessions(before, after, version="test")
    fates = {one.fate: one for one in change.lesions}
    assert sorted(one.fate for one in change.lesions) == ["disappeared", "enlarging", "new"]
    ball = {r: 4 / 3 * np.pi * r**3 / 1000 for r in (3, 4, 5)}
    assert fates["new"].gained_ml == pytest.approx(ball[4], rel=0.3)  # drawn in voxels of 1.5 mm
    assert fates["disappeared"].lost_ml == pytest.approx(ball[4], rel=0.3)
    assert fates["enlarging"].gained_ml == pytest.approx(ball[5] - ball[3], rel=0.3)
    # half way between the sessions each lesion has the volume of its own session, to a voxel
    drawn = {1: before, 2: after}
    for told, of in ((fates["new"].after_ml, 2), (fates["enlarging"].after_ml, 2), (fates["disappeared"].before_ml, 1)):
        pieces, count = ndimage.label(drawn[of].wmh_mask)
        volumes = np.bincount(pieces.ravel(), minlength=count + 1)[1:] * drawn[of].t1w.voxel_volume_ml
        assert np.abs(volumes - told).min() < 0.001


def test_an_unchanged_head_has_no_changed_lesion(labels):
    balls = [(centre, 4.0) for centre in places(labels, 4)]
    change = compare_sessions(session(labels, balls, "1", 1), session(labels, balls, "2", 2), version="test")
    assert change.lesions == ()
