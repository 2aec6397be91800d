"""Faults of `study:`, `data:`, `variables:` and `derived:`."""

from __future__ import annotations

from collections.abc import Iterator

from neurolupus.records.document import Place
from neurolupus.study.grammar import Compare, Flag, Join, Node, Not, parse_rest
from neurolupus.study.grammar.sums import GrammarError, as_number
from neurolupus.study.parse.lookup import Lookup
from neurolupus.study.schema import FULL, SYNTHETIC_COLUMN
from neurolupus.study.schema.design import COUNT_TESTS
from neurolupus.study.schema.fields import flag_meanings
from neurolupus.study.schema.variables import Derivation, Variable

RESERVED = (FULL, "matched", "all_baseline", SYNTHETIC_COLUMN)


def check_names(lookup: Lookup) -> None:
    """Names that mean two things, or that the grammar needs for itself."""
    study = lookup.study
    head = study.study
    if not 0.5 <= head.level < 1:
        lookup.fault(("study", "level"), f" is {head.level:g}; a share such as 0.95 is needed")
    if not 0 < head.alpha < 0.5:
        lookup.fault(("study", "alpha"), f" is {head.alpha:g}; a share such as 0.05 is needed")
    if head.seed < 0:
        lookup.fault(("study", "seed"), f" is {head.seed}; a whole number from 0 is needed")
    seen: dict[str, Place] = {}
    for name, place in _declared(lookup):
        if name in RESERVED or name.startswith("section"):
            lookup.fault(place, f": the name {name!r} has a meaning of its own; choose another")
        if name in seen:
            first = ".".join(str(part) for part in seen[name])
            lookup.fault(place, f": the name {name!r} stands already for {first}; choose another")
        seen.setdefault(name, place)
    cohorts = (*study.match, *study.weights)
    for name in cohorts:
        place = ("match" if name in study.match else "weights", name)
        if name in RESERVED or cohorts.count(name) > 1:
            lookup.fault(place, f": the name {name!r} has a meaning already; choose another")
    if study.data.file and not study.data.id:
        lookup.fault(("data",), " lacks 'id', the column that names a patient")


def _declared(lookup: Lookup) -> Iterator[tuple[str, Place]]:
    study = lookup.study
    for name in study.groups:
        yield name, ("groups", name)
    for variable in study.variables.values():
        place: Place = ("variables", variable.name)
        yield variable.name, place
        for label in variable.vocabulary if variable.kind == "multilabel" else ():
            yield label.value, (*place, "vocabulary")
        for name in variable.derive:
            yield name, (*place, "derive", name)
    for name in study.derived:
        yield name, ("derived", name)


def check_variables(lookup: Lookup) -> None:
    """Declarations that do not fit the variable's type, and derived variables that cannot be made."""
    columns: dict[str, str] = {}
    for variable in lookup.study.variables.values():
        place: Place = ("variables", variable.name)
        column = variable.column or variable.name
        if column in columns:
            lookup.fault(place, f": column {column!r} is already that of {columns[column]!r}")
        columns.setdefault(column, variable.name)
        _check_type(lookup, variable, place)
        for name, derivation in variable.derive.items():
            _check_derivation(lookup, variable, derivation, (*place, "derive", name))
        for name in variable.identity.sum.names if variable.identity else ():
            if name in lookup.fields:
                lookup.field(name, (*place, "identity"), ("continuous",))
    for derived in lookup.study.derived.values():
        place = ("derived", derived.name)
        if (derived.is_ is None) == (derived.value is None):
            lookup.fault(place, " needs either 'is', a condition, or 'value', a sum")
        for name in derived.value.names if derived.value else ():
            if name in lookup.fields:
                lookup.field(name, (*place, "value"), ("continuous", "binary"))
        if derived.is_:
            check_condition(lookup, derived.is_.tree, (*place, "is"))
    _check_circles(lookup)


