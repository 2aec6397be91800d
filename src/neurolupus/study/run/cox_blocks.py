"""What screens and multivariable Cox models both show: titles, forest rows, numbers, methods."""

from __future__ import annotations

from collections.abc import Sequence

from neurolupus.stats.estimate import Estimate
from neurolupus.study.results import Caution, MethodsPart, ResultNumber
from neurolupus.study.results.figures import ForestRow
from neurolupus.study.run.context import Cohort, CohortKind, Context
from neurolupus.study.run.cox_fit import CoxModel
from neurolupus.study.run.immortal import immortal_cautions
from neurolupus.study.run.outcomes import outcome_label
from neurolupus.study.run.part import estimate_numbers, number
from neurolupus.study.schema.models import Cox, CoxSe

ADJUSTED = {"holm": "p, Holm", "benjamini_hochberg": "p, BH", "bonferroni": "p, Bonferroni"}
NAMED = {"holm": "Holm", "benjamini_hochberg": "Benjamini–Hochberg", "bonferroni": "Bonferroni"}
KIND_WORDS: dict[CohortKind, str] = {
    "full": "the full cohort",
    "matched": "matched cohorts",
    "weighted": "weighted cohorts",
}
ERROR_WORDS: dict[CoxSe, str] = {
    "classical": "those of the model",
    "robust": "robust",
    "cluster_pair": "robust and clustered by matched set",
}
CITED = {"holm": ("holm1979",), "benjamini_hochberg": ("benjamini1995",)}


def cox_title(context: Context, model: Cox) -> str:
    """The model's label, or what it is a model of."""
    return model.label or f"Cox regression: {outcome_label(context, model.outcome)}"


def strata_words(context: Context, model: Cox) -> str:
    """`Centre and Stage`: the variables that stratify a model."""
    return " and ".join(context.label(name) for name in model.strata)


def forest_row(context: Context, label: str, e: Estimate, fitted: CoxModel) -> ForestRow:
    """One hazard ratio of a forest plot, Firth's marked."""
    x, printer = e.exponentiated(), context.printer
    mark = " †" if fitted.is_firth else ""
    return ForestRow(label, x.value, x.ci_low, x.ci_high, printer.ratio(e) + mark, printer.p(e.p_value))


def time_cautions(context: Context, model: Cox, names: Sequence[str]) -> tuple[Caution, ...]:
    """The warning of immortal time, unless the exposure enters as it was at each moment."""
    return () if model.exposure == "time_varying" else immortal_cautions(context, model.outcome, names)


def cox_methods(context: Context, model: Cox, fits: Sequence[CoxModel]) -> tuple[MethodsPart, ...]:
    """How hazard ratios were estimated, with the papers to cite."""
    ties = ("Efron's", ("cox1972", "efron1977")) if model.ties == "efron" else ("Breslow's", ("cox1972",))
    made = [MethodsPart(f"Hazard ratios were estimated by Cox regression with {ties[0]} handling of ties.", ties[1])]
    if model.strata:
        made.append(MethodsPart(f"Each level of {strata_words(context, model)} had a baseline hazard of its own."))
    if model.landmark and model.terms:
        marks = ", ".join(f"{mark:g}" for mark in model.landmark)
        made.append(
            MethodsPart(
                f"The model was repeated from a landmark on ({marks}), in patients still at risk and with the exposure "
                "as it was then.",
                ("anderson1983",),
            )
        )
    words = error_words(fits)
    if words:
        made.append(MethodsPart(words, ("lin1989",)))
    if any(one.is_firth for one in fits):
        made.append(
            MethodsPart(
                "Where a level had no event, Firth's penalised likelihood with profile intervals was used.",
                ("heinze2001",),
            )
        )
    if model.ph_test:
        made.append(
            MethodsPart(
                "Proportional hazards were tested by the score test of Grambsch and Therneau.", ("grambsch1994",)
            )
        )
    if model.adjust != "none":
        made.append(
            MethodsPart(
                f"p-values of the screen were also corrected ({NAMED[model.adjust]}).",
                CITED.get(model.adjust, ()),
            )
        )
    if model.evalue:
        made.append(
            MethodsPart(
                "E-values describe the strength of unmeasured confounding that would explain an estimate.",
                ("vanderweele2017",),
            )
        )
    if model.exposure == "time_varying":
        made.append(MethodsPart("The exposure was counted from the day it began (time-varying).", ("suissa2008",)))
    return tuple(made)


def error_words(fits: Sequence[CoxModel]) -> str:
    """Which errors which cohorts have, where they are not all the model's own; Firth's have none of them.

    Examples
    --------
    >>> error_words([])
    ''
    """
    kinds: dict[CoxSe, list[str]] = {}
    for one in fits:
        if not one.is_firth:
            kinds.setdefault(one.errors, []).append(KIND_WORDS[one.cohort])
    told = [
        f"{ERROR_WORDS[kind]} in {' and '.join(dict.fromkeys(kinds[kind]))}"
        for kind in ("robust", "cluster_pair", "classical")
        if kind in kinds
    ]
    if set(kinds) <= {"classical"}:
        return ""
    return f"Standard errors are {', '.join(told)}."


def cox_numbers(context: Context, model: Cox, cohort: Cohort, fitted: CoxModel, key: str = "") -> list[ResultNumber]:
    """Every number of one fit."""
    made: list[ResultNumber] = []
    for k, e in enumerate(fitted.estimates):
        path = context.path(model.name, key or cohort.name, e.name)
        made += estimate_numbers(path, e, "hazard_ratio", fitted.method, fitted.n, fitted.n_dropped, ratio=True)
        test = fitted.ph_row(k)
        if test:  # of the whole term, whatever its levels
            path = context.path(model.name, key or cohort.name, fitted.terms[k])
            made.append(number(f"{path}.ph_chi2", test.statistic, "chi-square", "proportional hazards", fitted.n))
            made.append(number(f"{path}.ph_p", test.p_value, "probability", "proportional hazards", fitted.n))
    if fitted.ph_global and len(fitted.estimates) > 1:
        path = context.path(model.name, key or cohort.name, "GLOBAL")
        made.append(
            number(f"{path}.ph_chi2", fitted.ph_global.statistic, "chi-square", "proportional hazards", fitted.n)
        )
        made.append(number(f"{path}.ph_p", fitted.ph_global.p_value, "probability", "proportional hazards", fitted.n))
    return made
