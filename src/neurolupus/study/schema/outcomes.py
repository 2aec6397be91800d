"""The outcomes of a study, by type."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from neurolupus.study.schema.variables import Level


@dataclass(frozen=True, slots=True)
class NominalOutcome:
    """`type: nominal` An outcome with several levels.

    Attributes
    ----------
    column : str
        The name when left out.
    levels : list, or mapping of value to label
    reference : str
        Level the others are compared with; the first when left out.
    label : str
    """

    TYPE: ClassVar[str] = "nominal"

    levels: tuple[Level, ...]
    name: str = ""
    column: str = ""
    reference: str = ""
    label: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class BinaryOutcome:
    """`type: binary` An outcome that occurred or did not.

    Attributes
    ----------
    column : str
        The name when left out; a variable or derived variable is allowed.
    levels : list, or mapping of value to label
        First the value for no, then that for yes; those of the variable where `column` is one, in either order.
    label : str
    """

    TYPE: ClassVar[str] = "binary"

    name: str = ""
    column: str = ""
    levels: tuple[Level, ...] = ()
    label: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Component:
    """One entry of `components:` One kind of event; a plain number is `expect`.

    Attributes
    ----------
    code : str
        Its value in the event column; the name when left out.
    expect : int
        Number of such events in the paper; checked.
    label : str
    """

    SHORT: ClassVar[str] = "expect"

    expect: int | None = None
    code: str = ""
    label: str = ""
    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class TimeToEvent:
    """`type: time_to_event` The first of some events, or the end of follow-up.

    Attributes
    ----------
    time : str
        Column with the time from time zero to the event or the end of follow-up.
    event : str
        Column that says what happened.
    censored : list
        Values of that column that mean that nothing did.
    components : mapping
        Kinds of event, see `Component`; any other value than these and `censored` is a fault. Left out: 1, true or yes
        is an event.
    unit : str
        Of time.
    person_time : bool
        Report time at risk and events per time.
    competing : mapping
        `relapse: death` for a Fine–Gray model of relapse with death as the competing event.
    label : str
    """

    TYPE: ClassVar[str] = "time_to_event"

    time: str
    event: str
    name: str = ""
    censored: tuple[str, ...] = ("0", "no", "false", "none", "censored")
    components: dict[str, Component] = field(default_factory=dict)
    unit: str = "years"
    person_time: bool = True
    competing: dict[str, str] = field(default_factory=dict)
    label: str = ""
    line: int = 0

    @property
    def codes(self) -> dict[str, str]:
        """Value in the event column -> name of the component."""
        return {component.code or name: name for name, component in self.components.items()}


@dataclass(frozen=True, slots=True)
class Change:
    """`type: change` A value measured twice.

    Attributes
    ----------
    before, after : str
        Columns or variables; `after` is empty where it was not measured again.
    within : wilcoxon_signed_rank, paired_t or none
        Change within each arm.
    between : mann_whitney_cc, mann_whitney_nocc, welch, student or none
        Differences between the arms.
    baseline_adjusted : bool
        Also the later value adjusted for the earlier one.
    warn_ratio : float
        Warn when the share measured again in one arm is more than so many times that in another.
    label, unit : str
    """

    TYPE: ClassVar[str] = "change"

    before: str
    after: str
    name: str = ""
    within: Literal["wilcoxon_signed_rank", "paired_t", "none"] = "wilcoxon_signed_rank"
    between: Literal["mann_whitney_cc", "mann_whitney_nocc", "welch", "student", "none"] = "mann_whitney_cc"
    baseline_adjusted: bool = True
    warn_ratio: float = 1.5
    label: str = ""
    unit: str = ""
    line: int = 0


Outcome = NominalOutcome | BinaryOutcome | TimeToEvent | Change
OUTCOME_TYPES: dict[str, type[Outcome]] = {
    kind.TYPE: kind for kind in (NominalOutcome, BinaryOutcome, TimeToEvent, Change)
}
