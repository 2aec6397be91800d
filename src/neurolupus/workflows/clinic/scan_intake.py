"""Scans taken into the store: two uploaded files, a BIDS data set, or what was measured before."""

from __future__ import annotations

import shutil
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neurolupus.errors import Conflict, NeurolupusError, PairingError, UsageError
from neurolupus.io.bids import choose_pair, index_dataset
from neurolupus.io.content import geometry_faults
from neurolupus.io.dataset import scan_folder, write_dataset_description
from neurolupus.io.faults import Fault, check_no_faults
from neurolupus.io.hashing import file_sha256
from neurolupus.io.header import header_or_fault
from neurolupus.io.nifti import shape_faults
from neurolupus.io.results import measured_paths
from neurolupus.records.scan import ScanId
from neurolupus.store.engine import Store
from neurolupus.store.files import hash_folder, note_files
from neurolupus.store.patients import find_patient
from neurolupus.store.scans import FOLDER, Scan, add_scan, list_scans, new_scan_id, set_status
from neurolupus.workflows.clinic.scan_files import MEASURED, RAW, raw_pair, scan_id_of_row
from neurolupus.workflows.clinic.scan_groups import keep_group, table_groups
from neurolupus.workflows.clinic.scan_results import keep_results
from neurolupus.workflows.finished import finished_scans, input_hashes_of, sources_of
from neurolupus.workflows.raters_read import raw_of
from neurolupus.workflows.scan import report_path

