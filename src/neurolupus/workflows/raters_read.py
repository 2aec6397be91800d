"""neurolupus raters read: what a rater drew, checked and measured, beside the automatic result and never over it."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from neurolupus.errors import TableError, UsageError
from neurolupus.imaging.agreement import dice
from neurolupus.imaging.volumes import mask_volume_ml
from neurolupus.io.atomic import write_json
from neurolupus.io.bids import index_dataset
from neurolupus.io.dataset import check_output, derivative_path
from neurolupus.io.delimited import MISSING, read_tsv, write_tsv
from neurolupus.io.faults import Fault, check_no_faults
from neurolupus.io.hashing import file_sha256
from neurolupus.io.nifti import read_volume, write_volume
from neurolupus.io.participants import read_participants
from neurolupus.io.rater_folder import (
    BRAIN,
    DRAWN_FOLDER,
    LABELS,
    SET_FILE,
    DrawnMasks,
    drawn_file,
    labels_sha256,
    read_drawn,
    read_key,
    read_rater_set,
    write_drawn_masks,
)
from neurolupus.records.measurement import Number
from neurolupus.records.rating import INFARCT, UNSURE, WMH, RaterCase, RaterSet, rater_source
from neurolupus.records.scan import ScanId
from neurolupus.records.volume import Volume
from neurolupus.workflows.exclusions import check_exclusions, declared_by_participants, exclusions_of, read_exclusions
from neurolupus.workflows.finished import finished_scans, settings_of, sources_of
from neurolupus.workflows.measure import MeasureOptions, MeasureResult, measure_jobs
from neurolupus.workflows.observer import Observer
from neurolupus.workflows.raters_export import starting_labels
from neurolupus.workflows.scan import ScanJob

EDITS = "edits.tsv"
_BEGAN = {"model": "with the model's masks", "empty": "empty"}
EDIT_COLUMNS = (
    *("participant_id", "session_id", "rater", "wmh_model_ml", "wmh_ml", "infarct_ml", "unsure_ml"),
    *("added_ml", "removed_ml", "dice_to_model", "edited", "model_measured_again"),
)


@dataclass(frozen=True, slots=True)
class Edit:
    """What a rater made of the model's mask of one scan, in ml; `added_ml` and `removed_ml` are against that mask.

    `edited`: any voxel has another label than the rater was given, infarct-like and unsure ones too.
    """

    scan_id: ScanId
    wmh_model_ml: float
    wmh_ml: float
    infarct_ml: float
    unsure_ml: float
    added_ml: float
    removed_ml: float
    dice_to_model: float
    edited: bool
    model_measured_again: bool = False


@dataclass(frozen=True, slots=True)
class RaterReading:
    """What was read of a rater, and what became of measuring it."""

    rater: str
    edits: tuple[Edit, ...]
    measured: MeasureResult

    def summary(self) -> dict[str, object]:
        """JSON of the edits and the measurement."""
        return {"rater": self.rater, "edits": [_row(self.rater, one) for one in self.edits], **self.measured.summary()}


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Where things lie beside the three folders.

    Parameters
    ----------
    raw : Path, optional
        The images that `out` was measured from; by default the data set that `out` names.
    key : Path, optional
        Of a blinded set.
    measure : MeasureOptions
        Of which exclusions and the use of the machine count.
    """

    raw: Path | None = None
    key: Path | None = None
    measure: MeasureOptions = field(default_factory=MeasureOptions)


