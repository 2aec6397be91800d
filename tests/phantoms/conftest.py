"""A head of nested balls whose volumes are known by formula."""

from collections.abc import Callable

import numpy as np
import pytest

from neurolupus.records.volume import Volume

# radius in mm -> label: ventricle, white matter, cortex, fluid, bone, skin
SHELLS = ((8.0, 4), (24.0, 2), (30.0, 3), (34.0, 24), (38.0, 515), (42.0, 511))


def nested_balls(centre_mm: tuple[float, float, float] = (3.0, -5.0, 7.0), voxel_mm: float = 1.0) -> Volume:
    n = int(92 / voxel_mm)
    affine = np.diag([voxel_mm, voxel_mm, voxel_mm, 1.0])
    affine[:3, 3] = np.asarray(centre_mm) - voxel_mm * (n - 1) / 2
    axes = np.ogrid[tuple(slice(0, n) for _ in range(3))]
    squared = sum(((a - (n - 1) / 2) * voxel_mm) ** 2 for a in axes)
    labels = np.zeros((n, n, n), np.int32)
    for radius, label in reversed(SHELLS):
        labels[squared <= radius**2] = label
    return Volume(labels, affine)


@pytest.fixture(scope="session")
def ball_head() -> Volume:
    return nested_balls()


@pytest.fixture(scope="session")
def make_ball_head() -> Callable[..., Volume]:
    return nested_balls


@pytest.fixture(scope="session")
def shell_volume_ml() -> Callable[[float, float], float]:
    return lambda inner, outer: 4 / 3 * np.pi * (outer**3 - inner**3) / 1000
