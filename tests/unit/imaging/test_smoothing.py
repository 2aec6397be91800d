"""The blur in threads is scipy's, to the last bit."""

import numpy as np
import pytest
from scipy import ndimage

from neurolupus.imaging.smoothing import blurred

IMAGE = np.random.default_rng(0).normal(size=(17, 2, 23)).astype(np.float32)


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("sigma", [(1.5, 0.7, 2.0), (0.0, 0.7, 0.0), (0.0, 0.0, 0.0)])
def test_any_number_of_threads_gives_scipys_values(threads, sigma):
    before = IMAGE.copy()
    found = blurred(IMAGE, sigma, threads=threads, truncate=2.5)
    np.testing.assert_array_equal(found, ndimage.gaussian_filter(IMAGE, sigma, truncate=2.5))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(IMAGE, before)
