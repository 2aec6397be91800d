"""The steps of the flow, counted in the table and checked against what the file expects."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurolupus.study.derive import meanings_of
from neurolupus.study.grammar import Condition
from neurolupus.study.grammar.evaluate import Truth, truth_of
from neurolupus.study.parse.check_flow import expected_dropped
from neurolupus.study.population import CountedStep, Flow, Reason
from neurolupus.study.schema import StudyFile
from neurolupus.study.schema.data import FlowStep, Keywords

Mask = NDArray[np.bool_]  # (patients,)


def apply_flow(study: StudyFile, frame: pd.DataFrame) -> tuple[Mask, Flow]:
    """Who stays, and how many left at every step.

    Parameters
    ----------
    frame : DataFrame
        Every row of the table, as `derive_fields` gives it.

    Notes
    -----
    Steps whose columns the table lacks, and all steps where `data: {rows: final}`, are as declared: they come before
    what the table can count.
    """
    section = study.flow
    stays = np.ones(len(frame), dtype=bool)
    is_final = study.data.rows == "final"
    declared: int | None = section.start.n if section.start else None
    steps: list[CountedStep] = []
    notes: list[str] = []
    can_count = [not is_final and all(name in frame for name in _names(step)) for step in section.steps]
    starts_counted = all(can_count) and bool(section.steps)
    n_before: int | None = len(frame) if starts_counted else declared
    if starts_counted and declared is not None and declared != len(frame):
        notes.append(f"The table has {len(frame)} rows, and the flow starts with {declared}.")
    for step, is_counted in zip(section.steps, can_count, strict=True):
        if is_counted:
            if n_before is not None and n_before != int(stays.sum()) and not (steps and steps[-1].is_counted):
                notes.append(f"{step_label(step)}: the table has {int(stays.sum())} rows, and {n_before} are declared.")
            counted, stays = _count(study, step, frame, stays, declared)
        else:
            counted = _declare(step, n_before)
        steps.append(counted)
        n_before = counted.n_after
        declared = counted.expected_after
        if counted.agrees is False:
            notes.append(_disagreement(counted))
        if counted.n_unknown:
            fate = "are not kept" if step.keep or step.keep_keywords else "stay"
            notes.append(f"{counted.label}: not known for {counted.n_unknown} patients, who {fate}.")
    n = int(stays.sum())
    expected = section.end.n if section.end else declared
    if expected is not None and expected != n:
        notes.append(f"{n} patients are analysed, and {expected} are expected.")
    flow = Flow(
        start=len(frame) if starts_counted else (section.start.n if section.start else None),
        start_label=section.start.label if section.start else "Rows of the table",
        steps=tuple(steps),
        n=n,
        expected_n=expected,
        end_label=section.end.label if section.end else "",
        notes=tuple(notes),
    )
    return stays, flow


def step_label(step: FlowStep) -> str:
    """What a step is called: its label, else its conditions in words."""
    if step.label:
        return step.label
    if step.keep_keywords:
        return f"{step.keep_keywords.column} mentions {' or '.join(step.keep_keywords.any)}"
    if step.keep:
        return step.reasons.get(step.keep.text, step.keep.text.replace("_", " "))
    return ", ".join(step.reasons.get(one.text, one.text.replace("_", " ")) for one in step.drop)


def screen_keywords(texts: pd.Series, keywords: Keywords) -> Truth:
    """Whether each text holds one of the words and none of the excluded ones; whole words, capitals do not matter."""
    any_word, no_word = _pattern(keywords.any), _pattern(keywords.none)

    def is_hit(text: object) -> bool:
        return isinstance(text, str) and any_word.search(text) is not None and no_word.search(text) is None

    known = texts.notna().to_numpy()
    holds = np.array([is_hit(text) for text in texts], dtype=bool)
    return Truth(holds, known & ~holds)


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    parts = [r"\s+".join(re.escape(part) for part in word.split()) for word in words if word.strip()]
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)" if parts else r"(?!)", re.IGNORECASE)


def _names(step: FlowStep) -> tuple[str, ...]:
    conditions = (*((step.keep,) if step.keep else ()), *step.drop)
    names = [name for condition in conditions for name in condition.names]
    return (*names, *((step.keep_keywords.column,) if step.keep_keywords else ()))


def _count(
    study: StudyFile, step: FlowStep, frame: pd.DataFrame, stays: Mask, declared: int | None
) -> tuple[CountedStep, Mask]:
    meanings = meanings_of(study)
    before = int(stays.sum())
    reasons: list[Reason] = []
    unknown = np.zeros(len(frame), dtype=bool)
    if step.drop:
        left = stays.copy()
        for condition in step.drop:
            truth = truth_of(condition, frame, meanings)
            unknown |= truth.unknown
            reasons.append(_reason(step, condition, int((left & truth.holds).sum())))
            left &= ~truth.holds
        after = left
    else:
        truth = (
            screen_keywords(frame[step.keep_keywords.column], step.keep_keywords)
            if step.keep_keywords
            else truth_of(step.keep, frame, meanings)  # type: ignore[arg-type]
        )
        unknown, after = truth.unknown, stays & truth.holds
    dropped = expected_dropped(step, declared)
    expected = step.expect_remaining
    if expected is None and dropped is not None:
        expected = (declared if declared is not None else before) - dropped
    n_after = int(after.sum())
    n_unknown = int((unknown & stays & (after if step.drop else ~after)).sum())
    split = tuple(reasons) if len(reasons) > 1 or step.expect_reasons else ()
    return CountedStep(step_label(step), before, before - n_after, n_after, split, n_unknown, True, expected), after


def _reason(step: FlowStep, condition: Condition, n: int) -> Reason:
    label = step.reasons.get(condition.text, condition.text.replace("_", " "))
    return Reason(label, n, step.expect_reasons.get(condition.text))


def _declare(step: FlowStep, before: int | None) -> CountedStep:
    dropped = expected_dropped(step, before)
    after = step.expect_remaining
    if after is None and before is not None and dropped is not None:
        after = before - dropped
    reasons = tuple(
        Reason(step.reasons.get(text, text.replace("_", " ")), n, n) for text, n in step.expect_reasons.items()
    )
    return CountedStep(step_label(step), before, dropped, after, reasons, is_counted=False, expected_after=after)


def _disagreement(step: CountedStep) -> str:
    told = [f"{one.label}: {one.n} instead of {one.expected}" for one in step.reasons if one.n != one.expected]
    if step.expected_after is not None and step.n_after != step.expected_after:
        told.append(f"{step.n_after} remain instead of {step.expected_after}")
    return f"{step.label}: {'; '.join(told)}."