def read_back(
    out: Path,
    folder: Path,
    target: Path,
    *,
    rater: str,
    options: ReadOptions | None = None,
    observer: Observer | None = None,
) -> RaterReading:
    """Check every map of a rater, then measure each scan again with it.

    Parameters
    ----------
    out : Path
        The automatic result the maps were exported from; only read.
    folder : Path
        What the rater gave back.
    target : Path
        A derivative data set of this rater's own.
    rater : str
        Name or initials, for provenance and reports.

    Raises
    ------
    UsageError
        Folders, rater or key make no sense together.
    ImageError
        A map or an image is missing, changed or not as it must be; all are told together and nothing is measured.
    """
    options = options or ReadOptions()
    check_output(out)
    given = read_rater_set(folder)
    _check(out, folder, target, rater, given, options.key)
    scans = scans_of(given, options.key)
    _check_key(out, given, scans)
    raw = options.raw or raw_of(out)
    drawn = _read_all(out, folder, given, scans, raw)
    participants = read_participants(raw)
    declared = [declared_by_participants(participants)]
    if options.measure.exclusions:
        declared.append(read_exclusions(options.measure.exclusions))
        check_exclusions(options.measure.exclusions, declared[-1], (one.scan_id for one in index_dataset(raw)))
    kept, edits, jobs = [], [], []
    for case in given.cases:
        scan, labels = scans[case.name], drawn[case.name]
        edit = compare_with_model(out, scan, labels, case)
        masks = _keep(out, target, folder / case.name, scan, labels, rater, given, case)
        reasons = exclusions_of(scan, *declared)
        if edit.infarct_ml:
            whose = f"drawn by {rater}" if edit.edited else f"of the model, kept by {rater}"
            reasons = (*reasons, f"infarct-like lesion {whose}")
        t1w, flair = (raw / name for name in sources_of(out, scan)[:2])
        job = ScanJob(
            scan_id=scan,
            t1w=t1w.absolute(),
            flair=flair.absolute(),
            out=target.absolute(),
            settings=settings_of(out, scan),
            threads=options.measure.capacity.threads,
            declared_exclusions=reasons,
            participant=participants.get(scan.participant_id),
            own_wmh=masks.wmh.absolute(),
            own_infarct=masks.infarct.absolute() if masks.infarct else None,
            own_wmh_source=rater_source(rater),
        )
        kept.append(RaterCase(scan.stem, case.mask_sha256, case.labels_sha256))
        edits.append(edit)
        jobs.append(job)
    rows = [_row(rater, edit) for edit in edits]
    earlier_cases, earlier_rows = _of_earlier_deliveries(target, kept, rows)
    whole = RaterSet(given.version, given.start, False, (*earlier_cases, *kept), rater)
    write_json(target / DRAWN_FOLDER / SET_FILE, asdict(whole))
    write_tsv(target / DRAWN_FOLDER / EDITS, EDIT_COLUMNS, (*earlier_rows, *rows))
    measured = measure_jobs(jobs, target, options.measure, participants, source=raw, observer=observer)
    return RaterReading(rater, tuple(edits), measured)


def _of_earlier_deliveries(
    target: Path, kept: Sequence[RaterCase], rows: Sequence[Mapping[str, Number]]
) -> tuple[list[RaterCase], list[dict[str, Number]]]:
    """What the rater gave back before and not again: the list's cases and the rows of edits."""
    folder = target / DRAWN_FOLDER
    if not (folder / SET_FILE).exists():
        return [], []
    again = {case.name for case in kept}
    cases = [case for case in read_rater_set(folder).cases if case.name not in again]
    if not (folder / EDITS).exists():
        return cases, []
    stems = {_stem_of(row) for row in rows}
    before = [dict[str, Number](row) for row in read_tsv(folder / EDITS, needed=EDIT_COLUMNS)]
    return cases, [row for row in before if _stem_of(row) not in stems]


def _stem_of(row: Mapping[str, Number]) -> str:
    session = row["session_id"]
    return f"{row['participant_id']}_{session}" if session not in (None, MISSING) else str(row["participant_id"])


