"""Made-up cohorts on disk: labelled, never overwritten unasked, read back as they were."""

import csv
import io
import json
from pathlib import Path

import pandas as pd
import pytest

from neurolupus.errors import UsageError
from neurolupus.workflows.study_check import check
from neurolupus.workflows.study_simulate import simulate, table_text

MRI = Path(__file__).parents[3] / "examples" / "mri-phenotypes.study.yaml"


@pytest.mark.parametrize("name", ["cohort.csv", "cohort.tsv"])
def test_what_is_written_is_labelled_and_fits_the_file(tmp_path: Path, name: str) -> None:
    written = simulate(MRI, tmp_path / name, seed=7)
    found = check(MRI, tmp_path / name)
    assert found.population is not None
    assert found.population.is_synthetic
    assert (found.population.n, found.population.flow.agrees) == (155, True)
    sidecar = json.loads(written.sidecar.read_text())
    assert sidecar["synthetic"] is True
    assert "must not be reported as data" in sidecar["warning"]
    assert (sidecar["n"], sidecar["n_screened"], sidecar["seed"]) == (155, 61, 7)
    effects = {
        (one["outcome"], one["term_level"]): one["value"] for one in sidecar["truth"] if one["term"] == "phenotype"
    }
    assert effects["wm", "inf"] == -17.1
    assert str(tmp_path) not in written.sidecar.read_text()


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        simulate(MRI, tmp_path / name, n=60, seed=1)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text("mine")
    with pytest.raises(UsageError, match=r"c.json exists"):
        simulate(MRI, tmp_path / "c.csv", n=60)
    assert (tmp_path / "c.json").read_text() == "mine"
    simulate(MRI, tmp_path / "c.csv", n=60, overwrite=True)
    assert (tmp_path / "c.csv").exists()


def test_other_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no .csv or .tsv"):
        simulate(MRI, tmp_path / "c.xlsx")


def test_no_cell_becomes_a_formula() -> None:
    text = table_text(pd.DataFrame({"=x": ["=1+1", "-2", None], "y": [1, 2.5, None]}, dtype=object))
    assert list(csv.reader(io.StringIO(text))) == [["'=x", "y"], ["'=1+1", "1"], ["-2", "2.5"], ["", ""]]