MOST_VOXELS = 512**3  # a head at half a millimetre; what is larger is no scan of one
LABEL_LETTERS = 32


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of a folder: ids of new scans, labels of those kept before, and what could not be taken."""

    new: tuple[str, ...]
    known: tuple[str, ...]
    refused: tuple[str, ...]


def take_pair(
    store: Store,
    who: str,
    t1w: Path,
    flair: Path | None,
    scan_id: ScanId,
    *,
    patient: str | None = None,
    acquired: str | None = None,
    hold: bool = False,
) -> str:
    """Keep two files as a scan that waits to be measured, or to be rated before (`hold`); returns its id.

    The headers are looked at and nothing else: what the data are worth is found when they are measured.

    Raises
    ------
    ImageError
        A file is no scan, or claims more than it holds; the faults of both are told together.
    """
    _check_labels(scan_id)
    files = {"T1w": t1w} | ({"FLAIR": flair} if flair is not None else {})
    check_no_faults({f"The {kind}": header_faults(path) for kind, path in files.items()})
    scan = new_scan_id()
    _copy_raw(store, scan, scan_id, files)
    hashed = hash_folder(store.files, f"{FOLDER}/{scan}/{RAW}")
    with store.write(who) as writer:
        add_scan(
            writer, scan_id.participant_id, scan_id.session_id, scan=scan, patient=patient, acquired=acquired,
            status="held" if hold else "queued",
        )  # fmt: skip
        note_files(writer, hashed, patient=patient)
    return scan


def header_faults(path: Path) -> list[Fault]:
    """What keeps a file from being a scan, as far as its header tells."""
    header = header_or_fault(path)
    if isinstance(header, Fault):
        return [header]
    i, j, k = header.volume_shape
    if i * j * k > MOST_VOXELS:
        fault = Fault(f"has {i} x {j} x {k} voxels; at most 512^3 are taken in", "Give the scan of one head.")
        return [fault]
    return [*shape_faults(header), *geometry_faults(header)]


def confined(folder: Path, roots: Sequence[Path]) -> Path:
    """A folder on the server, links followed, if it lies below one of those the server was started with.

    Raises
    ------
    UsageError
        It does not, or it is no folder.
    """
    place = folder.resolve()
    if not any(place.is_relative_to(root.resolve()) for root in roots) or not place.is_dir():
        raise UsageError(
            "That is no folder below those that this server may read.\n"
            "    An administrator names them when the server is started."
        )
    return place


def take_folder(store: Store, who: str, folder: Path, roots: Sequence[Path], *, hold: bool = False) -> TakenIn:
    """Take in every scan of a folder: one that neurolupus measured into, or a BIDS data set to be measured.

    A participant whose label is a patient's pseudonym becomes that patient's scan. Files are copied. A scan that is
    held gets what was measured of the very same images elsewhere.

    Parameters
    ----------
    hold : bool
        Scans of a data set are not measured before they are rated.

    Raises
    ------
    UsageError
        The folder lies elsewhere, or holds no scans.
    """
    place = confined(folder, roots)
    with store.read() as connection:
        kept = {(one.participant, one.session): one for one in list_scans(connection)}
    return (
        _take_measured(store, who, place, roots, kept)
        if measured_paths(place)
        else _take_raw(store, who, place, roots, kept, hold=hold)
    )


def _take_measured(
    store: Store, who: str, place: Path, roots: Sequence[Path], kept: Mapping[tuple[str, str | None], Scan]
) -> TakenIn:
    new, known, refused = [], [], []
    groups = table_groups(_raw_link(place) or place, roots)
    for one in finished_scans(place):
        scan_id = one.scan_id
        before = kept.get((scan_id.participant_id, scan_id.session_id))
        if before is not None and not (before.status == "held" and _is_of(store, before, place)):
            known.append(scan_id.stem)
            continue
        scan = before.id if before else new_scan_id()
        target = store.files / FOLDER / scan / MEASURED
        try:
            _check_labels(scan_id)
            for name in ("anat", "figures"):
                _copy_tree(scan_folder(place, scan_id, name), scan_folder(target, scan_id, name), roots)
            _copy_file(report_path(place, scan_id), report_path(target, scan_id), roots)
            write_dataset_description(target, version=str(one.row.get("version", "")))
            if before is None:
                _copy_sources(store, scan, scan_id, place, roots)
            hashed = hash_folder(store.files, f"{FOLDER}/{scan}")
            with store.write(who) as writer:
                found = find_patient(writer.connection, scan_id.participant_id)
                if before is None:
                    add_scan(
                        writer, scan_id.participant_id, scan_id.session_id, scan=scan,
                        patient=found.id if found else None, status="running",
                    )  # fmt: skip
                elif not set_status(writer, scan, "running", begins=("held",)):
                    raise Conflict("it was taken out of hold meanwhile; nothing was changed")
                keep_results(writer, target, scan_id, scan)
                keep_group(writer, scan, groups.get(scan_id.participant_id))
                note_files(writer, hashed, patient=found.id if found else None)
                set_status(writer, scan, "measured")
            new.append(scan)
        except (NeurolupusError, OSError) as error:
            shutil.rmtree(target if before else store.files / FOLDER / scan, ignore_errors=True)
            refused.append(f"{scan_id.stem}: {error}")
    return TakenIn(tuple(new), tuple(known), tuple(refused))


def _is_of(store: Store, held: Scan, place: Path) -> bool:
    """Whether what was measured in a folder was measured of the images of a held scan, byte for byte."""
    told = sorted(input_hashes_of(place, scan_id_of_row(held)))
    return told == sorted(file_sha256(image) for image in raw_pair(store, held) if image is not None)


def _take_raw(
    store: Store, who: str, place: Path, roots: Sequence[Path], kept: Container[tuple[str, str | None]], *, hold: bool
) -> TakenIn:
    new, known, refused = [], [], []
    groups = table_groups(place, roots)
    for files in index_dataset(place):
        scan_id = files.scan_id
        if (scan_id.participant_id, scan_id.session_id) in kept:
            known.append(scan_id.stem)
            continue
        try:
            t1w, flair = choose_pair(files, need_flair=True)
            assert flair is not None
            for path in (t1w, flair):
                confined(path.resolve().parent, roots)
            with store.read() as connection:
                patient = find_patient(connection, scan_id.participant_id)
            scan = take_pair(store, who, t1w, flair, scan_id, patient=patient.id if patient else None, hold=hold)
            with store.write(who) as writer:
                keep_group(writer, scan, groups.get(scan_id.participant_id))
            new.append(scan)
        except (PairingError, NeurolupusError, OSError) as error:
            refused.append(f"{scan_id.stem}: {error}")
    return TakenIn(tuple(new), tuple(known), tuple(refused))


def _copy_sources(store: Store, scan: str, scan_id: ScanId, place: Path, roots: Sequence[Path]) -> None:
    """The images a measured scan was made from, where they are still found: an edited mask is measured on them."""
    link = _raw_link(place)
    names = sources_of(place, scan_id)[:2]
    if link is None:
        return
    files = {kind: link / name for kind, name in zip(("T1w", "FLAIR"), names, strict=False)}
    inside = [any(path.resolve().is_relative_to(root.resolve()) for root in roots) for path in files.values()]
    if files and all(inside) and all(path.is_file() for path in files.values()):
        _copy_raw(store, scan, scan_id, files)


def _raw_link(place: Path) -> Path | None:
    try:
        return raw_of(place)
    except UsageError:
        return None


def _copy_raw(store: Store, scan: str, scan_id: ScanId, files: dict[str, Path]) -> None:
    """Copies under BIDS names that say nothing of where they came from, with their sidecars."""
    folder = scan_folder(store.files / FOLDER / scan / RAW, scan_id)
    folder.mkdir(parents=True, mode=0o700)
    for kind, path in files.items():
        header = header_or_fault(path)
        extension = ".nii.gz" if not isinstance(header, Fault) and header.compressed else ".nii"
        shutil.copyfile(path, folder / f"{scan_id.stem}_{kind}{extension}")
        sidecar = path.with_name(path.name.removesuffix(".gz").removesuffix(".nii") + ".json")
        if sidecar.is_file():
            shutil.copyfile(sidecar, folder / f"{scan_id.stem}_{kind}.json")


def _copy_tree(source: Path, target: Path, roots: Sequence[Path]) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob("*")):
        _copy_file(path, target / path.name, roots)


def _copy_file(source: Path, target: Path, roots: Sequence[Path]) -> None:
    if source.is_file():
        confined(source.resolve().parent, roots)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _check_labels(scan_id: ScanId) -> None:
    """BIDS labels become names of folders: letters and digits, and not many."""
    for label in (scan_id.participant_id, scan_id.session_id):
        if label is None:
            continue
        if not label.isascii() or not label.isalnum() or len(label) > LABEL_LETTERS:
            raise UsageError(
                f"{label!r} is no label of a participant or session; up to {LABEL_LETTERS} letters and digits are "
                "needed.\n    Leave out blanks, dashes and dots."
            )
