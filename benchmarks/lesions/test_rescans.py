"""The noise between rescans is found again in made-up ones."""

import numpy as np
from noise import PUBLISHED_CV, beyond, noise, uncertainty, volumes_of
from rescans import VISITS, all_rescans


def made_up(floor: float, relative: float, persons: int, visits: int) -> list[list[float]]:
    rng = np.random.default_rng(4)
    true = np.exp(rng.uniform(np.log(0.1), np.log(20), persons))
    return [list(rng.normal(ml, np.hypot(floor, relative * ml), visits)) for ml in true]


def test_the_noise_put_in_is_found() -> None:
    found = noise(made_up(0.08, 0.09, 400, 3))
    assert abs(found["floor_ml"] - 0.08) < 0.01
    assert abs(found["relative"] - 0.09) < 0.01


def test_it_is_never_less_than_that_of_real_rescans() -> None:
    assert noise(made_up(0.02, 0.005, 60, 3))["relative"] == PUBLISHED_CV


def test_about_five_of_a_hundred_pairs_lie_beyond_the_limit() -> None:
    many, total = beyond(made_up(0.08, 0.09, 120, 2))
    assert total == 120
    assert 1 <= many <= 12


def test_six_degrees_of_freedom_leave_it_uncertain() -> None:
    assert uncertainty([[1.0, 2.0, 3.0]] * 3) == (0.64, 2.2)  # sqrt(6 / 14.449) and sqrt(6 / 1.237)


def test_persons_with_one_scan_tell_nothing() -> None:
    rows = [{"person": n, "flair": "2d", "wmh_ml": n} for n in (1, 1, 2)] + [{"person": 1, "flair": "3d", "wmh_ml": 5}]
    assert volumes_of(rows, "2d", "wmh_ml") == [[1.0, 1.0]]


def test_every_scan_has_noise_of_its_own() -> None:
    scans = all_rescans()
    assert len({scan.seed for scan in scans}) == len(scans)
    assert {scan.visit for scan in scans} == set(range(VISITS))
