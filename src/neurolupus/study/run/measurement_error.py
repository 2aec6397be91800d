"""Models corrected for measurement error in one variable, beside the same models as measured."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from neurolupus.errors import StatsError
from neurolupus.stats.estimate import Estimate
from neurolupus.stats.extrapolation import recovered
from neurolupus.stats.measurement_error import Reliability, reliability
from neurolupus.stats.regression_calibration import RegressionCalibration, regression_calibration
from neurolupus.stats.simex import Simex, simex
from neurolupus.study.results import Cell, Column, MethodsPart, ResultNumber, ResultTable, Row
from neurolupus.study.run.context import Cohort, Context, numbers_of
from neurolupus.study.run.error_models import ERROR, Floats, Positions, Refittable, refittable_models
from neurolupus.study.run.error_outcomes import outcome_part
from neurolupus.study.run.error_sd import ErrorSd, error_sd_of
from neurolupus.study.run.estimates import NamedEstimate
from neurolupus.study.run.linear_tables import digits_of
from neurolupus.study.run.part import Part, cautions, estimate_numbers, first_line, joined, number
from neurolupus.study.run.terms import is_log
from neurolupus.study.schema.extras import Sensitivity
from neurolupus.study.schema.fields import made_from
from neurolupus.study.schema.measurement_error import MeasurementError
from neurolupus.study.schema.models import Cox, Linear, Logistic

STREAM = 41  # of the study's seed, with the path of each model: another model changes no random number of this one
ENOUGH = 0.95  # of a true coefficient; an extrapolation that ends below is told to take back only a part
_CITED = {"simex": ("cook1994", "stefanski1995"), "regression_calibration": ("rosner1990", "carroll2006")}


@dataclass(frozen=True, slots=True, eq=False)
class CorrectedPart:
    """What a correction shows, and the exposure's corrected estimates, model by model."""

    part: Part
    exposures: tuple[tuple[NamedEstimate, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Corrected:
    """One model as measured and corrected."""

    source: Refittable
    naive: tuple[Estimate, ...]
    estimates: tuple[Estimate, ...]
    method: str
    reliability: Reliability


def corrected_part(context: Context, spec: Sensitivity, title: str) -> CorrectedPart:
    """The models of a sensitivity analysis, corrected for the error of one of their variables.

    Raises
    ------
    StatsError
        The size of the error cannot be worked out.
    """
    error = spec.measurement_error
    assert error is not None
    found: list[tuple[str, _Corrected]] = []
    told: list[str] = []
    parts: list[Part] = []
    words = ""
    for model in (context.study.models[name] for name in spec.rerun):
        assert isinstance(model, (Linear, Logistic, Cox))
        for name in model.cohort:
            cohort, sizes, notes = _with_error(context, error, context.cohort(name))
            words = words or sizes.words
            told += [*sizes.notes, *notes, *_in_the_score(context, error.variable, cohort)]
            if isinstance(model, Linear) and error.variable in model.outcomes:
                parts.append(outcome_part(context, spec, model, cohort, title))
            heading = (model.label or model.name) + (f", {cohort.label}" if len(model.cohort) > 1 else "")
            for one in _corrections(context, error, model, cohort, told, heading):
                found.append((heading, one))
    if found:
        parts.insert(0, _part_of(context, spec, title, found, words))
    warnings = cautions(f"Sensitivity: {title}", told)
    return CorrectedPart(joined([*parts, Part(warnings=warnings)]), _exposures(context, spec, found))


def _with_error(context: Context, error: MeasurementError, cohort: Cohort) -> tuple[Cohort, ErrorSd, list[str]]:
    """A cohort with the error of each patient; without those whose value is known and its error is not."""
    sizes = error_sd_of(context, error, cohort.frame)
    unknown = np.isfinite(numbers_of(cohort.frame, error.variable)) & ~np.isfinite(sizes.values)
    made = replace(cohort, frame=cohort.frame.assign(**{ERROR: sizes.values}))
    if not unknown.any():
        return made, sizes, []
    kept = ~unknown
    if cohort.pairs is not None:
        broken = set(cohort.pairs[unknown].tolist())
        kept &= np.array([pair not in broken for pair in cohort.pairs.tolist()])
    note = (
        f"{cohort.label}: the size of the error is not known for {int(unknown.sum())} of {len(unknown)} patients; "
        f"{int((~kept).sum())} left out here, as measured and corrected."
    )
    return made.taken(kept), sizes, [note]


def _in_the_score(context: Context, variable: str, cohort: Cohort) -> list[str]:
    """A caution where patients were matched or weighted by the measurement: that error is not taken back."""
    study = context.study
    weighting = study.weights.get(cohort.name)
    match = study.match.get(weighting.from_ if weighting else cohort.name)
    terms = [*(weighting.covariates if weighting else ()), *((*match.covariates, *match.exact) if match else ())]
    used = [name for name in dict.fromkeys(terms) if variable in made_from(study, name)]
    if not used:
        return []
    how = "weighted" if weighting else "matched"
    return [
        f"{cohort.label}: patients were {how} by {context.label(used[0])} as measured. "
        "What its error left unbalanced between the arms is still in the corrected estimates; compare the full cohort, "
        "with it as a term."
    ]


def _corrections(
    context: Context, error: MeasurementError, model: Linear | Logistic | Cox, cohort: Cohort, told: list[str],
    heading: str,
) -> Iterator[_Corrected]:  # fmt: skip
    """Every model in which the variable is a term, corrected; what cannot be is told."""
    if isinstance(model, Linear) and not any(error.variable in terms for terms in model.adjust.values()):
        return
    try:
        for source in refittable_models(context, model, cohort, error.variable):
            where = f"{heading}{f', {source.title}' if source.title else ''}"
            try:
                one, notes = _correct(context, error, source)
            except StatsError as failed:
                told.append(f"{where}: not corrected. {failed}")
                continue
            told += [f"{where}: {note}" for note in notes]
            yield one
    except StatsError as failed:
        told.append(f"{heading}: not corrected. {first_line(failed)}")


def _correct(context: Context, error: MeasurementError, source: Refittable) -> tuple[_Corrected, list[str]]:
    study = context.study.study
    rng = np.random.default_rng([study.seed, STREAM, zlib.crc32(f"{error.variable}.{source.path}".encode())])
    share = reliability(source.term, source.error_sd, source.others)
    every = np.arange(len(source.term), dtype=np.intp)
    ids = [e.name for e in source.refit(source.term, every)]

    def named(values: Floats, rows: Positions) -> list[Estimate]:
        """The model fitted again, its estimates under their printed names: warnings name them."""
        return [replace(e, name=source.labels.get(e.name, e.name)) for e in source.refit(values, rows)]

    if error.method == "simex":
        made: Simex | RegressionCalibration = simex(
            lambda values: named(values, every), source.term, source.error_sd, rng,
            extrapolant=error.extrapolation, replicates=error.replicates, df=source.df, level=study.level,
        )  # fmt: skip
    else:
        made = regression_calibration(
            named, source.term, source.error_sd, source.others, rng,
            cluster=source.cluster, replicates=error.replicates, level=study.level,
        )  # fmt: skip
    naive, corrected = (
        tuple(replace(e, name=name) for e, name in zip(several, ids, strict=True))
        for several in (made.naive, made.estimates)
    )
    notes = [*made.notes]
    if isinstance(made, Simex) and (part := recovered(share.conditional, made.strengths, error.extrapolation)) < ENOUGH:
        notes.append(
            f"{100 * (1 - share.conditional):.0f} % of the variance is error; a {error.extrapolation} extrapolation "
            f"takes back only a part of its effect: in a linear model it ends at {100 * part:.0f} % of the true "
            f"coefficient, from {100 * share.conditional:.0f} % as measured. Compare extrapolation: rational, or "
            "method: regression_calibration."
        )
    if isinstance(made, Simex) and (error.sdc or error.interval) and is_log(context.fields[error.variable]):
        notes.append(
            "The error is of ml and the variable a logarithm, on which such an error is lopsided; SIMEX then takes "
            "back a third or less of what is lost. Compare method: regression_calibration."
        )
    return _Corrected(source, naive, corrected, made.method, share), notes


def _part_of(
    context: Context, spec: Sensitivity, title: str, found: Sequence[tuple[str, _Corrected]], words: str
) -> Part:
    error = spec.measurement_error
    assert error is not None
    printer = context.printer
    rows: list[Row] = []
    numbers: list[ResultNumber] = []
    for heading, one in found:
        source = one.source
        where = f"{heading}{f', {source.title}' if source.title else ''}"
        shares = (
            f"n = {len(source.term)}; reliability {printer.plain(one.reliability.marginal, 2)}, beside the other terms "
            f"{printer.plain(one.reliability.conditional, 2)}"
        )
        rows.append(Row((Cell(f"{where} ({shares})"),), is_heading=True))
        for before, after in zip(one.naive, one.estimates, strict=True):
            cells = [Cell(source.labels.get(after.name, after.name))]
            for e in (before, after):
                digits = digits_of(None, after, False)
                text = printer.ratio(e) if source.is_ratio else printer.difference(e, digits)
                cells += [
                    Cell(text, e.exponentiated().value if source.is_ratio else e.value),
                    printer.p_cell(e.p_value),
                ]
            rows.append(Row(tuple(cells), 1))
            numbers += _numbers(context, spec, one, before, after)
        path = f"sensitivity.{spec.name}.{source.path}"
        for what, value, scale in (
            ("reliability", one.reliability.marginal, "share"),
            ("reliability_conditional", one.reliability.conditional, "share"),
            ("error_sd", one.reliability.error_sd, "model"),
        ):
            numbers.append(number(f"{path}.{what}", value, scale, words, len(source.term), source.n_dropped))
    columns = (
        Column("", "text"),
        Column(f"estimate ({context.printer.ci})", span="as measured"), Column("p", span="as measured"),
        Column(f"estimate ({context.printer.ci})", span="corrected"), Column("p", span="corrected"),
    )  # fmt: skip
    label = context.label(error.variable)
    notes = (
        f"Corrected for random error in {label}: {words}. {one.method[0].upper()}{one.method[1:]}.",
        "Hazard and odds ratios, or differences. Reliability: the share of the variance that is no error; beside the "
        "other terms it is the factor by which error weakens the variable's own coefficient (exactly so in linear "
        "models, with an error of one size). What the variable explains less, other terms take over: theirs change "
        "too.",
        "The size of the error is taken as known. Systematic differences, as between 2D and 3D images, are no random "
        "error: they need a term of their own.",
    )
    table = ResultTable(
        context.block_id("sensitivity", spec.name),
        f"{title}: as measured and corrected for measurement error",
        columns,
        tuple(rows),
        notes,
    )
    text = f"Measurement error in {label} ({words}) was allowed for by {_method_words(error)}."
    return Part((table,), tuple(numbers), methods=(MethodsPart(text, _CITED[error.method]),))


def _method_words(error: MeasurementError) -> str:
    if error.method == "simex":
        return (
            f"simulation and extrapolation (SIMEX, {error.extrapolation}, {error.replicates} data sets at each of four "
            "strengths, errors by simulation variance)"
        )
    return f"regression calibration, with percentile intervals of {error.replicates} bootstrap samples"


def _name(source: Refittable, name: str) -> str:
    """The path of an estimate: a linear contrast has that of its model."""
    return source.path if source.what == "difference" and name in source.exposures else f"{source.path}.{name}"


def _numbers(
    context: Context, spec: Sensitivity, one: _Corrected, before: Estimate, after: Estimate
) -> Iterator[ResultNumber]:
    source = one.source
    path = f"sensitivity.{spec.name}.{_name(source, after.name)}"
    is_slope = source.what == "difference" and after.name not in source.exposures
    what = "coefficient" if is_slope else source.what
    n, dropped = len(source.term), source.n_dropped
    yield from estimate_numbers(path, after, what, one.method, n, dropped, ratio=source.is_ratio)
    yield from estimate_numbers(f"{path}.as_measured", before, what, "as measured", n, dropped, ratio=source.is_ratio)


def _exposures(
    context: Context, spec: Sensitivity, found: Sequence[tuple[str, _Corrected]]
) -> tuple[tuple[NamedEstimate, ...], ...]:
    """The exposure's corrected estimates, one tuple for each declared model, for the table at the front."""
    by_model: dict[str, list[NamedEstimate]] = {}
    for _, one in found:
        source = one.source
        for e in one.estimates:
            if e.name in source.exposures:
                label = source.title.rpartition(", ")[0] or source.labels.get(e.name, e.name)
                by_model.setdefault(source.path.partition(".")[0], []).append(
                    NamedEstimate(_name(source, e.name), label, source.what, e, e.p_value, len(source.term), True)
                )
    return tuple(tuple(several) for several in by_model.values())
