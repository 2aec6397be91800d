"""`neurolupus threshold`: choose the WMH threshold by eye, and record the choice."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurolupus.cli import options
from neurolupus.cli.console import SUCCESS, answer_json, guarded, tell
from neurolupus.errors import UsageError

if TYPE_CHECKING:
    from neurolupus.workflows.choice import ThresholdChoice


@guarded
def threshold(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A finished output of neurolupus measure.")],
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="Scans to draw.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same scans.")] = 0,
    page: Annotated[
        Path | None, typer.Option("-o", "--out", help="The page; OUT/wmh_threshold.html by default.")
    ] = None,
    choose: Annotated[float | None, typer.Option(help="Record this threshold.")] = None,
    by: Annotated[str | None, typer.Option(help="Who chose it; needed with --choose.")] = None,
    choice: Annotated[Path | None, typer.Option(help="Record the JSON that the page saved.")] = None,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> int:
    """Show masks of random scans at thresholds 0.1 to 0.5 side by side, or record which was chosen.

    measure uses the recorded threshold of its output folder unless told otherwise.
    """
    if choose is not None or choice is not None:
        return _record(out, choose, by, choice, overwrite=overwrite, as_json=as_json)
    if by is not None:
        raise UsageError("--by was given without a choice.\n    Add --choose 0.2, or --choice FILE.json")
    return _draw(out, page, count, seed, overwrite=overwrite, as_json=as_json)


def _draw(out: Path, page: Path | None, count: int, seed: int, *, overwrite: bool, as_json: bool) -> int:
    from neurolupus.cli.progress import display
    from neurolupus.workflows.threshold import PAGE, make_threshold_page

    target = page or out / PAGE
    if target.exists() and not overwrite:
        raise UsageError(f"{target} exists.\n    Replace it with --overwrite, or name another page with -o.")
    with display() as observer:
        names = make_threshold_page(out, target, count=count, seed=seed, observer=observer)
    if as_json:
        answer_json({"page": str(target), "cases": names, "seed": seed})
    tell(f"Open {target}, choose, and record it: neurolupus threshold {out} --choose 0.2 --by NAME", "bold")
    return SUCCESS


def _record(
    out: Path, choose: float | None, by: str | None, choice: Path | None, *, overwrite: bool, as_json: bool
) -> int:
    from neurolupus.workflows.choice import record_choice

    chosen = _chosen(choose, by, choice)
    path = record_choice(out, chosen, overwrite=overwrite)
    if as_json:
        answer_json(asdict(chosen))
    tell(f"Recorded {chosen.wmh_threshold:g} in {path}. Scans measured with another threshold are measured again.")
    return SUCCESS


def _chosen(choose: float | None, by: str | None, choice: Path | None) -> "ThresholdChoice":
    from neurolupus.workflows.choice import choice_now, read_choice

    if choice is not None and choose is not None:
        raise UsageError("--choose and --choice were both given.\n    Leave one of the two out.")
    if choice is not None:
        chosen = read_choice(choice)
        if chosen is None:
            raise UsageError(f"{choice} does not exist; the JSON that the page saved is needed.\n    Check the path.")
        return replace(chosen, chosen_by=by) if by else chosen
    if choose is None or not by:
        raise UsageError("--choose needs --by: a choice by eye is somebody's.\n    Add --by NAME.")
    return choice_now(choose, by)
