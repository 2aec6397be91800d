"""The steps of the Dockerfile without an engine: installed as it does, run as it would be.

What no test here can tell is whether an engine understands the file; what it installs and how that runs, these tell.
"""

from __future__ import annotations

import csv
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
USER = 10001

pytestmark = pytest.mark.slow


def settings() -> dict[str, str]:
    """The environment of the image."""
    (line,) = re.findall(r"^ENV (PATH=.*)$", DOCKERFILE, re.M)
    return dict(word.split("=", 1) for word in shlex.split(line))


@pytest.fixture(scope="module")
def image() -> Iterator[Path]:
    """A folder with what the build stage leaves; others than its owner can read it."""
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("setpriv"):
        pytest.skip("needs root on Linux, for namespaces and another user")
    if subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no namespaces of its own can be had here")
    folder = Path(tempfile.mkdtemp(prefix="nl-image-", dir="/var/tmp"))  # /tmp is the container's own
    try:
        folder.chmod(0o755)
        copied_as_the_dockerfile_does(folder / "source")
        words = ["sh", folder / "source/containers/install.sh", folder / "source", folder / "neurolupus"]
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        made = subprocess.run(
            words, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False, timeout=1800
        )
        if "No matching distribution found for hatchling" in made.stderr:
            pytest.skip("no package index can be reached")
        assert made.returncode == 0, made.stderr[-3000:]
        yield folder
    finally:  # tens of thousands of files: nobody has to wait for that
        subprocess.run(["sh", "-c", f"setsid rm -rf {shlex.quote(str(folder))} &"], check=False)


def copied_as_the_dockerfile_does(source: Path) -> None:
    """Copy what the COPY lines of the build stage name, and nothing else."""
    build = DOCKERFILE.partition(" AS build")[2].partition("\nFROM ")[0]
    for line in re.findall(r"^COPY (.*)$", build, re.M):
        *names, target = line.split()
        for name in names:
            place = source / target / (ROOT / name).name if len(names) > 1 or target.endswith("/") else source / target
            place.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, place)


def confined(image: Path, out: Path, words: Sequence[object]) -> list[str]:
    """A command as the image's user, without network, where nothing but `out` and an empty /tmp can be written."""
    environment = settings()
    environment["PATH"] = environment["PATH"].replace("/opt/neurolupus", str(image / "neurolupus"))
    inside = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs", "env", "-i"]
    inside += [f"{name}={value}" for name, value in environment.items()]
    inside += [str(word) for word in words]
    script = f"""
        set -e
        mount --make-rprivate /
        mount --bind {shlex.quote(str(out))} {shlex.quote(str(out))}
        {_seen(image)}
        {_python_for_everybody()}
        mount --options remount,bind,ro /
        mount --types tmpfs tmpfs /tmp
        ip link set lo up 2>/dev/null || true
        cd /tmp
        exec {shlex.join(inside)}
    """
    return ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script]


def _seen(image: Path) -> str:
    """Shell lines that show what the tests read under names that no later mount hides: the clone may lie in /tmp."""
    shown = {"containers": ROOT / "containers", "scans": ROOT.parent / "shared/data/mri/ms-longitudinal"}
    lines = []
    for name, folder in shown.items():
        (image / name).mkdir(exist_ok=True)
        if folder.is_dir():
            lines.append(f"mount --bind {shlex.quote(str(folder.resolve()))} {shlex.quote(str(image / name))}")
    return "\n        ".join(lines)


def _python_for_everybody() -> str:
    """Shell lines that show the Python of the tests to every user, where it lies in somebody's home."""
    python = Path(sys.base_prefix)
    closed = [folder for folder in python.parents if not folder.stat().st_mode & 0o001]
    if not closed:
        return ""
    home, kept = shlex.quote(str(closed[-1])), shlex.quote(str(python))
    return f"""
        mount --types tmpfs tmpfs /mnt && mkdir /mnt/python && mount --bind {kept} /mnt/python
        mount --types tmpfs --options mode=755 tmpfs {home} && mkdir -p {kept} && mount --bind /mnt/python {kept}
    """


Confined = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def out() -> Iterator[Path]:
    with _folder_of_the_user() as folder:
        yield folder


@contextmanager
def _folder_of_the_user() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="nl-out-", dir="/var/tmp"))
    try:
        os.chown(folder, USER, USER)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def run(image: Path, out: Path) -> Confined:
    """Run a command in it to its end."""

    def call(*words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(confined(image, out, words), capture_output=True, text=True, check=False, timeout=580)

    return call


def test_the_confinement_is_real(run: Confined):
    said = run(
        "sh",
        "-c",
        "id -u; touch /var/tmp/x 2>&1; python -c 'import socket; socket.create_connection((\"1.1.1.1\", 53), 3)'",
    )
    assert said.stdout.startswith(f"{USER}\n")
    assert "Read-only file system" in said.stdout
    assert "Network is unreachable" in said.stderr


def test_both_commands_are_those_of_the_image(image: Path, run: Confined):
    where = run("python", "-c", "import neurolupus; print(neurolupus.__file__)").stdout
    assert where.startswith(str(image / "neurolupus"))
    assert run("neurolupus-bids", "--version").stdout.startswith("neurolupus ")
    assert run("neurolupus", "--help").returncode == 0
    assert shutil.which("dcm2niix", path=str(image / "neurolupus/bin"))


def test_a_scan_is_measured_without_network_by_nobody_in_particular(
    image: Path, run: Confined, out: Path, shared: Path
):
    done = run("neurolupus-bids", image / "scans", out, "participant", "--participant-label", "20")
    assert done.returncode == 0, done.stderr
    with (out / "volumes.tsv").open() as file:
        (row,) = csv.DictReader(file, delimiter="\t")
    assert 1000 < float(row["tiv_ml"]) < 2200
    assert (out / "volumes.tsv").stat().st_uid == USER


SWEEP = """
import os
import numpy as np
from neurolupus.stats.concordance import _compiled
_compiled()(np.array([0, 1]), np.array([True, False]), np.zeros(2, int), np.array([0, 1]), np.ones(2))
print(os.listdir("/tmp/numba"))
"""


def test_compiled_code_is_kept_where_it_can_be_written(run: Confined):
    done = run("python", "-c", SWEEP)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("['stats_"), done.stdout  # numba names the folder after that of the module


def test_the_servers_health_is_seen(image: Path, out: Path):
    check = ["python", image / "containers/healthcheck.py"]
    script = f"""
        neurolupus serve --store {out}/store & server=$!
        for second in $(seq 60); do
            if {shlex.join(str(word) for word in check)}; then echo healthy after $second s; break; fi
            sleep 1
        done
        kill $server; wait $server
        {shlex.join(str(word) for word in check)} || echo ill when it is gone
    """
    words = confined(image, out, ["sh", "-c", script])
    told = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120).stdout
    assert re.search(r"healthy after \d+ s\nill when it is gone", told)
