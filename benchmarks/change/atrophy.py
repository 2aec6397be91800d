"""How right the change of brain volume is: simulated heads that lose a known share of their brain, and rescans.

    python benchmarks/change/atrophy.py DATA/head-label-maps -o OUT      # 12 pairs, some 20 minutes on 2 cores

Two heads no model has learned from (03, 08), drawn by the simulator of benchmarks/accuracy. Of each, six later sessions
in another position: two unchanged (the second with more noise and another shading), brains drawn together by about 0.6,
1.3 and 2.7 % (the last with more noise), and a brain swollen about its ventricles (other shading). Truth is counted on
half-millimetre voxels. Shown are the difference of the volumes of each session by itself, and the change seen on both
T1w at once.
"""

import argparse
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

sys.path.append(str(Path(__file__).resolve().parents[1] / "accuracy"))
import simulator
from anatomy import FineHead, prepare
from truth import OUTSIDE, tissue_table

from neurolupus.imaging.boundary_shift import SessionOnGrid, boundary_shift
from neurolupus.imaging.halfway import meet_halfway
from neurolupus.imaging.measure import measure_scan
from neurolupus.io.atomic import write_json
from neurolupus.records.measured import MeasuredScan, Settings

HEADS = (("head-03", 300), ("head-08", 301))
STEP = 6  # half-millimetre voxels between the knots of the displacement
HOLD_MM = 8.0  # the brain is drawn in fully this far from the skull, which stays
FADE_MM = 25.0
VENTRICLES = (4, 43)


@dataclass(frozen=True, slots=True)
class Visit:
    """What is done to a head, and how it is scanned."""

    name: str
    seed: int
    shrink: float = 0.0
    ventricle_zoom: float = 1.0
    noise: float = 3.0
    shading: float = 0.0


BASE = Visit("base", 1000)
VISITS = (
    Visit("rescan", 2000),
    Visit("rescan, noise 5 %, other shading", 7000, noise=5.0, shading=0.05),
    Visit("loss", 4000, shrink=0.005),
    Visit("more loss", 3000, shrink=0.01),
    Visit("most loss, noise 5 %", 6000, shrink=0.02, noise=5.0),
    Visit("swelling, other shading", 5000, ventricle_zoom=1.06, shading=0.03),
)


def main() -> None:
    """Print a row per pair, then the noise and the error of both ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("heads", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    options = parser.parse_args()
    rows = []
    for head, person in HEADS:
        path = options.heads / f"{head}.nii.gz"
        base, true_base = measured(path, person, BASE)
        for visit in VISITS:
            later, true_later = measured(path, person, visit)
            volumes = [one.measurements.number("tbv_ml") for one in (base, later)]
            row: dict[str, Any] = {"head": head, "visit": visit.name, "true": percent(true_base, true_later)}
            row |= {"tbv": percent(volumes[0], volumes[1])} | both_at_once(base, later)
            print("  ".join(f"{v:+.3f}" if isinstance(v, float) else f"{v:32}" for v in row.values()), flush=True)
            rows.append(row)
    write_json(options.out / "atrophy.json", {"pairs": rows, **summary(rows)})
    print(json.dumps(summary(rows), indent=2))


def summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Root mean squares of what unchanged heads show, and of the errors of changed ones over the true change."""
    still, moved = ([row for row in rows if (row["true"] == 0) is unchanged] for unchanged in (True, False))
    told = {}
    for way in ("tbv", "pbvc"):
        told[f"{way}_noise_percent"] = float(np.sqrt(np.mean([row[way] ** 2 for row in still])))
        ratios = [row[way] / row["true"] for row in moved]
        told[f"{way}_relative_error"] = float(np.sqrt(np.mean(np.square(np.subtract(ratios, 1)))))
    return told


def percent(before: float, after: float) -> float:
    """Of the mean of both."""
    return 200 * (after - before) / (before + after)


