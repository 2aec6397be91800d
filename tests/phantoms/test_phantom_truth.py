"""What a phantom says of itself, against formulas."""

import numpy as np
import pytest

from neurolupus.errors import GridMismatchError
from neurolupus.imaging.contrast import CONTRASTS
from neurolupus.imaging.phantom import Rigid, Scanner, simulate_pair
from neurolupus.imaging.volumes import mask_volume_ml

STILL = Scanner(noise=0.0, bias=0.0)
MPRAGE = CONTRASTS["mprage_3t"]


def simulate(labels, scanner=STILL, seed=0, **more):
    return simulate_pair(labels, contrast=MPRAGE, scanner=scanner, rng=np.random.default_rng(seed), **more)


def centre_of(volume, threshold=300.0):
    """The centre of the head in mm, from the image alone."""
    index = np.argwhere(volume.data > threshold)
    return volume.affine[:3, :3] @ index.mean(axis=0) + volume.affine[:3, 3]


def test_volumes_of_nested_balls(ball_head, shell_volume_ml):
    # 1 % for counting voxel centres of 1 mm; the small ball of 8 mm has the most
    truth = simulate(ball_head).truth
    assert truth.gm_ml == pytest.approx(shell_volume_ml(24, 30), rel=0.01)
    assert truth.wm_ml == pytest.approx(shell_volume_ml(8, 24), rel=0.01)
    assert truth.csf_ml == pytest.approx(shell_volume_ml(30, 34) + shell_volume_ml(0, 8), rel=0.01)
    assert truth.tiv_ml == pytest.approx(shell_volume_ml(0, 34), rel=0.01)
    assert truth.tbv_ml == pytest.approx(truth.gm_ml + truth.wm_ml)


def test_truth_does_not_depend_on_voxels_noise_or_position(ball_head):
    other = Scanner((2.0, 2.0, 2.0), (1.5, 1.5, 4.0), t1w_position=Rigid((10, -5, 8), (4, 5, 6)))
    a, b = simulate(ball_head).truth, simulate(ball_head, other, seed=7).truth
    assert a.measurements == b.measurements


def test_the_tissue_map_of_the_t1w_holds_the_same_volumes(ball_head):
    # a voxel goes to its largest share: shells of 4 mm and more lose and gain about evenly
    phantom = simulate(ball_head, Scanner(t1w_voxel_mm=(1.3, 1.3, 1.3), noise=0.0))
    for tissue, volume in ((1, phantom.truth.gm_ml), (2, phantom.truth.wm_ml), (3, phantom.truth.csf_ml)):
        found = mask_volume_ml(phantom.truth.tissue == tissue, phantom.pair.t1w.affine)
        assert found == pytest.approx(volume, rel=0.02)


def test_averaging_in_thick_slices_keeps_the_sum(ball_head):
    thick = simulate(ball_head, Scanner(flair_voxel_mm=(1.0, 1.0, 8.0), noise=0.0, bias=0.0)).pair.flair
    thin = simulate(ball_head).pair.flair
    total, expected = (v.data.sum(dtype=np.float64) * v.voxel_volume_ml for v in (thick, thin))
    assert total == pytest.approx(expected, rel=0.01)  # texture and label means are drawn with one seed


@pytest.mark.parametrize("seed", range(4))
def test_the_image_lies_where_the_transform_says_to_a_tenth_of_a_mm(ball_head, seed):
    # eight points a voxel place an unturned head to a sixteenth of a voxel; texture adds a little
    t1w = simulate(ball_head, seed=seed).pair.t1w
    weight = t1w.data.astype(np.float64)
    index = np.indices(t1w.shape).reshape(3, -1) @ weight.ravel() / weight.sum()
    assert t1w.affine[:3, :3] @ index + t1w.affine[:3, 3] == pytest.approx((3.0, -5.0, 7.0), abs=0.1)


