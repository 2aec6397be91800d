"""Options that several verbs share, each with its one help text."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

WHICH, HOW, MACHINE = "Which scans", "How they are measured", "The machine"

Json = Annotated[bool, typer.Option("--json", help="Write the result as JSON to stdout.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")]
Nprocs = Annotated[
    int | None,
    typer.Option(
        "--nprocs",
        rich_help_panel=MACHINE,
        metavar="N",
        min=1,
        help="Scans at once; by default as many as cores and memory allow, or the cluster lets run.",
    ),
]
OmpNthreads = Annotated[
    int | None,
    typer.Option(
        "--omp-nthreads",
        rich_help_panel=MACHINE,
        metavar="N",
        min=1,
        help="Threads of each scan; 2 by default, 1 on a single core.",
    ),
]


class ExecutorName(StrEnum):
    """Where scans are measured."""

    LOCAL = "local"
    DASK = "dask"
    SLURM = "slurm"


Executor = Annotated[
    ExecutorName,
    typer.Option(
        "--executor",
        rich_help_panel=MACHINE,
        metavar="WHERE",
        help="local: this machine; dask: a Dask cluster; slurm: arrays of sbatch.",
    ),
]
MemGb = Annotated[
    float | None,
    typer.Option(
        "--mem-gb",
        rich_help_panel=MACHINE,
        metavar="GB",
        help="Memory of each scan; one that takes more is stopped. 4 by default, here its share if larger.",
    ),
]
Minutes = Annotated[
    float | None,
    typer.Option(
        "--minutes",
        rich_help_panel=MACHINE,
        metavar="N",
        help="Time of each try of a scan; one that takes longer is stopped. 60 by default, more with own methods.",
    ),
]
Tries = Annotated[
    int,
    typer.Option(
        "--tries",
        rich_help_panel=MACHINE,
        metavar="N",
        min=1,
        help="Tries of a scan that is killed, crashes, goes over a limit or meets an error of the system.",
    ),
]
DaskAddress = Annotated[
    str | None,
    typer.Option(
        "--dask-address",
        rich_help_panel=MACHINE,
        metavar="URL",
        help="Dask scheduler to use: tls://host:8786, tcp://127.0.0.1:8786. By default one of its own, on no port.",
    ),
]
SlurmOptions = Annotated[
    str | None,
    typer.Option(
        "--slurm-options",
        rich_help_panel=MACHINE,
        metavar="TEXT",
        help="For sbatch: '--partition=long --account=lupus'.",
    ),
]
SlurmSetup = Annotated[
    Path | None,
    typer.Option(
        "--slurm-setup",
        rich_help_panel=MACHINE,
        metavar="FILE",
        help="Shell lines before each scan on Slurm, as module load; a line with {task} starts the scan itself.",
    ),
]
NoWait = Annotated[
    bool, typer.Option("--no-wait", rich_help_panel=MACHINE, help="Submit to Slurm and return; look with status.")
]
Labels = Annotated[
    list[str] | None,
    typer.Option(
        "--participant-label",
        rich_help_panel=WHICH,
        metavar="LABEL",
        help="Only these participants: 01 02.",
    ),
]
LabelsOrName = Annotated[
    list[str] | None,
    typer.Option(
        "--participant-label",
        rich_help_panel=WHICH,
        metavar="LABEL",
        help="Only these participants: 01 02. With --t1w, the name of the pair.",
    ),
]
Sessions = Annotated[
    list[str] | None,
    typer.Option("--session-label", rich_help_panel=WHICH, metavar="LABEL", help="Only these sessions: 1 2."),
]
WorkDir = Annotated[
    Path | None,
    typer.Option(
        "-w",
        "--work-dir",
        rich_help_panel=MACHINE,
        metavar="DIR",
        help="Folder for logs and temporary files; inside OUT by default.",
    ),
]
WmhThreshold = Annotated[
    float | None,
    typer.Option(
        "--wmh-threshold",
        rich_help_panel=HOW,
        metavar="P",
        help="Probability from which a voxel counts as WMH; the choice recorded in OUT, else 0.2, by default.",
    ),
]
WmhMethod = Annotated[
    str | None,
    typer.Option(
        "--wmh-method",
        rich_help_panel=HOW,
        metavar="METHOD",
        help="A hyperintensity method of your own instead of the model: its name, module:attribute, or FILE.py.",
    ),
]
WmhCompare = Annotated[
    list[str] | None,
    typer.Option(
        "--wmh-compare",
        rich_help_panel=HOW,
        metavar="METHOD",
        help="Compare this method with the one measured; again for another. model: the program's own.",
    ),
]
WmhMinutes = Annotated[
    float,
    typer.Option("--wmh-minutes", rich_help_panel=HOW, metavar="N", help="How long a method may take on one scan."),
]
NoFlair = Annotated[bool, typer.Option("--no-flair", rich_help_panel=HOW, help="Measure the T1w alone: no WMH.")]
AllowMixedVersions = Annotated[
    bool,
    typer.Option(
        "--allow-mixed-versions",
        rich_help_panel=WHICH,
        help="Make the table even if scans were measured by several versions.",
    ),
]
Exclusions = Annotated[
    Path | None,
    typer.Option(
        "--exclusions",
        rich_help_panel=WHICH,
        help="TSV: participant_id, session_id, reason (tumour ...). Measured all the same, and marked not usable.",
    ),
]
