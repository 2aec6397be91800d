"""A map that was brought, beside a head of known place."""

from types import SimpleNamespace

import numpy as np
import pytest

from neurolupus.errors import ImageContentError
from neurolupus.imaging.own_checks import inside_head, left_out_words

SHAPE = (30, 20, 20)
HEAD = np.zeros(SHAPE, bool)
HEAD[5:20] = True


def own(*slabs: slice) -> np.ndarray:
    data = np.zeros(SHAPE, np.float32)
    for slab in slabs:
        data[slab, 5:7, 5:7] = 1
    return data


def test_pieces_outside_the_head_are_counted_and_left_out():
    kept, told = inside_head(own(slice(8, 14), slice(18, 22), slice(25, 27)), HEAD, np.eye(4), 0.2)
    np.testing.assert_array_equal(kept, own(slice(8, 14), slice(18, 22)))  # one that reaches out stays whole
    assert told[0].startswith("1 of 3 pieces of the map of hyperintensities (0.008 ml) lie outside the head")
    for whole in (own(slice(8, 14)), own()):
        kept, told = inside_head(whole, HEAD, np.eye(4), 0.2)
        assert not told
        np.testing.assert_array_equal(kept, whole)


def test_the_floor_of_a_networks_map_is_nowhere_a_lesion():
    """Sigmoids are 0 nowhere: the floor neither refuses a map, nor joins what lies outside to what lies inside."""
    sharp = own(slice(8, 14), slice(25, 27))
    kept, told = inside_head(np.maximum(sharp, np.float32(0.01)), HEAD, np.eye(4), 0.2)
    np.testing.assert_array_equal(kept >= 0.2, own(slice(8, 14)) > 0)
    assert told[0].startswith("1 of 2 pieces of the map of hyperintensities (0.008 ml) lie outside the head")
    whole = np.where(HEAD, np.float32(0.9), np.float32(0))  # every voxel of the head, and none of the air
    kept, told = inside_head(whole, HEAD, np.eye(4), 0.2)
    np.testing.assert_array_equal(kept, whole)
    assert not told


def test_a_map_that_lies_mostly_outside_is_of_another_scan():
    with pytest.raises(ImageContentError, match=r"0\.02 of 0\.04 ml .* outside the head(.|\n)*mirrored"):
        inside_head(own(slice(15, 26)), HEAD, np.eye(4), 0.2)


def test_what_of_a_map_counts_as_infarct_is_said():
    mask, labels = own(slice(8, 10)) > 0, own(slice(8, 10), slice(12, 17)) > 0
    found = SimpleNamespace(mask=mask, labelled=SimpleNamespace(labels=labels))
    (told,) = left_out_words(own(slice(8, 10), slice(12, 18)) > 0, found, np.eye(4))
    assert told.startswith("0.02 ml of the map of hyperintensities lie in an infarct-like lesion")
    assert not left_out_words(mask, found, np.eye(4))
