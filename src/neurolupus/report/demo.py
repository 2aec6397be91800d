"""The demo's page: an ordered list of sections; a later job adds one by building another Section."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from neurolupus.records.measured import MeasuredScan
from neurolupus.records.measurement import MeasurementSet
from neurolupus.records.scan import Participant
from neurolupus.records.volume import Mask
from neurolupus.report import charts, wording
from neurolupus.report.content import as_number
from neurolupus.report.group import safe_href
from neurolupus.report.pages import render_fragment
from neurolupus.report.small_pictures import DemoPictures, demo_pictures

MEASURES = ("tiv_ml", "tbv_ml", "gm_ml", "wm_ml", "csf_ml", "wmh_ml")


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page.

    Parameters
    ----------
    title : str
    lead : str
        One sentence that says what is seen.
    body : Markup
        HTML made by a section builder; plain words are escaped.
    anchor : str
        Name of the section in the page's address and its contents.
    """

    title: str
    lead: str
    body: Markup | str
    anchor: str


@dataclass(frozen=True, slots=True)
class DemoPatient:
    """One synthetic patient: who, truth beside measurement, pictures, and where the report is."""

    participant: Participant
    measurements: MeasurementSet
    truth: MeasurementSet
    pictures: DemoPictures
    report_href: str
    warnings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """`sub-01`."""
        return f"sub-{self.participant.participant_id.removeprefix('sub-')}"


def demo_patient(
    measured: MeasuredScan,
    participant: Participant,
    truth: MeasurementSet,
    report_href: str,
    truth_wmh_mask: Mask | None = None,
) -> DemoPatient:
    """One patient of the demo page; the images are drawn here and then no longer needed.

    Parameters
    ----------
    truth : MeasurementSet
        What was simulated: gm_ml, wm_ml, csf_ml, tiv_ml, wmh_ml; a missing one is left out of the page.
    truth_wmh_mask : (I, J, K) bool array on the T1w's grid, or None
    """
    return DemoPatient(
        participant,
        measured.measurements,
        truth,
        demo_pictures(measured, truth_wmh_mask),
        safe_href(report_href),
        measured.warnings,
    )


@dataclass(frozen=True, slots=True)
class Comparison:
    """Truth beside measurement of one number of one patient."""

    name: str
    truth: float
    measured: float
    low: float | None
    high: float | None

    @property
    def error(self) -> float:
        """Measured minus truth, in ml."""
        return self.measured - self.truth

    @property
    def text(self) -> str:
        """`612.4 (604.1–620.3)`."""
        return wording.interval_text(self.measured, self.low, self.high, wording.decimals(self.name))

    @property
    def truth_text(self) -> str:
        """The truth, as precise as the measurement."""
        return wording.number_text(self.truth, wording.decimals(self.name))


def compare(patient: DemoPatient, name: str) -> Comparison | None:
    """Truth and measurement of one measure; None unless both are known."""
    truth = next((as_number(m.value) for m in patient.truth.items if m.name == name), None)
    item = next((m for m in patient.measurements.items if m.name == name), None)
    measured = as_number(item.value) if item else None
    if item is None or truth is None or measured is None:
        return None
    return Comparison(name, truth, measured, item.low, item.high)


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """How far the measurements of one measure lie from the truth, over all patients."""

    label: str
    plain: str
    mean_absolute_ml: str
    mean_absolute_percent: str
    mean_percent: str
    worst_percent: str
    inside: str


def error_rows(patients: Sequence[DemoPatient]) -> tuple[ErrorRow, ...]:
    """One row per measure: mean absolute error, mean and largest relative error, truths inside their interval."""
    rows = []
    for name in MEASURES:
        found = [c for p in patients if (c := compare(p, name)) is not None]
        if not found:
            continue
        relative = [c.error / c.truth for c in found if c.truth > 0]
        bounded = [c for c in found if c.low is not None and c.high is not None]
        inside = sum(c.low <= c.truth <= c.high for c in bounded if c.low is not None and c.high is not None)
        rows.append(
            ErrorRow(
                wording.LABELS[name],
                wording.PLAIN_LABELS[name],
                wording.number_text(sum(abs(c.error) for c in found) / len(found), wording.decimals(name)),
                wording.percent_text(sum(map(abs, relative)) / len(relative)) if relative else wording.NOT_KNOWN,
                _signed(sum(relative) / len(relative)) if relative else wording.NOT_KNOWN,
                _signed(max(relative, key=abs)) if relative else wording.NOT_KNOWN,
                f"{inside} of {len(bounded)}" if bounded else wording.NOT_KNOWN,
            )
        )
    return tuple(rows)


def _signed(share: float) -> str:
    return f"{100 * share:+.1f} %".replace("-", "−")


def input_section(patients: Sequence[DemoPatient]) -> Section:
    """What was put in: the patients with their T1w and FLAIR."""
    groups = dict.fromkeys(p.participant.group or "" for p in patients)
    body = render_fragment(
        "demo_input.html.j2", groups={g: [p for p in patients if (p.participant.group or "") == g] for g in groups}
    )
    named = [g for g in groups if g]
    among = f" in {wording.in_words(len(named))} groups" if len(named) > 1 else ""
    lead = wording.sentence(
        f"{wording.in_words(len(patients))} synthetic patients{among}: a T1w and a FLAIR each, made by simulation, so "
        "that the true volumes are known"
    )
    return Section("What was put in", lead, body, "input")


def truth_section(patients: Sequence[DemoPatient]) -> Section:
    """What was measured: truth beside measurement, as dumbbells and as tables."""
    figures = []
    for name in MEASURES:
        pairs = [
            charts.Pair(p.name, c.truth, c.measured, c.low, c.high)
            for p in patients
            if (c := compare(p, name)) is not None
        ]
        if pairs:
            figures.append(charts.dumbbells(f"{wording.LABELS[name]}, ml", pairs, wording.decimals(name)))
    table = [(p, [compare(p, name) for name in MEASURES]) for p in patients]
    body = render_fragment(
        "demo_truth.html.j2",
        figures=figures,
        columns=[wording.SHORT_LABELS[name] for name in MEASURES],
        table=table,
        errors=error_rows(patients),
    )
    lead = "The same pipeline that measures real scans measured these; the true volumes were not shown to it."
    return Section("What was measured", lead, body, "measured")


def overlay_section(patients: Sequence[DemoPatient]) -> Section:
    """See it: measured hyperintensities beside the true ones, and tissue, with a link to each report."""
    body = render_fragment("demo_overlays.html.j2", patients=[(p, compare(p, "wmh_ml")) for p in patients])
    lead = "A number is only as good as the picture behind it: open a report to see every step on the patient's images."
    return Section("See it", lead, body, "see")


def limits_section() -> Section:
    """What this is not."""
    body = render_fragment("demo_limits.html.j2")
    return Section("What this is not", wording.NOT_A_DEVICE, body, "limits")
