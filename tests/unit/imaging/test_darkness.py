"""Dark on T1w, in a head of four slabs whose brightness is known."""

import numpy as np

from neurolupus.imaging.brain import CLASSES, INDEX, HeadMap
from neurolupus.imaging.darkness import black_hole_dark, bright_walled, fluid_dark, fluid_like, levels_of
from neurolupus.records.volume import Image, Mask, Volume

SHAPE = (40, 20, 20)
SLABS = {"csf": (slice(0, 10), 100.0), "cortex": (slice(10, 20), 500.0), "cerebral_wm": (slice(20, 40), 800.0)}


def head(sure: float) -> tuple[Volume, HeadMap]:
    t1w = np.zeros(SHAPE, np.float32)
    shares = np.full((len(CLASSES), *SHAPE), (1 - sure) / (len(CLASSES) - 1), np.float32)
    for name, (where, level) in SLABS.items():
        t1w[where] = level
        shares[INDEX[name], where] = sure
    volume = Volume(t1w, np.eye(4))
    return volume, HeadMap(shares, volume)


BRAIN = np.ones(SHAPE, bool)


def fluid_in(t1w: Volume, image: Image, map_: HeadMap) -> Mask:
    levels = levels_of(t1w, image, BRAIN, map_)
    return fluid_like(fluid_dark(t1w.data, image, BRAIN, levels), levels)


def black_holes(t1w: Volume, map_: HeadMap) -> Mask | None:
    return black_hole_dark(t1w, BRAIN, np.zeros(SHAPE, bool), map_, levels_of(t1w, flair(), BRAIN, map_))


def walled(fluid: Mask, t1w: Volume, image: Image, map_: HeadMap) -> Mask:
    return bright_walled(fluid, image, levels_of(t1w, image, BRAIN, map_))


def flair() -> np.ndarray:
    image = np.zeros(SHAPE, np.float32)
    for name, level in (("csf", 50.0), ("cortex", 400.0), ("cerebral_wm", 350.0)):
        image[SLABS[name][0]] = level
    return image


def test_a_cavity_is_dark_on_both_and_needs_no_sure_network():
    t1w, map_ = head(0.7)  # the network is not surer than this of cortex in real heads
    bright = flair()
    for x, t1w_level, flair_level in ((26, 299.0, 60.0), (29, 301.0, 60.0), (32, 299.0, 401.0)):
        t1w.data[x, 10, 10], bright[x, 10, 10] = t1w_level, flair_level
    # half way from 100 to 500 on T1w; the third is a black hole: dark on T1w, bright on FLAIR
    assert np.argwhere(fluid_in(t1w, bright, map_)).tolist() == [[26, 10, 10]]


def test_what_touches_expected_fluid_is_its_border():
    t1w, map_ = head(0.7)
    t1w.data[10:14, 10, 10] = 100.0  # a sulcus deeper than the network thinks
    t1w.data[25:28, 10, 10] = 100.0
    dark = fluid_in(t1w, np.minimum(flair(), 60), map_)
    assert not dark.any()  # FLAIR as dark everywhere as cortex: nothing lies below cortex there
    image = flair()
    image[10:14, 10, 10] = image[25:28, 10, 10] = 50.0
    assert np.argwhere(fluid_in(t1w, image, map_))[:, 0].tolist() == [25, 26, 27]


def test_a_black_hole_is_darker_than_cortex_and_lies_in_white_matter():
    t1w, map_ = head(0.8)
    t1w.data[30, 10, 10], t1w.data[31, 10, 10], t1w.data[15, 10, 10] = 499.0, 501.0, 300.0
    dark = black_holes(t1w, map_)
    assert dark is not None
    assert np.argwhere(dark).tolist() == [[30, 10, 10]]


def test_without_cortex_nothing_is_known():
    t1w, map_ = head(0.3)
    assert black_holes(t1w, map_) is None
    assert not fluid_in(t1w, flair(), map_).any()


def test_a_cavity_that_the_network_half_takes_for_fluid_is_still_one():
    t1w, map_ = head(0.7)
    image = flair()
    t1w.data[26:32, 8:14, 8:14] = 100.0  # 216 voxels
    image[26:32, 8:14, 8:14] = 50.0
    map_.probabilities[:, 28:30, 10:12, 10:12] = 0.0
    map_.probabilities[INDEX["csf"], 28:30, 10:12, 10:12] = 1.0  # 8 voxels in its middle
    assert fluid_in(t1w, image, map_).sum() == 216
    map_.probabilities[INDEX["csf"], 26:32, 8:14, 8:12] = 1.0  # two thirds: a sulcus that the network knows
    assert not fluid_in(t1w, image, map_).any()


def test_a_cavity_with_a_bright_wall_is_told_from_one_without():
    t1w, map_ = head(0.7)
    image = flair()
    fluid = np.zeros(SHAPE, bool)
    fluid[24:28, 4:8, 4:8] = fluid[32:36, 4:8, 4:8] = True  # two cubes of 4 mm, each of 96 faces
    image[23:29, 3:9, 3:9] = 401.0  # cortex has 400, white matter 350
    image[fluid] = 50.0
    found = walled(fluid, t1w, image, map_)
    assert (found[:30] == fluid[:30]).all()
    assert not found[30:].any()


def test_a_wall_bright_on_two_of_six_sides_is_none():
    t1w, map_ = head(0.7)
    image = flair()
    fluid = np.zeros(SHAPE, bool)
    fluid[24:28, 4:8, 4:8] = True
    image[23, 4:8, 4:8] = image[28, 4:8, 4:8] = 500.0  # a third of its faces
    assert not walled(fluid, t1w, image, map_).any()
    image[24:28, 3, 4:8] = 500.0  # half of them
    assert walled(fluid, t1w, image, map_).any()


def test_without_cortex_no_wall_is_known():
    t1w, map_ = head(0.3)
    assert not walled(np.ones(SHAPE, bool), t1w, flair(), map_).any()


def test_the_dark_inside_of_a_lesion_counts_whatever_the_network_takes_it_for():
    t1w, map_ = head(0.7)
    lesions = np.zeros(SHAPE, bool)
    lesions[26:35, 6:15, 6:15] = True
    lesions[20:23, 2:5, 2:5] = True  # with a face on the cortex, which ends at 19
    t1w.data[lesions] = 300.0
    seen = lesions.copy()
    seen[25, 6:15, 6:15] = True  # the network's voxels are larger than the lesion: its edge is cortex, too
    map_.probabilities[:, seen] = 0.3 / (len(CLASSES) - 1)
    map_.probabilities[INDEX["cortex"], seen] = 0.7
    dark = black_hole_dark(t1w, BRAIN, lesions, map_, levels_of(t1w, flair(), BRAIN, map_))
    assert dark is not None
    assert dark[26:35, 6:15, 6:15].all()
    beside = np.argwhere(dark[20:23, 2:5, 2:5])
    assert set(beside[:, 0].tolist()) == {2}  # within 2 mm of the cortex it may be cortex
