"""`neurolupus demo`: an invented clinic, simulated, measured and shown."""

from pathlib import Path
from typing import Annotated

import typer

from neurolupus.cli import options
from neurolupus.cli.console import answer_json, guarded, tell


@guarded
def demo(
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="A new folder.")],
    overwrite: options.Overwrite = False,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same patients.")] = 0,
    nprocs: Annotated[int, typer.Option("--nprocs", min=1, help="Scans at once.")] = 2,
    as_json: options.Json = False,
) -> int:
    """Simulate six patients, measure and advise on them, run two studies, audit two papers: one page."""
    from neurolupus.cli.measure import finish
    from neurolupus.cli.progress import Stopwatch, display
    from neurolupus.workflows.capacity import Capacity
    from neurolupus.workflows.demo import run_demo

    watch = Stopwatch()
    with display() as observer:
        result = run_demo(out, overwrite=overwrite, seed=seed, capacity=Capacity(nprocs, 1), observer=observer)
    if as_json:
        answer_json({"page": str(result.page), **result.measured.summary()})
    code = finish(result.measured, quiet=as_json)
    tell(f"Done in {watch}. Open {result.page}", "bold green")
    return code
