"""One scan from its files: read, checked, with all faults of both files told at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from neurolupus.io.content import (
    geometry_faults,
    header_warnings,
    intensity_faults,
    without_background_nan,
    without_negatives,
)
from neurolupus.io.faults import Fault, check_no_faults
from neurolupus.io.header import header_or_fault
from neurolupus.io.nifti import read_stored, to_ras
from neurolupus.io.own_wmh import read_own_wmh
from neurolupus.io.sidecar import Sidecar, acquisition, looks_like, read_sidecar, split_name
from neurolupus.records.scan import Acquisition, ScanId, ScanPair
from neurolupus.records.volume import Volume

Contrast = Literal["T1w", "FLAIR"]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was found in one file; `volume` is None when it has faults."""

    volume: Volume | None
    acquisition: Acquisition
    looks_like: Contrast | None
    faults: tuple[Fault, ...]
    warnings: tuple[str, ...]


def read_pair(
    scan_id: ScanId,
    t1w: Path,
    flair: Path | None,
    *,
    declared_exclusions: tuple[str, ...] = (),
    own_wmh: Path | None = None,
    own_infarct: Path | None = None,
    own_wmh_source: str = "",
) -> ScanPair:
    """The scan of two files, checked; warnings are in the order T1w, FLAIR, pair.

    Parameters
    ----------
    scan_id : ScanId
    t1w, flair : Path
        NIfTI files with their JSON sidecars beside them or above them (BIDS inheritance). `flair` None: the T1w is
        measured alone.
    declared_exclusions : tuple of str
        What the user declared, such as 'tumour': it is passed on.
    own_wmh : Path or None
        A hyperintensity map to use instead of the model; needs a FLAIR.
    own_infarct : Path or None
        A mask of infarct-like lesions that was drawn beside that map.
    own_wmh_source : str
        Who or what made them.

    Raises
    ------
    ImageFileError, ImageContentError
        One error that names every fault of both files and what to do about each.
    """
    paths: dict[Contrast, Path] = {"T1w": t1w} if flair is None else {"T1w": t1w, "FLAIR": flair}
    with ThreadPoolExecutor(len(paths)) as readers:  # gzip leaves Python's lock: both are unpacked at once
        seen = dict(zip(paths, readers.map(_inspect, paths.values()), strict=True))
    faults = {str(paths[contrast]): list(one.faults) for contrast, one in seen.items()}
    if flair is not None and _is_same_image(seen["T1w"], seen["FLAIR"]):
        repeated = Fault("is the same image as the T1w; a FLAIR needed", "Give the FLAIR, or use --no-flair.")
        faults.setdefault(str(flair), []).append(repeated)
    check_no_faults(faults)
    warnings = [
        f"{contrast} ({paths[contrast].name}): {warning}" for contrast, one in seen.items() for warning in one.warnings
    ]
    warnings += _pair_warnings(paths, seen)
    first, second = seen["T1w"], seen.get("FLAIR")
    assert first.volume is not None
    own = infarct = None
    if own_wmh is not None and second is not None and second.volume is not None:
        own = read_own_wmh(own_wmh, first.volume, second.volume)
        warnings += own.warnings
        infarct = read_own_wmh(own_infarct, first.volume, second.volume) if own_infarct else None
    drawn = [path for path, found in ((own_wmh, own), (own_infarct, infarct)) if path and found]
    return ScanPair(
        scan_id=scan_id,
        t1w=first.volume,
        flair=second.volume if second else None,
        t1w_acquisition=first.acquisition,
        flair_acquisition=second.acquisition if second else Acquisition(),
        sources=tuple(source_name(path) for path in (*paths.values(), *drawn)),
        warnings=tuple(warnings),
        declared_exclusions=declared_exclusions,
        own_wmh=own.volume if own else None,
        own_infarct=infarct.volume if infarct else None,
        own_wmh_source=own_wmh_source if own else "",
    )


def source_name(path: Path) -> str:
    """The file's name from its `sub-` folder down, or its bare name outside a BIDS tree; never an absolute path.

    Examples
    --------
    >>> source_name(Path("/data/study/sub-01/ses-1/anat/sub-01_ses-1_T1w.nii.gz"))
    'sub-01/ses-1/anat/sub-01_ses-1_T1w.nii.gz'
    >>> source_name(Path("/home/somebody/T1.nii"))
    'T1.nii'
    """
    parts = path.parts
    for index in range(len(parts) - 2, -1, -1):
        if parts[index].startswith("sub-"):
            return "/".join(parts[index:])
    return path.name


def _inspect(path: Path) -> _Seen:
    header = header_or_fault(path)
    sidecar = read_sidecar(path)
    modality = _modality_faults(sidecar, path)
    if isinstance(header, Fault):
        return _Seen(None, Acquisition(), None, (header, *modality), sidecar.warnings)
    facts, warnings = acquisition(header, sidecar, path)
    faults = [*modality, *geometry_faults(header)]
    likeness = looks_like(sidecar, path)
    stored = read_stored(path, header) if header.dtype is not None else None
    if stored is None or isinstance(stored, Fault):
        faults += [stored] if isinstance(stored, Fault) else []
        return _Seen(None, facts, likeness, tuple(faults), tuple(warnings))
    voxel_volume_ml = float(abs(np.linalg.det(header.affine[:3, :3]))) / 1000
    of_values = intensity_faults(stored, voxel_volume_ml)
    faults += [fault for fault in of_values if not (modality and "CT" in fault.what)]
    if faults:
        return _Seen(None, facts, likeness, tuple(faults), tuple(warnings))
    stored, replaced = without_background_nan(stored)
    stored, lifted = without_negatives(stored)
    warnings += [*header_warnings(header), *(told for told in (replaced, lifted) if told)]
    return _Seen(to_ras(stored, header), facts, likeness, (), tuple(warnings))


def _modality_faults(sidecar: Sidecar, path: Path) -> list[Fault]:
    """CT or PET by the sidecar or by the file's name."""
    modality = sidecar.text("Modality").upper()
    _, suffix, _ = split_name(path.name)
    if modality in ("", "MR", "MRI"):
        modality = suffix.upper() if suffix.lower() in ("ct", "pet") else ""
    if not modality:
        return []
    remedy = f"Give the T1w and FLAIR MR images; {modality} cannot be measured."
    return [Fault(f"is {modality} by its sidecar or name; MR needed", remedy)]


def _is_same_image(t1w: _Seen, flair: _Seen) -> bool:
    a, b = t1w.volume, flair.volume
    return a is not None and b is not None and a.shape == b.shape and np.array_equal(a.data, b.data)


def _pair_warnings(paths: dict[Contrast, Path], seen: dict[Contrast, _Seen]) -> list[str]:
    """Names and sidecars that contradict what the files were given as."""
    warnings = []
    wrong = [contrast for contrast, one in seen.items() if one.looks_like not in (None, contrast)]
    if len(wrong) == 2:
        names = f"{paths['T1w'].name} and {paths['FLAIR'].name}"
        warnings.append(f"T1w and FLAIR look swapped, by sidecar or name ({names}): check which is which")
    else:
        warnings += [
            f"{contrast} ({paths[contrast].name}): looks like a {seen[contrast].looks_like}, by sidecar or name"
            for contrast in wrong
        ]
    subjects = {contrast: split_name(path.name)[0].get("sub") for contrast, path in paths.items()}
    known = {subject for subject in subjects.values() if subject}
    if len(known) > 1:
        warnings.append(f"T1w and FLAIR have the names of two participants: {', '.join(sorted(known))}")
    return warnings
