"""The folder a rater works in: label maps, colours for programs, the list of scans, the key; the masks to measure."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from neurolupus.errors import TableError, UsageError
from neurolupus.io.atomic import write_json, write_text
from neurolupus.io.delimited import MISSING, read_tsv
from neurolupus.io.faults import Fault
from neurolupus.io.nifti import read_labels, read_volume, write_volume
from neurolupus.io.own_wmh import EDIT_FIELD, SAME_GRID_MM
from neurolupus.io.seg_nrrd import read_seg_nrrd
from neurolupus.records.rating import INFARCT, LABEL_VALUES, RATER_LABELS, WMH, RaterCase, RaterSet
from neurolupus.records.scan import ScanId
from neurolupus.records.volume import Labels, Mask, Volume, is_same_grid

DRAWN_FOLDER = Path("sourcedata") / "rater"  # in a rater's own output of measure
SET_FILE, RATINGS_FILE = "raters.json", "ratings.tsv"
LABELS, T1W, FLAIR, BRAIN = "labels.nii.gz", "T1w.nii.gz", "FLAIR.nii.gz", "brain.nii.gz"
SEGMENTATION = "labels.seg.nrrd"  # of 3D Slicer
DRAWN_NAMES = (LABELS, LABELS.removesuffix(".gz"), SEGMENTATION)
RATING_COLUMNS = ("participant_id", "session_id", "rater", "map", "rating")
KEY_COLUMNS = ("code", "participant_id", "session_id")

README = """Hyperintensities to draw

Each folder holds one scan on one grid: T1w.nii.gz, FLAIR.nii.gz and {file}, the map to edit.
{start}

{labels}

{how}

Leave the grid and the names as they are. Do not look at another rater's maps, nor at clinical data.
ratings.tsv is for grades: write your name under rater, and a grade for each map under rating.
brain.nii.gz and raters.json are for the comparison; do not change them. Faces are not removed from the images.
"""
STARTS = {
    "model": "It holds what the model found: correct it. Mind that it leads the eye.",
    "empty": "It is empty: draw every hyperintensity yourself.",
}
HOW = {
    LABELS: """ITK-SNAP   open FLAIR.nii.gz as main image, add T1w.nii.gz, load labels.nii.gz as segmentation;
           Segmentation > Import Label Descriptions: labels_itksnap.txt. Save the segmentation as labels.nii.gz.
3D Slicer  load the images, and labels.nii.gz as Segmentation with the colours of labels_slicer.ctbl; edit it;
           in Segmentations, export to a labelmap with that colour table and reference FLAIR, save as labels.nii.gz.""",
    SEGMENTATION: """3D Slicer  drag FLAIR.nii.gz, T1w.nii.gz and labels.seg.nrrd into it; in the Segment Editor choose
           FLAIR as source volume and edit the segments WMH, infarct-like and unsure, without overlap;
           save as labels.seg.nrrd. Do not rename the segments.""",
}


@dataclass(frozen=True, slots=True)
class DrawnMasks:
    """The files to measure a scan with; no infarct-like lesion, no file of them."""

    wmh: Path
    infarct: Path | None


def itksnap_labels() -> str:
    """Label descriptions as ITK-SNAP 3 and 4 write them: index, red, green, blue, opacity, two flags, name."""
    rule = "#" * 48
    head = (rule, "# ITK-SnAP Label Description File", "# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL", rule)
    rows = [f'{0:5d}{0:6d}{0:5d}{0:5d}{0:9d}{0:3d}{0:3d}    "Clear Label"']
    for label in RATER_LABELS:
        red, green, blue = label.colour
        rows.append(f'{label.value:5d}{red:6d}{green:5d}{blue:5d}{1:9d}{1:3d}{1:3d}    "{label.name}"')
    return "\n".join([*head, *rows]) + "\n"


def slicer_colours(name: str = "labels_slicer.ctbl") -> str:
    """The colour table of the user guide of 3D Slicer 5: index, name without spaces, red, green, blue, opacity."""
    rows = ["0 background 0 0 0 0"]
    rows += [f"{label.value} {label.name} {' '.join(map(str, label.colour))} 255" for label in RATER_LABELS]
    return "\n".join([f"# Color table file {name}", f"# {len(rows)} values", *rows]) + "\n"


def write_rater_set(folder: Path, cases: RaterSet, *, file: str = LABELS) -> None:
    """Write the list of scans, the colours and the README of a rater's folder whose maps are named `file`."""
    write_json(folder / SET_FILE, asdict(cases))
    write_text(folder / "labels_itksnap.txt", itksnap_labels())
    write_text(folder / "labels_slicer.ctbl", slicer_colours())
    labels = "\n".join(f"{label.value}  {label.name}: {label.meaning}" for label in RATER_LABELS)
    write_text(folder / "README.txt", README.format(file=file, start=STARTS[cases.start], labels=labels, how=HOW[file]))


def read_rater_set(folder: Path) -> RaterSet:
    """The list of scans of a rater's folder.

    Raises
    ------
    TableError
        The list is absent or damaged, or names a scan twice or by a path.
    """
    path = folder / SET_FILE
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        cases = tuple(_case_of(one) for one in told["cases"])
        found = RaterSet(str(told["version"]), told["start"], bool(told["blinded"]), cases, told["rater"])
        names = [case.name for case in cases]
        if found.start not in STARTS or len(set(names)) != len(names) or any(not _is_name(name) for name in names):
            raise ValueError("a start or a name of a scan is not as it was written")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TableError(
            f"{path} is no list of a rater's scans ({type(error).__name__}: {error}).\n"
            "    Give the folder that neurolupus raters export made, with its raters.json."
        ) from error
    return found


