"""The benchmark's own arithmetic, proved by hand-worked cases and by a measurement that knows the truth.

python -m pytest benchmarks/accuracy
"""

import sys
from pathlib import Path
from types import ModuleType

import anatomy
import evaluation
import headline
import lesion_painting
import mr_physics
import nibabel as nib
import numpy as np
import peers
import pytest
import real_scans
import rendering
import run
import scoring
import tables
import truth
from imperfections import bias_field, move_head, rician
from simulator import SimulatedCase, simulate

import cases
from neurolupus.records.measured import MeasuredScan, RigidTransform, Settings
from neurolupus.records.measurement import Measurement, MeasurementSet
from neurolupus.records.scan import ScanPair

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DATA = ROOT.parent / "shared" / "data" / "mri"
approx = pytest.approx
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no data at {DATA}")


def ball_head() -> np.ndarray:
    """A head of nested balls, 72 voxels wide: skin, fat and muscle, skull, fluid, cortex, white matter, ventricle."""
    index = np.indices((72, 72, 72)) - 35.5
    radius = np.sqrt((index**2).sum(0))
    labels = np.zeros((72, 72, 72), np.int16)
    for size, label in ((34, 511), (32, 507), (28, 515), (25, 24), (22, 3), (18, 2), (5, 4)):
        labels[radius < size] = label
    right = labels[36:]
    for left, other in ((3, 42), (2, 41), (4, 43)):
        right[right == left] = other
    labels[34:38, 34:38, 12:20] = 16  # a brain stem reaches down to voxel 12
    labels[30:33, 34:38, 34:38] = 10
    labels[39:42, 34:38, 34:38] = 49
    return labels


@pytest.fixture(scope="module")
def head_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("heads") / "head-99.nii.gz"
    affine = np.diag([1.0, 1, 1, 1])
    affine[:3, 3] = -36
    nib.save(nib.Nifti1Image(ball_head(), affine), path)
    return path


@pytest.fixture(scope="module")
def case(head_path: Path) -> SimulatedCase:
    return simulate(head_path, seed=1, noise=3, bias=0.2, t1w_size_mm=(80, 80, 80))


def test_every_label_of_the_brief_has_its_tissue():
    table = truth.tissue_table()
    assert table[[24, 4, 5, 14, 15, 43, 44, 72, 136, 137, 163, 164]].tolist() == [truth.CSF] * 12
    assert table[[25, 57, 85, 16, 30, 62]].tolist() == [truth.WM] * 6
    assert table[[10, 49, 26, 58, 47]].tolist() == [truth.GM] * 5
    assert not table[500:].any()
    assert not table[0]


def test_fluid_below_the_brain_stem_is_spinal():
    cut = truth.cut_at_skull_base(ball_head())
    assert not (cut[:, :, :12] == truth.SULCAL_CSF).any()
    assert (cut[:, :, :12] == truth.SPINAL_CSF).sum() == (ball_head()[:, :, :12] == 24).sum() > 0
    assert (cut[:, :, 12:] == ball_head()[:, :, 12:]).all()


def test_fluid_floating_in_the_air_is_no_brain():
    labels = ball_head()
    labels[2:4, 2:4, 60:64] = truth.SULCAL_CSF
    assert (truth.remove_stray_fluid(labels) == ball_head()).all()


def test_mprage_equals_step_by_step_simulation():
    t1, tr, ti, spacing, flip, readouts = 900.0, 2300.0, 900.0, 7.0, np.radians(9), 176
    z, signal = 1.0, 0.0
    for _ in range(60):
        z = -0.96 * z
        wait = ti - readouts // 2 * spacing
        z = 1 - (1 - z) * np.exp(-wait / t1)
        for n in range(readouts):
            if n == readouts // 2:
                signal = abs(z) * np.sin(flip)
            z = 1 - (1 - z * np.cos(flip)) * np.exp(-spacing / t1)
        z = 1 - (1 - z) * np.exp(-(tr - wait - readouts * spacing) / t1)
    one = np.array([1.0])
    closed = mr_physics.inversion_prepared_gradient_echo(
        np.array([t1]), one * 1e9, one, tr=tr, ti=ti, echo_spacing=spacing, te=0, flip_degrees=9, readouts=readouts
    )
    assert closed[0] == approx(signal, rel=1e-9)


def test_refining_keeps_uniform_blocks_sheets_and_cubes():
    labels = np.zeros((8, 8, 8), np.uint8)
    labels[:, :, 4:] = 1
    assert (anatomy.refine(labels) == labels.repeat(2, 0).repeat(2, 1).repeat(2, 2)).all()
    sheet = np.zeros((8, 8, 8), np.uint8)
    sheet[:, :, 4] = 1
    assert (anatomy.refine(sheet) == sheet.repeat(2, 0).repeat(2, 1).repeat(2, 2)).all()


