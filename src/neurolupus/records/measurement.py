"""Measurement: one number with its unit and its interval; the set of one scan; what each name means."""

import math
from dataclasses import dataclass

Number = float | int | str | bool | None


@dataclass(frozen=True, slots=True)
class Definition:
    """What a column of volumes.tsv means."""

    name: str
    unit: str
    description: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measured value; `low` and `high` bound it where an interval was made, None where not."""

    name: str
    value: Number
    unit: str = ""
    low: float | None = None
    high: float | None = None
    method: str = ""

    def __post_init__(self) -> None:
        for bound in (self.value, self.low, self.high):
            if isinstance(bound, float) and not math.isfinite(bound):
                raise ValueError(f"{self.name} is {bound}; a measurement is a finite number, or None when unknown.")


@dataclass(frozen=True, slots=True)
class MeasurementSet:
    """All measurements of one scan, in the order of the data dictionary; names are unique."""

    items: tuple[Measurement, ...]

    def __post_init__(self) -> None:
        names = [m.name for m in self.items]
        if len(names) != len(set(names)):
            raise ValueError(
                f"Measurements have names that occur twice: {sorted({n for n in names if names.count(n) > 1})}."
            )

    def __getitem__(self, name: str) -> Measurement:
        for item in self.items:
            if item.name == name:
                return item
        raise KeyError(name)

    def number(self, name: str) -> float:
        """The value of a measurement that must be a known number."""
        value = self[name].value
        if value is None or isinstance(value, str):
            raise ValueError(f"{name} is {value!r}; a number is needed.")
        return float(value)

    def row(self) -> dict[str, Number]:
        """One table row: each name, and name_low and name_high where an interval exists."""
        row: dict[str, Number] = {}
        for item in self.items:
            row[item.name] = item.value
            if item.low is not None or item.high is not None:
                row[f"{item.name}_low"], row[f"{item.name}_high"] = item.low, item.high
        return row
