"""Methods of the user's own: found or refused, run apart from us, and every way to fail told by its own words."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import nibabel
import numpy as np
import pytest

from neurolupus.errors import MethodError, UsageError
from neurolupus.io.wmh_method import describe_method, run_method
from neurolupus.records.volume import Volume
from neurolupus.records.wmh_method import MethodFacts

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "wmh-method" / "bright_flair.py"
SHAPE = (12, 14, 10)
IMAGE = Volume(np.ones(SHAPE, np.float32), np.eye(4))
HEADER = """
import os, subprocess, sys
version = "2.1"
def missing():
    return None
def write(data, work, affine=None):
    import nibabel
    affine = np.eye(4) if affine is None else affine
    nibabel.save(nibabel.Nifti1Image(data.astype(np.float32), affine), work / "m.nii.gz")
    return work / "m.nii.gz"
SHAPE = (12, 14, 10)
def wmh_probability(t1w, flair, work):
    global np
    import numpy as np
"""


@pytest.fixture
def method(tmp_path: Path):
    """Write a method whose `wmh_probability` has this body; its facts as `describe_method` would tell them."""

    def make(body: str, name: str = "mine") -> MethodFacts:
        path = tmp_path / f"{name}.py"
        path.write_text(HEADER + "\n".join(f"    {line}" for line in body.splitlines()) + "\n")
        return MethodFacts(name, "2.1", asked=str(path))

    return make


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    paths = tmp_path / "t1w.nii.gz", tmp_path / "flair.nii.gz"
    for path in paths:
        nibabel.save(nibabel.Nifti1Image(IMAGE.data, IMAGE.affine), path)
    return paths


def run(facts: MethodFacts, files: tuple[Path, Path], minutes: float = 1.0):
    return run_method(facts, *files, (IMAGE, IMAGE), minutes=minutes)


def test_a_method_in_a_file_is_known_by_name_version_and_code(method, tmp_path: Path):
    facts = describe_method(method("return write(np.zeros(SHAPE), work)").asked)
    assert (facts.name, facts.version, facts.title, facts.label) == ("mine", "2.1", "mine 2.1", "mine")
    assert len(facts.code_sha256) == 64
    changed = describe_method(method("return write(np.ones(SHAPE), work)").asked)
    assert changed.code_sha256 != facts.code_sha256
    assert changed.key != facts.key
    assert str(tmp_path) not in str(facts.key)


@pytest.mark.slow
def test_the_map_is_read_from_the_file_it_names(method, files):
    own = run(method("d = np.zeros(SHAPE); d[3:5, 3, 3] = 0.4\nprint('busy')\nreturn write(d, work)"), files)
    assert own.volume.data.sum() == pytest.approx(0.8)
    assert own.warnings == ()


@pytest.mark.slow
def test_the_folder_is_private_and_gone_afterwards(method, files, tmp_path: Path):
    seen = tmp_path / "seen.txt"
    run(method(f"open({str(seen)!r}, 'w').write(str(work))\nreturn write(np.ones(SHAPE), work)"), files)
    folder = Path(seen.read_text())
    assert "neurolupus-method-" in str(folder)
    assert not folder.exists()
    assert not folder.parent.exists()


@pytest.mark.slow
def test_an_attribute_of_a_module_and_an_entry_point(tmp_path: Path, monkeypatch, files):
    (tmp_path / "lesion_tools.py").write_text(
        "class Both:\n    version = '3'\n    def missing(self): return None\n"
        "    def wmh_probability(self, t1w, flair, work): return flair\nboth = Both()\n"
    )
    points = tmp_path / "lesion_tools-3.dist-info"
    points.mkdir()
    (points / "entry_points.txt").write_text("[neurolupus.wmh]\nboth-tools = lesion_tools:both\n")
    (points / "METADATA").write_text("Metadata-Version: 2.1\nName: lesion-tools\nVersion: 3\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert describe_method("lesion_tools:both").name == "lesion_tools.both"
    facts = describe_method("both-tools")
    assert (facts.name, facts.label, facts.version) == ("both-tools", "bothtools", "3")
    assert run(facts, files).volume.data.all()
    with pytest.raises(UsageError, match="no attribute none"):
        describe_method("lesion_tools:none")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("version = '1'\ndef missing(): return None\n", "no function wmh_probability"),
        ("def missing(): return None\ndef wmh_probability(a, b, c): return a\n", "version is None"),
        (
            "version = '1'\ndef missing(): return False\ndef wmh_probability(a, b, c): return a\n",
            "missing\\(\\) gave False",
        ),
        ("import a_library_that_is_not_there\n", "a_library_that_is_not_there"),
        ("import os\nos._exit(7)\n", "exit code 7 while it was loaded"),
    ],
)
def test_what_is_no_method_is_refused_with_the_reason(tmp_path: Path, text: str, told: str):
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(UsageError, match=told):
        describe_method(str(path))


def test_a_name_that_nobody_offers(tmp_path: Path):
    with pytest.raises(UsageError, match="no installed package offers it"):
        describe_method("nobody-offers-this")
    with pytest.raises(UsageError, match="no such file"):
        describe_method(str(tmp_path / "absent.py"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("raise RuntimeError('no weights')", "mine 2.1 failed: RuntimeError: no weights"),
        ("print('about to die', flush=True)\nos._exit(9)", "exit code 9 and no answer. It last said"),
        ("os.kill(os.getpid(), 11)", "exit code -11"),
        ("return work / 'm.nii.gz'", "named m.nii.gz, which it did not write"),
        ("return None", "wmh_probability gave None"),
        ("return write(np.ones((5, 5, 5)), work)", "lies on the grid of neither"),
        ("return write(np.ones(SHAPE), work, np.diag([2.0, 2, 2, 1]))", "lies on the grid of neither"),
        ("return write(np.full(SHAPE, np.nan), work)", "not finite"),
        ("return write(np.full(SHAPE, -1.0), work)", "values down to -1"),
        ("(work / 'm.nii.gz').write_text('no image')\nreturn work / 'm.nii.gz'", "m.nii.gz"),
        ("subprocess.run([sys.executable, '-c', 'import sys; sys.exit(3)'], check=True)", "exit status 3"),
    ],
)
def test_each_failure_has_words_of_its_own(method, files, body: str, told: str):
    with pytest.raises(MethodError) as caught:
        run(method(body), files)
    assert told in str(caught.value)
    assert "neurolupus-method-" not in str(caught.value)  # names no private folder


@pytest.mark.slow
def test_an_empty_map_is_no_failure_and_is_said(method, files):
    own = run(method("return write(np.zeros(SHAPE), work)"), files)
    assert own.warnings == ("mine 2.1: WMH (m.nii.gz): empty; no hyperintensity is measured",)


def test_what_is_missing_is_told_before_anything_runs(tmp_path: Path, files):
    path = tmp_path / "mine.py"
    path.write_text("version = '1'\ndef missing(): return 'the program LST'\ndef wmh_probability(a, b, c): 1 / 0\n")
    facts = describe_method(str(path))
    assert facts.missing == "the program LST"
    with pytest.raises(MethodError, match="cannot run: the program LST"):
        run(facts, files)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX")
def test_time_is_up_for_it_and_for_the_programs_it_started(method, files, tmp_path: Path):
    alive = tmp_path / "alive"
    child = f"import time, pathlib\nwhile True: pathlib.Path({str(alive)!r}).touch(); time.sleep(0.05)"
    body = f"child = subprocess.Popen([sys.executable, '-c', {child!r}])\nchild.wait()"
    began = time.monotonic()
    with pytest.raises(MethodError, match=r"was ended after 0\.2 minutes.*\n.*--wmh-minutes 0\.4"):
        run(method(body), files, minutes=0.2)
    assert time.monotonic() - began < 30
    assert alive.exists()
    alive.unlink()
    time.sleep(0.5)
    assert not alive.exists()


@pytest.mark.slow
def test_the_environment_of_the_programs_it_starts_is_the_users(method, files, monkeypatch):
    monkeypatch.delenv("PYTHONPATH", raising=False)
    body = "assert 'PYTHONPATH' not in os.environ\nassert sys.stdin.read() == ''\nreturn write(np.ones(SHAPE), work)"
    assert run(method(body), files).volume.data.all()


@pytest.mark.slow
def test_the_example_wraps_a_program(tmp_path: Path):
    # grey matter 100 is the mode; 120 is not above 1.2 times the middle of its bin, 200 is
    data = np.zeros((20, 20, 20), np.float32)
    data[2:18, 2:18, 2:18] = 100
    data[5, 5, 5:9] = 200
    path = tmp_path / "flair.nii.gz"
    nibabel.save(nibabel.Nifti1Image(data, np.eye(4)), path)
    image = Volume(data, np.eye(4))
    own = run_method(describe_method(str(EXAMPLE)), path, path, (image, image), minutes=1)
    assert np.array_equal(own.volume.data > 0, data == 200)
    assert sys.modules.get("bright_flair") is None  # loaded in another process only
