"""The features of every case, kept until the brain network or the code of the features changes."""

import hashlib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import numpy as np
from rows import Described, describe

from cases import load_case


def brain_network() -> str:
    """A short name of the brain network's weights."""
    weights = resources.files("neurolupus.imaging.models").joinpath("brain_network.onnx").read_bytes()
    return hashlib.sha256(weights).hexdigest()[:8]


def described(paths: list[Path], work: Path) -> Iterator[Described]:
    """The features of every case, kept until the brain network or the features change."""
    key = hashlib.sha256((brain_network() + features_code()).encode()).hexdigest()[:8]
    for path in paths:
        case, table = load_case(path), work / "tables" / f"{path.stem}_{key}.npz"
        if not table.exists():
            fresh = describe(case)
            table.parent.mkdir(exist_ok=True)
            with table.with_suffix(".part").open("wb") as file:
                np.savez(file, where=fresh.where.astype(np.int16), table=fresh.table)
            table.with_suffix(".part").replace(table)
        with np.load(table) as saved:
            where, values = saved["where"].astype(np.intp), saved["table"]
        here = tuple(where)
        yield Described(case, where, values, case.truth[here] >= 0.5, ~case.ignore[here])


def features_code() -> str:
    """The text of the code that computes the features."""
    names = ("wmh_features.py", "wmh_surroundings.py", "wmh_sampling.py", "wmh_units.py")
    return "".join(resources.files("neurolupus.imaging").joinpath(name).read_text() for name in names)
