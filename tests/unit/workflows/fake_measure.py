"""A measurement that takes milliseconds: tissue by intensity. Workers import it in place of the real one."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from neurolupus import __version__
from neurolupus.errors import ImageContentError
from neurolupus.records.measured import Lesion, MeasuredScan, RigidTransform
from neurolupus.records.measurement import Measurement, MeasurementSet
from neurolupus.records.scan import ScanPair
from neurolupus.workflows import scan


def fake_measure_pair(pair: ScanPair, job: scan.ScanJob, progress: Callable[[str], None]) -> MeasuredScan:
    settings = job.settings
    progress("tissue")
    _misbehave(pair.scan_id.participant_id)
    t1w = pair.t1w.data
    mask = t1w > 0
    gm, wm = ((t1w > low) & (t1w <= high) for low, high in ((425, 750), (750, 2000)))
    ml = pair.t1w.voxel_volume_ml
    volumes = {"gm_ml": gm.sum() * ml, "wm_ml": wm.sum() * ml, "csf_ml": (mask & ~gm & ~wm).sum() * ml}
    volumes |= {"tiv_ml": sum(volumes.values()), "tbv_ml": volumes["gm_ml"] + volumes["wm_ml"]}
    items = [
        Measurement(name, float(value), "ml", float(value) * 0.98, float(value) * 1.02)
        for name, value in volumes.items()
    ]
    probability = None
    if pair.flair is not None:
        probability = np.where(pair.flair.data > 1000, np.float32(0.9), np.float32(0.0))
        if pair.own_wmh is not None:
            probability = np.asarray(pair.own_wmh.data, np.float32)
        wmh = float((probability >= settings.wmh_threshold).sum() * ml)
        items += [
            Measurement("wmh_ml", wmh, "ml", wmh * 0.8, wmh * 1.2),
            Measurement("wmh_count", 1, "1"),
            Measurement("wmh_threshold", settings.wmh_threshold, "1"),
            Measurement("wmh_method", "model" if pair.own_wmh is None else pair.own_wmh_source or "own map"),
        ]
    excluded = "; ".join(pair.declared_exclusions) or None
    items += [Measurement("qc_warnings", len(pair.warnings), "1"), Measurement("usable", excluded is None)]
    items += [Measurement("unusable_reason", excluded), Measurement("version", __version__)]
    has_flair = probability is not None and pair.flair is not None
    lesions = (Lesion(1, 1.0, "deep", (0.0, 0.0, 0.0), 12.0, 0.9, False),)
    labels = (probability > 0.5).astype(np.int32) if probability is not None else None
    if pair.own_infarct is not None and labels is not None:
        labels[pair.own_infarct.data > 0] = 2
        lesions += (Lesion(2, 1.0, "deep", (0.0, 0.0, 0.0), 12.0, 1.0, True),)
    return MeasuredScan(
        pair=pair,
        settings=settings,
        t1w=pair.t1w,
        t1w_corrected=np.asarray(t1w, np.float32),
        brain_mask=mask,
        intracranial_mask=mask,
        gm=gm.astype(np.float32),
        wm=wm.astype(np.float32),
        csf=(mask & ~gm & ~wm).astype(np.float32),
        flair=np.asarray(pair.flair.data, np.float32) if pair.flair else None,
        transform=RigidTransform(np.eye(4), 1.2, "identity") if has_flair else None,
        wmh_probability=probability,
        wmh_operating_mask=probability >= 0.5 if probability is not None else None,
        wmh_mask=probability >= settings.wmh_threshold if probability is not None else None,
        lesion_labels=labels,
        filled_t1w=np.asarray(t1w, np.float32),
        lesions=lesions if has_flair else (),
        measurements=MeasurementSet(tuple(items)),
        usable=excluded is None,
        warnings=pair.warnings,
        seconds={"tissue": 0.01},
    )


def _misbehave(label: str) -> None:
    if label == "crash":
        os._exit(9)
    if label == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if label == "fault":
        raise ImageContentError("no brain was found in the T1w.\n    Look at the image.")
    if label == "slow":
        time.sleep(60)


def fake_report(*args: object, **options: object) -> str:
    return "a report"


def fake_measure_job(job: scan.ScanJob, progress: Callable[[str], None]) -> tuple[Path, ...]:
    scan.measure_pair = fake_measure_pair
    scan.scan_report = fake_report
    scan.scan_thumbnail = scan.scan_example = lambda measured: None
    return scan.measure_job(job, progress)


def fake_measure_job_from_a_slow_disk(job: scan.ScanJob, progress: Callable[[str], None]) -> tuple[Path, ...]:
    """Each reading of the participant `slowdisk` takes as many seconds as the environment says in SLOW_DISK_S.

    Where it names a file in SLOW_DISK_UNTIL, the reading also lasts until that is there.
    """
    if job.scan_id.participant_id == "slowdisk":
        read_at_once = scan.read_pair

        def read_slowly(*words: Any, **options: Any) -> ScanPair:
            time.sleep(float(os.environ["SLOW_DISK_S"]))
            while "SLOW_DISK_UNTIL" in os.environ and not Path(os.environ["SLOW_DISK_UNTIL"]).exists():
                time.sleep(0.1)
            return read_at_once(*words, **options)

        scan.read_pair = read_slowly
    return fake_measure_job(job, progress)


def fake_measure_job_with_report(job: scan.ScanJob, progress: Callable[[str], None]) -> tuple[Path, ...]:
    scan.measure_pair = fake_measure_pair
    return scan.measure_job(job, progress)
