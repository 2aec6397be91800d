"""Test the shipped WMH model on heads it never saw, drawn by the benchmark's own simulator.

evaluate.py --data DIR --out FILE.json [--cases N]; the simulator of benchmarks/accuracy shares nothing with the one
that trains. The pair is aligned by the true transform: what is tested is the model. Beside it, the plain rule: white
matter brighter than 1.2 times the grey matter's mode.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
from simulated import HELD_OUT

from cases import corrected, onto_t1w
from neurolupus.imaging.agreement import segmentation_agreement
from neurolupus.imaging.brain import HeadMap, map_head
from neurolupus.imaging.masks import intracranial_mask
from neurolupus.imaging.wmh import wmh_probability
from neurolupus.imaging.wmh_units import mode, surest
from neurolupus.records.volume import Image, Mask, Probability, Volume

sys.path.append(str(Path(__file__).parents[2] / "benchmarks" / "accuracy"))

# head, load in ml (None: its own lesions), FLAIR, noise in %, bias
CASES: tuple[tuple[str, float | None, str, int, float], ...] = (
    ("head-03", None, "3d", 3, 0.2), ("head-08", None, "2d", 3, 0.2), ("head-09", None, "3d", 3, 0.2),
    ("head-11", None, "2d", 3, 0.2), ("head-03", 0.3, "3d", 3, 0.2), ("head-08", 0.3, "2d", 3, 0.2),
    ("head-09", 1.0, "3d", 3, 0.2), ("head-03", 1.0, "2d", 3, 0.2), ("head-08", 3.0, "3d", 3, 0.2),
    ("head-09", 3.0, "2d", 5, 0.4), ("head-03", 10.0, "3d", 5, 0.4), ("head-09", 10.0, "2d", 3, 0.2),
    ("head-09", 30.0, "3d", 3, 0.2), ("head-11", 50.0, "2d", 3, 0.2),
)  # fmt: skip


def plain_rule(t1w: Volume, flair: Image, mask: Mask, head: HeadMap) -> Probability:
    """White matter brighter than 1.2 times the grey matter's mode: the baseline."""
    relative = flair / mode(flair[surest(head.on(t1w, "cortex"), mask)])
    white = head.on(t1w, "cerebral_wm", "infratentorial_wm", "deep_gm")
    return np.where(mask, white / (1 + np.exp(-(relative - 1.2) / 0.04)), 0).astype(np.float32)


def main() -> None:
    """See the top of the file."""
    from simulator import simulate

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cases", type=int, default=len(CASES))
    args = parser.parse_args()
    masks = sorted((args.data / "ms-lesions" / "lesion-masks").glob("*_mask.nii.gz"))
    rows = []
    for number, (name, load, dimension, noise, bias) in enumerate(CASES[: args.cases]):
        assert name in HELD_OUT
        turned = masks[number:] + masks[:number]
        made = simulate(
            args.data / "head-label-maps" / f"{name}.nii.gz", seed=900 + number, flair=dimension, noise=noise,
            bias=bias, lesion_ml=load, lesion_mask_path=turned if load else None,
        )  # fmt: skip
        assert made.pair.flair is not None
        head = map_head(made.pair.t1w, threads=1)
        mask = intracranial_mask(head, made.pair.t1w)
        t1w = made.pair.t1w.with_data(corrected(made.pair.t1w, mask))
        flair = corrected(t1w.with_data(onto_t1w(made.pair.flair, t1w, made.flair_to_t1w_ras)), mask)
        started = time.process_time()
        found = wmh_probability(t1w, flair, mask, head, threads=1)
        seconds = time.process_time() - started
        for method, probability in (("model", found), ("plain rule", plain_rule(t1w, flair, mask, head))):
            for threshold in (0.2, 0.35, 0.5):
                a = segmentation_agreement(made.wmh_mask, probability >= threshold, t1w.affine)
                row = {
                    "head": name, "load_ml": load, "flair": dimension, "method": method, "threshold": threshold,
                    "truth_ml": a.volume_a_ml, "found_ml": a.volume_b_ml,
                    "expected_ml": float(probability.sum()) * t1w.voxel_volume_ml, "dice": a.dice,
                    "lesion_f1": a.lesion_f1, "seconds": seconds,
                }  # fmt: skip
                rows.append({k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()})
                print(json.dumps(rows[-1]), flush=True)
        args.out.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
