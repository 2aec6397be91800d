"""A measured data set written again without faces: read, find the face, clear it, write."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from neurolupus import __version__
from neurolupus.errors import NeurolupusError, PairingError, UsageError
from neurolupus.imaging.atlas_fit import fit_atlas
from neurolupus.imaging.brain import map_head
from neurolupus.imaging.deface import MARGIN_MM, FaceRegion, air_level, face_region
from neurolupus.imaging.masks import is_skull_stripped
from neurolupus.io.atomic import replacing, write_json
from neurolupus.io.bids import index_dataset
from neurolupus.io.dataset import check_own_dataset, derivative_path, scan_folder
from neurolupus.io.hashing import file_sha256
from neurolupus.io.masked_copy import write_masked_copy
from neurolupus.io.nifti import read_image_header, read_labels, read_volume
from neurolupus.io.pair import source_name
from neurolupus.io.results import volumes_path
from neurolupus.io.shared_dataset import shared_sidecar, write_shared_dataset
from neurolupus.io.transforms import read_points_text
from neurolupus.records.scan import ScanId
from neurolupus.records.volume import Affine, Mask, Volume, check_same_grid
from neurolupus.report.surface import before_and_after
from neurolupus.workflows.finished import sources_of

FACTS = "NeurolupusDeface"  # in the sidecar of each image
Status = Literal["done", "unchanged", "no face", "failed"]


@dataclass(frozen=True, slots=True)
class Defaced:
    """What became of one scan.

    Attributes
    ----------
    name : str
    status : str
        `done`; `unchanged`: done by an earlier run; `no face`: skull-stripped before, copied as it is; `failed`.
    cleared_ml, kept_ml : float or None
        Of the T1w's head (what is not background): what was cleared of it, and what is left.
    reason : str
    """

    name: str
    status: Status
    cleared_ml: float | None = None
    kept_ml: float | None = None
    reason: str = ""

    def summary(self) -> dict[str, Any]:
        """As data."""
        return asdict(self)


def deface_dataset(
    root: Path,
    measured: Path,
    out: Path,
    *,
    participants: Sequence[str] = (),
    sessions: Sequence[str] = (),
    margin_mm: float = MARGIN_MM,
    pictures: Path | None = None,
    total: Callable[[int], None] = lambda _: None,
    seen: Callable[[Defaced], None] = lambda _: None,
) -> tuple[Defaced, ...]:
    """Write every measured scan of a data set without its face; one that fails never stops the others.

    Parameters
    ----------
    root, measured : Path
        The BIDS data set, and what `neurolupus measure` wrote of it.
    out : Path
        The data set to be shared; scans that are there already, of the same files, margin and version, stay.
    participants, sessions : sequences of str
        Labels to keep; empty: all.
    margin_mm : float
        What is kept around the intracranial space.
    pictures : Path, optional
        Where pictures of each head before and after go; among the figures of `measured` by default, never in `out`.

    Raises
    ------
    UsageError
        The folders lie in one another, or `out` is something else.
    """
    _check_places(root, measured, out, pictures)
    scans = index_dataset(root, participants=participants, sessions=sessions)
    total(len(scans))
    done: list[Defaced] = []
    for scan in scans:
        try:
            one = _deface(root, measured, out, scan.scan_id, margin_mm, pictures)
        except NeurolupusError as error:
            one = Defaced(scan.scan_id.stem, "failed", reason=str(error))
        done.append(one)
        seen(one)
    whole = {scan.scan_id.participant_id for scan, one in zip(scans, done, strict=True) if one.status != "failed"}
    there = {folder.name.removeprefix("sub-") for folder in out.glob("sub-*")}
    write_shared_dataset(root, out, whole | there, version=__version__)
    return tuple(done)


def _deface(root: Path, measured: Path, out: Path, scan_id: ScanId, margin_mm: float, pictures: Path | None) -> Defaced:
    sources = _sources(root, measured, scan_id)
    facts = {name: _facts(path, margin_mm) for name, path in sources.items()}
    folder = scan_folder(out, scan_id)
    if all(_is_there(folder / path.name, facts[name]) for name, path in sources.items()):
        return Defaced(scan_id.stem, "unchanged")
    t1w = read_volume(sources["T1w"])
    t1w = t1w.with_data(np.nan_to_num(t1w.data, posinf=0.0, neginf=0.0))
    mask = read_labels(derivative_path(measured, scan_id, desc="intracranial", suffix="mask", extension=".nii.gz"))
    check_same_grid(t1w, mask, ("the T1w", "its intracranial mask"), scan_id.stem)
    inside = mask.data > 0
    if is_skull_stripped(t1w, inside):
        for name, path in sources.items():
            shape = read_image_header(path).volume_shape
            _write(path, folder, np.zeros(shape, np.bool_), facts[name], {"ClearedMl": 0.0})
        reason = "the T1w holds the brain only; copied as it is"
        return Defaced(scan_id.stem, "no face", 0.0, _head_ml(t1w, None), reason)
    region = face_region(t1w, inside, fit_atlas(map_head(t1w)), margin_mm=margin_mm)
    cleared = region.on(t1w)
    cleared_ml = _head_ml(t1w, cleared)
    kept_ml = _head_ml(t1w, None) - cleared_ml
    for name, path in sources.items():
        to_t1w = None if name == "T1w" else _flair_to_t1w(measured, scan_id)
        told = {"ClearedMl": round(cleared_ml, 1), "KeptMl": round(kept_ml, 1)} if name == "T1w" else {}
        _write(path, folder, _on_file(region, path, to_t1w), facts[name], told)
    _draw(t1w, cleared, pictures or scan_folder(measured, scan_id, "figures"), scan_id)
    return Defaced(scan_id.stem, "done", round(cleared_ml, 1), round(kept_ml, 1))


def _sources(root: Path, measured: Path, scan_id: ScanId) -> dict[str, Path]:
    """The T1w and, where one was measured, the FLAIR, which must be the files that were measured."""
    if not volumes_path(measured, scan_id).is_file():
        raise PairingError(f"{scan_id.stem} is not measured in {measured}.\n    Measure it first: neurolupus measure")
    paths = dict(zip(("T1w", "FLAIR"), (root / name for name in sources_of(measured, scan_id)), strict=False))
    told = _hashes(measured, scan_id)
    for path in paths.values():
        if not path.is_file():
            raise PairingError(f"{path}, from which {scan_id.stem} was measured, is gone.\n    Bring it back.")
        if told.get(source_name(path)) != file_sha256(path):
            raise PairingError(
                f"{path.name} is not the file that was measured; its mask may not fit.\n    Measure the scan again."
            )
    return paths


def _hashes(measured: Path, scan_id: ScanId) -> Mapping[str, str]:
    path = derivative_path(measured, scan_id, suffix="provenance", extension=".json")
    try:
        found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))["input_sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        raise PairingError(f"{path.name} is missing or damaged.\n    Measure the scan again.") from None
    return found


def _flair_to_t1w(measured: Path, scan_id: ScanId) -> Affine:
    path = derivative_path(
        measured, scan_id, suffix="xfm", extension=".txt", from_="FLAIR", to="T1w", mode="image", desc="pointsRAS"
    )
    try:
        return read_points_text(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise PairingError(f"{path.name} is missing or damaged.\n    Measure the scan again.") from None


def _on_file(region: FaceRegion, path: Path, to_t1w: Affine | None) -> Mask:
    """The region in the order of a file's own axes."""
    header = read_image_header(path)
    return region.on(Volume(np.broadcast_to(np.uint8(0), header.volume_shape), header.affine), to_t1w)


