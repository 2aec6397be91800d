"""A simulation that takes milliseconds, for the demo's tests. Workers import it in place of the real one."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from neurolupus.imaging.clinic import PhantomPatient
from neurolupus.imaging.phantom import PhantomTruth
from neurolupus.records.scan import Participant, ScanId, ScanPair
from neurolupus.records.volume import Volume
from neurolupus.workflows import demo_clinic


def fake_simulate_patient(job: demo_clinic.SimulateJob) -> PhantomPatient:
    """Balls instead of heads; 12 voxels of 6 mm are lesion."""
    affine = np.diag([6.0, 6.0, 6.0, 1.0])
    affine[:3, 3] = -90
    grid = np.indices((30, 34, 30)).reshape(3, -1).T - np.array([14.5, 16.5, 14.5])
    radius = 6 * np.linalg.norm(grid, axis=1).reshape(30, 34, 30)
    tissue = np.select([radius < 55, radius < 72, radius < 84], [2, 1, 3], 0).astype(np.int32)
    noise = np.random.default_rng([job.seed, job.place]).normal(0, 10, tissue.shape)
    t1w = np.where(tissue > 0, np.array([0, 600, 900, 250])[tissue] + noise, 0).astype(np.float32)
    flair = np.where(tissue > 0, np.array([0, 700, 500, 60])[tissue] + noise, 0).astype(np.float32)
    wmh = np.zeros(tissue.shape, bool)
    wmh[17:19, 17:20, 15:17] = True
    flair[wmh] = 1200
    gm, wm, csf = (float((tissue == label).sum() * 0.216) for label in (1, 2, 3))
    truth = PhantomTruth(gm, wm, csf, 12 * 0.216, tissue, wmh, np.eye(4))
    pair = ScanPair(ScanId(job.plan.participant_id), Volume(t1w, affine), Volume(flair, affine))
    return PhantomPatient(Participant(job.plan.participant_id), pair, truth)


def fake_simulate_job(job: demo_clinic.SimulateJob, progress: Callable[[str], None]) -> tuple[Path, ...]:
    demo_clinic.simulate_patient = fake_simulate_patient
    return demo_clinic.simulate_job(job, progress)
