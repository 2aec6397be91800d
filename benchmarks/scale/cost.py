"""What many scans cost, on paper: python benchmarks/scale/cost.py one_scan.json [more.json].

From the processor seconds, memory and sizes that `one_scan.py` measured. Cores are taken to be as fast as the ones that
was run on, and to be as fast together as alone (100 %), or to lose a third to memory and shared caches (67 %): no run
on so many cores has been made to tell.
"""

import argparse
import json
import statistics
from pathlib import Path

SCANS = 100_000
THREADS = 2
MACHINES = {"1 node of 64 cores": 64, "Slurm cluster, 1,000 cores": 1000}
EFFICIENCIES = (1.0, 0.67)
BESIDE_CPU_S = {  # each scan's, beside its measuring: run.json and on_slurm.json
    "1 node of 64 cores": 0.03,
    "Slurm cluster, 1,000 cores": 0.09,
}


def main() -> None:
    it = argparse.ArgumentParser(description=__doc__)
    it.add_argument("measured", type=Path, nargs="+")
    scans = [scan for path in it.parse_args().measured for scan in json.loads(path.read_text())["scans"]]
    cpu_s, memory_mb = (statistics.fmean(scan[name] for scan in scans) for name in ("cpu_s", "memory_mb"))
    written_mb = statistics.fmean(scan["written_mb"] for scan in scans)
    print(f"{len(scans)} scans: {cpu_s:.1f} s of one core each, {memory_mb / 1000:.2f} GB, {written_mb:.1f} MB written")
    print(f"{SCANS:,} scans: {SCANS * cpu_s / 3600:,.0f} core hours, {SCANS * written_mb / 1e6:.1f} TB written")
    for name, cores in MACHINES.items():
        for efficiency in EFFICIENCIES:
            hours = SCANS * (cpu_s + BESIDE_CPU_S[name]) / (cores * efficiency) / 3600
            at_once = cores // THREADS
            memory_gb = at_once * max(scan["memory_mb"] for scan in scans) / 1000
            print(f"{name}, {efficiency:.0%}: {hours:.1f} h, {at_once} at once, {memory_gb:.0f} GB together")


if __name__ == "__main__":
    main()
