"""A measured scan made of ellipsoids, small enough to be drawn in a moment."""

import numpy as np

from neurolupus.records.measured import Lesion, MeasuredScan, RigidTransform, Settings
from neurolupus.records.measurement import Measurement, MeasurementSet
from neurolupus.records.scan import Acquisition, ScanId, ScanPair
from neurolupus.records.volume import Volume

SHAPE = (48, 56, 44)  # 2 mm voxels: a small head, quickly drawn
MIDDLE = (24, 28, 22)
LESION = (30, 30, 26)  # i grows to the right: this lesion lies in the patient's right half


def ellipsoid(centre: tuple[int, int, int], radii: tuple[float, float, float]) -> np.ndarray:
    grid = np.indices(SHAPE).astype(float)
    return sum(((grid[a] - centre[a]) / radii[a]) ** 2 for a in range(3)) < 1


def a_small_scan(
    *,
    participant: str = "01",
    flair: bool = True,
    lesion: bool = True,
    usable: bool = True,
    reason: str = "",
    warnings: tuple[str, ...] = (),
    wmh_threshold: float = 0.2,
) -> MeasuredScan:
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = [-48, -56, -44]
    brain, white = ellipsoid(MIDDLE, (17, 21, 16)), ellipsoid(MIDDLE, (12, 15, 11))
    fluid = ellipsoid(MIDDLE, (3, 6, 4))
    spot = ellipsoid(LESION, (2.2, 2.2, 1.6)) if lesion else np.zeros(SHAPE, bool)
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 12, SHAPE)
    t1w = np.where(fluid, 150.0, np.where(white, 800, np.where(brain, 520, 60))) + noise
    t1w = np.where(spot, 560, t1w).astype(np.float32)
    flair_image = np.where(fluid, 60.0, np.where(white, 330, np.where(brain, 420, 40))) + noise
    flair_image = np.where(spot, 760, flair_image).astype(np.float32)
    probability = np.where(spot, 0.8, 0.02).astype(np.float32) * brain
    mask = probability >= wmh_threshold
    wm, csf = (white & ~fluid).astype(np.float32), fluid.astype(np.float32)
    gm = (brain & ~white).astype(np.float32)
    ml = 0.008
    volumes = {"gm_ml": gm.sum() * ml, "wm_ml": wm.sum() * ml, "csf_ml": csf.sum() * ml}
    volumes["tiv_ml"] = sum(volumes.values())
    volumes["tbv_ml"] = volumes["gm_ml"] + volumes["wm_ml"]
    items = [Measurement(n, float(v), "ml", float(v) * 0.99, float(v) * 1.01) for n, v in volumes.items()]
    if flair:
        wmh = float(mask.sum() * ml)
        items += [Measurement("wmh_ml", wmh, "ml", 0.9 * wmh, 1.3 * wmh), Measurement("wmh_count", int(lesion))]
        items += [Measurement("qc_registration_nmi", 1.16)]
    items += [Measurement("qc_snr_wm", 18.2), Measurement("qc_cjv", 1.2), Measurement("wmh_threshold", wmh_threshold)]
    items += [
        Measurement("flair_dim", "3D" if flair else "none"),
        Measurement("usable", usable),
        Measurement("unusable_reason", reason or None),
        Measurement("version", "0.1.0"),
    ]
    centre = tuple(float(x) for x in (affine @ np.array([*LESION, 1.0]))[:3])
    lesions = (Lesion(1, float(spot.sum() * ml), "deep", centre, 17.0, 0.8, not usable),) if lesion and flair else ()
    return MeasuredScan(
        pair=ScanPair(
            ScanId(participant),
            Volume(t1w, affine),
            Volume(flair_image, affine) if flair else None,
            Acquisition(SHAPE, (2.0, 2.0, 2.0), "3D", magnetic_field_strength_t=3.0, manufacturer="Philips"),
        ),
        settings=Settings(wmh_threshold=wmh_threshold),
        t1w=Volume(t1w, affine),
        t1w_corrected=t1w,
        brain_mask=brain,
        intracranial_mask=brain,
        gm=gm,
        wm=wm,
        csf=csf,
        flair=flair_image if flair else None,
        transform=RigidTransform(np.eye(4), 1.16) if flair else None,
        wmh_probability=probability if flair else None,
        wmh_mask=mask if flair else None,
        lesion_labels=mask.astype(np.int32) if flair else None,
        filled_t1w=np.where(spot, 800, t1w).astype(np.float32),
        lesions=lesions,
        measurements=MeasurementSet(tuple(items)),
        usable=usable,
        warnings=warnings,
        seconds={"read": 0.4, "bias_n4": 2.5, "tissue": 6.25},
    )
