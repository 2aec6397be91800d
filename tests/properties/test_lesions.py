"""Lesions of random masks: nothing lost, nothing invented, order of storage without effect."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp
from scipy.spatial.distance import pdist

from neurolupus.imaging.lesions import label_lesions, longest_extent_mm, region_loads
from neurolupus.imaging.volumes import mask_volume_ml

MASKS = hnp.arrays(bool, (7, 6, 5))
AFFINE = np.diag([1.0, 1.5, 3.0, 1.0])


def label(mask, ventricles, cortex, below, affine=AFFINE):
    return label_lesions(
        mask, mask.astype(np.float32), affine, ventricles=ventricles, cortex=cortex, infratentorial=below
    )


@given(MASKS, MASKS, MASKS, MASKS)
def test_every_voxel_belongs_to_one_lesion(mask, ventricles, cortex, below):
    labels, lesions = label(mask, ventricles, cortex, below)
    assert ((labels > 0) == mask).all()
    assert [lesion.label for lesion in lesions] == list(range(1, len(lesions) + 1))
    volumes = [lesion.volume_ml for lesion in lesions]
    assert volumes == sorted(volumes, reverse=True)
    assert sum(volumes) == pytest.approx(mask_volume_ml(mask, AFFINE))
    assert sum(load.count for load in region_loads(lesions)) == len(lesions)


@given(MASKS, MASKS, MASKS, MASKS)
def test_mirrored_storage_gives_the_same_regions_and_places(mask, ventricles, cortex, below):
    mirror = np.eye(4)
    mirror[0, 0], mirror[0, 3] = -1, mask.shape[0] - 1
    plain = label(mask, ventricles, cortex, below).lesions
    mirrored = label(*(np.flip(m, 0) for m in (mask, ventricles, cortex, below)), AFFINE @ mirror).lesions

    def told(lesions):
        return sorted((round(v.volume_ml, 6), v.region, np.round(v.centroid_mm, 6).tolist()) for v in lesions)

    assert told(plain) == told(mirrored)


@given(MASKS.filter(lambda m: m.sum() > 1))
def test_longest_extent_is_that_of_the_farthest_pair(mask):
    voxels = np.argwhere(mask)
    farthest = pdist(voxels @ AFFINE[:3, :3].T).max()
    assert farthest < longest_extent_mm(voxels, AFFINE) <= 2 * farthest + 1e-9
