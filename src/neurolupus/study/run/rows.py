"""One row of a table of characteristics: what is printed by arm, the test, the standardised difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurolupus.errors import StatsError
from neurolupus.stats.choice import Rules, compare_counts, compare_numbers
from neurolupus.stats.describe import ContinuousSummary, describe_categorical, describe_continuous
from neurolupus.stats.formats import mean_sd, median_iqr, median_p10_p90, n_percent
from neurolupus.stats.normality import judge_normality
from neurolupus.stats.smd import StandardisedDifference, smd_binary, smd_continuous, smd_nominal
from neurolupus.study.run.context import Cohort, Context, Rows, group_rows, numbers_of
from neurolupus.study.run.part import first_line
from neurolupus.study.run.rules import row_rules
from neurolupus.study.schema.design import Table1
from neurolupus.study.schema.fields import Field

Named = tuple[tuple[str, float], ...]
NUMERIC = ("continuous",)
_TURNED = {"treated_sd": "control_sd", "control_sd": "treated_sd"}


@dataclass(frozen=True, slots=True)
class RowSummary:
    """One variable in one cohort.

    Attributes
    ----------
    texts : tuple of tuple of str
        Printed line by line (levels of a nominal row below its name), arm by arm, everybody last.
    values : tuple of named numbers
        By arm, everybody last.
    n, n_missing : tuple of int
        By arm.
    """

    show: str
    texts: tuple[tuple[str, ...], ...]
    values: tuple[Named, ...]
    n: tuple[int, ...]
    n_missing: tuple[int, ...]
    p_value: float | None = None
    statistic: float | None = None
    method: str = ""
    rule: str = ""
    smd: float | None = None
    variance_ratio: float | None = None
    denominator: str = ""
    notes: tuple[str, ...] = ()


def row_words(context: Context, entry: Field, summary: RowSummary, levels: Sequence[str]) -> list[tuple[str, int]]:
    """Label and indent of each line of a row."""
    unit = f", {entry.unit}" if entry.unit else ""
    if summary.show == "n_percent" and len(summary.texts) > 1:
        return [(entry.label + unit, 0), *((level.label, 1) for level in entry.levels)]
    return [(entry.label + unit, 0)]


def summarise_row(
    context: Context, spec: Table1, entry: Field, cohort: Cohort, arms: Sequence[Rows], house: Rules,
    compared: Sequence[str],
) -> RowSummary:  # fmt: skip
    """The row of a variable in a cohort, arm by arm.

    Parameters
    ----------
    arms : sequence of (n,) bool arrays
        Who is in which column.
    compared : sequence of str
        The level of each column.
    """
    weights = cohort.weights
    tested = weights is None and (spec.p or spec.p_in_matched)  # the tests know no weights, as after matching 1:2
    if entry.kind in NUMERIC:
        return _numeric(context, spec, entry, cohort, arms, house, weights, compared, tested=tested)
    return _counted(context, spec, entry, cohort, arms, house, weights, compared, tested=tested)


def _numeric(
    context: Context, spec: Table1, entry: Field, cohort: Cohort, arms: Sequence[Rows], house: Rules,
    weights: NDArray[np.float64] | None, compared: Sequence[str], *, tested: bool,
) -> RowSummary:  # fmt: skip
    values = numbers_of(cohort.frame, entry.name)
    everybody = np.any(np.stack(arms), axis=0)
    found = [
        describe_continuous(
            values[r], quantile_type=context.quantile_type, weights=None if weights is None else weights[r]
        )
        for r in (*arms, everybody)
    ]
    groups = [values[r][np.isfinite(values[r])] for r in arms]
    show = _show(context, entry, house, groups)
    digits = 1 if entry.digits is None else entry.digits
    printed = {"mean_sd": mean_sd, "median_iqr": median_iqr, "median_p10_p90": median_p10_p90}[show]
    texts = tuple(_minus(printed(s, digits=digits, rounding=context.printer.rounding)) if s.n else "–" for s in found)
    test, told = _test_numbers(entry, groups, house) if tested else (None, ())
    smd, more = _largest_smd(context, spec, entry, cohort, arms, compared)
    return RowSummary(
        show=show,
        texts=(texts,),
        values=tuple(_named(s) for s in found),
        n=tuple(s.n for s in found[:-1]),
        n_missing=tuple(s.n_missing for s in found[:-1]),
        p_value=test.p_value if test else None,
        statistic=test.statistic if test else None,
        method=test.method if test else "",
        rule=test.rule if test else "",
        smd=smd.smd if smd else None,
        variance_ratio=smd.variance_ratio if smd else None,
        denominator=smd.denominator.replace("_", " ") if smd else "",
        notes=(*told, *more),
    )


def _show(context: Context, entry: Field, house: Rules, groups: Sequence[NDArray[np.float64]]) -> str:
    if entry.show in ("mean_sd", "median_iqr", "median_p10_p90"):
        return entry.show
    criteria = house.normality or ("shapiro",)
    return "mean_sd" if all(judge_normality(g, criteria).normal for g in groups if len(g)) else "median_iqr"


def _test_numbers(entry: Field, groups: Sequence[NDArray[np.float64]], house: Rules) -> tuple[Any, tuple[str, ...]]:
    by = row_rules(house, entry)
    try:
        return compare_numbers(groups, by.rules, normal=by.normal), ()
    except StatsError as error:
        return None, (f"not tested: {first_line(error)}",)


def _counted(
    context: Context, spec: Table1, entry: Field, cohort: Cohort, arms: Sequence[Rows], house: Rules,
    weights: NDArray[np.float64] | None, compared: Sequence[str], *, tested: bool,
) -> RowSummary:  # fmt: skip
    column = level_texts(cohort.frame, entry)
    everybody = np.any(np.stack(arms), axis=0)
    levels = [level.value for level in entry.levels]
    found = [
        describe_categorical(column[r], levels, weights=None if weights is None else weights[r])
        for r in (*arms, everybody)
    ]
    digits = 1 if entry.digits is None else entry.digits
    rounding = context.printer.rounding
    lines = []
    for level in levels:
        texts = []
        for s in found:
            text = n_percent(s.of(level), digits=digits, rounding=rounding) if s.n else "–"
            texts.append(f"{text.partition('(')[2][:-1]} %" if weights is not None and s.n else text)
        lines.append(tuple(texts))
    shown = (lines[-1],) if entry.kind == "binary" else (("",) * len(found), *lines)
    table = np.array([[s.of(level).count for s in found[:-1]] for level in levels])
    test, told = _test_counts(entry, table, house) if tested else (None, ())
    smd, more = _largest_smd(context, spec, entry, cohort, arms, compared)
    values = tuple(
        tuple((f"{level}.{what}" if entry.kind != "binary" else what, float(getattr(s.of(level), what)))
              for level in (levels if entry.kind != "binary" else levels[-1:]) for what in ("count", "share"))
        for s in found
    )  # fmt: skip
    return RowSummary(
        show="n_percent",
        texts=shown,
        values=values,
        n=tuple(s.n for s in found[:-1]),
        n_missing=tuple(s.n_missing for s in found[:-1]),
        p_value=test.p_value if test else None,
        statistic=test.statistic if test else None,
        method=test.method if test else "",
        rule=test.rule if test else "",
        smd=smd.smd if smd else None,
        denominator=smd.denominator.replace("_", " ") if smd else "",
        notes=(*told, *more),
    )


def _test_counts(entry: Field, table: NDArray[np.int_], house: Rules) -> tuple[Any, tuple[str, ...]]:
    try:
        return compare_counts(table, row_rules(house, entry).rules, rng=np.random.default_rng(1)), ()
    except StatsError as error:
        return None, (f"not tested: {first_line(error)}",)


def level_texts(frame: pd.DataFrame, entry: Field) -> pd.Series:
    """A counted column as the declared values of its levels (text), None where missing."""
    if entry.kind == "binary" and frame[entry.name].dtype == np.float64:
        return _flag_texts(frame[entry.name].to_numpy(), entry)
    column = frame[entry.name].astype(object)
    if entry.kind != "binary":
        return column.where(column.notna(), None).reset_index(drop=True)
    no, yes = (level.value for level in entry.levels)
    told = {0: no, 1: yes, no: no, yes: yes}  # 0 stands for 0.0 and False, too
    return pd.Series([None if pd.isna(x) else told.get(x, x) for x in column], dtype=object)


def _flag_texts(flags: NDArray[np.float64], entry: Field) -> pd.Series:
    """1 and 0 as the declared values; what is neither stays as it is, to be refused by whoever counts levels."""
    no, yes = (level.value for level in entry.levels)
    texts = np.where(flags == 1, yes, no).astype(object)
    texts[np.isnan(flags)] = None
    odd = ~np.isin(flags, (0.0, 1.0)) & ~np.isnan(flags)
    texts[odd] = flags[odd]
    return pd.Series(texts, dtype=object)


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The cohort whose spread differences are divided by, and who is compared in it."""

    frame: pd.DataFrame
    exposed: Rows
    used: Rows


