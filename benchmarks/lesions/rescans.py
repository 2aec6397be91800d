"""How far the volumes of one person differ between scans: simulated persons, scanned again in other positions.

    python benchmarks/lesions/rescans.py -o OUT/rescans.json

Every person has one set of lesions, tissues, sequence and coil; position, movement between the two images and noise are
new in each scan. Each scan is measured as `neurolupus measure` does it. Rows that are there already are kept, so a
stopped run goes on; training/wmh/noise.py reads them.
"""

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "src")]
sys.path.append(str(ROOT / "benchmarks" / "accuracy"))

LOADS_ML = (1.0, 0.3, 2.5, 0.6, 10.0, 0.15, 1.5, 5.0, 0.45, 20.0)  # one person each; most as lupus has them
VISITS = 3
FIRST_PERSON = 900
COLUMNS = ("wmh_ml", "wmh_operating_ml", "wmh_expected_ml", "tbv_ml", "gm_ml", "wm_ml", "tiv_ml")


@dataclass(frozen=True, slots=True)
class Rescan:
    """One scan of a person."""

    person: int
    head: str
    flair: str
    load_ml: float
    visit: int

    @property
    def seed(self) -> int:
        """Of position and noise."""
        return 100 * self.person + 10 * self.visit + (self.flair == "2d")


def all_rescans() -> list[Rescan]:
    """First every person once or twice, so that a run that is cut short tells of all."""
    from lesion_cases import HELD_OUT

    return [
        Rescan(FIRST_PERSON + number, HELD_OUT[number % len(HELD_OUT)], flair, load, visit)
        for visit in range(VISITS)
        for number, load in enumerate(LOADS_ML)
        for flair in ("3d", "2d")
    ]


def measured(scan: Rescan, data: Path) -> dict[str, object]:
    """The row of a scan."""
    from simulator import simulate

    from neurolupus.imaging.measure import measure_scan
    from neurolupus.records.measured import Settings

    masks = sorted((data / "ms-lesions" / "lesion-masks").glob("*.nii.gz"))
    turn = scan.person % len(masks)
    made = simulate(
        data / "head-label-maps" / f"{scan.head}.nii.gz", seed=scan.seed, person_seed=scan.person, flair=scan.flair,
        lesion_ml=scan.load_ml, lesion_mask_path=masks[turn:] + masks[:turn],
    )  # fmt: skip
    numbers = measure_scan(made.pair, Settings(), threads=1).measurements.row()
    true_ml = float(made.wmh.sum(dtype=float)) * made.pair.t1w.voxel_volume_ml
    return {**asdict(scan), "true_ml": round(true_ml, 4), **{name: numbers[name] for name in COLUMNS}}


def main() -> None:
    """See the top of the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "mri")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    rows = json.loads(args.out.read_text()) if args.out.exists() else []
    there = {(row["person"], row["flair"], row["visit"]) for row in rows}
    wanted = [scan for scan in all_rescans() if (scan.person, scan.flair, scan.visit) not in there]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(args.jobs) as pool:
        for done in as_completed([pool.submit(measured, scan, args.data) for scan in wanted]):
            rows.append(done.result())
            fresh = args.out.with_suffix(".part")
            fresh.write_text(json.dumps(rows, indent=1) + "\n")
            fresh.replace(args.out)
            row = rows[-1]
            print(f"[{len(rows)}/{len(all_rescans())}] {row['person']} {row['flair']} {row['visit']}: "
                  f"{row['true_ml']} ml, measured {row['wmh_ml']}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
