"""Files of other projects are those that were looked at, and each is named with its licence."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

VENDOR = Path(__file__).parents[3] / "src" / "neurolupus" / "web" / "static" / "vendor"
SHA256 = {
    "htmx.min.js": "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717",
    "niivue.js": "d6c2be4feb1ad53b2ac76b4196da8d8fd2263b662b511c55ca0fd127eb6a6532",
}


@pytest.mark.parametrize("name", sorted(SHA256))
def test_a_vendored_file_is_unchanged(name: str) -> None:
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == SHA256[name]


def test_every_vendored_file_is_named_with_its_licence() -> None:
    told = (VENDOR / "README.md").read_text(encoding="utf-8")
    scripts = {path.name for path in VENDOR.glob("*.js")}
    assert scripts == set(SHA256)
    for name in scripts:
        line = next(line for line in told.splitlines() if f"`{name}`" in line)
        licence = line.split("(`")[-1].split("`")[0]
        assert (VENDOR / licence).is_file()
