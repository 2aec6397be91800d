"""Make the WMH network: cases, training, a network for each expert patient that never saw that patient, export.

train.py --data DIR --work DIR --out DIR [--start FILE [--more STEPS]] [--add DIR] [--seed 1]

--data holds head-label-maps, ms-lesions and ms-longitudinal; --add names a folder of your own scans with masks
(own.py). Everything is kept in --work and a second run goes on from there. On 2 CPU cores a quarter of an hour for the
cases and three and three quarter hours for training; --start training/wmh/before_experts.npz begins where only experts'
and your own masks are left to learn, which takes ten minutes, and --more 5000 learns on before that (45 minutes).
Then: benchmarks/lesions/run.py --scores-only, calibrate.py, benchmarks/lesions/peak.py and, with the model in the
package, benchmarks/lesions/rescans.py and noise.py.
"""

import argparse
import json
import time
from pathlib import Path

from export_network import export
from fit_network import Plan, train
from lesion_masks import EXPERT, masks_to_paint
from make_cases import Recipe, all_cases
from patches import DRAWN, FEW, MANY, SOME, Prepared, read_prepared
from weights import save_weights, steps_before

from neurolupus.imaging.wmh import MODEL
from neurolupus.io.hashing import file_sha256

STAGES = (  # name, steps, learning rate, how often lesions are seen: what they look like, then how rare they are
    ("base", 2800, 2e-3, MANY),
    ("sober", 2100, 1.2e-3, SOME),
    ("last", 700, 7e-4, FEW),
    ("long", 3500, 1.2e-3, SOME),
    ("rare", 900, 7e-4, FEW),
    ("longer", 5600, 1.2e-3, SOME),
    ("rarer", 1400, 7e-4, FEW),
    ("longest", 5000, 1.2e-3, SOME),
    ("rarest", 1200, 7e-4, FEW),
)
MORE = (("more", 0.8, 1.2e-3, SOME), ("more_rare", 0.2, 7e-4, FEW))  # name, share of the steps of --more, and as above
FINE_STEPS, FINE_RATE = 350, 5e-4  # and what experts draw
FINE_STEPS_EACH = 40  # more for each scan of the user's
BEGINNING = "before_experts.npz"  # the weights before experts' patients are seen


def check_begun_with(work: Path, names: list[str], start: Path | None, more: int, steps: int, seed: int) -> None:
    """Stop where networks in WORK were trained otherwise: going on would hand out those as if made by this recipe."""
    told = work / "cases.json"
    now = {"cases": names, "start": start.name if start else None, "more": more}
    before = json.loads(told.read_text()) if told.exists() else now
    if isinstance(before, list):  # the networks there are of another shape
        raise SystemExit(f"{work} was begun by a former recipe; give another folder with --work.")
    before = {"more": 0, **before}
    how = {"steps": steps, "seed": seed, "start_sha256": file_sha256(start) if start else None}
    if any(before[name] != now[name] for name in now):
        new, gone = set(names) - set(before["cases"]), set(before["cases"]) - set(names)
        raise SystemExit(
            f"{work} was begun with {len(before['cases'])} cases, --start {before['start']} and --more "
            f"{before['more']}; {len(new)} of these {len(names)} are new, {len(gone)} are missing, --start is "
            f"{now['start']} and --more {more}.\n"
            "    Give another folder with --work; cases can be copied there, the folders of networks not."
        )
    differ = [name for name, value in how.items() if before.get(name, value) != value]
    if differ:  # parts that are there would be taken for finished ones
        raise SystemExit(
            f"{work} was begun with {', '.join(f'{name} {before[name]}' for name in differ)}; now it is "
            f"{', '.join(f'{name} {how[name]}' for name in differ)}.\n"
            "    Give another folder with --work; cases can be copied there, the folders of networks not."
        )
    told.write_text(json.dumps({**now, **how}) + "\n")


def options() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="where wmh_network.onnx and without_*.onnx go")
    parser.add_argument("--start", type=Path, help=f"weights to begin with, such as {BEGINNING} of this folder")
    parser.add_argument("--more", type=int, default=0, help="steps from --start on, before experts' patients are seen")
    parser.add_argument("--add", type=Path, help="your own scans with masks: NAME_T1w, NAME_FLAIR, NAME_mask")
    parser.add_argument("--simulated", type=int, default=80)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=sum(s[1] for s in STAGES), help="fewer to try it out")
    return parser.parse_args()


def main() -> None:
    """See the top of the file."""
    args = options()
    if args.start and not args.start.is_file():
        raise SystemExit(f"--start {args.start} is not there; {BEGINNING} lies beside this file.")
    if args.more and not args.start:
        raise SystemExit(f"--more goes on from weights: --start {Path(__file__).with_name(BEGINNING)}")
    args.work.mkdir(parents=True, exist_ok=True)
    args.out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    recipe = Recipe(args.data, args.work, args.simulated, args.seed, args.add)
    paths = list(all_cases(recipe, args.threads))
    check_begun_with(args.work, [path.name for path in paths], args.start, args.more, args.steps, args.seed)
    cases = [read_prepared(path) for path in paths]
    print(json.dumps({"cases": len(cases), "s": round(time.monotonic() - started)}), flush=True)
    own = [case for case in cases if case.origin == "real" and case.source not in EXPERT]
    masks = masks_to_paint(args.data)
    share = args.steps / sum(steps for _, steps, _, _ in STAGES)

    def run(name: str, members: list[Prepared], plan: Plan) -> Path:
        state = train(plan, members, masks, args.seed, args.threads)
        export(state, args.out / f"{name}.onnx")
        return state

    start: Path | None = args.start
    drawn = steps_before(start) if start else 0
    more = [(name, args.more * part, rate, frequency) for name, part, rate, frequency in MORE if args.more]
    strangers = [c for c in cases if c.source not in EXPERT]
    for name, steps, rate, frequency in more if start else STAGES:
        few = max(1, round(steps * share))
        start = run(name, strangers, Plan(args.work / name, few, rate, start, frequency, drawn))
        drawn += few
    if start != args.start:
        save_weights(start, args.out / BEGINNING, drawn)
    fine = max(1, round((FINE_STEPS + FINE_STEPS_EACH * len(own)) * share))
    for left_out in EXPERT:
        members = [c for c in cases if c.source != left_out]
        run(f"without_{left_out}", members, Plan(args.work / f"without_{left_out}", fine, FINE_RATE, start, DRAWN))
    run(MODEL.removesuffix(".onnx"), cases, Plan(args.work / "all", fine, FINE_RATE, start, DRAWN))


if __name__ == "__main__":
    main()