def scans_of(given: RaterSet, key: Path | None) -> dict[str, ScanId]:
    """Which scan each folder of a rater's set is."""
    if not given.blinded:
        return {case.name: _scan_of_stem(case.name) for case in given.cases}
    if key is None:
        raise UsageError("The scans are blinded; the key says which is which.\n    Give it with --key KEY.tsv.")
    codes = read_key(key)
    unknown = [case.name for case in given.cases if case.name not in codes]
    if unknown:
        raise TableError(f"{key} does not hold {', '.join(unknown[:5])}; the key of this export is needed.")
    return {case.name: codes[case.name] for case in given.cases}


def _check_key(out: Path, given: RaterSet, scans: Mapping[str, ScanId]) -> None:
    """Raise UsageError where the model's mask that a map began with is that of another scan than the key says."""
    differ = [case for case in given.cases if _mask_sha256(out, scans[case.name]) != case.mask_sha256]
    if not differ:
        return
    theirs = {one.scan_id.stem: _mask_sha256(out, one.scan_id) for one in finished_scans(out)}
    for case in differ:
        others = [stem for stem, told in theirs.items() if told == case.mask_sha256]
        if len(others) == 1:
            raise UsageError(
                f"{case.name} would be read as {scans[case.name].stem}, and was exported with the mask of {others[0]}: "
                "the key, or the folders' names, are those of another export.\n    Give the key that this export wrote."
            )


def _mask_sha256(out: Path, scan: ScanId) -> str:
    """Of the model's mask; empty where there is none."""
    mask = derivative_path(out, scan, label="WMH", suffix="mask", extension=".nii.gz")
    return file_sha256(mask) if mask.is_file() else ""


def compare_with_model(out: Path, scan: ScanId, labels: Volume, case: RaterCase) -> Edit:
    """The drawn map against the model's mask of the same scan."""
    path = derivative_path(out, scan, label="WMH", suffix="mask", extension=".nii.gz")
    model, wmh = read_volume(path).data > 0, labels.data == WMH

    def ml(mask: np.ndarray[tuple[int, int, int], np.dtype[np.bool_]]) -> float:
        return mask_volume_ml(mask, labels.affine)

    return Edit(
        scan_id=scan,
        wmh_model_ml=ml(model),
        wmh_ml=ml(wmh),
        infarct_ml=ml(labels.data == INFARCT),
        unsure_ml=ml(labels.data == UNSURE),
        added_ml=ml(wmh & ~model),
        removed_ml=ml(model & ~wmh),
        dice_to_model=dice(model, wmh),
        edited=labels_sha256(labels.data) != (case.labels_sha256 or labels_sha256(starting_labels(out, scan).data)),
        model_measured_again=file_sha256(path) != case.mask_sha256,
    )


def _read_all(out: Path, folder: Path, given: RaterSet, scans: Mapping[str, ScanId], raw: Path) -> dict[str, Volume]:
    """Every map of a rater; one error tells all that is wrong with maps and images."""
    faults: dict[str, list[Fault]] = {}
    drawn: dict[str, Volume] = {}
    for case in given.cases:
        scan = scans[case.name]
        like = derivative_path(out, scan, desc="preproc", suffix="T1w", extension=".nii.gz")
        if not like.is_file():
            faults[str(like)] = [Fault("is missing; the scan the map was drawn on is needed", f"Give the right {out}.")]
            continue
        found = read_drawn(folder / case.name, read_volume(like))
        if isinstance(found, Fault):
            faults[str(folder / case.name)] = [found]
        else:
            drawn[case.name] = found
        faults.update(_image_faults(out, scan, raw))
    check_no_faults(faults)
    return drawn


def _image_faults(out: Path, scan: ScanId, raw: Path) -> dict[str, list[Fault]]:
    """Whether the T1w and the FLAIR are where they were, with the bytes they had."""
    path = derivative_path(out, scan, suffix="provenance", extension=".json")
    try:
        known = json.loads(path.read_text(encoding="utf-8"))["input_sha256"]
    except (OSError, ValueError, KeyError) as error:
        return {str(path): [Fault(f"cannot be read ({error})", "Measure the scan again.", unreadable=True)]}
    faults = {}
    for name in sources_of(out, scan)[:2]:
        image = raw / name
        if not image.is_file():
            faults[str(image)] = [Fault("is missing; the image that was measured is needed", "Name its folder: --raw.")]
        elif file_sha256(image) != known.get(name):
            faults[str(image)] = [Fault("is not the file that was measured", "Measure it again, then export again.")]
    return faults


