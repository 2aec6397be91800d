"""BIDS data sets: which scans there are, which two files belong together, who was scanned."""

import difflib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from neurolupus.errors import PairingError, UsageError
from neurolupus.io.dataset import derivative_path, write_dataset_description
from neurolupus.io.pair import read_pair
from neurolupus.io.participants import read_participants
from neurolupus.io.sidecar import split_name
from neurolupus.records.scan import ScanId

__all__ = [
    "ScanFiles",
    "choose_pair",
    "derivative_path",
    "index_dataset",
    "read_pair",
    "read_participants",
    "scan_id_of",
    "write_dataset_description",
]


@dataclass(frozen=True, slots=True)
class ScanFiles:
    """The T1w and FLAIR files of one visit; none, one or several of each."""

    scan_id: ScanId
    t1w: tuple[Path, ...]
    flair: tuple[Path, ...]
    folder: Path | None = None  # where they were looked for


def index_dataset(
    root: Path, *, participants: Sequence[str] = (), sessions: Sequence[str] = ()
) -> tuple[ScanFiles, ...]:
    """The visits of a BIDS data set, sorted; a participant without any T1w or FLAIR is there too, with no files.

    Parameters
    ----------
    root : Path
        The folder that holds `sub-*`; `derivatives` and `sourcedata` are not looked at.
    participants, sessions : sequences of str
        Labels to keep, with or without `sub-` and `ses-`; empty: all.

    Raises
    ------
    UsageError
        `root` is no folder, holds no `sub-*`, holds a `Sub-*`, or lacks a label that was asked for.
    """
    if not root.is_dir():
        raise UsageError(f"{root} is no folder; a BIDS data set is needed.\n    Check the path.")
    subjects = _labelled(root, "sub-")
    if not participants:
        _check_case(root)
    if not subjects:
        raise UsageError(
            f"{root} holds no folder sub-*; a BIDS data set is needed.\n"
            "    For two files: neurolupus measure --t1w T1w.nii.gz --flair FLAIR.nii.gz -o OUT"
        )
    wanted = _chosen([label for label, _ in subjects], participants, "sub-", root)
    found = [files for label, folder in subjects if label in wanted for files in _visits(label, folder)]
    if sessions:
        of_them = sorted({files.scan_id.session_id for files in found if files.scan_id.session_id})
        kept = _chosen(of_them, sessions, "ses-", root)
        found = [files for files in found if files.scan_id.session_id in kept]
    return tuple(found)


def choose_pair(files: ScanFiles, *, need_flair: bool) -> tuple[Path, Path | None]:
    """The T1w, and the FLAIR when one is needed.

    Contrast-enhanced images (`ce-`) are passed over where another image of the kind is there, those that are no
    magnitude (`part-phase`, `part-real`, `part-imag`) always.

    Raises
    ------
    PairingError
        One is missing, several cannot be told apart, or a file's name tells of another person or visit than its
        folder; both kinds of image are told together.
    """
    faults, chosen = [], []
    for kind, several in (("T1w", files.t1w), ("FLAIR", files.flair if need_flair else ())):
        if kind == "FLAIR" and not need_flair:
            continue
        several = tuple(path for path in several if split_name(path.name)[0].get("part", "mag") == "mag")
        plain = tuple(path for path in several if "ce" not in split_name(path.name)[0])
        left = plain or several
        if len(left) == 1:
            faults += _misplaced(left[0], files.scan_id)
            chosen.append(left[0])
        elif not left:
            faults.append(_missing(kind))
        else:
            names = ", ".join(path.name for path in left)
            faults.append(f"{len(left)} {kind} images ({names}); name the one you mean with --t1w and --flair")
    if faults:
        where = f" ({files.folder})" if files.folder else ""
        lines = "\n".join(f"    {fault}." for fault in faults)
        raise PairingError(f"{files.scan_id.stem} has no pair of one T1w and one FLAIR{where}:\n{lines}")
    return chosen[0], chosen[1] if need_flair else None


