"""A measurement that does nothing but write its files, as large as real ones; it imports little."""

import json
import random
from collections.abc import Callable
from pathlib import Path

Payload = tuple[Path, str, Path]  # output folder, participant, a volumes file to vary

PICTURE_BYTES = {"thumbnail": 8_000, "example": 90_000}  # of real scans


def measure_nothing(payload: Payload, progress: Callable[[str], None]) -> list[Path]:
    """Write the files by which a scan counts as measured; the numbers vary by chance."""
    out, name, template = payload
    progress("write")
    draw = random.Random(name)
    told = json.loads(template.read_text())
    told["participant_id"] = name
    told["warnings"] = ["one of twenty has a warning"] if draw.random() < 0.05 else []
    for item in told["measurements"].values():
        item["value"] *= draw.lognormvariate(0, 0.3)
    anat, figures = out / name / "anat", out / name / "figures"
    anat.mkdir(parents=True, exist_ok=True)
    figures.mkdir(exist_ok=True)
    written = {anat / f"{name}_volumes.json": json.dumps(told).encode(), out / f"{name}.html": b"<!doctype html>"}
    written |= {figures / f"{name}_{kind}.png": draw.randbytes(size) for kind, size in PICTURE_BYTES.items()}
    for path, content in written.items():
        path.write_bytes(content)
    return list(written)
