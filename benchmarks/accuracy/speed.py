"""How fast neurolupus is beside ANTs: one 1 mm 256³ pair, each program in a process of its own, in the same run.

    python benchmarks/accuracy/speed.py -o OUT [--repeats 3]

Ours: the command `neurolupus measure --t1w --flair`, and its work from file to numbers alone (start of Python, reading,
measuring). ANTs: N4, rigid registration and Atropos of the same files, with the true brain mask given to it for nothing
(so its figure leaves out brain extraction, WMH and filling).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DATA = ROOT.parent / "shared" / "data" / "mri"
sys.path[:0] = [str(HERE), str(ROOT / "src")]
LIMIT_SECONDS, LIMIT_GB = 30, 2.0
TITLES = {
    "command": "`neurolupus measure`, files and report written",
    "ours": "neurolupus, files to numbers",
    "ants": "ANTs: N4 + rigid + Atropos, mask given",
}


def main() -> int:
    """Make a pair, time both programs on it, write speed.md and speed.json."""
    options = parse()
    if options.child:
        return child(options.child, options.folder, options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make_pair(folder, options.head, options.data)
        runs: dict[str, list[dict[str, Any]]] = {"command": [], "ours": [], "ants": []}
        for repeat in range(options.repeats):
            for name in runs:
                runs[name].append(time_child(name, folder, options.threads))
                print(f"{name} {repeat + 1}: {runs[name][-1]}", flush=True)
    text = words(runs, options)
    (options.out / "speed.json").write_text(json.dumps(runs, indent=1))
    (options.out / "speed.md").write_text(text, encoding="utf-8")
    print(text)
    return 0


def parse() -> argparse.Namespace:
    """Command line; --child is how this file starts itself."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, default=Path("speed"))
    parser.add_argument("--head", default="head-09")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--child", choices=("ours", "ants"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def make_pair(folder: Path, head: str, data: Path) -> None:
    """A simulated 256³ pair of 1 mm, and the true brain mask, as NIfTI files."""
    import nibabel as nib
    import numpy as np
    from simulator import simulate

    case = simulate(data / "head-label-maps" / f"{head}.nii.gz", seed=500, t1w_size_mm=(256, 256, 256))
    assert case.pair.flair is not None
    images = {"t1w": case.pair.t1w, "flair": case.pair.flair}
    for name, volume in images.items():
        nib.save(nib.Nifti1Image(volume.data.astype(np.int16), volume.affine), folder / f"{name}.nii.gz")
    mask = case.intracranial_mask.astype(np.uint8)
    nib.save(nib.Nifti1Image(mask, case.pair.t1w.affine), folder / "mask.nii.gz")


def time_child(name: str, folder: Path, threads: int) -> dict[str, Any]:
    """Wall time and peak memory of one program in its own process; `command` is the whole neurolupus measure."""
    environment = dict(os.environ)
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"):
        environment[variable] = str(threads)
    environment["PYTHONPATH"] = str(ROOT / "src")
    command = [sys.executable, str(HERE / "speed.py"), "--child", name]
    command += ["--folder", str(folder), "--threads", str(threads)]
    if name == "command":
        command = [sys.executable, "-m", "neurolupus", "measure", "-o", str(folder / f"out-{time.time_ns()}")]
        command += ["--t1w", str(folder / "t1w.nii.gz"), "--flair", str(folder / "flair.nii.gz")]
        command += ["--omp-nthreads", str(threads)]
    before, start = os.getloadavg()[0], time.perf_counter()
    with (folder / "out.txt").open("w+") as out, (folder / "err.txt").open("w+") as err:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=err)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        told, words = (folder / "out.txt").read_text().splitlines(), (folder / "err.txt").read_text().splitlines()
    if process.returncode:
        return {"error": words[-1].strip() if words else f"exit {process.returncode}"}
    steps = json.loads(told[-1]) if name != "command" else {}
    return {
        "wall_seconds": round(wall, 2),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_gb": round(used.ru_maxrss / 1e6, 2),  # kB on Linux
        "load_before": round(before, 2),
        "steps": steps,
    }