def _misplaced(path: Path, scan_id: ScanId) -> list[str]:
    """What is wrong where a file's name tells of another participant or session than the folder it lies in."""
    told, _, _ = split_name(path.name)
    here = {"sub": scan_id.participant_id, "ses": scan_id.session_id}
    wrong = [f"{key}-{told[key]}" for key, label in here.items() if told.get(key, label) != label]
    if not wrong:
        return []
    return [
        f"{path.name} is named {' '.join(wrong)} and lies in the folder of {scan_id.stem}; whose it is cannot be told. "
        "Move it, or rename it"
    ]


def scan_id_of(path: Path) -> ScanId:
    """Participant and session as the file's name tells; a name without `sub-` becomes the participant.

    Examples
    --------
    >>> scan_id_of(Path("sub-01_ses-2_T1w.nii.gz"))
    ScanId(participant_id='01', session_id='2')
    >>> scan_id_of(Path("patient 7.nii"))
    ScanId(participant_id='patient7', session_id=None)
    """
    entities, _, _ = split_name(path.name)
    name = entities.get("sub") or path.name.partition(".")[0]
    label = "".join(letter for letter in name if letter.isalnum() and letter.isascii())
    return ScanId(label or "unnamed", entities.get("ses"))


def _missing(kind: str) -> str:
    if kind == "T1w":
        return "no T1w; volumes need one. Add it, or leave the visit out with --participant-label"
    return "no FLAIR; lesions need one. Add it, or measure the T1w alone with --no-flair"


def _check_case(root: Path) -> None:
    """Raise UsageError where a folder is a participant's but for its letters: it would be passed over in silence."""
    with os.scandir(root) as entries:
        names = (one.name for one in entries if one.name.lower().startswith("sub-") and one.is_dir())
        odd = sorted(name for name in names if not name.startswith("sub-"))
    if odd:
        raise UsageError(
            f"{root} holds {', '.join(odd[:5])}{' and more' * (len(odd) > 5)}; a participant's folder begins with "
            f"sub-, in small letters.\n    Rename {odd[0]} to sub-{odd[0][4:]}, or name who is wanted with "
            "--participant-label."
        )


def _labelled(folder: Path, prefix: str) -> list[tuple[str, Path]]:
    """Label and path of the folders that start with `prefix`, sorted by label."""
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if entry.name.startswith(prefix) and entry.is_dir())
    return [(name.removeprefix(prefix), folder / name) for name in names]


def _visits(label: str, folder: Path) -> Iterator[ScanFiles]:
    """The visits of a participant that have a T1w or FLAIR; one without files when none has."""
    candidates = [(None, folder), *_labelled(folder, "ses-")]
    visits = [_visit(ScanId(label, session), place / "anat") for session, place in candidates]
    filled = [visit for visit in visits if visit.t1w or visit.flair]
    yield from filled or [ScanFiles(ScanId(label), (), (), folder)]


def _visit(scan_id: ScanId, anat: Path) -> ScanFiles:
    kinds: dict[str, list[Path]] = {"T1w": [], "FLAIR": []}
    if anat.is_dir():
        with os.scandir(anat) as entries:
            names = sorted(entry.name for entry in entries if not entry.name.startswith("."))
        for name in names:
            _, suffix, extension = split_name(name)
            if suffix in kinds and extension in (".nii", ".nii.gz"):
                kinds[suffix].append(anat / name)
    return ScanFiles(scan_id, tuple(kinds["T1w"]), tuple(kinds["FLAIR"]), anat)


def _chosen(present: list[str], wanted: Sequence[str], prefix: str, root: Path) -> set[str]:
    """The wanted labels; all that are present when none was named."""
    labels = [label.removeprefix(prefix) for label in wanted]
    unknown = [label for label in labels if label not in present]
    if unknown:
        near = difflib.get_close_matches(unknown[0], present, n=1, cutoff=0.5)
        hint = f"Did you mean {prefix}{near[0]}?" if near else f"There are: {', '.join(present[:20]) or 'none'}."
        names = ", ".join(prefix + label for label in unknown)
        raise UsageError(f"{names} not found in {root}; labels must be those of the data set.\n    {hint}")
    return set(labels or present)