def standardised(
    entry: Field, cohort: Cohort, exposed: Rows, used: Rows, scale: Any, base: Reference | None = None
) -> StandardisedDifference:
    """The standardised difference of one variable between `exposed` and the other `used` rows of a cohort.

    Parameters
    ----------
    base : Reference or None
        The full cohort, so that a smaller spread after matching does not look like imbalance.
    """
    rows = used & cohort.frame[entry.name].notna().to_numpy()
    weights = None if cohort.weights is None else cohort.weights[rows]
    if entry.kind not in (*NUMERIC, "binary"):
        values, levels = level_texts(cohort.frame, entry)[rows], [v.value for v in entry.levels]
        whole: dict[str, Any] = {}
        if base is not None:
            there = base.used & base.frame[entry.name].notna().to_numpy()
            whole = {
                "reference_values": level_texts(base.frame, entry)[there],
                "reference_treated": base.exposed[there],
            }
        return smd_nominal(values, exposed[rows], levels, weights=weights, denominator=scale, **whole)
    one = smd_binary if entry.kind == "binary" else smd_continuous
    reference: dict[str, Any] = {}
    if base is not None:
        there = base.used & base.frame[entry.name].notna().to_numpy()
        values = coded(base.frame, entry)[there]
        reference = {"reference_values": values, "reference_treated": base.exposed[there]}
    return one(coded(cohort.frame, entry)[rows], exposed[rows], weights=weights, denominator=scale, **reference)


