"""A study file and its table -> everything the paper reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd

from neurolupus.errors import StatsError
from neurolupus.study.population import Flow, Population
from neurolupus.study.results import Caution, Highlight, MethodsPart, ResultSection, StudyResults
from neurolupus.study.results.members import Members
from neurolupus.study.run.cohorts import made_cohorts
from neurolupus.study.run.context import Cohort, Context
from neurolupus.study.run.flow import TITLE as FLOW_TITLE
from neurolupus.study.run.flow import flow_part
from neurolupus.study.run.follow_up import follow_up_part
from neurolupus.study.run.format import Printer
from neurolupus.study.run.methods import first_sentences, last_sentences
from neurolupus.study.run.models import model_part, model_title
from neurolupus.study.run.normality import normality_part
from neurolupus.study.run.part import Part, cautions, joined
from neurolupus.study.run.power import power_part
from neurolupus.study.run.safety import safety_part
from neurolupus.study.run.sensitivity import sensitivity_part
from neurolupus.study.run.strobe import strobe_items
from neurolupus.study.run.subgroups import subgroups_part
from neurolupus.study.run.table1 import table1_part
from neurolupus.study.run.validate import PublishedNumber, validate_part
from neurolupus.study.schema import FULL, StudyFile

Say = Callable[[str], None]
Made = tuple[str, str, Part]  # id and title of a section, and what is in it


def run_study(
    study: StudyFile,
    population: Population,
    *,
    published: Sequence[PublishedNumber] = (),
    say: Say = lambda step: None,
) -> StudyResults:
    """Everything that a study file asks of its patients.

    Parameters
    ----------
    study : StudyFile
    population : Population
        The patients to analyse, as `check_table` gives them.
    published : sequence of PublishedNumber
        A paper's numbers, to be compared with those computed.
    say : callable
        Told the name of each step as it begins.

    Raises
    ------
    StatsError
        Nobody is left to analyse. An analysis that cannot be done becomes a warning, and the others go on.
    """
    flow = population.flow
    if not len(population.frame):
        raise StatsError(
            "No patient is left after the flow; at least one is needed.\n"
            "    Check the steps of flow: against the table."
        )
    context = full_context(study, population.frame)
    say("matching and weighting")
    cohorts, matching = made_cohorts(context)
    context = replace(context, cohorts=cohorts)
    sections = _sections(context, flow, matching, say)
    if published:
        numbers = joined(part for _, _, part in sections).numbers
        sections.append(("published", "Published numbers", validate_part(published, numbers)))
    parts = joined(part for _, _, part in sections)
    warnings = _once((*cautions("The table", population.notes), *parts.warnings))
    shown = tuple(ResultSection(key, title, part.blocks) for key, title, part in sections if part.blocks)
    return StudyResults(
        study_id=study.study.id,
        title=study.study.title or study.study.id,
        n_screened=flow.start,
        n=flow.n,
        seed=study.study.seed,
        is_synthetic=population.is_synthetic,
        sections=shown,
        numbers=parts.numbers,
        warnings=warnings,
        methods=_methods(study, parts),
        strobe=strobe_items(study, shown, has_warnings=bool(warnings)),
        highlights=_highlights(context, flow, parts, len(warnings)),
        members=_members(context, parts, population),
    )


def full_context(study: StudyFile, frame: pd.DataFrame) -> Context:
    """The study with everybody as its only cohort."""
    whole = Cohort(FULL, "Full cohort", "full", frame)
    return Context(
        study, {FULL: whole}, Printer(study.tests.p_format, study.study.alpha, study.study.level), fields=study.fields
    )


def _sections(context: Context, flow: Flow, matching: Part, say: Say) -> list[Made]:
    study = context.study
    matched = [cohort for cohort in context.cohorts.values() if cohort.kind == "matched"]
    made: list[Made] = [("flow", FLOW_TITLE, flow_part(context, flow, matched))]
    if study.table1:
        say("characteristics")
        tables = joined(
            _guarded("Characteristics", partial(table1_part, context, spec, i)) for i, spec in enumerate(study.table1)
        )
        shape = _guarded("Normality", partial(normality_part, context, study.table1[0]))
        made.append(("table1", "Patients", tables + shape))
    if matching.blocks or matching.warnings:
        made.append(("match", "Propensity score, matching and weighting", matching))
    follow_up = _guarded("Follow-up", partial(follow_up_part, context))
    if follow_up.blocks:
        made.append(("follow_up", "Follow-up and events", follow_up))
    for name, model in study.models.items():
        say(name)
        made.append((name, model_title(model), model_part(context, model)))
    for name, subgroups in study.subgroups.items():
        say(name)
        part = _guarded("Subgroups", partial(subgroups_part, context, subgroups))
        made.append((name, subgroups.label or "Subgroups", part))
    if study.safety:
        say("safety")
        made.append(("safety", "Safety", _guarded("Safety", partial(safety_part, context, study.safety))))
    if study.sensitivity:
        made.append(("sensitivity", "Sensitivity analyses", sensitivity_part(context, say)))
    if study.power:
        made.append(("power", "What this design can find", power_part(context, say)))
    return made


def _guarded(where: str, make: Callable[[], Part]) -> Part:
    """A part, or a warning why there is none."""
    try:
        return make()
    except StatsError as error:
        return Part(warnings=cautions(where, [f"Not analysed. {error}"]))


def _members(context: Context, parts: Part, population: Population) -> tuple[Members, ...]:
    named = dict((*context.members(), *parts.members))
    return tuple(Members(name, tuple(str(population.ids[place]) for place in places)) for name, places in named.items())


def _once(warnings: tuple[Caution, ...]) -> tuple[Caution, ...]:
    return tuple(dict.fromkeys(warnings))


def _methods(study: StudyFile, parts: Part) -> tuple[MethodsPart, ...]:
    return tuple(dict.fromkeys((*first_sentences(study), *parts.methods, *last_sentences(study))))


def _highlights(context: Context, flow: Flow, parts: Part, n_warnings: int) -> tuple[Highlight, ...]:
    made = [Highlight(str(flow.n), "patients analysed")]
    if flow.start is not None and flow.start != flow.n:
        made.insert(0, Highlight(str(flow.start), "patients screened"))
    for cohort in context.cohorts.values():
        if cohort.kind == "matched" and cohort.pairs is not None:
            made.append(Highlight(str(len(set(cohort.pairs.tolist()))), f"sets, {cohort.label}"))
    values = {one.id: one.value for one in parts.numbers}
    for name in context.study.outcomes:
        events = values.get(f"follow_up.{name}.events")
        if events is not None:
            made.append(Highlight(f"{events:.0f}", "events"))
    made.append(Highlight(str(len(parts.numbers)), "numbers computed"))
    made.append(Highlight(str(n_warnings), "warnings"))
    return tuple(made)