def test_refined_ball_is_nearer_to_a_ball():
    index = np.indices((32, 32, 32)) - 15.5
    fine_index = (np.indices((64, 64, 64)) - 31.5) / 2
    coarse = (np.sqrt((index**2).sum(0)) < 10.2).astype(np.uint8)
    fine = np.sqrt((fine_index**2).sum(0)) < 10.2
    blocks = coarse.repeat(2, 0).repeat(2, 1).repeat(2, 2)
    assert (anatomy.refine(coarse) != fine).sum() < 0.8 * (blocks != fine).sum()


def test_rendering_conserves_volume_whatever_the_pose():
    data = np.zeros((40, 40, 40), np.float32)
    data[12:28, 10:30, 15:25] = 1
    affine = np.diag([0.5, 0.5, 0.5, 1])
    affine[:3, 3] = -10
    grid = rendering.centred_grid((30, 30, 30), (1.1, 0.9, 2.5), np.array([0.3, -0.2, 0.7]), np.eye(3))
    turn = rendering.rigid_about(np.zeros(3), rendering.rotation(np.array([1.0, 2, 3]), 25), np.array([0.4, 1, -0.3]))
    rendered = rendering.render(data, affine, grid, turn)
    assert rendered.sum() * grid.voxel_ml == approx(data.sum() * 0.125 / 1000, rel=2e-3)


def test_rendering_puts_a_point_where_the_map_says():
    data = np.zeros((60, 60, 60), np.float32)
    data[30:34, 20:24, 40:44] = 1
    affine = np.diag([0.5, 0.5, 0.5, 1])
    centre = affine[:3, :3] @ np.array([31.5, 21.5, 41.5])
    to_data = rendering.rigid_about(
        np.full(3, 15.0), rendering.rotation(np.array([0.0, 0, 1]), 10), np.array([1.0, 2, 0])
    )
    grid = rendering.centred_grid((40, 40, 40), (1, 1, 1), np.full(3, 15.0), np.eye(3))
    rendered = rendering.render(data, affine, grid, to_data)
    index = (np.indices(grid.shape) * rendered).reshape(3, -1).sum(1) / rendered.sum()
    found = grid.affine[:3] @ np.append(index, 1)
    assert to_data[:3] @ np.append(found, 1) == approx(centre, abs=0.03)


def test_rician_noise_of_air_and_of_tissue():
    rng = np.random.default_rng(0)
    air = rician(np.zeros((60, 60, 60), np.float32), 2.0, rng)
    assert air.mean() == approx(2 * np.sqrt(np.pi / 2), rel=0.01)  # Rayleigh
    tissue = rician(np.full((60, 60, 60), 100, np.float32), 2.0, rng)
    assert tissue.std() == approx(2.0, rel=0.02)


def test_bias_spans_what_was_asked_for():
    grid = rendering.centred_grid((160, 160, 160), (4, 4, 4), np.zeros(3), np.eye(3))
    field = bias_field(grid, np.zeros(3), 0.4, np.random.default_rng(3))
    distance = np.linalg.norm(np.indices(grid.shape).reshape(3, -1).T * 4 - 78, axis=1).reshape(grid.shape)
    low, high = np.percentile(field[distance < 75], (1, 99))
    assert high / low == approx(1.2 / 0.8, rel=0.03)


def test_motion_of_nothing_changes_nothing():
    image = np.random.default_rng(0).random((16, 20, 12)).astype(np.float32)
    assert move_head(image, np.ones(3), 0.0, np.random.default_rng(0)) is image
    assert not np.allclose(move_head(image, np.ones(3), 1.0, np.random.default_rng(0)), image)


def test_chosen_lesions_hold_exactly_what_is_wanted():
    union = np.zeros((40, 40, 40), bool)
    union[2:12, 2:12, 2:12] = union[20:26, 20:26, 20:26] = union[30:33, 5:9, 5:9] = True
    for wanted in (30, 216, 500, 1200):
        chosen = lesion_painting.choose_lesions(union, wanted, np.random.default_rng(wanted))
        assert chosen.sum() == wanted
        assert not (chosen & ~union).any()


