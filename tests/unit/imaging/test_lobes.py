"""The lobar rule on places whose lobe nobody disputes; MNI mm, from textbooks and atlases."""

import numpy as np
import pytest

from neurolupus.imaging.lobes import is_left, lobe_of
from neurolupus.records.measured import LOBES

PLACES = {
    "frontal pole": (25, 58, 5, "frontal"),
    "medial orbitofrontal": (8, 35, -18, "frontal"),
    "posterior orbitofrontal": (25, 14, -16, "frontal"),
    "Broca": (50, 20, 15, "frontal"),
    "supplementary motor area": (4, -5, 60, "frontal"),
    "dorsolateral prefrontal": (40, 35, 30, "frontal"),
    "white matter before the frontal horn": (20, 38, 5, "frontal"),
    "premotor white matter": (28, 0, 35, "frontal"),
    "somatosensory hand area": (44, -30, 52, "parietal"),
    "precuneus": (5, -60, 45, "parietal"),
    "angular gyrus": (46, -62, 35, "parietal"),
    "supramarginal gyrus": (56, -38, 34, "parietal"),
    "parietal white matter": (28, -45, 35, "parietal"),
    "posterior cingulate": (5, -48, 25, "parietal"),
    "temporal pole": (40, 14, -34, "temporal"),
    "Heschl's gyrus": (46, -20, 6, "temporal"),
    "middle temporal gyrus": (60, -30, -8, "temporal"),
    "hippocampus": (28, -20, -18, "temporal"),
    "amygdala": (22, -4, -19, "temporal"),
    "fusiform face area": (40, -50, -20, "temporal"),
    "temporal white matter": (42, -35, -6, "temporal"),
    "calcarine cortex": (8, -82, 4, "occipital"),
    "occipital pole": (15, -98, 0, "occipital"),
    "lateral occipital": (38, -85, 8, "occipital"),
    "cuneus": (8, -86, 25, "occipital"),
    "putamen": (27, 3, 2, "central"),
    "thalamus": (11, -18, 8, "central"),
    "caudate": (13, 12, 10, "central"),
    "anterior insula": (36, 12, 0, "central"),
    "posterior limb of the internal capsule": (24, -15, 10, "central"),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_place_has_its_lobe_on_both_sides(place):
    x, y, z, lobe = PLACES[place]
    found = lobe_of(np.array([[x, y, z], [-x, y, z]], float))
    assert [LOBES[i] for i in found] == [lobe, lobe]


def test_the_planes_pass_through_the_places_they_are_drawn_through():
    # one mm in front of and behind each landmark of the central sulcus
    for a, y, z in ((10, -36, 72), (38, -24, 56), (58, -6, 18)):
        front, behind = lobe_of(np.array([[a, y + 1.0, z], [a, y - 1.0, z]]))
        assert (LOBES[front], LOBES[behind]) == ("frontal", "parietal")
    for a, y, z in ((12, -83, 38), (20, -62, 8), (50, -66, -12)):
        assert LOBES[lobe_of(np.array([[a, y - 1.5, z]]))[0]] == "occipital"
        assert LOBES[lobe_of(np.array([[a, y + 1.5, z]]))[0]] != "occipital"


def test_the_left_has_negative_x():
    assert is_left(np.array([[-1.0, 0, 0], [1.0, 0, 0]])).tolist() == [True, False]
