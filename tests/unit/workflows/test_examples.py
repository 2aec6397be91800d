"""The examples are found wherever neurolupus is installed."""

import pytest

from neurolupus.errors import NeurolupusError
from neurolupus.workflows.examples import STUDIES, example_path


@pytest.mark.parametrize("name", STUDIES)
def test_each_study_of_the_demo_is_there(name: str) -> None:
    assert example_path(name).read_text(encoding="utf-8").lstrip().startswith("#")


def test_a_missing_example_is_told() -> None:
    with pytest.raises(NeurolupusError, match=r"nowhere\.yaml is missing"):
        example_path("nowhere.yaml")
