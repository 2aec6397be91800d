"""Whose lesion maps there are to compare: a rater's folder, an output of measure, or a folder of masks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from neurolupus.errors import UsageError
from neurolupus.io.bids import scan_id_of
from neurolupus.io.dataset import derivative_path
from neurolupus.io.faults import Fault, single_fault_error
from neurolupus.io.nifti import read_volume
from neurolupus.io.rater_folder import BRAIN, DRAWN_FOLDER, FLAIR, LABELS, SET_FILE, read_drawn, read_rater_set
from neurolupus.records.rating import UNSURE, WMH
from neurolupus.records.volume import Mask, Volume
from neurolupus.workflows.finished import finished_scans
from neurolupus.workflows.raters_read import scans_of


@dataclass(frozen=True, slots=True)
class MapFiles:
    """The files of one scan: a folder with a drawn label map, or a mask; brain mask and FLAIR where there are any."""

    lesions: Path
    drawn: bool
    brain: Path | None = None
    flair: Path | None = None


@dataclass(frozen=True, slots=True)
class LesionMaps:
    """The lesion maps of one rater or program, by scan; of raters' also two SHA-256 of the export.

    `began_with` is of the model's mask, `given` of the labels that the rater got.
    """

    name: str
    scans: Mapping[str, MapFiles]
    began_with: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class LesionMap:
    """One scan as one rater sees it: hyperintensities, and voxels that could not be decided."""

    grid: Volume
    wmh: Mask
    unsure: Mask


def lesion_maps(path: Path, *, key: Path | None = None) -> LesionMaps:
    """What a folder holds.

    Parameters
    ----------
    path : Path
        What a rater gave back, what `raters read` made of it, an output of `measure`, or a folder of masks named by
        scan (`sub-01_ses-1_anything.nii.gz`).
    key : Path, optional
        Puts the scans' names in place of the codes of a blinded set.

    Raises
    ------
    UsageError
        It is none of these, or two masks are of one scan.
    """
    if not path.is_dir():
        raise UsageError(
            f"{path} is no folder; a rater's folder or an output of measure is needed.\n    Check the path."
        )
    for folder in (path, path / DRAWN_FOLDER):
        if (folder / SET_FILE).is_file():
            return _of_rater(path, folder, key)
    measured = [scan.scan_id for scan in finished_scans(path) if scan.row.get("wmh_ml") is not None]
    if measured:
        ends = {"extension": ".nii.gz"}
        return LesionMaps(
            path.name,
            {
                scan.stem: MapFiles(
                    derivative_path(path, scan, label="WMH", suffix="mask", **ends),
                    drawn=False,
                    brain=derivative_path(path, scan, desc="brain", suffix="mask", **ends),
                    flair=derivative_path(path, scan, space="T1w", desc="preproc", suffix="FLAIR", **ends),
                )
                for scan in measured
            },
        )
    return _of_masks(path)


def read_lesion_map(files: MapFiles, like: Volume | None) -> LesionMap:
    """The map of one scan, on the grid of `like` where one is given.

    Raises
    ------
    ImageError
        The map cannot be read, or lies on another grid.
    """
    if files.drawn:
        found = read_drawn(files.lesions, like)
        if isinstance(found, Fault):
            raise single_fault_error(files.lesions, found)
        return LesionMap(found, found.data == WMH, found.data == UNSURE)
    volume = read_volume(files.lesions)
    values = volume.data
    if not np.isfinite(values).all() or not np.array_equal(values, np.rint(values)) or float(values.min()) < 0:
        fault = Fault("holds fractions or values below 0; a mask of 0 and 1 is needed", "Cut a probability map first.")
        raise single_fault_error(files.lesions, fault)
    several = np.unique(values[values > 0])
    if len(several) > 1:
        told = ", ".join(f"{value:g}" for value in several[:5])
        fault = Fault(
            f"holds the labels {told}; a mask has one",
            f"Give a rater's folder with {SET_FILE}, which says what labels mean, or hyperintensities alone.",
        )
        raise single_fault_error(files.lesions, fault)
    return LesionMap(volume, np.asarray(values > 0), np.zeros(volume.shape, np.bool_))


def _of_rater(path: Path, folder: Path, key: Path | None) -> LesionMaps:
    given = read_rater_set(folder)
    names = {case.name: case.name for case in given.cases}
    if given.blinded and key is not None:
        names = {code: scan.stem for code, scan in scans_of(given, key).items()}
    return LesionMaps(
        given.rater or path.name,
        {
            names[case.name]: MapFiles(
                folder / case.name,
                drawn=True,
                brain=_there(folder / case.name / BRAIN),
                flair=_there(folder / case.name / FLAIR),
            )
            for case in given.cases
        },
        {names[case.name]: case.mask_sha256 for case in given.cases},
        {names[case.name]: case.labels_sha256 for case in given.cases if case.labels_sha256},
    )


def _of_masks(path: Path) -> LesionMaps:
    files = sorted(one for one in path.iterdir() if one.name.endswith((".nii", ".nii.gz")))
    scans: dict[str, MapFiles] = {}
    for file in files:
        stem = scan_id_of(file).stem
        if stem in scans:
            raise UsageError(
                f"{file.name} and {scans[stem].lesions.name} are both of {stem}; one mask of each scan is needed.\n"
                "    Put the masks of one rater into a folder of their own."
            )
        scans[stem] = MapFiles(file, drawn=False)
    if not scans:
        raise UsageError(
            f"{path} holds neither {SET_FILE}, nor measured scans with a FLAIR, nor masks (.nii.gz).\n"
            f"    Give a rater's folder with {LABELS} of each scan, or an output of neurolupus measure."
        )
    return LesionMaps(path.name, scans)


def _there(path: Path) -> Path | None:
    return path if path.is_file() else None
