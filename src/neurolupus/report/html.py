"""The pages, one function each; every page is one file that needs no other and no network."""

from collections.abc import Sequence
from pathlib import Path

from neurolupus.records.measured import MeasuredScan
from neurolupus.records.provenance import Provenance
from neurolupus.records.scan import Participant
from neurolupus.report import charts
from neurolupus.report.change import COLOURS, ChangeCase
from neurolupus.report.content import scan_content
from neurolupus.report.demo import (
    DemoPatient,
    Section,
    demo_patient,
    input_section,
    limits_section,
    overlay_section,
    truth_section,
)
from neurolupus.report.group import FailedScan, GroupRow, group_content
from neurolupus.report.methods import MethodsFacts
from neurolupus.report.pages import render_page, write_page
from neurolupus.report.scan_figures import scan_figures
from neurolupus.report.small_pictures import scan_example, scan_thumbnail
from neurolupus.report.threshold import THRESHOLDS, ThresholdCase, threshold_case
from neurolupus.report.wmh_methods import methods_content

__all__ = [
    "DemoPatient",
    "FailedScan",
    "GroupRow",
    "Section",
    "ThresholdCase",
    "demo_patient",
    "input_section",
    "limits_section",
    "overlay_section",
    "scan_example",
    "scan_report",
    "scan_thumbnail",
    "threshold_case",
    "truth_section",
    "write_change_page",
    "write_demo_page",
    "write_group_page",
    "write_page",
    "write_threshold_page",
]


def scan_report(
    measured: MeasuredScan,
    provenance: Provenance,
    participant: Participant | None = None,
    *,
    group_href: str | None = None,
) -> str:
    """The report of one scan: verdict, volumes, the pipeline on the scan's own images, quality, methods.

    Parameters
    ----------
    measured : MeasuredScan
        With or without a FLAIR.
    provenance : Provenance
    participant : Participant or None
    group_href : str or None
        Address of the group page, relative to where the report will lie, for a link back.

    Returns
    -------
    str
        The page, for `write_page`.
    """
    content = scan_content(measured, provenance, participant)
    bar = charts.volume_bar(content.tissue_ml)
    curve = (
        charts.threshold_curve(content.curve, content.wmh_threshold, content.wmh_ml)
        if content.curve and content.wmh_ml is not None
        else None
    )
    return render_page(
        "scan.html.j2",
        "viewer.js",
        scan=content,
        pictures=scan_figures(measured),
        compared=methods_content(measured),
        volume_bar=bar,
        curve=curve,
        times=charts.time_bars(content.steps) if content.steps else None,
        group_href=group_href,
    )


def write_group_page(
    path: Path,
    rows: Sequence[GroupRow],
    *,
    failures: Sequence[FailedScan] = (),
    title: str = "Brain volumes",
    facts: MethodsFacts | None = None,
) -> None:
    """Write the page of a data set: counts, one example per group, outliers, mosaic, table, methods.

    Parameters
    ----------
    path : Path
        The HTML file; replaced when it exists. `GroupRow.report_href` is relative to it.
    rows : sequence of GroupRow
    failures : sequence of FailedScan
        Scans that could not be measured.
    facts : MethodsFacts or None
        What the methods paragraph depends on; None: told from the rows.
    """
    write_page(path, render_page("group.html.j2", "group.js", group=group_content(rows, failures, title, facts)))


def write_threshold_page(
    path: Path, cases: Sequence[ThresholdCase], thresholds: Sequence[float] = THRESHOLDS, *, current: float = 0.2
) -> None:
    """Write the threshold picker: masks at each threshold side by side, and a choice to record.

    Parameters
    ----------
    cases : sequence of ThresholdCase
        Each made with the same `thresholds`.
    current : float
        The threshold that is chosen when the page opens, if it is among `thresholds`.

    Raises
    ------
    ValueError
        A case was made with other thresholds.
    """
    for case in cases:
        if case.thresholds != tuple(thresholds):
            raise ValueError(
                f"{case.name} was drawn at thresholds {case.thresholds}; the page shows {tuple(thresholds)}. "
                "Draw every case with the page's thresholds."
            )
    write_page(
        path,
        render_page("threshold.html.j2", "threshold.js", cases=cases, thresholds=tuple(thresholds), current=current),
    )


def write_change_page(path: Path, cases: Sequence[ChangeCase]) -> None:
    """Write the page of changes: each session beside the next, what changed outlined and listed."""
    write_page(path, render_page("change.html.j2", cases=cases, colours=COLOURS))


def write_demo_page(path: Path, title: str, sections: Sequence[Section], *, lead: str = "") -> None:
    """Write a page of sections, in order, with a table of contents.

    Parameters
    ----------
    sections : sequence of Section
        A later job adds its own; anchors must differ.
    lead : str
        A sentence under the title.
    """
    write_page(path, render_page("demo.html.j2", title=title, sections=sections, lead=lead))
