"""What a reader of the Dockerfile and the Apptainer definition checks by eye."""

import re
import shlex
import subprocess
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "Dockerfile").read_text()
LINES = [line for line in TEXT.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")]
DEFINITION = (ROOT / "containers" / "neurolupus.def").read_text()


def told(word: str) -> list[str]:
    return [line.partition(" ")[2] for line in LINES if line.startswith(f"{word} ")]


def copied() -> set[str]:
    """What the images are made of."""
    lines = [line for line in told("COPY") if not line.startswith("--from")]
    return {name for line in lines for name in line.split()[:-1]}


def test_each_image_runs_as_a_number_that_is_not_root():
    stages = re.split(r"^FROM ", TEXT, flags=re.M)[1:]
    for stage in stages[1:]:
        users = re.findall(r"^USER (\S+)", stage, re.M)
        assert (users or ["inherited"])[-1] in ("10001:10001", "inherited")
    assert re.findall(r"^USER (\S+)", stages[1], re.M) == ["10001:10001"]


def test_the_default_is_the_bids_app():
    assert re.split(r"^FROM ", TEXT, flags=re.M)[-1].splitlines() == [
        "runtime AS app",
        'ENTRYPOINT ["neurolupus-bids"]',
    ]


def test_nothing_is_fetched_by_other_means_than_pip_and_no_base_is_latest():
    assert told("ADD") == []
    assert not re.search(r"curl|wget|apt-get|latest", TEXT)
    assert re.findall(r"^ARG BASE=(.*)$", TEXT, re.M) == ["python:3.11-slim-bookworm"]
    assert set(re.findall(r"^From: (.*)$", DEFINITION, re.M)) == {"python:3.11-slim-bookworm"}


def test_what_is_copied_exists_and_is_sent_to_the_engine():
    """As the engine reads .dockerignore: the last line that fits decides."""
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    for name in copied():
        assert (ROOT / name).exists(), name
        sent = True
        for rule in rules:
            kept, pattern = rule.startswith("!"), rule.lstrip("!")
            if fnmatch(name, pattern) or name.split("/")[0] == pattern:
                sent = kept
        assert sent, name
    assert rules[0] == "*"


def test_both_files_are_made_of_the_same_and_set_the_same():
    build = DEFINITION.partition("%files")[2].partition("%post")[0]
    files = {line.split()[0] for line in build.splitlines() if line.strip()}
    assert files == copied() - {"containers/healthcheck.py"}
    (line,) = [line for line in told("ENV") if line.startswith("PATH=")]
    docker = dict(word.split("=", 1) for word in shlex.split(line))
    apptainer = dict(re.findall(r"^ +export (\w+)=(.*)$", DEFINITION, re.M))
    assert docker.pop("HOME") == "/tmp"  # Apptainer brings the user's
    assert apptainer == docker


def test_the_installed_extras_are_all_but_the_tests():
    import tomllib

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    script = (ROOT / "containers" / "install.sh").read_text()
    (named,) = re.findall(r"^extras=(.*)$", script, re.M)
    assert set(named.split(",")) == set(extras) - {"test"}
    assert "--constraint" in script
    assert "--only-binary :all:" in script


def test_the_script_is_one_for_a_plain_shell():
    assert subprocess.run(["sh", "-n", ROOT / "containers" / "install.sh"], check=False).returncode == 0
