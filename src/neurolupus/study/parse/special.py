"""What types alone do not describe: levels as list or mapping, numbers for everybody or by level, effects by term."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurolupus.records.document import Place
from neurolupus.records.words import suggestion
from neurolupus.study.grammar.sums import Share
from neurolupus.study.parse.reader import Reader, Special, Unreadable, shown
from neurolupus.study.schema.design import Table1
from neurolupus.study.schema.measurement_error import MeasurementError
from neurolupus.study.schema.models import Cox, CoxSe
from neurolupus.study.schema.simulate import EVERYBODY, Correlation, SimulatedEffect, SimulatedVariable, TermEffect
from neurolupus.study.schema.variables import Level, Variable
from neurolupus.study.schema.vocabularies import VOCABULARIES


def levels(reader: Reader, data: Any, place: Place) -> tuple[Level, ...]:
    """Levels from a list of values, or a mapping of value to label."""
    if isinstance(data, dict):
        found = [Level(key, reader.value(str, label, (*place, key))) for key, label in data.items()]
    elif isinstance(data, list):
        found = [
            Level(text, text) for text in (reader.value(str, one, (*place, number)) for number, one in enumerate(data))
        ]
    else:
        raise reader.refuse(place, f" is {shown(data)}; a list of levels, or a mapping of value to label, is needed")
    values = [level.value for level in found]
    for value in sorted({value for value in values if values.count(value) > 1}):
        reader.fault(place, f"level {value!r} stands here twice")
    if len(found) < 1:
        raise reader.refuse(place, " is empty; levels are needed")
    return tuple(dict.fromkeys(found))


def vocabulary(reader: Reader, data: Any, place: Place) -> tuple[Level, ...]:
    """The labels of a multilabel variable: a vocabulary by its name, or levels."""
    if isinstance(data, (dict, list)):
        return levels(reader, data, place)
    name = reader.document.text_of(place, data)
    if name not in VOCABULARIES:
        near = suggestion(name, VOCABULARIES)
        raise reader.refuse(place, f" {name!r} is unknown{near}, or list the labels")
    return VOCABULARIES[name]


def row_words(reader: Reader, data: Any, place: Place) -> tuple[str, ...]:
    """Rows of a table: names, `all_baseline`, and `section: NAME`, which YAML reads as a mapping."""
    found = []
    for number, one in enumerate(data if isinstance(data, list) else [data]):
        where = (*place, number) if isinstance(data, list) else place
        try:
            if isinstance(one, dict) and list(one) == ["section"]:
                found.append(f"section: {reader.value(str, one['section'], (*where, 'section'))}")
            else:
                found.append(reader.value(str, one, where))
        except Unreadable:
            continue
    return tuple(found)


def table_by(reader: Reader, data: Any, place: Place) -> str:
    """`by: treatment`; `by: [npsle, non]` is kept as its levels, parted by a bar, until groups are known."""
    if isinstance(data, list):
        return "|".join(reader.value(str, one, (*place, number)) for number, one in enumerate(data))
    return str(reader.value(str, data, place))


def cox_se(reader: Reader, data: Any, place: Place) -> dict[str, CoxSe]:
    """One kind of standard error for all cohorts, or one for each."""
    if isinstance(data, dict):
        return {key: reader.value(CoxSe, one, (*place, key)) for key, one in data.items()}
    return {EVERYBODY: reader.value(CoxSe, data, place)}


def numbers_by_level(count: int) -> Special:
    """Reads so many numbers for everybody, or a mapping of level to so many."""

    def read(reader: Reader, data: Any, place: Place) -> dict[str, tuple[float, ...]]:
        if isinstance(data, dict):
            return {key: _numbers(reader, one, (*place, key), count) for key, one in data.items()}
        return {EVERYBODY: _numbers(reader, data, place, count)}

    return read


def number_by_level(reader: Reader, data: Any, place: Place) -> dict[str, float]:
    """One number for everybody, or a mapping of level to number."""
    if isinstance(data, dict):
        return {key: reader.value(float, one, (*place, key)) for key, one in data.items()}
    return {EVERYBODY: reader.value(float, data, place)}


def _numbers(reader: Reader, data: Any, place: Place, count: int) -> tuple[float, ...]:
    several = data if isinstance(data, list) else [data]
    if len(several) != count:
        raise reader.refuse(place, f" has {len(several)} numbers; {count} are needed")
    if not isinstance(data, list):
        return (reader.value(float, data, place),)
    return tuple(reader.value(float, one, (*place, number)) for number, one in enumerate(several))


def share_by_level(reader: Reader, data: Any, place: Place) -> dict[str, Share]:
    """A share for everybody, or a mapping of level to share."""
    if isinstance(data, dict):
        return {key: reader.value(Share, one, (*place, key)) for key, one in data.items()}
    return {EVERYBODY: reader.value(Share, data, place)}


def labels(reader: Reader, data: Any, place: Place) -> dict[str, dict[str, Share]]:
    """Label -> share, for everybody or by level."""
    if not isinstance(data, dict):
        raise reader.refuse(place, f" is {shown(data)}; a mapping of label to share is needed")
    return {key: share_by_level(reader, one, (*place, key)) for key, one in data.items()}


def nested_numbers(key_kind: type) -> Callable[[Reader, Any, Place], dict[str, dict[Any, float]]]:
    """Reads a mapping of key to number for everybody, or one such mapping by level."""

    def flat(reader: Reader, data: Any, place: Place) -> dict[Any, float]:
        return dict(reader.value(dict[key_kind, float], data, place))  # type: ignore[valid-type]

    def read(reader: Reader, data: Any, place: Place) -> dict[str, dict[Any, float]]:
        if isinstance(data, dict) and data and all(isinstance(one, dict) for one in data.values()):
            return {key: flat(reader, one, (*place, key)) for key, one in data.items()}
        return {EVERYBODY: flat(reader, data, place)}

    return read


def effects(reader: Reader, data: Any, place: Place) -> tuple[TermEffect, ...]:
    """Effects from a mapping of term to number, or of term to a mapping of level to number."""
    if not isinstance(data, dict):
        raise reader.refuse(place, f" is {shown(data)}; a mapping of term to number is needed")
    found = []
    for term, value in data.items():
        where = (*place, term)
        if isinstance(value, dict):
            found += [
                TermEffect(term, reader.value(float, one, (*where, level)), level) for level, one in value.items()
            ]
        else:
            found.append(TermEffect(term, reader.value(float, value, where)))
    return tuple(found)


def odds_ratios(reader: Reader, data: Any, place: Place) -> dict[str, tuple[TermEffect, ...]]:
    """Level of the outcome -> effects."""
    if not isinstance(data, dict):
        raise reader.refuse(place, f" is {shown(data)}; a mapping of the outcome's level to terms is needed")
    return {level: effects(reader, one, (*place, level)) for level, one in data.items()}


def correlation(reader: Reader, data: Any, place: Place) -> Correlation:
    """`[a, b, 0.4]`."""
    if not isinstance(data, list) or len(data) != 3:
        raise reader.refuse(place, f" is {shown(data)}; two names and a number are needed: [a, b, 0.4]")
    value = reader.value(float, data[2], (*place, 2))
    if not -1 < value < 1:
        raise reader.refuse(place, f" is {value:g}; a correlation lies between -1 and 1")
    first, second = (reader.value(str, data[number], (*place, number)) for number in (0, 1))
    return Correlation(first, second, value, reader.document.line_of(place))


SPECIAL: dict[Any, Special] = {
    tuple[Level, ...]: levels,
    Correlation: correlation,
    (Variable, "vocabulary"): vocabulary,
    (Table1, "rows"): row_words,
    (Table1, "by"): table_by,
    (Cox, "each"): row_words,
    (Cox, "se"): cox_se,
    (MeasurementError, "error_sd"): number_by_level,
    (MeasurementError, "reliability"): number_by_level,
    (SimulatedVariable, "mean_sd"): numbers_by_level(2),
    (SimulatedVariable, "median_iqr"): numbers_by_level(3),
    (SimulatedVariable, "median_p10_p90"): numbers_by_level(3),
    (SimulatedVariable, "poisson"): numbers_by_level(1),
    (SimulatedVariable, "quantiles"): nested_numbers(float),
    (SimulatedVariable, "counts"): nested_numbers(str),
    (SimulatedVariable, "share"): share_by_level,
    (SimulatedVariable, "missing"): share_by_level,
    (SimulatedVariable, "labels"): labels,
    (SimulatedEffect, "hazard_ratios"): effects,
    (SimulatedEffect, "b"): effects,
    (SimulatedEffect, "odds_ratios"): odds_ratios,
    (SimulatedEffect, "follow_up"): numbers_by_level(3),
    (SimulatedEffect, "mean_change"): numbers_by_level(1),
    (SimulatedEffect, "measured"): share_by_level,
}