def _check_type(lookup: Lookup, variable: Variable, place: Place) -> None:
    kind, values = variable.kind, [level.value for level in variable.levels]
    if kind == "multilabel" and not variable.vocabulary:
        lookup.fault(place, " is multilabel and lacks 'vocabulary', such as acr1999 or a list of labels")
    if kind != "multilabel" and variable.vocabulary:
        lookup.fault((*place, "vocabulary"), f" belongs to multilabel variables, and this one is {kind}")
    if kind in ("nominal", "ordinal") and not values:
        lookup.fault(place, f" is {kind} and lacks 'levels'")
    if kind == "binary" and values and len(values) != 2:
        lookup.fault((*place, "levels"), f" has {len(values)} levels; a binary variable has two, first no, then yes")
    if kind in ("continuous", "multilabel", "text", "date") and values:
        lookup.fault((*place, "levels"), f" belong to nominal, ordinal or binary variables, and this one is {kind}")
    if variable.reference:
        lookup.known(variable.reference, values, f"level of {variable.name}", (*place, "reference"))
    if variable.range and variable.range[0] >= variable.range[1]:
        lookup.fault((*place, "range"), f" is {list(variable.range)}; the lower limit comes first")
    only_numbers = {
        "range": variable.range,
        "identity": variable.identity,
        "unit": variable.unit,
        "transform": None if variable.transform.fn == "none" else variable.transform,
    }
    for key, value in only_numbers.items():
        if value and kind != "continuous":
            lookup.fault((*place, key), f" belongs to continuous variables, and this one is {kind}")
    if variable.back == "ratio" and not variable.transform.fn.startswith("log"):
        lookup.fault((*place, "back"), " is ratio, which needs transform: {fn: log}")
    if variable.transform.scale <= 0:
        lookup.fault((*place, "transform", "scale"), f" is {variable.transform.scale:g}; a positive number is needed")
    if variable.transform.detection_limit is not None and variable.transform.detection_limit <= 0:
        lookup.fault((*place, "transform", "detection_limit"), " must be positive")
    shows_numbers = variable.show in ("mean_sd", "median_iqr", "median_p10_p90")
    if shows_numbers and kind != "continuous":
        lookup.fault((*place, "show"), f" is {variable.show}, which needs a continuous variable; this one is {kind}")
    if variable.show == "n_percent" and kind == "continuous":
        lookup.fault((*place, "show"), " is n_percent, which a continuous variable cannot be shown as")
    counted = kind in ("binary", "nominal", "ordinal", "multilabel")
    if variable.test and (variable.test in COUNT_TESTS) is not counted:
        needs = "counts levels" if variable.test in COUNT_TESTS else "compares numbers"
        lookup.fault((*place, "test"), f" is {variable.test}, which {needs}; this variable is {kind}")
    if not 0 <= variable.max_missing <= 1:
        lookup.fault((*place, "max_missing"), f" is {variable.max_missing:g}; a share between 0 and 1 is needed")


def _check_derivation(lookup: Lookup, variable: Variable, derivation: Derivation, place: Place) -> None:
    text = derivation.is_.strip()
    if text == "count":
        if variable.kind != "multilabel":
            lookup.fault(place, f": count belongs to multilabel variables, and {variable.name} is {variable.kind}")
        return
    try:
        condition = parse_rest(variable.name, text)
    except GrammarError as error:
        lookup.fault(place, f": {error}; a text such as '> 0.5', '== cyc' or 'has {{seizure}}' is needed")
        return
    if isinstance(condition.tree, Flag) or set(condition.names) != {variable.name}:
        lookup.fault(place, f": {text!r} must compare {variable.name} alone; use derived: for several variables")
        return
    check_condition(lookup, condition.tree, place)


def check_condition(lookup: Lookup, node: Node, place: Place) -> None:
    """Comparisons that do not fit the type of what they compare; names that are no field are columns of the table."""
    if isinstance(node, Join):
        for part in node.parts:
            check_condition(lookup, part, place)
    elif isinstance(node, Not):
        check_condition(lookup, node.part, place)
    elif isinstance(node, Flag):
        found = lookup.fields.get(node.name)
        if found and found.kind != "binary":
            lookup.fault(place, f": {node.name!r} is {found.kind}; compare it with a value, or name a yes/no variable")
    elif isinstance(node, Compare):
        _check_comparison(lookup, node, place)


def _check_comparison(lookup: Lookup, node: Compare, place: Place) -> None:
    found = lookup.fields.get(node.name)
    if found is None:
        return
    if node.operator == "has" and found.kind != "multilabel":
        lookup.fault(place, f": 'has' needs a multilabel variable, and {node.name!r} is {found.kind}")
    elif node.operator in (">", ">=", "<", "<=") and found.kind not in ("continuous", "ordinal"):
        lookup.fault(place, f": {node.operator} needs a continuous variable, and {node.name!r} is {found.kind}")
    elif found.kind == "multilabel":
        labels = [one.name for one in lookup.fields.values() if one.parent == found.name and one.origin == "label"]
        for value in node.values:
            lookup.known(value, labels, f"label of {node.name}", place)
    elif found.kind in ("nominal", "ordinal") and node.operator in ("==", "!=", "in"):
        merged = lookup.study.groups[found.name].merge if found.origin == "group" else {}
        for value in node.values:
            lookup.known(value, (*(level.value for level in found.levels), *merged), f"level of {node.name}", place)
    elif found.kind == "binary":
        for value in node.values:
            lookup.known(value, flag_meanings(found.variable), f"value of {node.name}", place)
    elif found.kind == "continuous":
        for value in node.values:
            if as_number(value) is None:
                lookup.fault(place, f": {node.name!r} is continuous, and {value!r} is no number")


def _check_circles(lookup: Lookup) -> None:
    needs = {
        name: (one.is_.names if one.is_ else one.value.names if one.value else ())
        for name, one in lookup.study.derived.items()
    }
    for name in needs:
        below, seen = list(needs[name]), set()
        while below:
            one = below.pop()
            if one == name:
                lookup.fault(("derived", name), " is made from itself")
                break
            if one not in seen:
                seen.add(one)
                below += needs.get(one, ())
