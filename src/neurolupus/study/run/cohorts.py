"""The cohorts of a study: matched and weighted by propensity score, with their balance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.estimate import Estimate
from neurolupus.stats.matching import Matching, match_nearest
from neurolupus.stats.propensity import PropensityScore, common_support, propensity_score
from neurolupus.stats.weighting import Estimand, effective_sample_size, propensity_weights
from neurolupus.study.results import Block, Cell, Column, MethodsPart, ResultNumber, ResultTable, Row
from neurolupus.study.run.balance import balance_part, overlap_figure
from neurolupus.study.run.context import Cohort, Context, check_two_levels, is_exposed, is_unexposed, level_label
from neurolupus.study.run.part import Part, cautions, estimate_numbers, number
from neurolupus.study.run.terms import model_terms
from neurolupus.study.schema.design import Balance, Group, Match, Weighting


@dataclass(frozen=True, slots=True, eq=False)
class MadeCohort:
    """A matched or weighted cohort and how it came about.

    Attributes
    ----------
    covariates : tuple of str
    score : (n,) float array
        Propensity score of every patient of the full cohort; NaN where a covariate is missing.
    """

    cohort: Cohort
    group: Group
    covariates: tuple[str, ...]
    score: NDArray[np.float64]
    model: PropensityScore
    labels: dict[str, str]
    n_dropped: int
    matching: Matching | None
    notes: tuple[str, ...]


def made_cohorts(context: Context) -> tuple[dict[str, Cohort], Part]:
    """Every cohort of the file, and what is shown of matching and weighting; the full cohort comes first."""
    cohorts, whole = dict(context.cohorts), Part()
    drawn: list[MadeCohort] = []
    scores: Scores = {}
    for name in (*context.study.match, *context.study.weights):
        try:
            made = make_cohort(context, name, scores)
        except StatsError as error:
            whole = whole + Part(warnings=cautions(_label(context, name), [f"Not made. {error}"]))
            continue
        cohorts[name] = made.cohort
        whole = whole + _part(context, name, made)
        drawn.append(made)
    return cohorts, whole + balance_of(context, drawn)


def balance_of(context: Context, drawn: Sequence[MadeCohort]) -> Part:
    """How alike the arms of these cohorts are; one table for those that are judged alike."""
    whole = Part()
    for place, several in enumerate(_judged_alike(context, drawn)):
        names = [made.cohort.name for made in several]
        matches = [context.study.match[name] for name in names if name in context.study.match]
        whole = whole + balance_part(
            context, [made.cohort for made in several], several[0].group, _balance(context, names[0]),
            several[0].covariates, love=any("love" in match.figures for match in matches) or not matches,
            key=names[0] if place else "",
        )  # fmt: skip
    return whole


def _judged_alike(context: Context, drawn: Sequence[MadeCohort]) -> list[list[MadeCohort]]:
    """Cohorts of one group, one score and one `balance:`, which share a table."""
    found: dict[tuple[object, ...], list[MadeCohort]] = {}
    for made in drawn:
        key = (made.group.name, frozenset(made.covariates), _balance(context, made.cohort.name))
        found.setdefault(key, []).append(made)
    return list(found.values())


def _balance(context: Context, name: str) -> Balance:
    """What is judged in a cohort; weights that declare nothing are judged as the match whose score they take."""
    own = context.study.match.get(name) or context.study.weights[name]
    declared = replace(own.balance, line=0)
    if isinstance(own, Weighting) and declared == Balance() and own.from_ in context.study.match:
        return replace(context.study.match[own.from_].balance, line=0)
    return declared


def cohorts_of(context: Context, names: Iterable[str]) -> tuple[dict[str, Cohort], tuple[str, ...]]:
    """Some cohorts without tables and figures, and what must be said of them.

    Raises
    ------
    StatsError
        One cannot be made.
    """
    drawn = drawn_of(context, names)
    return {made.cohort.name: made.cohort for made in drawn}, tuple(note for made in drawn for note in made.notes)


def drawn_of(context: Context, names: Iterable[str]) -> list[MadeCohort]:
    """Some cohorts and how they came about.

    Raises
    ------
    StatsError
        One cannot be made.
    """
    scores: Scores = {}
    wanted = set(names)
    order = (*context.study.match, *context.study.weights)
    return [make_cohort(context, name, scores) for name in order if name in wanted]


def make_cohort(context: Context, name: str, scores: Scores | None = None) -> MadeCohort:
    """A matched or weighted cohort.

    Parameters
    ----------
    scores : dict or None
        Scores of this frame that were fitted already; a new one is added.

    Raises
    ------
    StatsError
        The score cannot be fitted, or nobody is matched.
    """
    if name in context.study.match:
        return _matched(context, context.study.match[name], {} if scores is None else scores)
    return _weighted(context, context.study.weights[name], {} if scores is None else scores)


def _label(context: Context, name: str) -> str:
    one = context.study.match.get(name) or context.study.weights.get(name)
    fallback = {"iptw": "Inverse probability weighted", "overlap": "Overlap weighted"}.get(name, name)
    return (one.label if one else "") or fallback


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    """The score of the full cohort and the rows that have one."""

    group: Group
    covariates: tuple[str, ...]
    score: NDArray[np.float64]
    model: PropensityScore
    labels: dict[str, str]
    rows: NDArray[np.intp]
    exposed: NDArray[np.bool_]
    n_dropped: int
    notes: tuple[str, ...]


Scores = dict[tuple[str, tuple[str, ...]], _Scored]


def _scored(context: Context, group: Group, covariates: tuple[str, ...], scores: Scores) -> _Scored:
    """The score on these covariates, fitted once for all cohorts that use it."""
    key = (group.name, covariates)
    if key not in scores:
        scores[key] = _fitted_score(context, group, covariates)
    return scores[key]


def _fitted_score(context: Context, group: Group, covariates: tuple[str, ...]) -> _Scored:
    check_two_levels(group)
    frame = context.full.frame
    there = frame[group.name].notna().to_numpy()
    terms = model_terms(context, frame.loc[there], covariates, intercept=True)
    rows = np.flatnonzero(there)[terms.design.rows]
    exposed = is_exposed(frame, group)[rows]
    dropped = len(frame) - len(rows)
    model = propensity_score(exposed.astype(float), terms.design.matrix, terms.design.names, n_dropped=dropped)
    score = np.full(len(frame), np.nan)
    score[rows] = model.score
    notes = [note for note in model.notes if "per term" not in note]
    notes += common_support(model.score, exposed.astype(float)).notes
    return _Scored(group, covariates, score, model, terms.labels, rows, exposed, dropped, tuple(notes))


def _matched(context: Context, match: Match, scores: Scores) -> MadeCohort:
    scored = _scored(context, context.group(match.exposure), match.covariates, scores)
    frame = context.full.frame
    comparable = frame[list(match.exact)].notna().all(axis=1).to_numpy()[scored.rows]
    rows, distance = scored.rows[comparable], scored.model.logit if match.distance == "logit" else scored.model.score
    found = match_nearest(
        distance[comparable],
        scored.exposed[comparable].astype(float),
        ratio=match.ratio,
        replace=match.replace,
        caliper=match.caliper.value if match.caliper else None,
        caliper_unit=match.caliper.unit if match.caliper else "sd_all",
        order=match.order,
        exact=[frame[name].to_numpy(dtype=object)[rows] for name in match.exact],
        ties=match.ties,
        reverse=scored.group.estimand == "ATC",
        rng=np.random.default_rng([context.study.study.seed, 7]),
    )
    kept = np.flatnonzero(found.set_of >= 0)
    if not len(kept):
        raise StatsError("Nobody was matched.\n    Widen the caliper, or look at the overlap of the scores.")
    label = match.label or _label(context, match.name)
    weights = found.weights[kept] if match.ratio > 1 or match.replace else None
    # with replacement one control belongs to several sets: rows are weighted, and there are no sets to cluster by
    pairs = None if match.replace else found.set_of[kept]
    cohort = Cohort(match.name, label, "matched", frame.iloc[rows[kept]], pairs, weights)
    notes = [*scored.notes, *found.notes]
    if scored.group.estimand in ("ATE", "ATO"):
        notes.append(
            f"Matching estimates the effect in the exposed (ATT); the group asks for the {scored.group.estimand}, "
            "which weights estimate."
        )
    if scored.n_dropped:
        notes.append(f"{scored.n_dropped} patients without every covariate of the score could not be matched.")
    if not comparable.all():
        names = ", ".join(context.label(name) for name in match.exact)
        notes.append(f"{int((~comparable).sum())} patients without {names} could not be matched exactly.")
    return _made(cohort, scored, found, notes)


def _weighted(context: Context, weighting: Weighting, scores: Scores) -> MadeCohort:
    match = context.study.match.get(weighting.from_)
    covariates = weighting.covariates or (match.covariates if match else ())
    group = context.group(weighting.exposure or (match.exposure if match else ""))
    scored = _scored(context, group, covariates, scores)
    estimand = _estimand(weighting, scored.group)
    found = propensity_weights(
        scored.model.score,
        scored.exposed.astype(float),
        estimand=estimand,
        stabilised=weighting.stabilised,
        trim=0.0 if estimand == "ATO" else weighting.trim,
    )
    label = weighting.label or _label(context, weighting.name)
    cohort = Cohort(weighting.name, label, "weighted", context.full.frame.iloc[scored.rows], None, found.weights)
    notes = [*(() if match else scored.notes), *found.notes]
    if scored.n_dropped:
        notes.append(f"{scored.n_dropped} patients without every covariate of the score have no weight.")
    return _made(cohort, scored, None, notes)


def _made(cohort: Cohort, scored: _Scored, matching: Matching | None, notes: list[str]) -> MadeCohort:
    return MadeCohort(
        cohort, scored.group, scored.covariates, scored.score, scored.model, scored.labels, scored.n_dropped, matching,
        tuple(notes),
    )  # fmt: skip


def _part(context: Context, name: str, made: MadeCohort) -> Part:
    cohort, group = made.cohort, made.group
    match, weighting = context.study.match.get(name), context.study.weights.get(name)
    draws = match.figures if match else ()
    title = f"Propensity score, {cohort.label}"
    shared = weighting is not None and not weighting.covariates and weighting.from_ in context.study.match
    blocks: tuple[Block, ...] = () if shared else (_score_table(context, name, made, title),)
    if "ps_overlap" in draws:
        after = made.score[np.asarray(cohort.frame.index)]
        blocks += (overlap_figure(context, cohort, group, made.score, after),)
    counts = _counts_part(context, name, made)
    return Part(blocks, tuple(_score_numbers(context, name, made)), cautions(cohort.label, made.notes)) + counts


def _score_table(context: Context, name: str, made: MadeCohort, title: str) -> ResultTable:
    printer = context.printer
    rows = tuple(
        Row((Cell(made.labels.get(e.name, e.name)), printer.ratio_cell(e), printer.p_cell(e.p_value)))
        for e in _terms(made)
    )
    other = level_label(made.group, made.group.others[0])
    note = (
        f"Logistic regression of {other} on the covariates; {made.model.n} patients. p-values do not choose covariates."
    )
    return ResultTable(
        context.block_id("score", name),
        title,
        (Column("", "text"), Column(f"OR ({printer.ci})"), Column("p")),
        rows,
        (note,),
    )


def _terms(made: MadeCohort) -> tuple[Estimate, ...]:
    return tuple(e for e in made.model.estimates if e.name != "intercept")


def _score_numbers(context: Context, name: str, made: MadeCohort) -> list[ResultNumber]:
    return [
        n
        for e in _terms(made)
        for n in estimate_numbers(
            context.path("score", name, e.name),
            e,
            "odds_ratio",
            "logistic regression",
            made.model.n,
            made.n_dropped,
            ratio=True,
        )
    ]


def _counts_part(context: Context, name: str, made: MadeCohort) -> Part:
    frame, group, cohort = context.full.frame, made.group, made.cohort
    exposed_all, exposed = is_exposed(frame, group), is_exposed(cohort.frame, group)
    labels = (level_label(group, group.reference), level_label(group, group.others[0]))
    before = int(is_unexposed(frame, group).sum()), int(exposed_all.sum())
    numbers: list[ResultNumber] = []
    if made.matching is not None:
        after = int((~exposed).sum()), int(exposed.sum())
        sets = made.matching.n_sets
        sentence = (
            f"{sets} matched sets: {after[1]} of {before[1]} {labels[1]} and {after[0]} of {before[0]} {labels[0]} "
            f"patients. {made.matching.words}"
        )
        numbers.append(
            number(context.path("match", name, "sets"), sets, "count", made.matching.method, sets, made.n_dropped)
        )
        for what, value in (("control", after[0]), ("exposed", after[1])):
            numbers.append(
                number(context.path("match", name, what), value, "count", made.matching.method, sets, made.n_dropped)
            )
        if made.matching.caliper is not None:
            numbers.append(
                number(
                    context.path("match", name, "caliper"),
                    made.matching.caliper,
                    "distance",
                    made.matching.method,
                    sets,
                )
            )
        words = MethodsPart(_match_words(context, context.study.match[name], group), ("rosenbaum1985", "austin2011"))
        return Part((sentence,), tuple(numbers), (), (words,))
    assert cohort.weights is not None
    effective = [effective_sample_size(cohort.weights[rows]) for rows in (~exposed, exposed)]
    texts = [context.printer.plain(x, 1) for x in (*effective, float(cohort.weights.max()))]
    sentence = (
        f"{cohort.label}: effective sample sizes {labels[0]} {texts[0]} of {before[0]}, {labels[1]} {texts[1]} of "
        f"{before[1]}; largest weight {texts[2]}."
    )
    for what, size in (
        ("effective_control", effective[0]),
        ("effective_exposed", effective[1]),
        ("largest", float(cohort.weights.max())),
    ):
        numbers.append(number(context.path("weights", name, what), size, "count", "weights", cohort.n, made.n_dropped))
    estimand = _estimand(context.study.weights[name], group)
    cited = ("li2018",) if estimand == "ATO" else ("cole2008",)
    words = MethodsPart(_weight_words(context.study.weights[name], estimand), cited)
    return Part((sentence,), tuple(numbers), (), (words,))


def _match_words(context: Context, match: Match, group: Group) -> str:
    names = ", ".join(_lower(context.label(c)) for c in match.covariates)
    caliper = ""
    if match.caliper:
        unit = {"sd_all": "SD", "sd_pooled": "pooled SD", "absolute": ""}[match.caliper.unit]
        caliper = f" within a caliper of {match.caliper.value:g} {unit}".rstrip()
    chosen_for = group.reference if group.estimand == "ATC" else group.others[0]
    whom = f"{level_label(group, chosen_for)} patients were"
    scale = "logit of the score" if match.distance == "logit" else "score"
    exact = f", exactly on {', '.join(_lower(context.label(e)) for e in match.exact)}" if match.exact else ""
    how = "with" if match.replace else "without"
    order = {"largest": "largest score first", "smallest": "smallest score first", "closest": "closest pair first",
             "random": "in random order", "data": "in the order of the table"}[match.order]  # fmt: skip
    return (
        f"A propensity score was estimated by logistic regression ({names}); {whom} matched 1:{match.ratio} to "
        f"the nearest neighbour on the {scale}, {how} replacement{caliper}{exact}, {order}, ties broken "
        f"{'at random' if match.ties == 'random' else 'by order in the table'}."
    )


def _estimand(weighting: Weighting, group: Group) -> Estimand:
    """Whose effect a weighting estimates: overlap weights that of the overlap, whatever the group means."""
    return "ATO" if (weighting.kind or weighting.name) == "overlap" else group.estimand


def _weight_words(weighting: Weighting, estimand: Estimand) -> str:
    if estimand == "ATO":
        return "Overlap weights (the probability of the other arm) were derived from the propensity score."
    stabilised = "Stabilised inverse" if weighting.stabilised else "Inverse"
    trim = (
        f", truncated at the {100 * weighting.trim:g} and {100 * (1 - weighting.trim):g} % quantiles"
        if weighting.trim
        else ""
    )
    whose = f"{stabilised} probability of treatment weights for the {estimand}"
    return f"{whose} were derived from the propensity score{trim}."


def _lower(text: str) -> str:
    return text if text[:2].isupper() else f"{text[:1].lower()}{text[1:]}"