def _case_of(one: Mapping[str, object]) -> RaterCase:
    return RaterCase(str(one["name"]), str(one["mask_sha256"]), str(one.get("labels_sha256") or ""))


def labels_sha256(labels: Labels) -> str:
    """SHA-256 of the voxels of a label map, however it is stored."""
    return hashlib.sha256(np.ascontiguousarray(labels, np.uint8).tobytes()).hexdigest()


def _is_name(name: str) -> bool:
    """Whether a text names a folder beside the list, and nothing elsewhere."""
    return bool(name) and all(letter.isascii() and (letter.isalnum() or letter in "-_") for letter in name)


def drawn_file(folder: Path) -> Path | Fault:
    """The one file of a scan's folder that holds what a rater drew."""
    found = [folder / name for name in DRAWN_NAMES if (folder / name).is_file()]
    if len(found) == 1:
        return found[0]
    seen = " and ".join(path.name for path in found) if found else f"neither {LABELS} nor {SEGMENTATION}"
    return Fault(f"holds {seen}; one map is needed", "Keep what was drawn, under one of these names.")


def read_drawn(folder: Path, like: Volume | None) -> Volume | Fault:
    """The label map a rater drew for one scan, or what is wrong with it.

    Parameters
    ----------
    folder : Path
        Of the scan; holds `labels.nii.gz`, `labels.nii` or `labels.seg.nrrd`.
    like : Volume or None
        The grid it must lie on; None: a segmentation is brought onto the grid of the FLAIR in the folder.

    Raises
    ------
    ImageFileError, ImageContentError
        The file is no image, or holds no whole numbers.
    """
    file = drawn_file(folder)
    if isinstance(file, Fault):
        return file
    if file.name == SEGMENTATION:
        return read_seg_nrrd(file, read_volume(folder / FLAIR) if like is None else like)
    stored = read_volume(file)
    if not np.isfinite(stored.data).all() or not np.array_equal(stored.data, np.rint(stored.data)):
        return Fault("has values that are no whole numbers; labels 0 to 3 needed", "Save it as a label map.")
    drawn = read_labels(file)
    strangers = sorted(set(np.unique(drawn.data).tolist()) - LABEL_VALUES)
    if strangers:
        known = ", ".join(f"{label.value} {label.name}" for label in RATER_LABELS)
        told = ", ".join(map(str, strangers[:5]))
        return Fault(f"has label {told}; 0, {known} are known", "Give those voxels one of these labels.")
    if like is not None and not is_same_grid(drawn, like, SAME_GRID_MM):
        seen, needed = (np.round(v.affine[:3, 3], 1).tolist() for v in (drawn, like))
        what = f"has shape {drawn.shape} and origin {seen}; {like.shape} and {needed} needed, as the FLAIR beside it"
        return Fault(what, "Save it on the grid of FLAIR.nii.gz.")
    return drawn


def write_drawn_masks(
    folder: Path, stem: str, drawn: Volume, *, how: str, about: Mapping[str, object], knows_infarcts: bool
) -> DrawnMasks:
    """Write the masks of a label map, each with its sidecar.

    Parameters
    ----------
    drawn : Volume
        Labels of `records.rating`.
    how : str
        Who drew what from what: it becomes a warning of the measurement.
    about : mapping
        More for the sidecars.
    knows_infarcts : bool
        Whoever drew had a label for infarct-like lesions: where it is not used there is none, and the empty mask says
        so. False: a mask of ones; unless other labels occur nothing is known of infarcts.
    """
    labels: Labels = np.asarray(drawn.data, np.int32)
    told = {"Type": "Lesion", "Manual": True, **about}
    wmh = _write_mask(folder / f"{stem}_label-WMH_mask.nii.gz", drawn, labels == WMH, {**told, EDIT_FIELD: how})
    path = infarct_beside(wmh)
    if not knows_infarcts and not (labels > WMH).any():
        path.unlink(missing_ok=True)  # of an earlier reading
        return DrawnMasks(wmh, None)
    return DrawnMasks(wmh, _write_mask(path, drawn, labels == INFARCT, told))


def infarct_beside(wmh: Path) -> Path:
    """Where the mask of infarct-like lesions lies, if any was drawn, beside that of hyperintensities."""
    return wmh.with_name(wmh.name.replace("_label-WMH_", "_label-infarct_"))


def _write_mask(path: Path, grid: Volume, mask: Mask, about: Mapping[str, object]) -> Path:
    write_volume(path, grid.with_data(mask), dtype="uint8")
    write_json(path.with_name(path.name.removesuffix(".nii.gz") + ".json"), dict(about))
    return path


def write_key(path: Path, codes: Mapping[str, ScanId]) -> None:
    """Write which code is which scan; only its owner can read the file.

    Raises
    ------
    UsageError
        The file exists.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise UsageError(
            f"{path} exists; a key is never replaced, since drawn maps may depend on it.\n    Name another file."
        ) from None
    rows = ["\t".join(KEY_COLUMNS)]
    rows += [f"{code}\tsub-{one.participant_id}\t{_session(one)}" for code, one in sorted(codes.items())]
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
        stream.write("\n".join(rows) + "\n")


def read_key(path: Path) -> dict[str, ScanId]:
    """Which code is which scan."""
    return {row["code"]: scan_of_row(row) for row in read_tsv(path, needed=KEY_COLUMNS)}


def scan_of_row(row: Mapping[str, str]) -> ScanId:
    """The scan a row names by participant_id and session_id, with or without their prefixes."""
    session = row.get("session_id", "").removeprefix("ses-")
    return ScanId(row["participant_id"].removeprefix("sub-"), session if session not in ("", MISSING) else None)


def _session(scan_id: ScanId) -> str:
    return f"ses-{scan_id.session_id}" if scan_id.session_id else MISSING
