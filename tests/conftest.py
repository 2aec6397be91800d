"""What many tests need: the shared data, a tiny head, a tiny BIDS data set, the command line in a process."""

import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import nibabel
import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
TINY_MM = 6.0
TINY_SHAPE = (30, 34, 30)

MakeDataset = Callable[..., Path]

# By default an example that takes more than 0.2 s is a fault: on a busy machine any may. The same examples are drawn
# each time, so that a change is judged by what it changes; --hypothesis-profile explore draws others.
settings.register_profile("explore", deadline=None)
settings.register_profile("neurolupus", deadline=None, derandomize=True)
settings.load_profile("neurolupus")


def pytest_configure() -> None:
    """Ctrl-C reaches what tests start, though a shell that starts the suite beside other work (`&`) has it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Thousands of collected tests live to the end: the garbage collector need not look at them again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the repository; tests that need it are skipped without it."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip(f"needs the real data in {folder.name}/ beside the repository")
    return folder


def tiny_head(seed: int, *, flair: bool) -> NDArray[np.int16]:
    """Concentric balls: CSF, grey and white matter, and one bright lesion on the FLAIR."""
    grid = np.indices(TINY_SHAPE).reshape(3, -1).T - (np.array(TINY_SHAPE) - 1) / 2
    radius = np.linalg.norm(grid, axis=1).reshape(TINY_SHAPE) * TINY_MM
    image = np.zeros(TINY_SHAPE)
    for limit, t1w, dark in ((84.0, 250, 60), (72.0, 600, 700), (55.0, 900, 500)):
        image[radius < limit] = dark if flair else t1w
    if flair:
        image[17:19, 17:20, 15:17] = 1200
    noise = np.random.default_rng(seed).normal(0, 15, TINY_SHAPE)
    return np.where(image > 0, np.clip(image + noise, 1, None), 0).astype(np.int16)


def write_tiny(path: Path, seed: int, *, flair: bool, **sidecar: object) -> None:
    """Write a tiny head with nibabel, so that our own writer is not its own witness."""
    affine = np.diag([TINY_MM, TINY_MM, TINY_MM, 1.0])
    affine[:3, 3] = -TINY_MM * (np.array(TINY_SHAPE) - 1) / 2
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(tiny_head(seed, flair=flair), affine), path)  # type: ignore[no-untyped-call]
    if sidecar:
        path.with_name(path.name.replace(".nii.gz", ".json")).write_text(json.dumps(sidecar))


@pytest.fixture
def make_dataset(tmp_path: Path) -> MakeDataset:
    """Write a BIDS data set of tiny heads: `make_dataset(["01", "02"], no_flair=["02"])`."""

    def make(
        participants: Sequence[str],
        *,
        sessions: Sequence[str] = (),
        no_flair: Sequence[str] = (),
        columns: dict[str, Sequence[str]] | None = None,
        name: str = "bids",
    ) -> Path:
        root = tmp_path / name
        root.mkdir()
        (root / "dataset_description.json").write_text('{"Name": "tiny", "BIDSVersion": "1.9.0"}')
        table = {"participant_id": [f"sub-{label}" for label in participants], **(columns or {})}
        lines = ["\t".join(table), *("\t".join(row) for row in zip(*table.values(), strict=True))]
        (root / "participants.tsv").write_text("\n".join(lines) + "\n")
        for number, label in enumerate(participants):
            for session in sessions or [None]:
                stem = f"sub-{label}" + (f"_ses-{session}" if session else "")
                folder = root / f"sub-{label}" / (f"ses-{session}" if session else "") / "anat"
                write_tiny(folder / f"{stem}_T1w.nii.gz", 2 * number, flair=False)
                if label not in no_flair:
                    write_tiny(folder / f"{stem}_FLAIR.nii.gz", 2 * number + 1, flair=True, MRAcquisitionType="3D")
        return root

    return make


@pytest.fixture
def fake_measure(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Scans are read and written in earnest, and measured in milliseconds; workers import the fake by its name."""
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "unit" / "workflows"))
    import fake_measure as fake

    from neurolupus.workflows import measure

    monkeypatch.setattr(measure, "measure_job", fake.fake_measure_job)
    return fake


@pytest.fixture
def python_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes started by the test find what the test finds."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "src"), *filter(None, sys.path)]))


RunCli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def neurolupus(python_path: None) -> RunCli:
    """`neurolupus("measure", ...)`: the command line in a process of its own."""

    def run(*words: object, module: str = "neurolupus") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", module, *(str(word) for word in words)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)

    return run
