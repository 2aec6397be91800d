"""Figures as data: what is to be drawn, with no word of how; `report` draws them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Numbers = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FlowBox:
    """One box of a flow diagram; `lines` stand under the first line."""

    label: str
    n: int
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FlowStep:
    """Patients who left at one step, and who remained after it."""

    excluded: FlowBox | None
    remaining: FlowBox


@dataclass(frozen=True, slots=True)
class FlowFigure:
    """The way from all screened to those analysed, and their groups."""

    id: str
    title: str
    caption: str
    start: FlowBox
    steps: tuple[FlowStep, ...]
    groups: tuple[FlowBox, ...] = ()
    subgroups: tuple[tuple[FlowBox, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One line of a forest plot; without an estimate it is a heading, or an entry that could not be estimated."""

    label: str
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    text: str = ""
    p_text: str = ""
    n_text: str = ""
    is_heading: bool = False


@dataclass(frozen=True, slots=True)
class ForestPanel:
    """Rows that share a column of the figure."""

    title: str
    rows: tuple[ForestRow, ...]


@dataclass(frozen=True, slots=True)
class ForestFigure:
    """Estimates with their intervals (`ci` names them: 95 % CI); ratios on a logarithmic axis."""

    id: str
    title: str
    caption: str
    panels: tuple[ForestPanel, ...]
    axis: str
    ci: str
    is_ratio: bool = True
    n_heading: str = ""
    lower_is: str = ""
    higher_is: str = ""


@dataclass(frozen=True, slots=True)
class StepCurve:
    """A curve that steps at event times, its pointwise limits, and the times of censoring."""

    label: str
    times: Numbers
    values: Numbers
    ci_low: Numbers
    ci_high: Numbers
    censored_at: Numbers = ()
    at_risk: tuple[int, ...] = ()
    style: Literal["solid", "dashed"] = "solid"


@dataclass(frozen=True, slots=True)
class SurvivalPanel:
    """The curves of one cohort with a line of test result and the numbers at risk."""

    title: str
    curves: tuple[StepCurve, ...]
    risk_times: Numbers
    text: str = ""


@dataclass(frozen=True, slots=True)
class KaplanMeierFigure:
    """Survival, or cumulative incidence, over time; one panel per cohort."""

    id: str
    title: str
    caption: str
    panels: tuple[SurvivalPanel, ...]
    time_axis: str
    value_axis: str
    is_incidence: bool = False


@dataclass(frozen=True, slots=True)
class LoveRow:
    """Standardised mean differences of one variable in each cohort; None where it has no scale."""

    label: str
    values: tuple[float | None, ...]
    is_in_score: bool = False


@dataclass(frozen=True, slots=True)
class LoveFigure:
    """|SMD| of every baseline variable before and after matching or weighting."""

    id: str
    title: str
    caption: str
    cohorts: tuple[str, ...]
    rows: tuple[LoveRow, ...]
    limit: float = 0.1


@dataclass(frozen=True, slots=True)
class OverlapPanel:
    """Propensity scores of both groups as counts (or weight sums) in common bins."""

    title: str
    exposed: Numbers
    control: Numbers


@dataclass(frozen=True, slots=True)
class OverlapFigure:
    """How far the propensity scores of two groups overlap."""

    id: str
    title: str
    caption: str
    edges: Numbers
    panels: tuple[OverlapPanel, ...]
    labels: tuple[str, str]
    axis: str = "Propensity score"


@dataclass(frozen=True, slots=True)
class DistributionPanel:
    """A variable as a histogram and as quantiles against those of the normal distribution."""

    title: str
    edges: Numbers
    counts: Numbers
    theoretical: Numbers
    observed: Numbers


@dataclass(frozen=True, slots=True)
class DistributionFigure:
    """Histograms and Q–Q plots of variables or of residuals."""

    id: str
    title: str
    caption: str
    panels: tuple[DistributionPanel, ...]


@dataclass(frozen=True, slots=True)
class BarSeries:
    """Heights of one group's bars."""

    label: str
    values: Numbers


@dataclass(frozen=True, slots=True)
class BarFigure:
    """Frequencies by category and group."""

    id: str
    title: str
    caption: str
    categories: tuple[str, ...]
    series: tuple[BarSeries, ...]
    axis: str
    is_horizontal: bool = False


@dataclass(frozen=True, slots=True)
class PairedGroup:
    """Values of the same patients before and after, one group."""

    label: str
    before: Numbers
    after: Numbers
    text: str = ""


@dataclass(frozen=True, slots=True)
class PairedPanel:
    """One measure before and after, group beside group."""

    title: str
    axis: str
    groups: tuple[PairedGroup, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class PairedFigure:
    """Each patient's value before and after, joined by a line."""

    id: str
    title: str
    caption: str
    panels: tuple[PairedPanel, ...]
    labels: tuple[str, str] = ("before", "after")


Figure = (
    FlowFigure
    | ForestFigure
    | KaplanMeierFigure
    | LoveFigure
    | OverlapFigure
    | DistributionFigure
    | BarFigure
    | PairedFigure
)