def coded(frame: pd.DataFrame, entry: Field) -> NDArray[np.float64]:
    """A numeric or yes/no column as floats, yes as 1."""
    if entry.kind != "binary" or frame[entry.name].dtype == np.float64:
        return numbers_of(frame, entry.name)
    yes = entry.levels[-1].value
    return np.array([np.nan if x is None else float(x == yes) for x in level_texts(frame, entry)])


def _largest_smd(
    context: Context, spec: Table1, entry: Field, cohort: Cohort, arms: Sequence[Rows], levels: Sequence[str]
) -> tuple[StandardisedDifference | None, tuple[str, ...]]:
    found, told = [], []
    for i, j in combinations(range(len(arms)), 2):
        base = None
        if cohort.kind != "full":
            frame, group = context.full.frame, context.group(spec.by)
            one, other = (group_rows(frame, group, levels[k]) for k in (i, j))
            base = Reference(frame, other, one | other)
        try:
            is_turned = levels[j] == context.group(spec.by).reference  # the second column holds the controls
            scale = _TURNED.get(spec.smd_scale, spec.smd_scale) if is_turned else spec.smd_scale
            found.append(standardised(entry, cohort, arms[j], arms[i] | arms[j], scale, base))
        except StatsError as error:
            told.append(f"no standardised difference: {first_line(error)}")
    if not found:
        return None, tuple(told)
    return max(found, key=lambda d: abs(d.smd) if d.smd is not None else -1.0), tuple(told)


def _named(summary: ContinuousSummary) -> Named:
    names = ("mean", "sd", "median", "q1", "q3", "p10", "p90", "minimum", "maximum")
    return tuple((name, float(getattr(summary, name))) for name in names)


def _minus(text: str) -> str:
    return text.replace("-", "−")
