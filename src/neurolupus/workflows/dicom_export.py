"""Give results back as DICOM: what `neurolupus export seg` does."""

import io
import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from neurolupus.dicom.objects.placing import FIT_MM, SAME_SCAN, likeness, misfit_mm, misfit_words, on_frames
from neurolupus.dicom.objects.result import Result
from neurolupus.dicom.objects.source import SourceSeries, find_volumes
from neurolupus.dicom.series.unpack import is_archive, unpack
from neurolupus.errors import DicomError, NeurolupusError, TableError, UsageError
from neurolupus.io.atomic import replacing
from neurolupus.io.dataset import derivative_path
from neurolupus.io.nifti import read_volume
from neurolupus.jobs.scratch import scratch
from neurolupus.records.scan import ScanId
from neurolupus.records.volume import Volume
from neurolupus.workflows.finished import finished_scans, numbers_of, settings_of

if TYPE_CHECKING:
    from neurolupus.dicom.archive.open_archive import Archive
    from neurolupus.dicom.archive.stored import Stored


@dataclass(frozen=True, slots=True)
class Exported:
    """What was made of one scan; `fault` says why nothing was."""

    scan: str
    files: tuple[Path, ...] = ()
    series_uid: str = ""
    likeness: float | None = None
    fault: str = ""

    def summary(self) -> dict[str, object]:
        """As data."""
        told = {"scan": self.scan, "files": [str(path) for path in self.files], "source_series": self.series_uid}
        return {**told, "likeness": self.likeness, "fault": self.fault or None}


def export_objects(
    out: Path,
    source: Path,
    folder: Path,
    *,
    participants: Sequence[str] = (),
    sessions: Sequence[str] = (),
    probability: bool = False,
    overwrite: bool = False,
    total: Callable[[int], object] = lambda count: None,
    seen: Callable[[], object] = lambda: None,
) -> tuple[Exported, ...]:
    """Write a segmentation and a report of each finished scan into `folder`; one scan's fault does not stop the others.

    Parameters
    ----------
    out : Path
        Where `measure` wrote.
    source : Path
        Folder, zip or tar of the DICOM series that were measured, with the patients' identities.
    folder : Path
        Not in `out`: the files tell who a pseudonym is.

    Raises
    ------
    UsageError
        `folder` lies in `out`, or no finished scan is meant.
    DicomError
        `source` has no series.
    """
    if folder.resolve().is_relative_to(out.resolve()):
        raise UsageError(
            f"{folder} lies in {out}, which knows patients by pseudonym; the files name them.\n"
            "    Write elsewhere, with -o"
        )
    scans = [
        one.scan_id
        for one in finished_scans(out)
        if (not participants or one.scan_id.participant_id in participants)
        and (not sessions or one.scan_id.session_id in sessions)
    ]
    if not scans:
        raise UsageError(f"{out} has no finished scan that is meant.\n    Look what it has: neurolupus status {out}")
    total(len(scans))
    done = []
    with _folder_of(source) as series, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # pydicom's on values of the source, which they repeat
        volumes = find_volumes(series)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for scan_id in scans:
            try:
                done.append(_export(out, scan_id, volumes, folder, probability=probability, overwrite=overwrite))
            except NeurolupusError as error:
                done.append(Exported(scan_id.stem, fault=str(error)))
            seen()
    return tuple(done)


def store_exported(exported: Sequence[Exported], archive: "Archive") -> "Stored":
    """Send what was made to an archive; what it says of each file."""
    return archive.store([path for one in exported for path in one.files], lambda: None)


@contextmanager
def _folder_of(source: Path) -> Iterator[Path]:
    """A folder as it is; a zip or tar unpacked for the length of the block."""
    if not is_archive(source):
        yield source
        return
    with scratch("neurolupus-export") as folder:
        unpack(source, folder)
        yield folder


