"""The mask at the operating point: lesions of known size, blurred as a scanner blurs them."""

import numpy as np
import pytest
from scipy import ndimage

from neurolupus.imaging.operating_point import MANY, REACH_MM, operating_mask, unsure_lesions, with_operating_point
from neurolupus.records.measured import Lesion

WHITE = 100.0
MM = (1.0, 1.0, 1.0)


def ball(shape, centre, radius_mm, voxel_mm=MM):
    """True within a ball."""
    index = np.indices(shape).reshape(3, -1).T
    return (np.linalg.norm((index - centre) * voxel_mm, axis=1) <= radius_mm).reshape(shape)


def seen(truth, rise=60.0, blur_mm=1.0, voxel_mm=MM):
    """The FLAIR of white matter with a lesion, blurred."""
    return WHITE + rise * ndimage.gaussian_filter(truth.astype(float), [blur_mm / v for v in voxel_mm])


def at(probability, flair, voxel_mm=MM):
    return operating_mask(probability, flair, WHITE, voxel_mm, threshold=0.46, peak=0.9)


@pytest.mark.parametrize("rise", [15.0, 60.0, 200.0])
@pytest.mark.parametrize("told", [6.0, 8.0, 10.0])
def test_a_lesion_ends_where_it_is_half_as_bright_whatever_the_model_says_of_its_border(rise, told):
    truth = ball((32, 32, 32), 15.5, 8.0)
    middle = ball(truth.shape, 15.5, 5.0)
    probability = np.where(middle, 0.97, np.where(ball(truth.shape, 15.5, told), 0.5, 0.1))
    found = at(probability, seen(truth, rise))
    assert found.sum() == pytest.approx(truth.sum(), rel=0.03)
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.97


def test_thick_slices():
    voxel_mm = (1.0, 1.0, 3.6)
    truth = ball((32, 32, 9), (15.5, 15.5, 4), 9.0, voxel_mm)
    probability = np.where(ball(truth.shape, (15.5, 15.5, 4), 7.0, voxel_mm), 0.95, 0.2)  # 3 mm do reach
    found = at(probability, seen(truth, voxel_mm=voxel_mm), voxel_mm)
    assert found.sum() == pytest.approx(truth.sum(), rel=0.05)


def test_what_the_model_does_not_believe_in_anywhere_is_none_however_bright():
    flair = seen(ball((20, 20, 20), 9.5, 4.0), 500.0)
    assert not at(np.full(flair.shape, 0.89), flair).any()
    assert at(np.full(flair.shape, 0.91), flair).any()


def test_a_haze_around_a_lesion_is_taken_in_for_three_millimetres_and_no_further():
    middle = ball((40, 40, 40), 19.5, 4.0)
    flair = np.full(middle.shape, WHITE + 60.0)
    found = at(np.where(middle, 0.95, 0.3), flair)
    reach = np.linalg.norm(np.argwhere(found) - 19.5, axis=1).max()
    assert 4.0 + REACH_MM - 1 <= reach <= 4.0 + REACH_MM + 1e-9


def test_brightness_where_the_model_sees_nothing_is_not_taken_in():
    middle = ball((20, 20, 20), 9.5, 4.0)
    found = at(np.where(middle, 0.95, 0.04), np.full(middle.shape, WHITE + 60.0))
    assert (found == middle).all()


def test_a_pale_lesion_beside_a_bright_one_keeps_its_own_measure():
    bright, pale = ball((40, 24, 24), (12, 11.5, 11.5), 7.0), ball((40, 24, 24), (25, 11.5, 11.5), 3.0)
    flair = seen(bright, 100.0) + seen(pale, 30.0) - WHITE
    probability = np.where(bright | pale, 0.95, 0.1)
    found = at(probability, flair)
    assert (found & pale).sum() == pytest.approx(pale.sum(), rel=0.15)
    assert (found & bright).sum() == pytest.approx(bright.sum(), rel=0.05)


def test_a_lesion_no_brighter_than_white_matter_stays_as_the_model_drew_it():
    piece = ball((20, 20, 20), 9.5, 4.0)
    found = at(np.where(piece, 0.95, 0.1), np.full(piece.shape, WHITE - 5))
    assert (found == piece).all()


def test_nothing_is_found_where_nothing_is():
    assert not at(np.zeros((8, 8, 8)), np.full((8, 8, 8), WHITE)).any()


def test_a_lesion_at_the_edge_of_the_image():
    truth = ball((20, 20, 20), (0, 0, 10), 6.0)
    found = at(np.where(ball(truth.shape, (0, 0, 10), 4.0), 0.95, 0.3), seen(truth))
    assert found.sum() == pytest.approx(truth.sum(), rel=0.08)


def lesion(number, **more):
    told = {"region": "deep", "centroid_mm": (0.0, 0.0, 0.0), "longest_mm": 1.0, "mean_probability": 0.5}
    return Lesion(label=number, volume_ml=0.001, **told, **{"infarct_like": False, **more})


def row_of(sure, unsure):
    """So many lesions of one voxel each, the first of them in the mask at the operating point."""
    labels = np.zeros((1, 1, 2 * (sure + unsure)), np.int32)
    labels[0, 0, ::2] = np.arange(1, sure + unsure + 1)
    return labels, [lesion(n) for n in range(1, sure + unsure + 1)], (labels > 0) & (labels <= sure)


def test_lesions_are_told_whether_they_are_in_the_mask():
    labels, lesions, operating = row_of(1, 2)
    told = with_operating_point(labels, [*lesions[:2], lesion(3, infarct_like=True)], operating)
    assert [one.at_operating_point for one in told] == [True, False, None]


@pytest.mark.parametrize(("sure", "unsure"), [(0, MANY), (MANY + 1, MANY + 1), (0, 0)])
def test_few_unsure_lesions_or_fewer_than_sure_ones_are_no_warning(sure, unsure):
    assert unsure_lesions(with_operating_point(*row_of(sure, unsure))) == ()


def test_many_unsure_lesions_are_counted_in_a_warning():
    (words,) = unsure_lesions(with_operating_point(*row_of(5, 30)))
    assert words.startswith("Of 30 of the 35 hyperintensities the model is nowhere sure")


def test_infarct_like_lesions_are_not_counted():
    labels, lesions, operating = row_of(0, MANY + 1)
    lesions[0] = lesion(1, infarct_like=True)
    assert unsure_lesions(with_operating_point(labels, lesions, operating)) == ()
