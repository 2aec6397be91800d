import json
from pathlib import Path

import pytest

from neurolupus.cli.bids_app import REFUSED, main, parser

pytestmark = pytest.mark.slow


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return ended.value.code if isinstance(ended.value.code, int) else 0


@pytest.mark.usefixtures("fake_measure")
def test_participant_then_group(tmp_path: Path, make_dataset, capsys) -> None:
    bids, out = make_dataset(["01", "02", "03"]), tmp_path / "out"
    words = ["--participant_label", "01", "sub-03", "--n_cpus", "2", "--omp-nthreads", "1", "--skip_bids_validation"]
    assert run(bids, out, "participant", *words, "-w", tmp_path / "work", "-vv", "--mem", "4000") == 0
    assert sorted(path.name for path in out.glob("sub-0?")) == ["sub-01", "sub-03"]
    (out / "volumes.tsv").unlink()
    assert run(bids, out, "group") == 0
    assert len((out / "volumes.tsv").read_text().splitlines()) == 3
    capsys.readouterr()


@pytest.mark.usefixtures("fake_measure")
def test_stop_on_first_crash(tmp_path: Path, make_dataset, capsys) -> None:
    bids, out = make_dataset(["crash", "later"]), tmp_path / "out"
    assert run(bids, out, "participant", "--stop-on-first-crash", "--nprocs", 1) == 12
    told = json.loads((out / ".neurolupus" / "tasks" / "sub-crash.json").read_text())
    assert told["status"] == "failed"
    assert not (out / ".neurolupus" / "tasks" / "sub-later.json").exists()
    assert "not begun" in capsys.readouterr().err


def test_options_that_would_do_nothing_are_refused_together(tmp_path: Path, capsys) -> None:
    assert run(tmp_path, tmp_path / "out", "participant", "--fs-license-file", "x", "--output_spaces", "MNI") == 2
    said = capsys.readouterr().err
    assert "--fs-license-file: FreeSurfer is not used." in said
    assert "--output-spaces" in said


def test_no_option_is_both_refused_and_accepted() -> None:
    accepted = {option for action in parser()._actions for option in action.option_strings}
    assert not accepted & set(REFUSED)


@pytest.mark.parametrize("words", [["participants"], ["participant", "--nprocs", "0"], ["participant", "--unknown"]])
def test_usage_errors(tmp_path: Path, capsys, words: list[str]) -> None:
    assert run(tmp_path, tmp_path / "out", *words) == 2
    assert "usage: neurolupus-bids" in capsys.readouterr().err


def test_the_group_level_of_nothing(tmp_path: Path, make_dataset, capsys) -> None:
    assert run(make_dataset(["01"]), tmp_path / "out", "group") == 2
    assert "no measured scan" in capsys.readouterr().err