def test_slab_average_of_a_plane_by_hand(make_ball_head):
    # half white matter, half air in x; a 4 mm voxel that reaches 1 mm into the air has 3/4 of the signal
    labels = make_ball_head()
    data = np.zeros(labels.shape, np.int32)
    data[:46] = 2
    labels = labels.with_data(data)
    scanner = Scanner((4.0, 4.0, 4.0), noise=0.0, bias=0.0, point_mm=0.5)
    t1w = simulate(labels, scanner).pair.t1w
    edge = labels.affine[0, 3] + 45.5  # face between the last white voxel and the first of air
    profile = t1w.data[:, t1w.shape[1] // 2, t1w.shape[2] // 2]
    faces = t1w.affine[0, 3] + 4.0 * (np.arange(t1w.shape[0]) - 0.5)
    share = np.clip((edge - faces) / 4.0, 0, 1)
    inside = (share > 0.02) & (faces > labels.affine[0, 3])
    assert profile[inside] / 1000 == pytest.approx(share[inside], abs=0.1)  # texture 2.5 %, label means 1 %
    assert 0.05 < share[inside][-1] < 1


def test_lesions_are_painted_in_white_matter_only(ball_head, shell_volume_ml):
    axes = np.ogrid[tuple(slice(0, n) for n in ball_head.shape)]
    centre = (np.array(ball_head.shape) - 1) / 2 + [16, 0, 0]
    ball = sum((a - c) ** 2 for a, c in zip(axes, centre, strict=True)) <= 7**2
    truth = simulate(ball_head, lesion_mask=ball).truth
    assert truth.wmh_ml == pytest.approx(shell_volume_ml(0, 7), rel=0.03)
    assert truth.wm_ml == simulate(ball_head).truth.wm_ml  # lesions are white matter
    everywhere = simulate(ball_head, lesion_mask=np.ones(ball_head.shape, bool)).truth
    assert everywhere.wmh_ml == pytest.approx(everywhere.wm_ml)
    assert everywhere.gm_ml == truth.gm_ml


def test_the_lesion_mask_lies_where_the_flair_is_bright(ball_head):
    mask = np.zeros(ball_head.shape, bool)
    mask[58:64, 42:50, 42:50] = True
    phantom = simulate(ball_head, lesion_mask=mask)
    bright = phantom.pair.flair.data > 1200
    to_t1w = np.linalg.inv(phantom.pair.t1w.affine) @ phantom.truth.flair_to_t1w_ras @ phantom.pair.flair.affine
    index = np.rint(np.argwhere(bright) @ to_t1w[:3, :3].T + to_t1w[:3, 3]).astype(int)
    assert phantom.truth.wmh_mask[tuple(index.T)].mean() > 0.75  # 1.1 mm voxels, edges shared
    assert phantom.truth.wmh_ml == pytest.approx(0.384)


def test_the_true_transform_maps_the_flair_onto_the_t1w(ball_head):
    scanner = Scanner(noise=0.0, bias=0.0, flair_offset=Rigid((12, -7, 15), (8, -6, 5)))
    data = ball_head.data.copy()
    data[:46][data[:46] == 511] = 0  # one side without skin: the head has a direction
    phantom = simulate(ball_head.with_data(data), scanner)
    flair_centre, t1w_centre = centre_of(phantom.pair.flair), centre_of(phantom.pair.t1w)
    assert np.linalg.norm(flair_centre - t1w_centre) > 5
    mapped = phantom.truth.flair_to_t1w_ras @ [*flair_centre, 1]
    # the two contrasts weigh the shells differently: centres agree to a fraction of a voxel's edge only
    assert np.linalg.norm(mapped[:3] - t1w_centre) < 1.0


def test_a_turned_head_lies_there_to_three_hundredths_of_a_mm(ball_head):
    # turned, the voxel faces meet the points in every way and the errors cancel
    t1w = simulate(ball_head, Scanner(noise=0.0, bias=0.0, t1w_position=Rigid((7, 11, -5)))).pair.t1w
    weight = t1w.data.astype(np.float64)
    index = np.indices(t1w.shape).reshape(3, -1) @ weight.ravel() / weight.sum()
    assert t1w.affine[:3, :3] @ index + t1w.affine[:3, 3] == pytest.approx((3.0, -5.0, 7.0), abs=0.03)


@pytest.mark.parametrize(("voxel_mm", "kind"), [((1.0, 1.0, 3.6), "2D"), ((1.1, 1.1, 1.1), "3D")])
def test_flair_kind_and_grid(ball_head, voxel_mm, kind):
    pair = simulate(ball_head, Scanner(flair_voxel_mm=voxel_mm)).pair
    assert pair.flair_acquisition.acquisition_type == kind
    assert pair.flair.voxel_size_mm == pytest.approx(voxel_mm)
    assert pair.flair.data.dtype == np.float32
    assert pair.t1w.affine[:3, 3] != pytest.approx(pair.flair.affine[:3, 3])


def test_the_seed_makes_the_bytes(ball_head):
    noisy = Scanner((2.0, 2.0, 2.0), (2.0, 2.0, 5.0), motion_mm=1.0)
    first, again, other = (simulate(ball_head, noisy, seed=s).pair for s in (1, 1, 2))
    assert first.t1w.data.tobytes() == again.t1w.data.tobytes()
    assert first.flair.data.tobytes() == again.flair.data.tobytes()
    assert first.flair.data.tobytes() != other.flair.data.tobytes()


def test_a_lesion_mask_of_another_shape(ball_head):
    with pytest.raises(GridMismatchError, match="label map"):
        simulate(ball_head, lesion_mask=np.zeros((3, 3, 3), bool))
