"""`neurolupus change`: lesions that are new, larger, smaller or gone, from session to session."""

from pathlib import Path
from typing import Annotated

import typer

from neurolupus.cli import options
from neurolupus.cli.arguments import bare_labels
from neurolupus.cli.console import SUCCESS, answer_json, guarded, tell


@guarded
def change(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A finished output of neurolupus measure.")],
    participant_label: options.Labels = None,
    session_order: Annotated[
        str,
        typer.Option(
            "--session-order",
            metavar="LABEL,LABEL,...",
            help="All sessions, earliest first: pre,post. By label otherwise: 9 before 10, but post before pre.",
        ),
    ] = "",
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> int:
    """Compare each measured session of a participant with the next: lesions and brain volume.

    Writes OUT/changes.tsv, OUT/changes.html, and images half way between the sessions.
    """
    from neurolupus.cli.progress import display
    from neurolupus.io.changes import change_row
    from neurolupus.records.change import FATES
    from neurolupus.workflows.change import PAGE, compare_all

    labels = bare_labels(participant_label or (), "sub-")
    order = [label.strip().removeprefix("ses-") for label in session_order.split(",") if label.strip()]
    with display() as observer:
        changes = compare_all(out, labels, order=order, overwrite=overwrite, observer=observer)
    if as_json:
        answer_json([change_row(one) for one in changes])
    for one in changes:
        numbers = {item.name: item.value for item in one.measurements}
        said = ", ".join(f"{numbers[f'{fate}_count']} {fate}" for fate in FATES)
        tell(f"{one.before.stem} to {one.after.stem}: {said}")
        for warning in one.warnings:
            tell(f"  {warning}", "yellow")
    tell(f"Open {out / PAGE}", "bold")
    return SUCCESS
