"""`neurolupus agree`: how well two segmentations or two tables of volumes agree."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurolupus.cli import options
from neurolupus.cli.console import SUCCESS, answer, answer_json, guarded, tell
from neurolupus.errors import UsageError

if TYPE_CHECKING:
    from rich.table import Table

    from neurolupus.workflows.agree import SegmentationComparison
    from neurolupus.workflows.agree_tables import TableComparison


class Kind(StrEnum):
    """Programs whose tables are understood."""

    NEUROLUPUS = "neurolupus"
    CAT12 = "cat12"
    LST = "lst"
    FREESURFER = "freesurfer"


@guarded
def agree(
    a: Annotated[Path, typer.Argument(metavar="A", help="The reference: a segmentation (.nii.gz) or a table.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="What is judged, of the same kind.")],
    kind_a: Annotated[Kind | None, typer.Option(help="Program that made table A; told from its columns.")] = None,
    kind_b: Annotated[Kind | None, typer.Option(help="Program that made table B.")] = None,
    threshold: Annotated[float, typer.Option(help="From which probability a voxel belongs to the mask.")] = 0.2,
    min_lesion_ml: Annotated[float, typer.Option(min=0, help="Lesions smaller than this are not counted.")] = 0.0,
    limits_within: Annotated[
        float,
        typer.Option(min=0.01, metavar="SD", help="Half-width of a limit of agreement, in SD, that the hint aims at."),
    ] = 0.5,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="TSV", help="Write every pair of values.")] = None,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> int:
    """Compare two segmentations (Dice, lesion-wise F1, volume error), or two tables of volumes (Bland-Altman).

    Tables of neurolupus, CAT12, LST and FreeSurfer are understood; scans are matched by participant and session.
    """
    from neurolupus.workflows.agree import SegmentationComparison, compare, write_pairs

    if out is not None and out.exists() and not overwrite:
        raise UsageError(f"{out} exists.\n    Replace it with --overwrite, or name another file with -o.")
    result = compare(
        a,
        b,
        kind_a=kind_a.value if kind_a else None,
        kind_b=kind_b.value if kind_b else None,
        threshold=threshold,
        min_lesion_ml=min_lesion_ml,
        limits_within=limits_within,
    )
    if out is not None:
        write_pairs(out, result)
        tell(f"Pairs: {out}")
    if as_json:
        answer_json(result.summary())
    elif isinstance(result, SegmentationComparison):
        answer().print(_segmentations(result))
    else:
        answer().print(_tables(result))
        _tell_unmatched(result)
        _tell_size(result)
    return SUCCESS


def _tell_size(result: "TableComparison") -> None:
    """How closely the limits of agreement are known, and how many scans would do."""
    known = False
    for column in result.columns:
        if column.limit_half_width_ml is not None and column.agreement:
            known = True
            n, half_width = column.agreement.n, column.limit_half_width_ml
            tell(f"{column.name}: {n} scans give each limit of agreement ± {half_width:.2f} ml.")
        elif column.agreement:
            n = column.agreement.n
            tell(f"{column.name}: all {n} differences are alike, so nothing is known of how many would do.")
    if known:
        within = result.limits_within
        tell(f"For ± {within:g} standard deviations take {result.limits_needed} scans or more (Bland and Altman 1986).")


def _text(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _segmentations(result: "SegmentationComparison") -> "Table":
    from rich.table import Table

    table = Table(title=f"{result.b.name} against {result.a.name}", title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    for label in result.agreements:
        table.add_column(label if label == "mask" else f"label {label}", justify="right")
    lines = (
        ("Dice", "dice", 3),
        ("volume A, ml", "volume_a_ml", 3),
        ("volume B, ml", "volume_b_ml", 3),
        ("volume error, ml", "volume_error_ml", 3),
        ("volume error, share of A", "relative_volume_error", 3),
        ("lesions A", "lesions_a", 0),
        ("lesions B", "lesions_b", 0),
        ("lesion recall", "lesion_recall", 3),
        ("lesion precision", "lesion_precision", 3),
        ("lesion-wise F1", "lesion_f1", 3),
        ("95 % Hausdorff, mm", "hausdorff95_mm", 2),
    )
    for words, name, digits in lines:
        table.add_row(words, *(_text(getattr(one, name), digits) for one in result.agreements.values()))
    return table


def _tables(result: "TableComparison") -> "Table":
    from rich.table import Table

    title = f"{result.b.name} ({result.b.kind}) minus {result.a.name} ({result.a.kind}), ml"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for heading in ("volume", "n", "mean A", "mean B", "bias (95 %)", "limits of agreement", "ICC(2,1)", "r", "CV"):
        table.add_column(heading, justify="left" if heading == "volume" else "right")
    for column in result.columns:
        it = column.agreement
        if it is None:
            table.add_row(column.name, "fewer than 2 scans have both")
            continue
        table.add_row(
            column.name,
            str(it.n),
            _text(it.mean_a, 2),
            _text(it.mean_b, 2),
            f"{it.bias:.2f} ({it.bias_low:.2f} to {it.bias_high:.2f})",
            f"{it.limits_low:.2f} to {it.limits_high:.2f}",
            _text(it.icc21, 3),
            _text(it.pearson_r, 3),
            "–" if it.cv is None else f"{100 * it.cv:.2f} %",
        )
    return table


def _some_of(names: "tuple[str, ...]") -> str:
    return f"{', '.join(names[:10])}{' ...' if len(names) > 10 else ''} ({len(names)})"


def _tell_unmatched(result: "TableComparison") -> None:
    tell(f"Matched by {result.matched_by}.")
    for table, names in ((result.a, result.only_a), (result.b, result.only_b)):
        if names:
            tell(f"Only in {table.name}: {_some_of(names)}")
    if result.unusable:
        tell(f"Left out, not usable by either table: {_some_of(result.unusable)}", "yellow")
    for column in result.columns:
        for table, defined in ((result.a, column.defined_a), (result.b, column.defined_b)):
            if defined:
                tell(f"{column.name} of {table.name}: {defined}")
