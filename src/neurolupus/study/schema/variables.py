"""The variables of a study file: what each column of the table holds and what is derived from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from neurolupus.study.grammar import Condition
from neurolupus.study.grammar.sums import LinearSum

VariableType = Literal["continuous", "binary", "nominal", "ordinal", "multilabel", "text", "date"]
Show = Literal["auto", "mean_sd", "median_iqr", "median_p10_p90", "n_percent"]
Role = Literal["baseline", "treatment", "outcome", "other"]
RowTest = Literal[
    "chi2_pearson", "chi2_yates", "chi2_n_minus_1", "fisher", "student", "welch", "mann_whitney_cc", "mann_whitney_nocc"
]


@dataclass(frozen=True, slots=True)
class Level:
    """One level: the value in the table (as text) and its label."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Derivation:
    """One entry of `derive:` A new variable made from the one it stands under; a plain text is `is`.

    Attributes
    ----------
    is : text
        `> 0.5` yes or no by a threshold; `== cyc` or `in {cyc, mmf}` yes or no by a level; of a multilabel variable
        also `count`, `has {seizure}`, and `== {headache}`: that label and no other.
    label : str
    section : str
        Heading in Table 1; that of the variable it comes from when left out.
    role : baseline, treatment, outcome or other
        That of the variable it comes from when left out.
    show, digits
        As of a variable, where it is a count.
    """

    SHORT: ClassVar[str] = "is_"

    is_: str
    label: str = ""
    section: str = ""
    role: Role | None = None
    show: Show = "auto"
    digits: int | None = None
    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Identity:
    """`identity:` What the variable must equal in every row; a plain text is `sum`.

    Attributes
    ----------
    sum : text
        `gm + wm`, `tiv - csf`.
    tolerance : float
        Share of the value by which both may differ (rounding in the table).
    """

    SHORT: ClassVar[str] = "sum"

    sum: LinearSum
    tolerance: float = 0.005
    line: int = 0


@dataclass(frozen=True, slots=True)
class Transform:
    """`transform:` How the variable enters models; a plain text is `fn`.

    Attributes
    ----------
    fn : log, log2, log10, sqrt or none
    scale : float
        The value is multiplied by it first.
    zero : half_detection_limit or refuse
        What becomes of zeros before a logarithm: half the detection limit, counted, with a sensitivity run without
        those patients; or an error.
    detection_limit : float
        In the variable's unit; the smallest positive value of the table when left out, and said so.
    """

    SHORT: ClassVar[str] = "fn"

    fn: Literal["log", "log2", "log10", "sqrt", "none"] = "none"
    scale: float = 1.0
    zero: Literal["half_detection_limit", "refuse"] = "half_detection_limit"
    detection_limit: float | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Variable:
    """One entry of `variables:`, by name; an empty entry is a continuous variable.

    Attributes
    ----------
    label : str
        Printed name; the name when left out.
    type : continuous, binary, nominal, ordinal, multilabel, text or date
        `multilabel` holds several labels in one cell (or REDCap's checkbox columns), and each of its labels is a yes/no
        variable of its own. Left out: nominal where levels are given, else continuous.
    unit : str
    column : str
        Column of the table, where it is not the name.
    levels : list, or mapping of value to label
        Of a nominal or ordinal variable, in order; of a binary one, first the value for no and then that for yes
        (0 and 1, false and true, no and yes are understood without).
    reference : str
        Level the others are compared with; the first when left out.
    vocabulary : acr1999, list, or mapping of value to label
        Labels of a multilabel variable.
    separator : str
        Between the labels in a cell; alone in a cell it means that the patient has none.
    show : auto, mean_sd, median_iqr, median_p10_p90 or n_percent
        How it is described.
    digits : int
        Decimals printed.
    test : name of a test
        Instead of the one chosen by rule.
    range : two numbers
        Values outside are faults of the table.
    section : str
        Heading above it in Table 1.
    role : baseline, treatment, outcome or other
        `rows: all_baseline` means those of role baseline (a variable's role when left out).
    missing : list
        Further cells that mean "not known", in this column.
    max_missing : float
        A larger share of missing values is a fault of the table.
    derive : mapping
        New variables, see `Derivation`.
    identity : text or mapping
        See `Identity`.
    transform : text or mapping
        See `Transform`.
    back : ratio or none
        Effects on a log-transformed variable are also given as ratios.
    """

    name: str = ""
    label: str = ""
    type: VariableType | None = None
    unit: str = ""
    column: str = ""
    levels: tuple[Level, ...] = ()
    reference: str = ""
    vocabulary: tuple[Level, ...] = ()
    separator: str = ";"
    show: Show = "auto"
    digits: int | None = None
    test: RowTest | None = None
    range: tuple[float, float] | None = None
    section: str = ""
    role: Role = "baseline"
    missing: tuple[str, ...] = ()
    max_missing: float = 1.0
    derive: dict[str, Derivation] = field(default_factory=dict)
    identity: Identity | None = None
    transform: Transform = field(default_factory=Transform)
    back: Literal["ratio", "none"] = "none"
    line: int = 0

    @property
    def kind(self) -> VariableType:
        """The type; nominal where levels are given, else continuous, when the file states none."""
        return self.type or ("multilabel" if self.vocabulary else "nominal" if self.levels else "continuous")


@dataclass(frozen=True, slots=True)
class DerivedVariable:
    """One entry of `derived:` A variable made from several others; exactly one of is and value.

    Attributes
    ----------
    is : condition
        Yes where it holds: `n_subtypes > 1`, `seizure or psychosis`.
    value : sum
        A number: `gm + wm`, `0.5*a - b`.
    label, unit, section, role, show, digits
        As of a variable.
    """

    name: str = ""
    is_: Condition | None = None
    value: LinearSum | None = None
    label: str = ""
    unit: str = ""
    section: str = ""
    role: Role = "other"
    show: Show = "auto"
    digits: int | None = None
    line: int = 0
