import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

from neurolupus.cli.app import main


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["raters", *(str(word) for word in words)])
    return ended.value.code if isinstance(ended.value.code, int) else 0


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two raters' masks of two scans: 4 slices against 2, then 4 against 4."""
    paths = tmp_path / "A", tmp_path / "B"
    for path, stops in zip(paths, ((6, 6), (4, 6)), strict=True):
        path.mkdir()
        for number, stop in enumerate(stops, start=1):
            data = np.zeros((12, 12, 12), np.uint8)
            data[2:stop] = 1
            nibabel.save(nibabel.Nifti1Image(data, np.eye(4)), path / f"sub-0{number}_mask.nii.gz")
    return paths


def test_agree_as_a_table_and_as_json(folders, capsys) -> None:
    assert run("agree", *folders) == 0
    said = capsys.readouterr()
    assert ["sub-01", "A", "B", "0.667", "1.000", "–", "0.576", "0.288"] in [
        line.split() for line in said.out.splitlines()
    ]
    # Dice 2/3 and 1: SD 0.2357, t with 1 degree of freedom 12.706: 12.706 x 0.2357 / √2 = 2.118
    assert "mean Dice ± 2.118" in said.err
    assert run("agree", *folders, "--json") == 0
    size = json.loads(capsys.readouterr().out)["pairs"][0]["size"]
    assert (size["n"], size["dice_half_width"]) == (2, pytest.approx(2.1177, abs=1e-4))


def test_agree_writes_into_an_empty_folder_only(folders, tmp_path: Path, capsys) -> None:
    page = tmp_path / "page"
    assert run("agree", *folders, "-o", page) == 0
    assert {path.name for path in page.iterdir()} == {"agreement.html", "agreement.json", "agreement.tsv"}
    assert run("agree", *folders, "-o", page) == 2
    assert "is not empty" in capsys.readouterr().err
    assert run("agree", *folders, "-o", page, "--overwrite") == 0


def test_grades_alone(tmp_path: Path, capsys) -> None:
    table = tmp_path / "r.tsv"
    rows = ["sub-1\tA\tWMH\tgood", "sub-1\tB\tWMH\tgood", "sub-2\tA\tWMH\tpoor", "sub-2\tB\tWMH\tpoor"]
    table.write_text("\n".join(["participant_id\trater\tmap\trating", *rows]) + "\n")
    assert run("agree", "--ratings", table) == 0
    assert "Cohen's kappa 1.000, n = 2" in capsys.readouterr().out


def test_options_that_make_no_sense_are_told(folders, tmp_path: Path, capsys) -> None:
    assert run("agree", folders[0]) == 2
    assert "two raters at least" in capsys.readouterr().err
    assert run("export", folders[0], tmp_path / "new", "--seed", 3) == 2
    assert "--blind" in capsys.readouterr().err
    assert run("export", folders[0], tmp_path / "new") == 2
    assert "Measure first" in capsys.readouterr().err
    assert run("read", tmp_path, folders[0], "-o", tmp_path / "out", "--rater", "AB") == 11
    assert "no list of a rater's scans" in capsys.readouterr().err
