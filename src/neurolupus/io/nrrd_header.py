"""NrrdHeader: what an NRRD file claims to hold, looked at before its data are read.

The format: https://teem.sourceforge.net/nrrd/format.html. Read is what 3D Slicer and ITK write of labels: an attached
header, whole numbers, raw or gzip, with or without a first axis of layers.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neurolupus.io.faults import Fault
from neurolupus.io.inflate import LARGEST_EXPANSION
from neurolupus.io.transforms import LPS
from neurolupus.records.volume import Affine

MOST_HEADER_BYTES = 1 << 20
MOST_VOXELS = 1024**3  # in all layers
MAGIC = re.compile(r"NRRD000[1-5]")
AGAIN = "Save the segmentation again from 3D Slicer."
TYPES: Mapping[str, str] = {
    **dict.fromkeys(("signed char", "int8", "int8_t"), "i1"),
    **dict.fromkeys(("uchar", "unsigned char", "uint8", "uint8_t"), "u1"),
    **dict.fromkeys(("short", "short int", "signed short", "signed short int", "int16", "int16_t"), "i2"),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), "u2"),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t"), "i4"),
    **dict.fromkeys(("uint", "unsigned int", "uint32", "uint32_t"), "u4"),
}
SPACES: Mapping[str, Affine] = {
    **dict.fromkeys(("left-posterior-superior", "lps"), LPS),
    **dict.fromkeys(("right-anterior-superior", "ras"), np.eye(4)),
    **dict.fromkeys(("left-anterior-superior", "las"), np.diag([-1.0, 1.0, 1.0, 1.0])),
}


@dataclass(frozen=True, slots=True)
class NrrdHeader:
    """What the header of an NRRD file says.

    Parameters
    ----------
    sizes : (int, int, int)
        Voxels along the three spatial axes, fastest first.
    layers : int or None
        Length of the first axis, when it is a list of images; None: there is no such axis.
    affine : (4, 4) float array
        Stored voxel indices to RAS+ mm.
    keys : mapping
        The key/value pairs (`key:=value`).
    """

    sizes: tuple[int, int, int]
    layers: int | None
    dtype: np.dtype[Any]
    compressed: bool
    affine: Affine
    keys: Mapping[str, str]
    data_start: int

    @property
    def data_bytes(self) -> int:
        """Length of the data once unpacked."""
        i, j, k = self.sizes
        return i * j * k * (self.layers or 1) * self.dtype.itemsize


def read_nrrd_header(path: Path) -> NrrdHeader | Fault:
    """The header of an NRRD file, or what keeps it from being read.

    Raises
    ------
    OSError
        The file cannot be opened.
    """
    with path.open("rb") as stream:
        start = stream.read(MOST_HEADER_BYTES)
    end = re.search(rb"\r?\n\r?\n", start)
    if not MAGIC.match(start[:8].decode("ascii", "replace")) or end is None:
        return Fault("is no NRRD file with its header inside", AGAIN, unreadable=True)
    fields, keys = _lines(start[: end.start()].decode("utf-8", "replace"))
    try:
        header = _interpret(fields, keys, end.end())
    except (KeyError, ValueError) as error:
        seen = f"'{error.args[0]}' is missing" if isinstance(error, KeyError) else str(error)
        return Fault(f"has a header that cannot be used: {seen}", AGAIN, unreadable=True)
    held = path.stat().st_size - header.data_start
    most = held * LARGEST_EXPANSION if header.compressed else held
    if header.data_bytes > most:
        seen = f"claims {header.data_bytes:,} bytes of data and holds {held:,}"
        return Fault(seen, AGAIN, unreadable=True)
    return header


def _lines(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Fields (`field: description`, in lower case) and keys (`key:=value`) of a header's text."""
    fields: dict[str, str] = {}
    keys: dict[str, str] = {}
    for line in text.splitlines()[1:]:
        if line.startswith("#"):
            continue
        key, is_key, value = line.partition(":=")
        if is_key:
            keys[key] = value
        else:
            name, _, description = line.partition(":")
            fields[name.strip().lower()] = description.strip()
    return fields, keys


def _interpret(fields: Mapping[str, str], keys: Mapping[str, str], data_start: int) -> NrrdHeader:
    for name in ("data file", "datafile"):
        if name in fields:
            raise ValueError(f"its data lie in another file ({fields[name][:40]})")
    for name in ("line skip", "lineskip", "byte skip", "byteskip"):
        if fields.get(name, "0") != "0":
            raise ValueError(f"'{name}: {fields[name][:40]}'; 0 is needed")
    sizes = _numbers(fields, "sizes", int)
    dimension = _numbers(fields, "dimension", int)[0]
    if dimension != len(sizes) or dimension not in (3, 4) or min(sizes) < 1:
        raise ValueError(f"'dimension: {dimension}' with 'sizes: {sizes}'; 3 axes are needed, or 4 with layers first")
    if int(np.prod(sizes, dtype=object)) > MOST_VOXELS:
        raise ValueError(f"'sizes: {sizes}'; at most 1024^3 voxels are read")
    type_, encoding = fields["type"].lower(), fields["encoding"].lower()
    if type_ not in TYPES:
        raise ValueError(f"'type: {type_[:40]}'; whole numbers of up to 32 bits are needed")
    if encoding not in ("raw", "gz", "gzip"):
        raise ValueError(f"'encoding: {encoding[:40]}'; raw or gzip is needed")
    dtype = np.dtype(TYPES[type_])
    if dtype.itemsize > 1:
        if fields["endian"] not in ("little", "big"):
            raise ValueError(f"'endian: {fields['endian'][:40]}'; little or big is needed")
        dtype = dtype.newbyteorder("<" if fields["endian"] == "little" else ">")
    i, j, k = sizes[-3:]
    layers = sizes[0] if dimension == 4 else None
    return NrrdHeader((i, j, k), layers, dtype, encoding != "raw", _affine(fields, dimension), keys, data_start)


def _affine(fields: Mapping[str, str], dimension: int) -> Affine:
    space = fields["space"].lower()
    if space not in SPACES:
        raise ValueError(f"'space: {space[:40]}'; left-posterior-superior is needed")
    axes = re.findall(r"none|\([^)]*\)", fields["space directions"])
    if len(axes) != dimension or (dimension == 4 and axes[0] != "none") or "none" in axes[-3:]:
        raise ValueError(f"'space directions: {fields['space directions'][:80]}'; one of each spatial axis is needed")
    matrix = np.eye(4)
    for column, text in enumerate((*axes[-3:], fields["space origin"])):
        vector = [float(number) for number in text.strip("()").split(",")]
        if len(vector) != 3:
            raise ValueError(f"'{text[:40]}' where a vector of three is needed")
        matrix[:3, column] = vector
    if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix[:3, :3])) < 1e-9:
        raise ValueError("its space directions are no three independent axes")
    affine: Affine = SPACES[space] @ matrix
    return affine


def _numbers(fields: Mapping[str, str], name: str, kind: Callable[[str], int]) -> list[int]:
    try:
        return [kind(one) for one in fields[name].split()] or [0]
    except ValueError:
        raise ValueError(f"'{name}: {fields[name][:40]}'; whole numbers are needed") from None