def test_simulated_volumes_are_those_of_the_balls(case: SimulatedCase):
    # white ball of 18 minus ventricle of 5 and thalami, plus the stem inside it: counted on the labels themselves
    labels = ball_head()
    voxel = case.pair.t1w.voxel_volume_ml
    for name, wanted in (("gm", truth.GM_LABELS), ("wm", truth.WM_LABELS)):
        counted = np.isin(labels, wanted).sum() / 1000
        assert getattr(case, name).sum() * voxel == approx(case.volumes_ml[f"{name}_ml"], rel=2e-3)
        assert case.volumes_ml[f"{name}_ml"] == approx(counted, rel=0.02)
    assert case.volumes_ml["tiv_ml"] == approx(sum(case.volumes_ml[f"{t}_ml"] for t in ("gm", "wm", "csf")))


def test_simulated_transform_joins_the_two_images(case: SimulatedCase):
    # the centre of mass of the bright head must agree once FLAIR points are mapped to the T1w
    assert case.pair.flair is not None
    centres = []
    for volume in (case.pair.t1w, case.pair.flair):
        inside = volume.data > 0.3 * volume.data.max()
        weights = np.clip(volume.data[inside], 0, None)
        points = np.argwhere(inside) @ volume.affine[:3, :3].T + volume.affine[:3, 3]
        centres.append((points * weights[:, None]).sum(0) / weights.sum())
    assert scoring.apply(case.flair_to_t1w_ras, centres[1][None])[0] == approx(centres[0], abs=1.5)


def test_rescan_keeps_the_person_and_changes_the_noise(head_path: Path):
    first, second = (simulate(head_path, seed=seed, person_seed=9, t1w_size_mm=(80, 80, 80)) for seed in (1, 2))
    assert first.volumes_ml == second.volumes_ml
    assert not np.allclose(first.flair_to_t1w_ras, second.flair_to_t1w_ras)


def test_the_same_seed_gives_the_same_images(head_path: Path, case: SimulatedCase):
    again = simulate(head_path, seed=1, noise=3, bias=0.2, t1w_size_mm=(80, 80, 80))
    assert (again.pair.t1w.data == case.pair.t1w.data).all()
    assert (again.wm == case.wm).all()


def test_lesion_scores_by_hand():
    true, ours = np.zeros((20, 5, 5), bool), np.zeros((20, 5, 5), bool)
    true[0:3, 0, 0] = true[5:9, 0, 0] = true[15:19, 0, 0] = True
    ours[2:4, 0, 0] = ours[2:4, 1, 0] = ours[10:14, 4, 4] = True  # one hit, one false
    scores = scoring.lesion_scores(true, ours)
    assert scores["lesion_recall"] == approx(1 / 3)
    assert scores["lesion_precision"] == approx(1 / 2)
    assert scores["lesion_f1"] == approx(0.4)


def oracle(pair: ScanPair, settings: Settings, made: SimulatedCase) -> MeasuredScan:
    """A measurement that was told the truth."""
    voxel = made.pair.t1w.voxel_volume_ml
    volumes = {f"{t}_ml": float(getattr(made, t).sum(dtype=np.float64)) * voxel for t in ("gm", "wm", "csf", "wmh")}
    volumes["tbv_ml"] = volumes["gm_ml"] + volumes["wm_ml"]
    volumes["tiv_ml"] = volumes["tbv_ml"] + volumes["csf_ml"]
    volumes["wmh_expected_ml"] = volumes["wmh_ml"]
    return MeasuredScan(
        pair=pair,
        settings=settings,
        t1w=pair.t1w,
        t1w_corrected=pair.t1w.data,
        brain_mask=made.brain_mask,
        intracranial_mask=made.intracranial_mask,
        gm=made.gm,
        wm=made.wm,
        csf=made.csf,
        flair=pair.t1w.data if pair.flair else None,
        transform=RigidTransform(made.flair_to_t1w_ras, 1.5) if pair.flair else None,
        wmh_probability=made.wmh if pair.flair else None,
        wmh_mask=made.wmh_mask if pair.flair else None,
        lesion_labels=None,
        filled_t1w=pair.t1w.data,
        lesions=(),
        measurements=MeasurementSet(tuple(Measurement(k, v, "ml") for k, v in volumes.items())),
        usable=True,
        warnings=(),
    )


def test_a_measurement_that_knows_the_truth_is_judged_perfect(
    case: SimulatedCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    measure = ModuleType("neurolupus.imaging.measure")
    measure.measure_scan = lambda pair, settings, *, threads: oracle(pair, settings, case)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "neurolupus.imaging.measure", measure)
    monkeypatch.setattr(evaluation, "make", lambda *_: case)
    one = cases.Case("3d_head-99", "simulated", "held out", head="head-99", t1w_only=True, options={"seed": 1})
    row = evaluation.evaluate(one, tmp_path, tmp_path / "one.jpg", threads=1)
    for name in ("intracranial_dice", "brain_dice", "gm_dice", "wm_dice", "csf_dice", "wmh_dice"):
        assert row[name] == 1
    for name in ("gm", "wm", "csf", "tiv", "tbv"):
        assert row[f"{name}_error_percent"] == approx(0, abs=1e-4)
    assert row["registration_mm"] == row["registration_max_mm"] == 0
    assert row["gm_error_percent_unfilled"] == approx(0, abs=1e-4)
    assert 1000 < (tmp_path / "one.jpg").stat().st_size < 60_000
    met = {line.what: line.met for line in headline.headlines([row])}
    assert met["GM Dice"]
    assert met["TIV error without sign, %"]
    text = tables.markdown([row], {"words": "made here"}, "pictures")
    assert "| 3d_head-99 | 0.000 | 1.000 | 1.000 |" in text


