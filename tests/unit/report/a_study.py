"""Builders of results and figures of a study; each shows only what matters to its test."""

import numpy as np

from neurolupus.study.results import (
    Caution,
    Cell,
    Column,
    Highlight,
    MethodsPart,
    ResultNumber,
    ResultSection,
    ResultTable,
    Row,
    StrobeItem,
    StudyResults,
)
from neurolupus.study.results.figures import (
    BarFigure,
    BarSeries,
    DistributionFigure,
    DistributionPanel,
    FlowBox,
    FlowFigure,
    FlowStep,
    ForestFigure,
    ForestPanel,
    ForestRow,
    KaplanMeierFigure,
    LoveFigure,
    LoveRow,
    OverlapFigure,
    OverlapPanel,
    PairedFigure,
    PairedGroup,
    PairedPanel,
    StepCurve,
    SurvivalPanel,
)

HOSTILE = '<script>alert("x")</script> & co'


def a_flow(label: str = "Screened") -> FlowFigure:
    step = FlowStep(FlowBox("Excluded", 77, ("no lumbar puncture: 50", "uncertain: 27")), FlowBox("Analysed", 386))
    groups = (FlowBox("Control", 192), FlowBox("Intrathecal", 194))
    return FlowFigure("flow", "Flow", "", FlowBox(label, 463), (step,), groups, ((FlowBox("Matched", 147),), ()))


def a_forest(label: str = "Sex (male)", **row: object) -> ForestFigure:
    rows = (ForestRow("Who", is_heading=True), ForestRow(label, 0.34, 0.08, 1.39, "0.34 (0.08–1.39)", "0.133"))
    if row:
        rows += (ForestRow("Another", **row),)  # type: ignore[arg-type]
    return ForestFigure(
        "forest", "Hazard ratios", "", (ForestPanel("All", rows),), "Hazard ratio, log scale", "90 % CI"
    )


def a_survival(label: str = "Control", *, is_incidence: bool = False) -> KaplanMeierFigure:
    values = (0.1, 0.2) if is_incidence else (0.9, 0.8)
    limits = tuple(v - 0.05 for v in values), tuple(v + 0.05 for v in values)
    curve = StepCurve(label, (1.0, 2.0), values, *limits, (0.5, 1.5), (10, 8, 3))
    panel = SurvivalPanel("Full cohort", (curve,), (0.0, 2.0, 4.0), "log-rank p = 0.042")
    return KaplanMeierFigure("km", "Survival", "", (panel,), "Years", "Free of relapse", is_incidence)


def a_love(label: str = "Age") -> LoveFigure:
    rows = (LoveRow(label, (0.4, -0.05), True), LoveRow("Constant", (None, None)))
    return LoveFigure("love", "Balance", "", ("full", "matched"), rows)


def an_overlap(label: str = "Control") -> OverlapFigure:
    panel = OverlapPanel("Before", (1.0, 3.0), (4.0, 0.0))
    return OverlapFigure("overlap", "Overlap", "", (0.0, 0.5, 1.0), (panel, panel), (label, "Intrathecal"))


def a_distribution(label: str = "Age") -> DistributionFigure:
    x = np.linspace(-2, 2, 9)
    counts, edges = np.histogram(x, 3)
    panel = DistributionPanel(label, tuple(edges), tuple(counts.astype(float)), tuple(x), tuple(x * 3 + 1))
    return DistributionFigure("normality", "Normality", "", (panel,))


def bars(label: str = "Headache") -> BarFigure:
    return BarFigure("bars", "Syndromes", "", (label, "Seizure"), (BarSeries("Control", (3.0, 4.0)),), "%", True)


def pairs(label: str = "Control") -> PairedFigure:
    panel = PairedPanel("Pressure", "mmH2O", (PairedGroup(label, (180.0, 200.0), (150.0, 190.0), "p = 0.1"),))
    return PairedFigure("pairs", "Change", "", (panel,))


EVERY_FIGURE = (a_flow, a_forest, a_survival, a_love, an_overlap, a_distribution, bars, pairs)


def a_table(cell: str = "12 (6.2)", note: str = "Values are n (%).") -> ResultTable:
    columns = (Column("", "text"), Column("Control", span="Full"), Column("p", span="Full"))
    rows = (
        Row((Cell("Involvement"),), is_heading=True),
        Row((Cell("Fever"), Cell(cell, 12), Cell("0.042", 0.0418, strong=True)), 1),
    )
    return ResultTable("table1", "Characteristics", columns, rows, (note,))


def some_results(*, synthetic: bool = False, table: ResultTable | None = None) -> StudyResults:
    section = ResultSection("table1", "Patients", ("All patients.", table or a_table(), a_flow()))
    number = ResultNumber("t3.full.it.hazard_ratio", 0.5512345678, "ratio", "Cox regression", 386, 2)
    return StudyResults(
        study_id="toy",
        title="A toy study",
        n_screened=463,
        n=386,
        seed=1,
        is_synthetic=synthetic,
        sections=(section,),
        numbers=(number,),
        warnings=(Caution("Matching", "3 of 10 variables are not balanced."),),
        methods=(MethodsPart("Hazards were compared by Cox regression.", ("cox1972", "efron1977")),),
        strobe=(StrobeItem("13a", "Numbers at each stage", "Flow"), StrobeItem("22", "Funding", "")),
        highlights=(Highlight("386", "patients analysed"),),
    )
