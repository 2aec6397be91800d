"""Logistic and multinomial regression: odds ratios in a table and a forest plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.design import INTERCEPT
from neurolupus.stats.estimate import Estimate
from neurolupus.stats.firth import logistic_or_firth
from neurolupus.stats.firth_multinomial import multinomial_or_firth
from neurolupus.stats.logistic import Errors, logistic_regression
from neurolupus.stats.multinomial import multinomial_regression
from neurolupus.stats.wald import JointTest
from neurolupus.study.results import Block, Cell, Column, MethodsPart, ResultNumber, ResultTable, Row
from neurolupus.study.results.figures import ForestFigure, ForestPanel, ForestRow
from neurolupus.study.run.context import Cohort, Context
from neurolupus.study.run.outcomes import binary_of, nominal_of, outcome_label
from neurolupus.study.run.part import Part, cautions, estimate_numbers, joined, number
from neurolupus.study.run.terms import ModelTerms, model_terms
from neurolupus.study.schema.models import Logistic, Multinomial
from neurolupus.study.schema.outcomes import NominalOutcome

ERRORS_NAMED = (", robust errors by cluster", ", robust errors", ", HC3 errors")  # the first that a method holds


@dataclass(frozen=True, slots=True)
class OddsColumn:
    """The odds ratios of one outcome level."""

    level: str
    title: str
    estimates: tuple[Estimate, ...]


@dataclass(frozen=True, slots=True, eq=False)
class OddsModel:
    """A fitted model as it is shown."""

    terms: ModelTerms
    columns: tuple[OddsColumn, ...]
    method: str
    n: int
    notes: tuple[str, ...]
    events: int
    tests: tuple[JointTest, ...] = ()

    @property
    def is_firth(self) -> bool:
        """Whether a term separated the outcome, and the likelihood was penalised."""
        return self.method.startswith("Firth")

    @property
    def error_words(self) -> str:
        """`, robust errors by matched set`, as the method ends; empty where the errors are the model's own."""
        words = next((word for word in ERRORS_NAMED if word in self.method), "")
        return words.replace("by cluster", "by matched set")


def odds_part(context: Context, model: Multinomial | Logistic) -> Part:
    """Odds ratios of a model, cohort by cohort."""
    return joined(_cohort_part(context, model, context.cohort(name)) for name in model.cohort)


def _cohort_part(context: Context, model: Multinomial | Logistic, cohort: Cohort) -> Part:
    title = model.label or f"{outcome_label(context, model.outcome)}: odds ratios"
    title += f", {cohort.label}" * (len(model.cohort) > 1) + context.suffix
    try:
        fitted = fit_odds(context, model, cohort)
    except StatsError as error:
        return Part(warnings=cautions(title, [f"Not estimated: {error}"]))
    blocks: list[Block] = [_table(context, model, cohort, fitted, title)]
    if model.figure == "forest":
        blocks.append(_forest(context, model, cohort, fitted, title))
    numbers = tuple(
        one
        for column in fitted.columns
        for estimate in column.estimates
        for one in estimate_numbers(
            context.path(model.name, cohort.name, column.level, estimate.name), estimate, "odds_ratio", fitted.method,
            fitted.n, fitted.terms.design.n_dropped, ratio=True,
        )
    )  # fmt: skip
    numbers += tuple(_test_numbers(context, model, cohort, fitted))
    told = [*fitted.notes, *fitted.terms.notes]
    if fitted.terms.design.n_dropped:
        told.append(fitted.terms.dropped_words())
    return Part(tuple(blocks), numbers, cautions(title, told), (_methods(context, model, fitted),))


def _methods(context: Context, model: Multinomial | Logistic, fitted: OddsModel) -> MethodsPart:
    kind = "Multinomial" if isinstance(model, Multinomial) else "Binary"
    outcome = outcome_label(context, model.outcome)
    how = f"maximum likelihood{fitted.error_words}"
    cited: tuple[str, ...] = ()
    if fitted.is_firth:
        how = "Firth's penalised likelihood with profile intervals, as a term separated the outcome"
        cited = ("heinze2002", "kosmidis2011") if isinstance(model, Multinomial) else ("heinze2002",)
    words = f"{kind} logistic regression ({how}) gave odds ratios for {outcome[0].lower()}{outcome[1:]}."
    return MethodsPart(words, cited)


