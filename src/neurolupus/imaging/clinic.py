"""Six invented patients in three groups, as phantoms: what the demonstration measures."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from neurolupus.imaging.anatomy import deformed, draw_lesions
from neurolupus.imaging.contrast import CONTRASTS
from neurolupus.imaging.labels import heal_lesions
from neurolupus.imaging.phantom import PhantomTruth, Rigid, Scanner, simulate_pair
from neurolupus.records.scan import Participant, ScanId, ScanPair
from neurolupus.records.volume import Volume

DrawLabels = Callable[[np.random.Generator], Volume]
INVENTED = "Simulated. Age, sex and group are invented; no patient was scanned."


@dataclass(frozen=True, slots=True)
class PatientPlan:
    """What to simulate.

    Parameters
    ----------
    wmh_ml : float
        Lesion load; the plans span medians and 90th percentiles of the groups of Inglese et al. (2021).
    periventricular_share : float
        Of the load; the rest is deep.
    ventricle_zoom, brain_shrink : float
        See `anatomy.deformed`.
    """

    participant_id: str
    group: str
    age_years: float
    sex: str
    wmh_ml: float
    periventricular_share: float
    ventricle_zoom: float
    brain_shrink: float
    contrast: str
    flair_voxel_mm: tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class PhantomPatient:
    """An invented patient: who, the scans, and what is true of them."""

    participant: Participant
    pair: ScanPair
    truth: PhantomTruth


_THICK, _CUBIC = (1.5, 1.5, 4.0), (1.5, 1.5, 1.5)
SMALL_CLINIC: tuple[PatientPlan, ...] = (
    PatientPlan("01", "non-NPSLE", 37, "F", 0.6, 0.5, 1.0, 0.0, "mprage_3t", _CUBIC),
    PatientPlan("02", "non-NPSLE", 54, "F", 2.5, 0.6, 1.05, 0.005, "mprage_3t", _THICK),
    PatientPlan("03", "inflammatory NPSLE", 29, "F", 1.1, 0.5, 1.15, 0.012, "mprage_3t", _THICK),
    PatientPlan("04", "inflammatory NPSLE", 47, "F", 18.0, 0.65, 1.25, 0.025, "mprage_3t", _CUBIC),
    PatientPlan("05", "ischaemic NPSLE", 41, "M", 1.1, 0.3, 1.0, 0.0, "spgr_1_5t", _CUBIC),
    PatientPlan("06", "ischaemic NPSLE", 63, "F", 3.3, 0.4, 1.1, 0.008, "spgr_1_5t", _THICK),
)


def small_clinic(atlas_labels: DrawLabels, seed: int) -> tuple[PhantomPatient, ...]:
    """The six patients of `SMALL_CLINIC`.

    Parameters
    ----------
    atlas_labels : callable
        Draws the label map (FreeSurfer numbers, about 1 mm) of a healthy head from a Generator.
    seed : int
        The same seed gives the same scans; each patient has a stream of their own.
    """
    streams = np.random.SeedSequence(seed).spawn(len(SMALL_CLINIC))
    return tuple(
        phantom_patient(plan, atlas_labels, np.random.default_rng(stream))
        for plan, stream in zip(SMALL_CLINIC, streams, strict=True)
    )


def phantom_patient(plan: PatientPlan, atlas_labels: DrawLabels, rng: np.random.Generator) -> PhantomPatient:
    """One invented patient: an individual head with atrophy and lesions, scanned with a little movement in between."""
    labels = atlas_labels(rng)
    labels = labels.with_data(heal_lesions(labels.data, labels.affine))
    labels = deformed(labels, rng, ventricle_zoom=plan.ventricle_zoom, brain_shrink=plan.brain_shrink)
    lesions = draw_lesions(labels, plan.wmh_ml, rng, periventricular_share=plan.periventricular_share)
    scanner = Scanner(
        t1w_voxel_mm=_CUBIC,
        flair_voxel_mm=plan.flair_voxel_mm,
        t1w_position=_random_pose(rng),
        flair_offset=_random_pose(rng),
        point_mm=1.0,
    )
    phantom = simulate_pair(
        labels,
        contrast=CONTRASTS[plan.contrast],
        scanner=scanner,
        rng=rng,
        lesion_mask=lesions,
        scan_id=ScanId(plan.participant_id),
    )
    who = Participant(plan.participant_id, plan.age_years, plan.sex, plan.group, {"note": INVENTED})
    return PhantomPatient(who, phantom.pair, phantom.truth)


def _random_pose(rng: np.random.Generator) -> Rigid:
    x, y, z = (float(v) for v in rng.normal(0, 2.5, 3))
    a, b, c = (float(v) for v in rng.normal(0, 3.0, 3))
    return Rigid((x, y, z), (a, b, c))
