"""Make the WMH network: cases, training, a network for each expert patient that never saw that patient, export.

train.py --data DIR --work DIR --out DIR [--add DIR] [--seed 1]

--data holds head-label-maps, ms-lesions and ms-longitudinal; --add names a folder of your own scans with masks
(own.py). Everything is kept in --work and a second run goes on from there. About 25 minutes for the cases and three to
four hours for training on 2 CPU cores. Then: benchmarks/lesions/run.py --scores-only, and calibrate.py.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from brain import brain_network
from export_network import export
from fit_network import Plan, train
from make_cases import kept, lesion_masks, simulated_cases
from own import own_case, own_names, version_of
from patches import FEW, MANY, SOME, Prepared, read_prepared
from prepare import prepared
from real import EXPERT, UNLABELLED, VARIANTS, as_case, expert_scan, painted_case, unlabelled_scan

from neurolupus.imaging.wmh import MODEL

STAGES = (  # name, steps, learning rate, how often lesions are seen: what they look like, then how rare they are
    ("base", 3800, 2e-3, MANY),
    ("long", 3200, 1.2e-3, MANY),
    ("sober", 900, 7e-4, FEW),
    ("stern", 500, 8e-4, FEW),
    ("unsure", 1200, 1e-3, SOME),
    ("rough", 600, 7e-4, FEW),
    ("last", 350, 6e-4, FEW),
)
FINE_STEPS, FINE_RATE = 220, 4e-4  # and what experts draw


def real_cases(data: Path, work: Path, seed: int, log: Callable[[str], None]) -> Iterator[Path]:
    """The scans with expert lesions, and all scans healed and painted; those depend on the brain network."""
    masks = lesion_masks(data)
    scans = [(name, lambda name=name: expert_scan(data, name)) for name in EXPERT]
    scans += [(f"sub-{p}_ses-{s}", lambda p=p, s=s: unlabelled_scan(data, p, s)) for p, s in UNLABELLED]
    for name, read in scans:
        wanted = [work / f"{name}_painted-{n}_{seed}_{brain_network()}.npz" for n in range(len(VARIANTS))]
        scan = None if all(p.exists() for p in wanted) else read()
        if name in EXPERT:
            yield kept(work / f"{name}.npz", lambda: as_case(scan or read()), log)  # noqa: B023
        for number, path in enumerate(wanted):
            yield kept(path, lambda: painted_case(scan, number, masks, seed), log)  # noqa: B023


def check_begun_with(work: Path, names: list[str]) -> None:
    """Stop where networks in WORK were trained on other cases: going on would hand out those as if made from these."""
    told = work / "cases.json"
    before = json.loads(told.read_text()) if told.exists() else names
    if before != names:
        new, gone = set(names) - set(before), set(before) - set(names)
        raise SystemExit(
            f"{work} was begun with {len(before)} cases; {len(new)} of these {len(names)} are new and {len(gone)} are "
            "missing.\n    Give another folder with --work; cases can be copied there, the folders of networks not."
        )
    told.write_text(json.dumps(names) + "\n")


def main() -> None:
    """See the top of the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="where wmh_network.onnx and without_*.onnx go")
    parser.add_argument("--add", type=Path, help="your own scans with masks: NAME_T1w, NAME_FLAIR, NAME_mask")
    parser.add_argument("--simulated", type=int, default=80)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=sum(s[1] for s in STAGES), help="fewer to try it out")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    args.out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    paths = list(simulated_cases(args.data, args.work, args.simulated, args.seed, print))
    paths += real_cases(args.data, args.work, args.seed, print)
    if args.add:
        paths += [
            kept(args.work / f"own-{n}-{version_of(args.add, n)}.npz", lambda n=n: own_case(args.add, n), print)
            for n in own_names(args.add)
        ]
    check_begun_with(args.work, [path.name for path in paths])
    cases = [read_prepared(prepared(path, args.work / "prepared")) for path in paths]
    print(json.dumps({"cases": len(cases), "s": round(time.monotonic() - started)}), flush=True)
    masks = lesion_masks(args.data)

    def run(name: str, members: list[Prepared], plan: Plan) -> Path:
        state = train(plan, members, masks, args.seed, args.threads)
        export(state, args.out / f"{name}.onnx")
        return state

    strangers = [c for c in cases if c.source not in EXPERT]
    share = args.steps / sum(steps for _, steps, _, _ in STAGES)
    state: Path | None = None
    for name, steps, rate, frequency in STAGES:
        state = run(name, strangers, Plan(args.work / name, max(1, round(steps * share)), rate, state, frequency))
    fine = max(1, round(FINE_STEPS * share))
    for left_out in EXPERT:
        members = [c for c in cases if c.source != left_out]
        run(f"without_{left_out}", members, Plan(args.work / f"without_{left_out}", fine, FINE_RATE, state, FEW))
    run(MODEL.removesuffix(".onnx"), cases, Plan(args.work / "all", fine, FINE_RATE, state, FEW))


if __name__ == "__main__":
    main()