def fit_odds(context: Context, model: Multinomial | Logistic, cohort: Cohort) -> OddsModel:
    """The fit of a logistic or multinomial model in one cohort.

    Raises
    ------
    StatsError
        It cannot be fitted.
    """
    if isinstance(model, Multinomial):
        return _multinomial(context, model, cohort)
    return _logistic(context, model, cohort)


def _multinomial(context: Context, model: Multinomial, cohort: Cohort) -> OddsModel:
    outcome = context.study.outcomes[model.outcome]
    assert isinstance(outcome, NominalOutcome)
    frame = cohort.frame.assign(**{"_outcome": nominal_of(context, cohort.frame, outcome).to_numpy()})
    terms = model_terms(context, frame, model.terms, also_complete=["_outcome"], intercept=True)
    design = terms.design
    reference = outcome.reference or outcome.levels[0].value
    codes, levels = frame["_outcome"].to_numpy()[design.rows], [v.value for v in outcome.levels]
    level = context.study.study.level
    if model.separation == "firth_profile" and cohort.weights is None and cohort.pairs is None:
        fit = multinomial_or_firth(
            codes, design.matrix, design.names, levels,
            reference=reference, terms=design.terms, n_dropped=design.n_dropped, level=level,
        )  # fmt: skip
    else:
        fit = multinomial_regression(
            codes, design.matrix, design.names, levels, reference=reference, terms=design.terms,
            weights=None if cohort.weights is None else cohort.weights[design.rows],
            errors="model" if cohort.weights is None else "robust",
            cluster=None if cohort.pairs is None else cohort.pairs[design.rows],
            n_dropped=design.n_dropped, level=level,
        )  # fmt: skip
    labels = {v.value: v.label for v in outcome.levels}
    columns = tuple(
        OddsColumn(str(one.level), f"{labels[str(one.level)]} vs {labels[reference]}", _kept(one.estimates))
        for one in fit.by_level
    )
    smallest = min([fit.reference_n, *(one.n for one in fit.by_level)])
    notes = (
        *_without_sizes(fit.notes),
        *_epv(smallest, len(design.names) - 1, model.epv_warn, "patients in the smallest level"),
    )
    return OddsModel(terms, columns, fit.method, fit.n, notes, smallest, fit.term_tests)


@dataclass(frozen=True, slots=True, eq=False)
class LogisticData:
    """What a logistic model is fitted to: 0 and 1, the design, weights and matched sets of the complete rows."""

    terms: ModelTerms
    y: NDArray[np.float64]
    weights: NDArray[np.float64] | None
    pairs: NDArray[np.int64] | None


def logistic_data(context: Context, model: Logistic, cohort: Cohort) -> LogisticData:
    """The complete rows of a logistic model in one cohort.

    Raises
    ------
    StatsError
        No row is complete.
    """
    frame = cohort.frame.assign(**{"_outcome": binary_of(context, cohort.frame, model.outcome)})
    terms = model_terms(context, frame, model.terms, also_complete=["_outcome"], intercept=True)
    rows = terms.design.rows
    weights = None if cohort.weights is None else cohort.weights[rows]
    pairs = None if cohort.pairs is None else cohort.pairs[rows]
    return LogisticData(terms, frame["_outcome"].to_numpy(np.float64)[rows], weights, pairs)


def errors_of(model: Logistic, data: LogisticData) -> Errors:
    """Robust in weighted cohorts; as declared elsewhere, HC3 not of matched sets, whose labels make them robust."""
    if data.weights is not None:
        return "robust"
    return "hc3" if model.se == "hc3" and data.pairs is None else "model"


