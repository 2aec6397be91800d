"""What reports are made of."""

from collections.abc import Callable

import pytest
from small_scan import a_small_scan

from neurolupus.records.measured import MeasuredScan
from neurolupus.records.provenance import Provenance


@pytest.fixture(scope="session")
def a_measured_scan() -> Callable[..., MeasuredScan]:
    return a_small_scan


@pytest.fixture(scope="session")
def a_provenance() -> Provenance:
    return Provenance("0.1.0", {"sub-01_T1w.nii.gz": "ab" * 32}, {"wmh_threshold": 0.2}, {"numpy": "2.0"})
