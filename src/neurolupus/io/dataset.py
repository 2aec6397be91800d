"""The derivative data set that neurolupus writes: its file names and its description."""

import json
import os
from pathlib import Path

from neurolupus.errors import UsageError
from neurolupus.io.atomic import write_json, write_text
from neurolupus.records.scan import ScanId

BIDS_VERSION = "1.9.0"
# The order of the entities in a file name: BIDS 1.9.0, appendix "Entity table"; from, to, mode: fMRIPrep's transforms.
ENTITY_ORDER = ("from", "to", "mode", "space", "res", "label", "desc")
# What the validator knows no name for; the images themselves all have names that it accepts.
IGNORED = (
    "*.html",
    "*_xfm.*",
    "*_volumes.json",
    "*_provenance.json",
    "volumes.*",
    "wmh_methods.*",
    "wmh_threshold.json",
    "changes.*",
    "change/",
    "figures/",
    "logs/",
    "work/",
)
README = """Brain volumes measured by neurolupus.

volumes.tsv            one row per scan; volumes.json says what each column means
sub-*/[ses-*/]anat/    images on the grid of each T1w, axes in RAS+ order
  *_desc-preproc_T1w           T1w, intensity non-uniformity removed
  *_space-T1w_desc-preproc_FLAIR   FLAIR on the grid of the T1w
  *_desc-filled_T1w            T1w with hyperintensities filled
  *_desc-brain_mask            brain: tissue, ventricles, fluid within sulci
  *_desc-intracranial_mask     intracranial space: its volume is tiv_ml
  *_label-{GM,WM,CSF}_probseg  tissue fractions
  *_dseg                       likeliest tissue: 1 GM, 2 WM, 3 CSF
  *_label-WMH_probseg, *_label-WMH_mask    white matter hyperintensities
  *_desc-lesions_dseg          hyperintensities numbered; the .tsv lists them
  *_from-FLAIR_to-T1w_mode-image_xfm.txt   ITK transform; the .json beside it tells its direction
  *_volumes.json               all numbers and warnings of the scan; it is written last
  *_provenance.json            inputs, versions, times

For research; not a medical device.
"""


def check_output(out: Path) -> None:
    """Whether an output folder is there: a wrong path is told as one, and not as an output without scans.

    Raises
    ------
    UsageError
        It is not.
    """
    if not out.is_dir():
        raise UsageError(f"{out} is no folder; an output of neurolupus measure is needed.\n    Check the path.")


def scan_folder(out: Path, scan_id: ScanId, folder: str = "anat") -> Path:
    """`OUT/sub-01/ses-1/anat`, or without the session's folder."""
    parts = [f"sub-{scan_id.participant_id}", *([f"ses-{scan_id.session_id}"] if scan_id.session_id else []), folder]
    return out.joinpath(*parts)


def derivative_name(scan_id: ScanId, *, suffix: str, extension: str, **entities: str) -> str:
    """A BIDS derivative file name; entities may come in any order.

    Examples
    --------
    >>> derivative_name(ScanId("01"), suffix="mask", extension=".nii.gz", desc="brain")
    'sub-01_desc-brain_mask.nii.gz'
    """
    named = {key.rstrip("_"): value for key, value in entities.items() if value}
    unknown = set(named) - set(ENTITY_ORDER)
    if unknown:
        raise ValueError(f"Entities {sorted(unknown)} have no place in a name; known are {ENTITY_ORDER}.")
    pairs = [f"{key}-{named[key]}" for key in ENTITY_ORDER if key in named]
    return "_".join([scan_id.stem, *pairs, suffix]) + extension


def derivative_path(
    out: Path, scan_id: ScanId, *, folder: str = "anat", suffix: str, extension: str, **entities: str
) -> Path:
    """Where a derivative of a scan lies under `out`.

    Parameters
    ----------
    out : Path
    scan_id : ScanId
    folder : str
        `anat`, `figures` ...
    suffix, extension : str
        `mask`, `.nii.gz`.
    **entities : str
        `space`, `res`, `label`, `desc`; `from_`, `to`, `mode` for transforms.
    """
    name = derivative_name(scan_id, suffix=suffix, extension=extension, **entities)
    return scan_folder(out, scan_id, folder) / name


def write_dataset_description(
    out: Path, *, version: str, source: Path | None = None, name: str = "neurolupus: brain volumes"
) -> None:
    """Write `dataset_description.json`, `.bidsignore` and, unless there is one, `README` of the derivative data set.

    Parameters
    ----------
    out : Path
    version : str
        Of neurolupus.
    source : Path or None
        The BIDS data set that was measured; it is named relative to `out`.

    Raises
    ------
    UsageError
        `out` already is a data set that neurolupus did not make, such as the raw one.
    """
    check_own_dataset(out)
    description: dict[str, object] = {
        "Name": name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "neurolupus", "Version": version}],
    }
    if source is not None:
        link = _relative(source, out)
        if link:
            description["DatasetLinks"] = {"raw": link}
    write_json(out / "dataset_description.json", description)
    write_text(out / ".bidsignore", "".join(f"{pattern}\n" for pattern in IGNORED))
    if not (out / "README").exists():
        write_text(out / "README", README)


def check_own_dataset(out: Path) -> None:
    """Raise UsageError when `out` is a data set that neurolupus did not make."""
    path = out / "dataset_description.json"
    if not path.is_file():
        return
    try:
        described = json.loads(path.read_text(encoding="utf-8-sig"))
        makers = [maker.get("Name") for maker in described.get("GeneratedBy", [])]
    except (OSError, ValueError, AttributeError, TypeError):
        makers = []
    if "neurolupus" not in makers:
        raise UsageError(
            f"{out} is a data set that neurolupus did not make ({path.name} does not name it).\n"
            f"    Write elsewhere, for example to {out / 'derivatives' / 'neurolupus'}"
        )


def _relative(source: Path, out: Path) -> str | None:
    """The way from `out` to `source` with forward slashes; None on another drive."""
    try:
        return Path(os.path.relpath(source.resolve(), out.resolve())).as_posix()
    except ValueError:
        return None
