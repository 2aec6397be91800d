"""Options that several verbs share, each with its one help text."""

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Write the result as JSON to stdout.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")]
Nprocs = Annotated[
    int | None, typer.Option("--nprocs", min=1, help="Scans at once; as many as cores and memory allow by default.")
]
OmpNthreads = Annotated[
    int | None, typer.Option("--omp-nthreads", min=1, help="Threads of each scan; 2 by default, 1 on a single core.")
]
Labels = Annotated[
    list[str] | None,
    typer.Option("--participant-label", help="Only these participants: 01 02, with or without sub-."),
]
Sessions = Annotated[
    list[str] | None, typer.Option("--session-label", help="Only these sessions: 1 2, with or without ses-.")
]
WorkDir = Annotated[
    Path | None,
    typer.Option("-w", "--work-dir", help="Folder for logs and temporary files; inside OUT by default."),
]
WmhThreshold = Annotated[
    float | None,
    typer.Option(
        "--wmh-threshold",
        help="Probability from which a voxel counts as WMH; the choice recorded in OUT, else 0.2, by default.",
    ),
]
NoFlair = Annotated[bool, typer.Option("--no-flair", help="Measure the T1w alone: no WMH.")]
AllowMixedVersions = Annotated[
    bool, typer.Option("--allow-mixed-versions", help="Make the table even if scans were measured by several versions.")
]
Exclusions = Annotated[
    Path | None,
    typer.Option(
        "--exclusions",
        help="TSV with participant_id, session_id and reason (tumour, arachnoid cyst): volumes unusable.",
    ),
]
