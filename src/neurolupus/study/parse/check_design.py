"""Faults of `groups:`, `table1:`, `match:` and `weights:`."""

from __future__ import annotations

from neurolupus.records.document import Place
from neurolupus.study.parse.lookup import Lookup
from neurolupus.study.parse.names import level_names
from neurolupus.study.schema.design import Balance, Group


def check_design(lookup: Lookup) -> None:
    """Levels, rows, covariates, cohorts that lead nowhere; numbers that cannot be."""
    for group in lookup.study.groups.values():
        _check_group(lookup, group)
    _check_tables(lookup)
    for match in lookup.study.match.values():
        place: Place = ("match", match.name)
        _check_two_arms(lookup, match.exposure, place)
        if not match.covariates:
            lookup.fault(place, " lacks 'covariates', the terms of the propensity score")
        _check_covariates(lookup, match.covariates, match.exposure, (*place, "covariates"))
        lookup.terms(match.exact, (*place, "exact"))
        if match.ratio < 1:
            lookup.fault((*place, "ratio"), f" is {match.ratio}; at least 1 control is needed for each treated patient")
        if match.caliper and match.caliper.value <= 0:
            lookup.fault((*place, "caliper"), f" is {match.caliper.value:g}; leave it out for none")
        _check_balance(lookup, match.balance, (*place, "balance"))
    for weighting in lookup.study.weights.values():
        place = ("weights", weighting.name)
        if weighting.kind is None:
            lookup.fault(place, " lacks 'kind'; choose iptw or overlap")
        if bool(weighting.from_) == bool(weighting.covariates):
            lookup.fault(place, " needs either 'from', a name in match:, or 'covariates'")
        if weighting.from_:
            lookup.known(weighting.from_, lookup.study.match, "name in match:", (*place, "from"))
            source = lookup.study.match.get(weighting.from_)
            if source and source.exposure != weighting.exposure:
                told = f" is {weighting.exposure!r}, and the score of {weighting.from_!r} is of {source.exposure!r}"
                lookup.fault((*place, "exposure"), f"{told}; give covariates for a score of its own")
        _check_two_arms(lookup, weighting.exposure, place)
        _check_covariates(lookup, weighting.covariates, weighting.exposure, (*place, "covariates"))
        if not 0 <= weighting.trim < 0.5:
            lookup.fault((*place, "trim"), f" is {weighting.trim:g}; a share below 0.5 is needed")
        if weighting.trim and weighting.kind == "overlap":
            lookup.fault((*place, "trim"), f" is {weighting.trim:g}; overlap weights are never extreme: leave it out")
        _check_balance(lookup, weighting.balance, (*place, "balance"))


def _check_group(lookup: Lookup, group: Group) -> None:
    place: Place = ("groups", group.name)
    values = [level.value for level in group.levels]
    if len(values) == 1:
        lookup.fault((*place, "levels"), f" has only {values[0]!r}; at least two levels are needed")
    if group.reference:
        lookup.known(group.reference, values, "level", (*place, "reference"))
    for name, merged in group.merge.items():
        where = (*place, "merge", name)
        if name in values:
            lookup.fault(where, f": {name!r} is a level already; choose another name")
        for value in merged.levels:
            lookup.known(value, values, "level", where)
    if group.starts and group.starts != "baseline" and len(values) != 2:
        lookup.fault((*place, "starts"), f" needs two levels, and the group has {len(values)}")


def _check_tables(lookup: Lookup) -> None:
    tables = lookup.study.table1
    for number, table in enumerate(tables):
        place: Place = lookup.item(("table1",), number)
        if "|" in table.by:
            lookup.fault((*place, "by"), f" is {table.by.split('|')}; no group has all these levels")
        else:
            lookup.group(table.by, (*place, "by"))
            for level in table.levels:
                lookup.level(table.by, level, (*place, "levels"))
            _check_overlap(lookup, table.by, table.levels, (*place, "levels"))
        lookup.rows(table.rows, (*place, "rows"))
        lookup.cohorts(table.cohorts, (*place, "cohorts"))


def _check_overlap(lookup: Lookup, name: str, levels: tuple[str, ...], place: Place) -> None:
    group = lookup.study.groups.get(name)
    if group is None:
        return
    members = [value for level in levels for value in (group.merge[level].levels if level in group.merge else (level,))]
    for value in sorted({value for value in members if members.count(value) > 1}):
        lookup.fault(place, f": patients of level {value!r} would stand in two columns")


def _check_two_arms(lookup: Lookup, exposure: str, place: Place) -> None:
    lookup.group(exposure, (*place, "exposure"))
    group = lookup.study.groups.get(exposure)
    if group and len(group.levels) > 2:
        several = ", ".join(level_names(group))
        lookup.fault(place, f": {exposure!r} has the levels {several}; matching and weighting need two")


def _check_covariates(lookup: Lookup, names: tuple[str, ...], exposure: str, place: Place) -> None:
    lookup.terms(names, place)
    if exposure and exposure in names:
        lookup.fault(place, f": the exposure {exposure!r} cannot be among them")


def _check_balance(lookup: Lookup, balance: Balance, place: Place) -> None:
    lookup.rows(tuple(word for word in balance.rows if word != "covariates"), (*place, "rows"))
    low, high = balance.variance_ratio
    if not 0 < low < 1 < high:
        lookup.fault((*place, "variance_ratio"), f" is {[low, high]}; a number below 1 and one above are needed")