def child(name: str, folder: Path, threads: int) -> int:
    """Do the work and tell, as the last line of stdout, what each step took."""
    seconds = ours(folder, threads) if name == "ours" else ants_steps(folder)
    print(json.dumps({k: round(v, 2) for k, v in seconds.items()}))
    return 0


def ours(folder: Path, threads: int) -> dict[str, float]:
    """neurolupus from files to a MeasuredScan."""
    from real_scans import acquisition, read_volume

    from neurolupus.imaging.measure import measure_scan
    from neurolupus.records.measured import Settings
    from neurolupus.records.scan import ScanId, ScanPair

    start = time.perf_counter()
    t1w, flair = folder / "t1w.nii.gz", folder / "flair.nii.gz"
    pair = ScanPair(ScanId("speed"), read_volume(t1w), read_volume(flair), acquisition(t1w), acquisition(flair))
    reading = time.perf_counter() - start
    measured = measure_scan(pair, Settings(), threads=threads)
    return {"reading": reading, **measured.seconds}


def ants_steps(folder: Path) -> dict[str, float]:
    """ANTs: N4 of both images, rigid registration, Atropos in the true mask."""
    import ants

    seconds: dict[str, float] = {}
    start = time.perf_counter()
    t1w, flair, mask = (ants.image_read(str(folder / f"{n}.nii.gz")) for n in ("t1w", "flair", "mask"))
    seconds["reading"] = time.perf_counter() - start
    start = time.perf_counter()
    t1w = ants.n4_bias_field_correction(t1w, mask=mask)
    seconds["N4 T1w"] = time.perf_counter() - start
    start = time.perf_counter()
    ants.registration(fixed=t1w, moving=flair, type_of_transform="Rigid")
    seconds["rigid"] = time.perf_counter() - start
    start = time.perf_counter()
    ants.atropos(a=t1w, x=mask, i="kmeans[3]", m="[0.2,1x1x1]", c="[5,0]")
    seconds["Atropos"] = time.perf_counter() - start
    return seconds


def words(runs: dict[str, list[dict[str, Any]]], options: argparse.Namespace) -> str:
    """The section of the report: the middle run of each by wall time beside all of them, and the ratio of the two."""
    pair = f"One simulated 1 mm 256³ T1w + FLAIR ({options.head}), {options.threads} threads"
    lines = ["## Speed", "", f"{pair}, the middle one of {options.repeats} by time (all), taken in turns:", ""]
    lines += ["| program | wall s | CPU s | peak GB | load before | steps (s) |", "|---|---:|---:|---:|---:|---|"]
    middle: dict[str, dict[str, Any]] = {}
    for name, title in TITLES.items():
        good = [run for run in runs[name] if "error" not in run]
        if not good:
            lines.append(f"| {title} | failed: {runs[name][0]['error']} | | | | |")
            continue
        good = sorted(good, key=lambda r: float(r["wall_seconds"]))
        run = middle[name] = good[len(good) // 2]
        every = ", ".join(f"{one['wall_seconds']:.1f}" for one in good)
        steps = ", ".join(f"{k} {v:.1f}" for k, v in run["steps"].items())
        cost = f"{run['wall_seconds']:.1f} ({every}) | {run['cpu_seconds']:.0f} | {run['peak_gb']:.2f}"
        lines.append(f"| {title} | {cost} | {run['load_before']:.1f} | {steps} |")
    if {"ours", "ants"} <= set(middle):
        ratio = middle["ours"]["wall_seconds"] / middle["ants"]["wall_seconds"]
        cpu = middle["ours"]["cpu_seconds"] / middle["ants"]["cpu_seconds"]
        lines += [
            "",
            f"From files to numbers we take {ratio:.2f} times ANTs' wall time and {cpu:.2f} times its CPU time.",
        ]
    judged = middle.get("command") or middle.get("ours")
    if judged:
        met = judged["wall_seconds"] <= LIMIT_SECONDS and judged["peak_gb"] <= LIMIT_GB
        lines.append(f"Target (≤ {LIMIT_SECONDS} s and ≤ {LIMIT_GB:g} GB): {'met' if met else '**not met**'}.")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
