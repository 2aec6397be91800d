import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

from neurolupus.cli.app import main


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["agree", *(str(word) for word in words)])
    return ended.value.code if isinstance(ended.value.code, int) else 0


@pytest.fixture
def masks(tmp_path: Path) -> tuple[Path, Path]:
    paths = tmp_path / "a.nii.gz", tmp_path / "b.nii.gz"
    for path, stop in zip(paths, (6, 4), strict=True):
        data = np.zeros((12, 12, 12), np.uint8)
        data[2:stop] = 1
        nibabel.save(nibabel.Nifti1Image(data, np.eye(4)), path)
    return paths


def test_masks_as_a_table_and_as_json(masks, capsys) -> None:
    assert run(*masks) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["Dice", "0.667"] in lines  # 2 x 2 / (4 + 2) slices
    assert run(*masks, "--json") == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["labels"]["mask"]["dice"] == pytest.approx(2 / 3)
    assert said.err == ""


def test_tables(tmp_path: Path, capsys) -> None:
    for name, gm in (("a", (600, 620, 640)), ("b", (605, 620, 655))):
        rows = [f"sub-0{n}\t{value}\t0.1.0" for n, value in enumerate(gm)]
        (tmp_path / f"{name}.tsv").write_text("\n".join(["participant_id\tgm_ml\tversion", *rows]) + "\n")
    pairs = tmp_path / "pairs.tsv"
    assert run(tmp_path / "a.tsv", tmp_path / "b.tsv", "-o", pairs) == 0
    said = capsys.readouterr()
    assert "6.67" in said.out  # (5 + 0 + 15) / 3
    assert "Matched by participant and session." in said.err
    assert len(pairs.read_text().splitlines()) == 4
    assert run(tmp_path / "a.tsv", tmp_path / "b.tsv", "-o", pairs) == 2
    assert "--overwrite" in capsys.readouterr().err


def test_scans_that_are_not_usable_are_counted_and_named(tmp_path: Path, capsys) -> None:
    rows = ["sub-01\t1\ttrue", "sub-02\t2\ttrue", "sub-03\t4\tfalse"]
    (tmp_path / "a.tsv").write_text("\n".join(["participant_id\twmh_ml\tusable", *rows]) + "\n")
    assert run(tmp_path / "a.tsv", tmp_path / "a.tsv") == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "Left out, not usable by either table: 03 (1)" in said
    # a table beside itself: no difference varies
    assert "wmh_ml: all 2 differences are alike" in said
    assert "scans or more" not in said


def test_a_table_that_is_none_gives_exit_code_11(tmp_path: Path, capsys) -> None:
    (tmp_path / "a.tsv").write_text("x\ty\n1\t2\n")
    assert run(tmp_path / "a.tsv", tmp_path / "a.tsv") == 11
    assert "TableError" in capsys.readouterr().err


def test_an_image_that_is_none_gives_exit_code_12(tmp_path: Path, capsys) -> None:
    (tmp_path / "a.nii.gz").write_text("no image")
    assert run(tmp_path / "a.nii.gz", tmp_path / "a.nii.gz") == 12
    assert "a.nii.gz" in capsys.readouterr().err
