"""The choice of the operating peak, by counts made by hand."""

import pytest
from peak import first_of_few


def test_the_first_peak_that_leaves_one_false_lesion_in_all_brains_together_is_taken() -> None:
    assert first_of_few({0.9: [0, 0], 0.5: [3, 0], 0.8: [1, 1], 0.85: [0, 1]}) == 0.85


def test_a_network_that_is_sure_of_false_lesions_is_not_calibrated() -> None:
    with pytest.raises(SystemExit, match=r"At 0\.99 there still are 3 false lesions"):
        first_of_few({0.9: [4, 0], 0.99: [2, 1]})