def _facts(path: Path, margin_mm: float) -> dict[str, object]:
    return {"Version": __version__, "MarginMm": margin_mm, "SourceSHA256": file_sha256(path)}


def _is_there(image: Path, facts: Mapping[str, object]) -> bool:
    try:
        told = json.loads(_sidecar(image).read_text(encoding="utf-8"))[FACTS]
        return image.is_file() and all(told.get(name) == value for name, value in facts.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _write(path: Path, folder: Path, clear: Mask, facts: Mapping[str, object], told: Mapping[str, object]) -> None:
    """The image, then its sidecar, by which a later run knows that the image is whole."""
    write_masked_copy(path, folder / path.name, clear)
    write_json(_sidecar(folder / path.name), {**shared_sidecar(path), FACTS: {**facts, **told}})


def _sidecar(image: Path) -> Path:
    return image.with_name(f"{image.name.partition('.')[0]}.json")


def _head_ml(t1w: Volume, within: Mask | None) -> float:
    """Volume of what is not background, in ml."""
    head = t1w.data > air_level(t1w)
    return float(np.count_nonzero(head if within is None else head & within)) * t1w.voxel_volume_ml


def _draw(t1w: Volume, cleared: Mask, folder: Path, scan_id: ScanId) -> None:
    with replacing(folder / f"{scan_id.stem}_deface.png") as stream:
        after = t1w.with_data(np.where(cleared, 0, t1w.data))
        stream.write(before_and_after(t1w, after, level=air_level(t1w)))


def _check_places(root: Path, measured: Path, out: Path, pictures: Path | None) -> None:
    new = out.resolve()
    for old in (root.resolve(), measured.resolve()):
        # OUT below BIDS_DIR/derivatives is a habit; but what is shared must not lie among faces
        if new.is_relative_to(old) or old.is_relative_to(new):
            raise UsageError(
                f"{out} and {old.name} lie in one another; faces and what is shared must be apart.\n"
                "    Name an output folder elsewhere."
            )
    if pictures is not None and pictures.resolve().is_relative_to(new):
        raise UsageError(f"{pictures} lies in {out}; the pictures show faces.\n    Keep them elsewhere.")
    check_own_dataset(out)
    if out.exists() and any(out.iterdir()) and not (out / "dataset_description.json").is_file():
        raise UsageError(f"{out} is not empty and no data set of neurolupus.\n    Name a new folder.")
