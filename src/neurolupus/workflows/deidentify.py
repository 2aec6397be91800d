"""Folders of DICOM files without identity: each file read, cleaned, checked and written; the reasons where not."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from neurolupus import __version__
from neurolupus.dicom.private.file import CleanedFile, NotDicom, clean_file
from neurolupus.dicom.private.linking_key import LinkingKey
from neurolupus.dicom.private.options import Options
from neurolupus.errors import DicomError, UsageError
from neurolupus.io.atomic import replacing, write_json

REPORT = "deidentification.json"
_NOTE = (
    "The pixels still show the head: a face can be rendered from them. See docs/how-to/share-scans-safely.md of "
    "neurolupus."
)


@dataclass(frozen=True, slots=True)
class Refused:
    """A file of which nothing was written, and why; the reason tells no value of the file."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Deidentified:
    """What became of a folder.

    Attributes
    ----------
    written, unchanged, passed_over : int
        New files; files that were there with the same bytes; files that are no DICOM images and were not copied.
    refused : tuple of Refused
    subjects, sessions, series : int
        In what was written or there already.
    """

    written: int
    unchanged: int
    passed_over: int
    refused: tuple[Refused, ...]
    subjects: int
    sessions: int
    series: int

    def summary(self) -> dict[str, Any]:
        """As data, for those who hold the originals: it names their files."""
        return asdict(self)


def deidentify_folder(
    source: Path,
    out: Path,
    key_path: Path,
    options: Options,
    *,
    pixels_seen: bool = False,
    overwrite: bool = False,
    total: Callable[[int], None] = lambda _: None,
    seen: Callable[[str], None] = lambda _: None,
) -> Deidentified:
    """De-identify every DICOM file under `source` into `out`; a bad file never stops the others.

    Parameters
    ----------
    source : Path
        A folder, or one file; it is only read.
    out : Path
        New, empty, or of an earlier run with the same options, which is gone on with.
    key_path : Path
        The linking key; made where there is none.
    pixels_seen : bool
        Whether a person has looked at the pixels and found no text.
    overwrite : bool
        Whether other bytes of an earlier run are replaced.
    total, seen : callable
        Told how many files there are, and the path of each one done.

    Raises
    ------
    UsageError
        `out` lies in `source` or the other way round, holds something else, or was made with other options.
    """
    _check_places(source, out)
    about = _about(options, pixels_seen=pixels_seen)
    _check_earlier(out, about, overwrite=overwrite)
    paths = list(_files(source))
    total(len(paths))
    counts: Counter[str] = Counter()
    refused: list[Refused] = []
    places: set[tuple[str, str, str]] = set()
    with LinkingKey.open(key_path, outside=(out,)) as key:
        write_json(out / REPORT, about)
        for path in paths:
            name = path.relative_to(source).as_posix() if path != source else path.name
            try:
                cleaned = clean_file(path, key, options, version=__version__, pixels_seen=pixels_seen)
                places.add((cleaned.who.subject, cleaned.who.session, cleaned.series_uid))
                counts[_keep(out, cleaned, overwrite=overwrite)] += 1
            except NotDicom:
                counts["passed over"] += 1
            except DicomError as error:
                refused.append(Refused(name, str(error)))
            seen(name)
    return Deidentified(
        counts["written"],
        counts["unchanged"],
        counts["passed over"],
        tuple(refused),
        subjects=len({place[0] for place in places}),
        sessions=len({place[:2] for place in places}),
        series=len(places),
    )


def _keep(out: Path, cleaned: CleanedFile, *, overwrite: bool) -> str:
    """Write a file under names that say nothing of the original's; what happened."""
    series = f"{max(cleaned.series, 0):04d}-{cleaned.series_uid[-8:]}"
    path = out / f"sub-{cleaned.who.subject}" / f"ses-{cleaned.who.session}" / series / f"{cleaned.sop_uid}.dcm"
    if path.exists():
        if path.read_bytes() == cleaned.content:
            return "unchanged"
        if not overwrite:
            raise DicomError(
                "another file of the same SOPInstanceUID and other content is there already\n"
                "    Replace it with --overwrite, if the later one is right."
            )
    with replacing(path) as stream:
        stream.write(cleaned.content)
    return "written"


def _files(source: Path) -> Iterator[Path]:
    """Every file in order; links to folders are not followed."""
    if source.is_file():
        yield source
        return
    for folder, folders, names in os.walk(source):
        folders.sort()
        yield from (Path(folder) / name for name in sorted(names) if (Path(folder) / name).is_file())


def _check_places(source: Path, out: Path) -> None:
    if not source.exists():
        raise UsageError(f"{source} does not exist; a folder of DICOM files is needed.\n    Check the path.")
    inside, around = out.resolve(), source.resolve()
    if inside == around or inside.is_relative_to(around) or around.is_relative_to(inside):
        raise UsageError(
            f"{out} and {source} lie in one another; originals and what is shared must be apart.\n"
            "    Name an output folder elsewhere."
        )


def _check_earlier(out: Path, about: dict[str, Any], *, overwrite: bool) -> None:
    if not out.exists() or not any(out.iterdir()):
        return
    import json

    try:
        earlier = json.loads((out / REPORT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UsageError(
            f"{out} is not empty and holds no {REPORT} of neurolupus; it would be mixed with other files.\n"
            "    Name a new folder."
        ) from None
    if earlier != about and not overwrite:
        raise UsageError(
            f"{out} was made with other options or by another version ({REPORT} tells which).\n"
            "    Name a new folder, or replace it with --overwrite."
        )


def _about(options: Options, *, pixels_seen: bool) -> dict[str, Any]:
    """What whoever gets the folder should know; nothing of the originals."""
    return {
        "MadeBy": f"neurolupus {__version__}",
        "Method": "DICOM PS3.15 Annex E by allow-list",
        "Codes": [{"Code": code, "Meaning": meaning} for code, meaning in options.codes],
        "Options": {**asdict(options), "pixels_seen": pixels_seen},
        "Note": _NOTE,
    }