def test_headlines_miss_targets_that_are_missed():
    row = {"case": "x", "group": "held out", "tiv_error_percent": -3.0, "brain_dice": 0.9, "head": "head-08"}
    met = {line.what: line.met for line in headline.headlines([row])}
    assert met["TIV error without sign, %"] is False
    assert met["brain mask Dice, simulated"] is False
    assert met["GM Dice"] is None


def test_case_names_are_unique_and_quick_ones_exist():
    names = [case.name for case in cases.all_cases()]
    assert len(names) == len(set(names))
    assert set(cases.QUICK) <= set(names)
    assert all(case.head in truth.HELD_OUT for case in cases.all_cases() if case.group in headline.SIMULATED)


@needs_data
@pytest.mark.parametrize(("participant", "session"), real_scans.LONGITUDINAL)
def test_reference_transform_has_no_error_and_chains_to_the_brain(participant: str, session: str):
    pair, reference = real_scans.read_longitudinal(DATA, participant, session)
    points = reference.brain_points_in_flair(50)
    assert scoring.registration_error_mm(reference.flair_to_t1w, reference.flair_to_t1w, points) == (0, 0)
    assert 0.3 < scoring.registration_error_mm(np.eye(4), reference.flair_to_t1w, points)[0] < 1
    assert pair.flair is not None
    bright = pair.flair.with_data(pair.flair.data > np.percentile(pair.flair.data[pair.flair.data > 0], 60))
    right, _ = real_scans.sample_on(bright, reference.brain, reference.common_to_flair)
    wrong, _ = real_scans.sample_on(bright, reference.brain, np.linalg.inv(reference.common_to_flair))
    assert scoring.dice(right, reference.brain.data) > scoring.dice(wrong, reference.brain.data) + 0.04


@needs_data
def test_the_given_matrix_is_the_itk_file():
    folder = DATA / "ms-longitudinal" / "derivatives" / "lit_reference" / "sub-01" / "ses-1" / "xfm"
    stem = "sub-01_ses-1_from-T1w_to-FLAIR_mode-image_xfm"
    given = np.loadtxt(folder / f"{stem}_desc-pointsRAS_4x4.txt")
    assert real_scans.itk_to_ras(folder / f"{stem}_itk.txt") == approx(given, abs=1e-6)


@needs_data
def test_turning_the_header_turns_the_reference():
    pair, reference = real_scans.read_longitudinal(DATA, "04", "1")
    turned, moved = evaluation.move_flair(pair, (15.0, 20.0), seed=7)
    assert turned.flair is not None
    assert pair.flair is not None
    voxel = np.array([100.0, 120, 20, 1])
    through_old = reference.flair_to_t1w @ pair.flair.affine @ voxel
    through_new = reference.flair_to_t1w @ np.linalg.inv(moved) @ turned.flair.affine @ voxel
    assert through_new == approx(through_old, abs=1e-9)


@needs_data
def test_painted_load_is_what_was_asked_for():
    head = truth.read_head(DATA / "head-label-maps" / "head-08.nii.gz")
    masks = evaluation.lesion_mask_paths(DATA)
    for load in (0.3, 10.0):
        painted = lesion_painting.paint_lesions(head, masks, load, np.random.default_rng(1))
        assert painted.volume_ml(truth.LESION_LABELS) == approx(load, rel=0.01)
        changed = painted.labels != head.labels
        assert np.isin(head.labels[changed], (2, 41, 25, 57)).all()


def test_ants_is_optional(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "ants", None)
    assert peers.load_ants() is None


def test_the_page_tells_which_cases_another_network_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "wmh_network", lambda: "1a2b3c4d")
    assert run.other_networks([{"wmh_network": "1a2b3c4d"}, {"error": "x"}]) == " WMH network 1a2b3c4d."
    told = run.other_networks([{"wmh_network": "1a2b3c4d"}, {"wmh_network": "99999999"}])
    assert "1 cases were measured with WMH network 99999999" in told