def both_at_once(before: MeasuredScan, after: MeasuredScan) -> dict[str, float]:
    """As `compare_sessions` does, without a FLAIR."""
    t1w = [one.t1w.with_data(one.t1w_corrected) for one in (before, after)]
    way = meet_halfway(t1w[0], t1w[1], before.intracranial_mask)
    sessions = []
    for scan, bring in ((before, way.before), (after, way.after)):
        gm, wm, mask = (
            bring(scan.t1w.with_data(x.astype(np.float32))) for x in (scan.gm, scan.wm, scan.intracranial_mask)
        )
        image = np.maximum(bring(scan.t1w.with_data(scan.t1w_corrected), order=3), 0)
        sessions.append(SessionOnGrid(image, gm, wm, mask >= 0.5))
    found = boundary_shift(sessions[0], sessions[1], way.grid)
    return {"pbvc": found.change_percent, "calibration": found.calibration}


def measured(path: Path, person: int, visit: Visit) -> tuple[MeasuredScan, float]:
    """A visit's T1w measured, and the true volume of the brain in ml."""

    def changed(head: Any, rng: np.random.Generator) -> FineHead:
        return drawn_in(prepare(head, rng), visit, visit.seed + person)

    simulator.prepare = changed  # the head changes after it was made fine, before anything is drawn of it
    case = simulator.simulate(path, seed=visit.seed + person, person_seed=person, noise=visit.noise)
    t1w = case.pair.t1w
    if visit.shading:
        waves = np.random.default_rng(visit.seed + person + 1000).standard_normal((4, 4, 4))
        field = ndimage.zoom(waves, [n / 4 for n in t1w.shape], order=3)
        t1w = t1w.with_data((t1w.data * np.exp(visit.shading * field / field.std())).astype(np.float32))
    scan = measure_scan(replace(case.pair, t1w=t1w, flair=None), Settings(), threads=1)
    return scan, case.volumes_ml["tbv_ml"]


def drawn_in(fine: FineHead, visit: Visit, seed: int) -> FineHead:
    """The head with its brain drawn towards the middle, and what lies about its ventricles widened; the skull stays.

    Each half-millimetre voxel takes the label at its displaced place, rounded up or down at random in proportion, so
    that shifts by a tenth of a voxel are there on average.
    """
    if not visit.shrink and visit.ventricle_zoom == 1:
        return fine
    shift = displacement(fine, visit)
    rng = np.random.default_rng(seed)
    shape = fine.index.shape
    changed = np.empty_like(fine.index)
    for i in range(shape[0]):
        at = np.stack(np.meshgrid([i], *map(np.arange, shape[1:]), indexing="ij"))[:, 0].astype(np.float32)
        index = []
        for axis, n in enumerate(shape):
            moved = at[axis] + ndimage.map_coordinates(shift[axis], at / STEP, order=1, mode="nearest")
            index.append(np.clip(np.floor(moved + rng.random(moved.shape, np.float32)).astype(int), 0, n - 1))
        changed[i] = fine.index[tuple(index)]
    return replace(fine, index=changed)


def displacement(fine: FineHead, visit: Visit) -> NDArray[np.float32]:
    """From each knot to the place whose label it takes, (3, ...) in half-millimetre voxels."""
    tissue = tissue_table()[np.minimum(fine.numbers, 1023)]
    tissue[fine.numbers > 1000] = OUTSIDE
    inside = tissue[fine.index[::STEP, ::STEP, ::STEP]] > 0
    hold = np.minimum(ndimage.distance_transform_edt(inside) * STEP / 2 / HOLD_MM, 1)
    at = np.indices(inside.shape) * STEP
    from_middle = at - STEP * np.argwhere(inside).mean(0)[:, None, None, None]
    ventricles = np.argwhere(fine.is_any(VENTRICLES)[::4, ::4, ::4]).mean(0) * 4
    from_ventricles = at - ventricles[:, None, None, None]
    fade = np.exp(-0.5 * np.sum((from_ventricles / 2) ** 2, axis=0) / FADE_MM**2)
    shift = visit.shrink * hold * from_middle + (1 / visit.ventricle_zoom - 1) * fade * from_ventricles
    return np.asarray(shift, np.float32)


if __name__ == "__main__":
    main()