def _keep(
    out: Path, target: Path, folder: Path, scan: ScanId, labels: Volume, rater: str, given: RaterSet, case: RaterCase
) -> DrawnMasks:
    """Write what was drawn into the rater's data set; the masks to measure, whose sidecars say whose they are."""
    kept = target / DRAWN_FOLDER / scan.stem
    write_volume(kept / LABELS, labels, dtype="uint8")
    brain = derivative_path(out, scan, desc="brain", suffix="mask", extension=".nii.gz")
    write_volume(kept / BRAIN, read_volume(brain), dtype="uint8")
    drawn = drawn_file(folder)
    assert isinstance(drawn, Path), "read_drawn() comes first"
    how = "drawn by {} from an empty map" if given.start == "empty" else "edited by {} from the model's mask ({})"
    about = {"Rater": rater, "DrawnSHA256": file_sha256(drawn), "ModelMaskSHA256": case.mask_sha256}
    how = how.format(rater, f"SHA-256 {case.mask_sha256[:12]}")
    return write_drawn_masks(kept, scan.stem, labels, how=how, about=about, knows_infarcts=True)


def _check(out: Path, folder: Path, target: Path, rater: str, given: RaterSet, key: Path | None) -> None:
    if not rater.strip() or not rater.isprintable() or len(rater) > 60:
        raise UsageError(f"{rater!r} is no name of a rater; up to 60 letters are needed.\n    Give --rater AB.")
    places = [path.resolve() for path in (out, folder)]
    if any(target.resolve() == path or path in target.resolve().parents for path in places):
        raise UsageError(f"{target} is or lies in a folder that is only read.\n    Name a folder of the rater's own.")
    if key is not None and not given.blinded:
        raise UsageError(f"{folder} is not blinded, and {key} was given.\n    Leave --key out.")
    earlier = target / DRAWN_FOLDER / SET_FILE
    if (target / "dataset_description.json").exists() and not earlier.exists():
        raise UsageError(f"{target} holds another result, which is kept.\n    Name a folder of the rater's own.")
    if not earlier.exists():
        return
    seen = read_rater_set(earlier.parent)
    if seen.rater != rater:
        raise UsageError(
            f"{target} holds the maps of {seen.rater}, not of {rater}.\n    Name a folder of the rater's own."
        )
    if seen.start != given.start:
        raise UsageError(
            f"The maps of {target} began {_BEGAN[seen.start]}, those of {folder} {_BEGAN[given.start]}.\n"
            "    Name another folder: the two are not compared alike."
        )


def raw_of(out: Path) -> Path:
    """The data set that an output says it was made from."""
    try:
        told = json.loads((out / "dataset_description.json").read_text(encoding="utf-8-sig"))
        return Path(os.path.normpath(out / told["DatasetLinks"]["raw"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{out} does not tell where its images lie; each scan is measured again from them.\n"
            "    Name their folder with --raw."
        ) from error


def _scan_of_stem(stem: str) -> ScanId:
    participant, _, session = stem.removeprefix("sub-").partition("_ses-")
    return ScanId(participant, session or None)


def _row(rater: str, edit: Edit) -> dict[str, Number]:
    told = {name: getattr(edit, name) for name in EDIT_COLUMNS[3:]}
    session = f"ses-{edit.scan_id.session_id}" if edit.scan_id.session_id else None
    return {"participant_id": f"sub-{edit.scan_id.participant_id}", "session_id": session, "rater": rater, **told}