def _export(
    out: Path, scan_id: ScanId, volumes: Sequence[SourceSeries], folder: Path, *, probability: bool, overwrite: bool
) -> Exported:
    t1w = _image(out, scan_id, "T1w", desc="preproc")
    source, alike = _source(t1w, _image(out, scan_id, "mask", desc="brain"), volumes)
    masks = {"mask": _image_if_there(out, scan_id, "mask", label="WMH")}
    if probability:
        masks["probability"] = _image_if_there(out, scan_id, "probseg", label="WMH")
    laid = {name: _on(source, one) for name, one in masks.items() if one is not None}
    made = _objects(source, laid, _result(out, scan_id))
    paths = {folder / f"{scan_id.stem}_{name}.dcm": _bytes(one) for name, one in made.items()}
    for path, content in paths.items():
        if path.exists() and not overwrite and path.read_bytes() != content:
            raise UsageError(f"{path} exists and holds another result; replace it with --overwrite.")
    for path, content in paths.items():
        with replacing(path) as stream:
            stream.write(content)
    return Exported(scan_id.stem, tuple(paths), source.uid, round(alike, 4))


def _objects(source: SourceSeries, laid: dict[str, NDArray[Any]], result: Result) -> dict[str, Any]:
    """The objects by the end of their names; the mask and the probability are laid on the source's frames."""
    from neurolupus.dicom.objects.report import measurement_report
    from neurolupus.dicom.objects.segmentation import mask_segmentation, probability_segmentation

    headers = source.headers()
    made: dict[str, Any] = {}
    try:
        if "mask" in laid:
            made["wmh-seg"] = mask_segmentation(headers, laid["mask"] > 0, result)
        if "probability" in laid:
            made["wmh-probability"] = probability_segmentation(headers, laid["probability"], result)
        made["volumes-sr"] = measurement_report(headers, made.get("wmh-seg"), result)
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # highdicom's, on headers it cannot use
        raise DicomError(f"The headers of series {source.uid} allow no object beside them: {error}.") from error
    return made


def _source(t1w: Volume, brain: Volume, volumes: Sequence[SourceSeries]) -> tuple[SourceSeries, float]:
    """The series that the T1w was made of: on the same grid, and with the same edges in the brain."""
    fitting = [one for one in volumes if misfit_mm(t1w, one) <= FIT_MM]
    if not fitting:
        told = "\n".join(f"    {one.description or one.uid}: {misfit_words(t1w, one)}" for one in volumes[:10])
        raise DicomError(f"None of {len(volumes)} series lies where the T1w lies that was measured.\n{told}")
    alike = {one.uid: likeness(t1w, brain.data > 0, one) for one in fitting}
    best = max(fitting, key=lambda one: alike[one.uid])
    if alike[best.uid] < SAME_SCAN:
        raise DicomError(
            f"Series {best.uid} lies where the T1w lies, and shows something else: its edges in the brain correlate "
            f"with {alike[best.uid]:.2f}; {SAME_SCAN:g} and more is the same scan.\n"
            "    Is it of the same patient and session?"
        )
    return best, alike[best.uid]


def _result(out: Path, scan_id: ScanId) -> Result:
    numbers = numbers_of(out, scan_id)
    path = derivative_path(out, scan_id, suffix="provenance", extension=".json")
    try:
        made_at = datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["started"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TableError(
            f"{path} does not tell when the scan was measured ({error}).\n    Measure it again."
        ) from error
    return Result(
        measurements=numbers.measurements,
        usable=numbers.usable,
        reason=numbers.unusable_reason or "",
        warnings=numbers.warnings,
        threshold=settings_of(out, scan_id).wmh_threshold,
        version=numbers.version,
        made_at=made_at,
    )


def _on(source: SourceSeries, volume: Volume) -> NDArray[Any]:
    return source.in_file_order(on_frames(volume.data, volume, source))


def _image(out: Path, scan_id: ScanId, suffix: str, **entities: str) -> Volume:
    return read_volume(derivative_path(out, scan_id, suffix=suffix, extension=".nii.gz", **entities))


def _image_if_there(out: Path, scan_id: ScanId, suffix: str, **entities: str) -> Volume | None:
    path = derivative_path(out, scan_id, suffix=suffix, extension=".nii.gz", **entities)
    return read_volume(path) if path.is_file() else None


def _bytes(dataset: Any) -> bytes:
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
