"""Everything that a study names is looked up; numbers that contradict one another are found."""

from __future__ import annotations

from neurolupus.study.parse.check_design import check_design
from neurolupus.study.parse.check_flow import check_flow
from neurolupus.study.parse.check_models import check_extras, check_models, check_outcomes
from neurolupus.study.parse.check_simulate import check_power, check_simulation
from neurolupus.study.parse.check_variables import check_names, check_variables
from neurolupus.study.parse.lookup import Lookup
from neurolupus.study.parse.reader import Reader
from neurolupus.study.schema import StudyFile


def check_references(study: StudyFile, reader: Reader) -> None:
    """Keep a fault in `reader` for everything in a study that leads nowhere or contradicts itself."""
    lookup = Lookup(study, reader)
    for check in (
        check_names,
        check_flow,
        check_variables,
        check_design,
        check_outcomes,
        check_models,
        check_extras,
        check_simulation,
        check_power,
    ):
        check(lookup)
