"""StudyFile: a whole study file, parsed; its parts are in `schema_*.py`, and their docstrings are the grammar.

Conventions of all parts: the name of a field is the key in the file (without the underscore that Python's own words
need: `from_`, `with_`, `is_`); `name` is the key an entry stands under; `line` is the line of the file it came from.
Where a list is meant, one entry alone may stand without brackets.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from neurolupus.study.schema.data import Data, FlowSection, Study
from neurolupus.study.schema.design import Group, Match, Table1, Tests, Weighting
from neurolupus.study.schema.extras import Power, Safety, Sensitivity, Subgroups, Validate
from neurolupus.study.schema.fields import Field, fields_of
from neurolupus.study.schema.models import Model
from neurolupus.study.schema.outcomes import Outcome
from neurolupus.study.schema.simulate import Simulate
from neurolupus.study.schema.variables import DerivedVariable, Variable

FULL = "full"
SYNTHETIC_COLUMN = "synthetic"


@dataclass(frozen=True, slots=True)
class StudyFile:
    """A study file whose names all lead somewhere.

    Groups are called by their names, `matched` has become the name of the match, and `all_baseline` and `section: NAME`
    are still words: `rows_of` spells them out.

    Attributes
    ----------
    study, data, flow, tests
        One section each.
    variables, groups, match, weights, outcomes, models, sensitivity, derived, subgroups
        By name, in the order of the file.
    table1
        In the order of the file.
    """

    study: Study
    data: Data = field(default_factory=Data)
    flow: FlowSection = field(default_factory=FlowSection)
    variables: dict[str, Variable] = field(default_factory=dict)
    derived: dict[str, DerivedVariable] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    tests: Tests = field(default_factory=Tests)
    table1: tuple[Table1, ...] = ()
    match: dict[str, Match] = field(default_factory=dict)
    weights: dict[str, Weighting] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    models: dict[str, Model] = field(default_factory=dict)
    subgroups: dict[str, Subgroups] = field(default_factory=dict)
    sensitivity: dict[str, Sensitivity] = field(default_factory=dict)
    safety: Safety | None = None
    power: Power | None = None
    simulate: Simulate | None = None
    validate: Validate | None = None
    source: str = ""
    _fields: dict[str, Field] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def cohorts(self) -> tuple[str, ...]:
        """The names of all cohorts: `full`, then matches, then weightings."""
        return (FULL, *self.match, *self.weights)

    @property
    def fields(self) -> dict[str, Field]:
        """Everything a row of a table or a term of a model may name: variables, labels, derived variables, groups."""
        if not self._fields:  # worked out once; parts of a study never change
            self._fields.update(fields_of(self))
        return self._fields

    def rows_of(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """Names of variables that words stand for: `all_baseline`, `section: NAME`, or a name itself.

        `all_baseline` leaves out the groups and the labels of multilabel variables in favour of the variables.
        """
        found: list[str] = []
        for word in words:
            section = word.partition(":")[2].strip() if word.startswith("section:") else None
            for name, entry in self.fields.items():
                is_meant = (
                    entry.section == section and entry.in_all
                    if section is not None
                    else entry.role == "baseline" and entry.in_all
                    if word == "all_baseline"
                    else name == word
                )
                if is_meant and name not in found:
                    found.append(name)
        return tuple(found)
