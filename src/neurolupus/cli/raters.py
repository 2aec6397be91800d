"""`neurolupus raters`: scans for raters to draw on, their maps read back, and how well they agree."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurolupus.cli import options
from neurolupus.cli.arguments import bare_labels
from neurolupus.cli.console import SUCCESS, answer, answer_json, guarded, tell
from neurolupus.errors import UsageError

if TYPE_CHECKING:
    from rich.table import Table

    from neurolupus.workflows.raters_agree import PairAgreement, RatersComparison
    from neurolupus.workflows.raters_read import RaterReading

raters = typer.Typer(
    name="raters",
    help="Lesion maps drawn by raters, and how well they agree.",
    no_args_is_help=True,
    add_completion=False,
)


class StartMap(StrEnum):
    """What a rater's label maps hold at first."""

    MODEL = "model"
    EMPTY = "empty"


class MapFormat(StrEnum):
    """What a rater's label maps are."""

    NIFTI = "nifti"
    SLICER = "slicer"


Key = Annotated[Path | None, typer.Option("--key", metavar="TSV", help="Which code is which scan, of a blinded set.")]


@raters.callback()
def _root() -> None:
    """Lesion maps drawn by raters, and how well they agree."""


@raters.command("export")
@guarded
def export(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A finished output of neurolupus measure.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder for the raters.")],
    participant_label: options.Labels = None,
    session_label: options.Sessions = None,
    start: Annotated[StartMap, typer.Option(help="Label maps hold what the model found, or nothing.")] = StartMap.MODEL,
    map_format: Annotated[
        MapFormat, typer.Option("--format", help="labels.nii.gz for any program, or labels.seg.nrrd of 3D Slicer.")
    ] = MapFormat.NIFTI,
    blind: Annotated[
        Path | None, typer.Option("--blind", metavar="KEY", help="Codes for names, in random order; KEY tells which.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="With --blind: the same seed gives the same order.")] = None,
    as_json: options.Json = False,
) -> int:
    """Write T1w, FLAIR and a label map of each scan, with colours for ITK-SNAP and 3D Slicer."""
    import numpy as np

    from neurolupus.cli.progress import display
    from neurolupus.workflows.raters_export import export_for_raters

    if seed is not None and blind is None:
        raise UsageError("--seed orders blinded scans.\n    Add --blind KEY.tsv, or leave --seed out.")
    with display() as observer:
        done = export_for_raters(
            out,
            folder,
            participants=bare_labels(participant_label or (), "sub-"),
            sessions=bare_labels(session_label or (), "ses-"),
            start=start.value,
            map_format=map_format.value,
            key=blind,
            rng=np.random.default_rng(seed),
            observer=observer,
        )
    if as_json:
        answer_json(done.summary())
    tell(f"{len(done.cases)} scans: {folder}. Give a copy to each rater; README.txt tells what to do.")
    if done.key:
        tell(f"Which is which: {done.key}. Keep it away from the raters.", "yellow")
    return SUCCESS


@raters.command("read")
@guarded
def read(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The automatic result; it is only read.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What the rater gave back.")],
    target: Annotated[Path, typer.Option("-o", "--out", metavar="OUT_RATER", help="The rater's own output folder.")],
    rater: Annotated[str, typer.Option("--rater", metavar="NAME", help="Whose maps these are: name or initials.")],
    key: Key = None,
    raw: Annotated[
        Path | None, typer.Option("--raw", metavar="DIR", help="The images measured; told from OUT by default.")
    ] = None,
    exclusions: options.Exclusions = None,
    nprocs: options.Nprocs = None,
    omp_nthreads: options.OmpNthreads = None,
    work_dir: options.WorkDir = None,
    as_json: options.Json = False,
) -> int:
    """Check the maps a rater drew, and measure each scan again with its map in place of the model's."""
    from neurolupus.cli.measure import finish
    from neurolupus.cli.progress import display
    from neurolupus.workflows.capacity import plan_capacity
    from neurolupus.workflows.measure import MeasureOptions
    from neurolupus.workflows.raters_read import ReadOptions, read_back

    measure = MeasureOptions(capacity=plan_capacity(nprocs, omp_nthreads), work=work_dir, exclusions=exclusions)
    with display() as observer:
        done = read_back(out, folder, target, rater=rater, options=ReadOptions(raw, key, measure), observer=observer)
    if as_json:
        answer_json(done.summary())
    else:
        answer().print(_edits(done))
    _tell_edits(done)
    return finish(done.measured, quiet=as_json)


@raters.command("agree")
@guarded
def agree(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="DIR...", help="Raters' folders, outputs of measure, or folders of masks; two or more."),
    ] = None,
    ratings: Annotated[
        list[Path] | None, typer.Option("--ratings", metavar="TSV", help="Grades of scans; may be given several times.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="DIR", help="Where page, JSON and table go.")
    ] = None,
    key: Key = None,
    min_lesion_ml: Annotated[float, typer.Option(min=0, help="Lesions smaller than this are not counted.")] = 0.0,
    dice_within: Annotated[
        float, typer.Option(min=0.001, help="Half-width of mean Dice that the hint aims at.")
    ] = 0.05,
    limits_within: Annotated[
        float, typer.Option(min=0.01, metavar="SD", help="The same of a limit of agreement, in SD.")
    ] = 0.5,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> int:
    """Compare lesion maps of raters, or of a rater and the model, and grades: Dice, volumes, kappa, how many scans."""
    from neurolupus.cli.progress import display
    from neurolupus.workflows.raters_agree import compare_raters, write_comparison
    from neurolupus.workflows.raters_page import write_raters_page

    if out is not None and out.exists() and any(out.iterdir()) and not overwrite:
        raise UsageError(f"{out} is not empty.\n    Replace what is there with --overwrite, or name another folder.")
    with display() as observer:
        found = compare_raters(
            folders or (),
            ratings=ratings or (),
            key=key,
            min_lesion_ml=min_lesion_ml,
            dice_within=dice_within,
            limits_within=limits_within,
            observer=observer,
        )
        if out is not None:
            write_comparison(out, found)
            write_raters_page(out / "agreement.html", found, min_lesion_ml=min_lesion_ml)
    if as_json:
        answer_json(found.summary())
    else:
        _show(found)
    if out is not None:
        tell(f"Page: {out / 'agreement.html'}")
    return SUCCESS


def _edits(done: "RaterReading") -> "Table":
    from rich.table import Table

    table = Table(title=f"Maps of {done.rater}, ml", title_justify="left", box=None, pad_edge=False)
    for heading in ("scan", "model", "rater", "added", "removed", "unsure", "Dice to model"):
        table.add_column(heading, justify="left" if heading == "scan" else "right")
    for one in done.edits:
        values = (one.wmh_model_ml, one.wmh_ml, one.added_ml, one.removed_ml, one.unsure_ml, one.dice_to_model)
        table.add_row(one.scan_id.stem, *(f"{value:.3f}" for value in values))
    return table


def _tell_edits(done: "RaterReading") -> None:
    same = [one.scan_id.stem for one in done.edits if not one.edited]
    again = [one.scan_id.stem for one in done.edits if one.model_measured_again]
    infarcts = [one.scan_id.stem for one in done.edits if one.infarct_ml]
    for names, words in (
        (same, "as exported: was nothing to draw, or is it not begun"),
        (again, "measured again since the export; the model's mask is another one now"),
        (infarcts, "with an infarct-like lesion: volumes not usable"),
    ):
        if names:
            tell(f"{len(names)} of {len(done.edits)} {words}: {', '.join(names[:10])}", "yellow")


def _show(found: "RatersComparison") -> None:
    if found.pairs:
        answer().print(_pairs(found))
        for pair in found.pairs:
            _tell_size(pair)
    if found.left_out:
        tell(f"Not in all folders, left out ({len(found.left_out)}): {', '.join(found.left_out[:10])}", "yellow")
    for rater in dict.fromkeys(name for name, _ in found.untouched):
        scans = [scan for name, scan in found.untouched if name == rater]
        what = f"{len(scans)} map{'s' * (len(scans) > 1)} of {rater} {'are' if len(scans) > 1 else 'is'} as exported"
        tell(f"{what}; was nothing to draw, or is it not begun: {', '.join(scans[:10])}", "yellow")
    for one in found.ratings:
        for kappa in one.kappas:
            value = "not defined (one category)" if kappa.value is None else f"{kappa.value:.3f}"
            limits = "" if kappa.ci_low is None else f" ({kappa.ci_low:.3f} to {kappa.ci_high:.3f})"
            answer().print(f"{one.map}, {' and '.join(one.raters)}: {kappa.method} {value}{limits}, n = {kappa.n}")


def _pairs(found: "RatersComparison") -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("scan", "A", "B", "Dice", "lesion F1", "kappa", "A, ml", "B, ml"):
        table.add_column(heading, justify="left" if heading in ("scan", "A", "B") else "right")
    for pair in found.pairs:
        for one in pair.scans:
            it = one.agreement
            kappa = "–" if one.kappa is None else f"{one.kappa:.3f}"
            numbers = (f"{it.volume_a_ml:.3f}", f"{it.volume_b_ml:.3f}")
            table.add_row(one.scan, pair.a, pair.b, f"{it.dice:.3f}", f"{it.lesion_f1:.3f}", kappa, *numbers)
    return table


def _tell_size(pair: "PairAgreement") -> None:
    from neurolupus.workflows.raters_page import size_sentences

    tell(f"{pair.a} and {pair.b}: {' '.join(size_sentences(pair))}")
