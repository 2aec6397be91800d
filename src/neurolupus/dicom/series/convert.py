"""One judged series -> one NIfTI file and its sidecar, by dcm2niix in a process and a folder of its own."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurolupus.dicom.series.converted import conversion_faults
from neurolupus.dicom.series.geometry import Grid
from neurolupus.dicom.series.slices import Series
from neurolupus.errors import DicomError, UsageError, lacks_extra

MINUTES = 10.0
LARGEST_IMAGE_BYTES = 4 << 30
LARGEST_SIDECAR_BYTES = 4 << 20
# Texts in a NIfTI-1 header, (offset, length): data_type and db_name, descrip, aux_file, intent_name. dcm2niix writes
# the time of day into descrip, and comments of the images into aux_file.
HEADER_TEXTS = ((4, 28), (148, 80), (228, 24), (328, 16))
# dcm2niix, nii_dicom_batch.h
EXIT_WORDS = {
    1: "it failed", 2: "it found no DICOM image", 4: "it found damaged DICOM images", 5: "it could not read its folder",
    6: "it could not write its folder", 7: "it could not write the image", 8: "it converted only a part",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Converted:
    """A converted series.

    Attributes
    ----------
    nifti_gz : bytes
        The compressed file; texts in its header are blank. The same series gives the same bytes.
    sidecar : mapping
        What dcm2niix told, everything: it must pass an allow-list before it is written.
    """

    nifti_gz: bytes
    sidecar: Mapping[str, object]


def program() -> Path:
    """Where dcm2niix is: that of the Python package, else the one on the PATH.

    Raises
    ------
    UsageError
        There is none.
    """
    try:
        import dcm2niix

        found = Path(dcm2niix.bin)
        if found.exists() or found.with_suffix(".exe").exists():
            return found
    except ImportError:
        pass
    elsewhere = shutil.which("dcm2niix")
    if elsewhere is None:
        raise UsageError(lacks_extra("import", "dcm2niix", "dicom"))
    return Path(elsewhere)


def program_version() -> str:
    """The version of dcm2niix as it tells it; empty when it tells none."""
    command = [str(program()), "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - our own
    words = [word for word in done.stdout.split() if word.startswith("v1.")]
    return words[-1] if words else ""


def convert(series: Series, grid: Grid, *, minutes: float = MINUTES, within: Path | None = None) -> Converted:
    """The image of a series that `judge` has no fault with.

    Parameters
    ----------
    minutes : float
        How long dcm2niix may take.
    within : Path, optional
        Where its files lie meanwhile; by default among the system's temporary files.

    Raises
    ------
    DicomError
        dcm2niix failed or took too long, or what it wrote is not what the DICOM headers say: another shape, voxel size,
        place, side, or other values.
    """
    with tempfile.TemporaryDirectory(prefix="neurolupus-dicom-", dir=within) as name:
        work = Path(name)
        source, out = work / "in", work / "out"
        source.mkdir()
        out.mkdir()
        for number, path in enumerate(dict.fromkeys(one.path for one in series.slices), start=1):
            _bring(path.resolve(), source / f"{number:06d}.dcm")
        _run(source, out, minutes)
        image, told = _written(out, series, grid)
        raw = bytearray(image.read_bytes())
    for start, length in HEADER_TEXTS:
        raw[start : start + length] = bytes(length)
    return Converted(gzip.compress(bytes(raw), compresslevel=6, mtime=0), told)


def _bring(path: Path, link: Path) -> None:
    try:
        link.symlink_to(path)
    except OSError:  # a system that lets only some make links
        shutil.copyfile(path, link)


def _run(source: Path, out: Path, minutes: float) -> None:
    options = ["-g", "i", "-f", "image", "-b", "y", "-ba", "y", "-z", "n", "-x", "n", "-p", "y"]
    command = [str(program()), *options, "-o", str(out), str(source)]
    environment = {"HOME": str(out.parent), "PATH": os.environ.get("PATH", os.defpath), "TMPDIR": str(out.parent)}
    try:
        done = subprocess.run(  # noqa: S603 - no word of it is the header's
            command, capture_output=True, check=False, timeout=60 * minutes, env=environment, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise DicomError(f"dcm2niix took longer than {minutes:g} minutes; try the series alone") from None
    except OSError as error:
        raise DicomError(f"dcm2niix could not be started ({error.strerror})") from None
    if done.returncode:
        # Its words are not told: they may quote the header, and that names the patient.
        raise DicomError(f"dcm2niix ended with {done.returncode}: {EXIT_WORDS.get(done.returncode, 'it failed')}")


def _written(out: Path, series: Series, grid: Grid) -> tuple[Path, dict[str, object]]:
    """The one image that is the series, and what its sidecar tells."""
    images = sorted(out.glob("*.nii"))
    if not images:
        raise DicomError("dcm2niix wrote no image")
    if any(path.stat().st_size > LARGEST_IMAGE_BYTES for path in images):
        raise DicomError("dcm2niix wrote an image that is too large to be one brain")
    faults = {path: conversion_faults(path, series, grid) for path in images}
    good = [path for path in images if not faults[path]]
    if len(good) > 1:
        good = [path for path in good if _is_of(_sidecar(path), series)]
    if len(good) == 1:
        return good[0], _sidecar(good[0])
    if good:
        raise DicomError(f"dcm2niix wrote {len(good)} images that cannot be told apart")
    seen = "; ".join(faults[images[0]])
    more = f" (the first of {len(images)} images)" if len(images) > 1 else ""
    raise DicomError(f"what dcm2niix wrote is not what the headers say{more}: {seen}")


def _sidecar(image: Path) -> dict[str, Any]:
    path = image.with_suffix(".json")
    try:
        if path.stat().st_size > LARGEST_SIDECAR_BYTES:
            return {}
        told = json.loads(path.read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _is_of(told: Mapping[str, Any], series: Series) -> bool:
    """Whether a sidecar speaks of this part of a series: its echo, and no phase."""
    echo, mine = told.get("EchoTime"), series.facts.echo_ms
    if isinstance(echo, (int, float)) and mine is not None and abs(1000 * echo - mine) > 0.05:
        return False
    return "PHASE" not in told.get("ImageType", [])