def _logistic(context: Context, model: Logistic, cohort: Cohort) -> OddsModel:
    data = logistic_data(context, model, cohort)
    terms, y, weights, pairs = data.terms, data.y, data.weights, data.pairs
    design, level = terms.design, context.study.study.level
    if model.separation == "firth_profile" and weights is None and pairs is None and model.se == "classical":
        fit = logistic_or_firth(y, design.matrix, design.names, n_dropped=design.n_dropped, level=level)
    else:
        errors = errors_of(model, data)
        fit = logistic_regression(
            y, design.matrix, design.names, weights=weights, errors=errors, cluster=pairs, n_dropped=design.n_dropped,
            level=level,
        )  # fmt: skip
        if fit.separated and errors == "hc3" and model.separation == "firth_profile":
            fit = logistic_or_firth(y, design.matrix, design.names, n_dropped=design.n_dropped, level=level)
    smallest = min(fit.n_events, fit.n - fit.n_events)
    notes = (*_without_sizes(fit.notes), *_epv(smallest, len(design.names) - 1, model.epv_warn, "events"))
    column = OddsColumn("", "", _kept(fit.estimates))
    return OddsModel(terms, (column,), fit.method, fit.n, notes, smallest)


def _kept(estimates: Sequence[Estimate]) -> tuple[Estimate, ...]:
    return tuple(e for e in estimates if e.name != INTERCEPT)


def _without_sizes(notes: Sequence[str]) -> list[str]:
    """Notes but those on events per term, which are said with the file's own limit."""
    return [note for note in notes if "per term" not in note]


def _epv(events: int, terms: int, limit: float, what: str) -> tuple[str, ...]:
    if terms and events / terms < limit:
        return (
            f"{events} {what} for {terms} terms: {events / terms:.1f} per term, fewer than {limit:g}; odds ratios are "
            "unstable and lie too far from 1.",
        )
    return ()


def _table(
    context: Context, model: Multinomial | Logistic, cohort: Cohort, fitted: OddsModel, title: str
) -> ResultTable:
    printer = context.printer
    columns = [Column("", "text")]
    for one in fitted.columns:
        columns += [Column(f"OR ({printer.ci})", "number", one.title), Column("p", "number", one.title)]
    if fitted.tests:
        columns.append(Column("overall p"))
    rows = []
    overall = {test.name: test.p_value for test in fitted.tests}
    shown: set[str] = set()
    terms = dict(zip(fitted.terms.design.names, fitted.terms.design.terms, strict=True))
    for i, estimate in enumerate(fitted.columns[0].estimates):
        cells = [Cell(fitted.terms.labels[estimate.name])]
        for one in fitted.columns:
            cells += [printer.ratio_cell(one.estimates[i]), printer.p_cell(one.estimates[i].p_value)]
        if fitted.tests:
            term = terms[estimate.name]
            cells.append(Cell("") if term in shown else printer.p_cell(overall.get(term)))
            shown.add(term)
        rows.append(Row(tuple(cells)))
    notes = [f"{fitted.method}; n = {fitted.n}, {fitted.terms.design.n_dropped} left out for missing values."]
    if fitted.tests:
        notes.append(f"Overall p: {fitted.tests[0].method} of the term over all outcome levels.")
    return ResultTable(context.block_id(model.name, cohort.name), title, tuple(columns), tuple(rows), tuple(notes))


def _forest(
    context: Context, model: Multinomial | Logistic, cohort: Cohort, fitted: OddsModel, title: str
) -> ForestFigure:
    printer = context.printer
    panels = []
    for one in fitted.columns:
        rows = []
        for e in one.estimates:
            x = e.exponentiated()
            rows.append(
                ForestRow(
                    fitted.terms.labels[e.name], x.value, x.ci_low, x.ci_high, printer.ratio(e), printer.p(e.p_value)
                )
            )
        panels.append(ForestPanel(one.title, tuple(rows)))
    return ForestFigure(
        context.block_id(model.name, cohort.name, "forest"),
        title,
        f"Odds ratios with {context.printer.percent} confidence intervals, n = {fitted.n}. "
        f"{fitted.method[0].upper()}{fitted.method[1:]}.",
        tuple(panels),
        "Odds ratio, log scale",
        context.printer.ci,
        lower_is="less likely",
        higher_is="more likely",
    )


def _test_numbers(
    context: Context, model: Multinomial | Logistic, cohort: Cohort, fitted: OddsModel
) -> list[ResultNumber]:
    made = []
    for test in fitted.tests:
        path = context.path(model.name, cohort.name, "overall", test.name)
        made.append(number(f"{path}.statistic", test.statistic, "chi-square", test.method, fitted.n))
        made.append(number(f"{path}.p_value", test.p_value, "probability", test.method, fitted.n))
    return made
