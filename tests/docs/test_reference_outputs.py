"""docs/reference/outputs.md names every file that a measured scan leaves, and none that it does not."""

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from neurolupus.records.scan import ScanId
from neurolupus.workflows.capacity import Capacity
from neurolupus.workflows.measure import MeasureOptions, measure_dataset
from neurolupus.workflows.scan import picture_path

STEM = "sub-01_ses-1"


def told_names(text: str) -> set[str]:
    """The names in the first column of the page's tables that begin with the scan's."""
    cells = re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)
    names = {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}
    return {name.rpartition("/")[2] for name in names if STEM in name}


def without_sidecars(names: set[str]) -> set[str]:
    """The names less the JSON files that stand beside an image, table or transform of the same name."""
    stems = {name.removesuffix(end) for name in names for end in (".nii.gz", ".txt") if name.endswith(end)}
    return {name for name in names if name.removesuffix(".json") not in stems or not name.endswith(".json")}


@pytest.fixture
def written(tmp_path: Path, make_dataset: Callable[..., Path], fake_measure: ModuleType, python_path: None) -> Path:
    """An output folder whose files were written in earnest, with invented numbers."""
    bids, out = make_dataset(["01"], sessions=["1"]), tmp_path / "out"
    result = measure_dataset(bids, out, MeasureOptions(capacity=Capacity(1, 1)))
    assert not result.failed
    return out


def test_every_file_of_a_scan_is_told(written: Path, page: Callable[[str], str]) -> None:
    remembered = {path for path in (written / ".neurolupus").rglob("*") if path.is_file()}
    files = {path.name for path in written.rglob(f"{STEM}*") if path.is_file() and path not in remembered}
    # the invented measurement draws nothing; where pictures would lie is known all the same
    files |= {picture_path(written, ScanId("01", "1"), name).name for name in ("thumbnail", "example")}
    told = told_names(page("docs/reference/outputs.md"))
    assert without_sidecars(files) - told == set(), "written, not told"
    assert told - files == set(), "told, not written"


def test_every_file_of_the_folder_is_told(written: Path, page: Callable[[str], str]) -> None:
    text = page("docs/reference/outputs.md")
    names = {path.name for path in written.iterdir() if not path.name.startswith("sub-")}
    assert "volumes.tsv" in names
    assert {name for name in names if f"`{name}`" not in text and f"`{name}/`" not in text} == set()
