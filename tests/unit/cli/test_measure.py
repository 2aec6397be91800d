import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from neurolupus.cli.app import POSITIONALS, app, main
from neurolupus.cli.arguments import FLAGS, bare_labels, spread_labels

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Exit code, stdout and stderr of the command line, in this process."""

    def run(*words: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        said = capsys.readouterr()
        code = ended.value.code
        return code if isinstance(code, int) else 0, said.out, said.err

    return run


@pytest.mark.usefixtures("fake_measure")
def test_measure_shows_volumes_and_where_the_report_lies(cli, tmp_path: Path, make_dataset) -> None:
    code, out, err = cli("measure", make_dataset(["01", "02"]), tmp_path / "out", "--nprocs", 2)
    assert code == 0
    assert "sub-01" in out
    row = next(line for line in out.splitlines() if line.startswith("sub-01"))
    assert float(row.split()[1]) == pytest.approx(2483, rel=0.02)  # the ball's volume, see test_measure of workflows
    assert str(tmp_path / "out" / "index.html") in err
    assert "2 measured." in err
    assert "Traceback" not in err


@pytest.mark.usefixtures("fake_measure")
def test_a_failed_scan_gives_exit_code_12_and_the_others_are_shown(cli, tmp_path: Path, make_dataset) -> None:
    code, out, err = cli("measure", make_dataset(["01", "fault"]), tmp_path / "out")
    assert code == 12
    assert "sub-01" in out
    assert "no brain was found in the T1w." in err
    assert "1 measured, 1 failed." in err


@pytest.mark.usefixtures("fake_measure")
def test_json_goes_to_stdout_and_talk_to_stderr(cli, tmp_path: Path, make_dataset) -> None:
    bids = make_dataset(["01", "crash"])
    code, out, _ = cli("measure", bids, tmp_path / "out", "--json", "--participant-label", "01", "crash")
    assert code == 12
    told = json.loads(out)
    assert [(s["name"], s["status"]) for s in told["scans"]] == [("sub-01", "done"), ("sub-crash", "failed")]
    assert told["volumes"][0]["participant_id"] == "sub-01"
    code, out, _ = cli("status", tmp_path / "out", "--json")
    assert code == 0
    told = json.loads(out)
    assert (told["done"], told["failed"]) == (1, 1)
    assert "exit code 9" in told["scans"][1]["reason"]


@pytest.mark.usefixtures("fake_measure")
def test_one_pair_under_a_name_of_its_own(cli, tmp_path: Path, make_dataset) -> None:
    anat = make_dataset(["01"]) / "sub-01" / "anat"
    pair = ["measure", "--t1w", anat / "sub-01_T1w.nii.gz", "--flair", anat / "sub-01_FLAIR.nii.gz"]
    code, out, _ = cli(*pair, "-o", tmp_path / "out", "--participant-label", "x", "--session-label", "ses-2")
    assert code == 0
    assert out.splitlines()[-1].startswith("sub-x_ses-2")
    code, _, err = cli(*pair, "-o", tmp_path / "out", "--participant-label", "x", "y")
    assert code == 2
    assert "one label" in err


@pytest.mark.usefixtures("fake_measure")
def test_status_is_shown_as_a_table(cli, tmp_path: Path, make_dataset) -> None:
    cli("measure", make_dataset(["01"]), tmp_path / "out")
    code, out, err = cli("status", tmp_path / "out")
    assert code == 0
    assert out.splitlines()[1].split()[:2] == ["sub-01", "done"]
    assert "1 done" in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["measure"], "Nothing was given"),
        (["measure", "nowhere", "out"], "nowhere is no folder"),
        (["measure", "bids"], "BIDS_DIR was given"),
        (["measure", "bids", "out", "--t1w", "a.nii.gz"], "BIDS_DIR and OUT_DIR and --t1w were given"),
        (["measure", "bids", "out", "--flair", "a.nii.gz"], "were given"),
        (["measure", "--t1w", "a.nii.gz", "-o", "out", "--flair", "b.nii.gz"], "not found"),
        (["measure", "bids", "out", "--wmh-threshold", "1.5"], "does not lie between 0 and 1"),
        (["measure", "bids", "out", "--nprocs", "0"], "--nprocs"),
        (["measure", "bids", "out", "--rerun", "never"], "--rerun"),
        (["measure", "bids", "out", "--participant-label", "99"], "sub-99 not found"),
        (["status", "bids"], "remembers no scans"),
        (["status", "nowhere"], "nowhere is no folder"),
        (["threshold", "nowhere"], "nowhere is no folder"),
        (["change", "nowhere"], "nowhere is no folder"),
        (["raters", "export", "nowhere", "A"], "nowhere is no folder"),
        (["raters", "read", "nowhere", "bids", "-o", "out", "--rater", "A"], "nowhere is no folder"),
        (["threshold", "nowhere", "--choose", "0.2"], "--by"),
        (["threshold", "nowhere", "--choose", "0.2", "--by", "me"], "is no folder"),
        (["threshold", "nowhere", "--by", "me"], "without a choice"),
        (["agree", "a.nii.gz", "b.tsv"], "two of one kind"),
        (["nonsense"], "nonsense"),
    ],
)
def test_usage_errors(cli, make_dataset, monkeypatch, tmp_path: Path, words: list[str], told: str) -> None:
    make_dataset(["01"])
    monkeypatch.chdir(tmp_path)
    code, out, err = cli(*words)
    assert code == 2
    assert told in err
    assert out == ""
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()


def test_our_own_faults_give_a_traceback_and_exit_code_1(cli, make_dataset, monkeypatch, tmp_path: Path) -> None:
    from neurolupus.workflows import measure

    monkeypatch.setattr(measure, "measure_dataset", lambda *a, **k: 1 / 0)
    code, _, err = cli("measure", make_dataset(["01"]), tmp_path / "out")
    assert code == 1
    assert "ZeroDivisionError" in err
    assert "Traceback" in err


def test_a_raw_data_set_is_never_written_into(cli, make_dataset, tmp_path: Path) -> None:
    bids, other = make_dataset(["01"]), make_dataset(["02"], name="other")
    code, _, err = cli("measure", bids, other)
    assert code == 2
    assert "did not make" in err
    assert not (other / ".neurolupus").exists()


def test_a_full_or_forbidden_disk_is_told_in_words(cli, make_dataset, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    code, _, err = cli("measure", make_dataset(["01"]), file)
    assert code == 2
    assert str(file) in err
    assert "Traceback" not in err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_and_kill_say_how_to_go_on(make_dataset, tmp_path: Path, python_path, number: int, code: int) -> None:
    bids, out = make_dataset(["01", "slow"]), tmp_path / "out"
    command = [sys.executable, str(HERE / "fake_cli.py"), "measure", str(bids), str(out), "--nprocs", "2"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        state = out / ".neurolupus" / "tasks" / "sub-01.json"
        until = time.monotonic() + 60
        while time.monotonic() < until and not (state.exists() and '"done"' in state.read_text()):
            time.sleep(0.1)
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Run the same command again to go on from there." in err
    assert "Traceback" not in err
    assert (out / "sub-01" / "anat" / "sub-01_volumes.json").exists()
    assert not list(out.rglob(".tmp-*"))
    assert not (out / "sub-slow").exists()


def test_help_and_version_are_quick(neurolupus) -> None:
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        assert neurolupus("--help").returncode == 0
        seconds.append(time.perf_counter() - began)
    assert min(seconds) < 2.0  # 0.25 s on a free machine; this one may be busy
    assert neurolupus("--version").stdout.startswith("neurolupus 0.")


def test_starting_loads_no_heavy_library(python_path) -> None:
    heavy = ("numpy", "scipy", "SimpleITK", "rich", "jinja2")
    code = f"import sys, neurolupus.cli.app; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_labels_are_not_taken_for_folders() -> None:
    assert spread_labels(["bids", "out", "--json", "--session-label", "1", "2", "-w", "w"]) == [
        "bids", "out", "--json", "--session-label", "1", "--session-label", "2", "-w", "w",
    ]  # fmt: skip
    assert spread_labels(["--participant_label=01", "bids", "out"]) == ["--participant-label=01", "bids", "out"]
    assert spread_labels(["--json", "bids", "out", "--participant-label", "01", "02"])[-2:] == [
        "--participant-label",
        "02",
    ]
    assert bare_labels([], "sub-") == ()


@pytest.mark.parametrize("verb", list(POSITIONALS))
def test_each_verb_with_lists_of_labels_has_its_flags_and_folders_known(verb: tuple[str, ...]) -> None:
    command: Any = typer.main.get_command(app)
    for word in verb:
        command = command.commands[word]
    flags = {name for one in command.params if getattr(one, "is_flag", False) for name in one.opts}
    assert flags <= FLAGS
    assert sum(one.param_type_name == "argument" for one in command.params) == POSITIONALS[verb]
    assert any("--participant-label" in one.opts for one in command.params)
