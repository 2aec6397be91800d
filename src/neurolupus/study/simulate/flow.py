"""Made-up rows of patients whom the flow leaves out, as many as every step expects."""

from __future__ import annotations

from typing import Any

import pandas as pd
from numpy.random import Generator

from neurolupus.study.grammar import Condition, Flag, Not
from neurolupus.study.parse.check_flow import expected_dropped
from neurolupus.study.schema import StudyFile
from neurolupus.study.schema.data import FlowStep


def screened_rows(study: StudyFile, frame: pd.DataFrame, rng: Generator) -> tuple[pd.DataFrame, int, list[str]]:
    """The table with rows for those whom each step drops, in random order; how many; and what could not be made up.

    They have a name and the columns of the flow; all else is empty, as it is in a screening log. Only steps of plain
    yes/no columns and keyword screens can be made up.
    """
    flow = study.flow
    if flow.start is None or not all(_is_plain(step, study) for step in flow.steps):
        return frame, 0, ["Screened patients are left out: the flow names no start, or a step is no yes/no column."]
    n_before: int | None = flow.start.n
    passing = {name: cell for step in flow.steps for name, cell in _passing(step).items()}
    parts = [frame.assign(**passing)]
    for number, step in enumerate(flow.steps):
        dropped = expected_dropped(step, n_before)
        if dropped is None or n_before is None:
            return frame, 0, ["Screened patients are left out: a step does not say how many it drops."]
        n_before -= dropped
        row = {name: cell for later in flow.steps[:number] for name, cell in _passing(later).items()}
        rows = pd.DataFrame([{**row, **cells} for cells in _failing(step, dropped, rng)], dtype=object)
        parts.append(rows)
    made = pd.concat([part.astype(object) for part in parts if len(part)], ignore_index=True)
    made = made.iloc[rng.permutation(len(made))].reset_index(drop=True)
    made = made.where(made.notna(), None)
    name = study.data.id or "patient"
    width = max(4, len(str(len(made))))
    prefix = "sub-" if name == "participant_id" else "P"
    made[name] = [f"{prefix}{row:0{width}d}" for row in range(1, len(made) + 1)]
    return made, len(made) - len(frame), []


def _is_plain(step: FlowStep, study: StudyFile) -> bool:
    conditions = (*((step.keep,) if step.keep else ()), *step.drop)
    return all(
        isinstance(_inner(condition), Flag) and condition.names[0] not in study.fields for condition in conditions
    )


def _inner(condition: Condition) -> Any:
    return condition.tree.part if isinstance(condition.tree, Not) else condition.tree


def _cell(condition: Condition, *, holds: bool) -> tuple[str, str]:
    is_yes = holds is not isinstance(condition.tree, Not)
    return condition.names[0], "1" if is_yes else "0"


def _passing(step: FlowStep) -> dict[str, str]:
    """The cells of a patient who stays."""
    if step.keep_keywords:
        return {step.keep_keywords.column: f"Systemic lupus erythematosus; {step.keep_keywords.any[0]}"}
    if step.keep:
        return dict([_cell(step.keep, holds=True)])
    return dict(_cell(condition, holds=False) for condition in step.drop)


def _failing(step: FlowStep, n: int, rng: Generator) -> list[dict[str, str]]:
    """The cells of patients who leave; reasons in the numbers expected, else in equal parts."""
    if step.keep_keywords:
        return [{step.keep_keywords.column: "Systemic lupus erythematosus"} for _ in range(n)]
    if step.keep:
        return [dict([_cell(step.keep, holds=False)]) for _ in range(n)]
    texts = [condition.text for condition in step.drop]
    if all(text in step.expect_reasons for text in texts):
        reasons = [number for number, text in enumerate(texts) for _ in range(step.expect_reasons[text])]
    else:
        reasons = rng.integers(0, len(texts), size=n).tolist()
    passing = _passing(step)
    return [{**passing, **dict([_cell(step.drop[reason], holds=True)])} for reason in reasons[:n]]
