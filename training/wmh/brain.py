"""Which brain network the cases were made with."""

import hashlib
from importlib import resources


def brain_network() -> str:
    """A short name of the brain network's weights."""
    weights = resources.files("neurolupus.imaging.models").joinpath("brain_network.onnx").read_bytes()
    return hashlib.sha256(weights).hexdigest()[:8]
