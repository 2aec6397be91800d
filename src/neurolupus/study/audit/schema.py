"""What a file of published numbers may say: the dataclasses are the grammar, their fields the keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from neurolupus.study.audit.cells import Kind
from neurolupus.study.audit.schema_claims import Claim

CountTest = Literal["chi2", "chi2_pearson", "chi2_yates", "chi2_n_minus_1", "fisher", "chi2_or_fisher"]
MeanTest = Literal["t", "student", "welch", "mann_whitney"]
Scale = Literal["difference", "odds_ratio", "hazard_ratio", "risk_ratio", "rate_ratio"]


@dataclass(frozen=True, slots=True)
class Paper:
    """`paper:` Which paper.

    Attributes
    ----------
    id : str
    title : str
    citation, doi : str
    """

    id: str
    title: str
    citation: str = ""
    doi: str = ""


@dataclass(frozen=True, slots=True)
class StatedTests:
    """`tests:` What the paper says it used.

    Attributes
    ----------
    counts : chi2, chi2_pearson, chi2_yates, chi2_n_minus_1, fisher or chi2_or_fisher
        `chi2` leaves open which of the three.
    means : t, student, welch or mann_whitney
        For rows of means. `t` leaves open which of the two.
    """

    counts: CountTest = "chi2_or_fisher"
    means: MeanTest = "t"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table, under its name. A plain text is `values`: the arms' cells, then the p-value, parted by `|`.

    Attributes
    ----------
    values : text
        `33 (87%) | 108 (92%) | 0.307`; the p-value may be left out, a cell may be `-`.
    read_as : text
        The same as it is meant, where the paper's own is misprinted.
    kind : auto, count, mean_sd, quartiles or p10_p90
        Needed for means with the SD in brackets (`mean_sd`) and for `p10_p90`.
    test : as in `tests:`
        Where this row's differs.
    n : text
        Denominators, `185 | 193`, where they are not those of the arms.
    integers : number
        Each person's value is the mean of so many whole numbers; turns GRIM and GRIMMER on.
    range : two numbers
        Between which every value lies; an SD too large for it is found.
    note : text
    """

    SHORT: ClassVar[str] = "values"

    values: str
    read_as: str = ""
    kind: Kind = "auto"
    test: Literal[CountTest, MeanTest] | None = None
    n: str = ""
    integers: int | None = None
    range: tuple[float, float] | None = None
    note: str = ""
    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """One entry of `tables:`, by name: arms side by side.

    Attributes
    ----------
    title : str
    arms : mapping of name to number of persons
        In the order of the cells.
    tests : as `tests:`
        Where this table's differ.
    missing : none or omitted
        `omitted`: persons without a value were left out of the row, so that its denominators may be smaller.
    rows : mapping
    """

    arms: dict[str, int]
    rows: dict[str, Row]
    title: str = ""
    tests: StatedTests | None = None
    missing: Literal["none", "omitted"] = "none"
    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One estimate, under its name. A plain text is `values`: `0.55 (0.30 to 0.99) | 0.045`.

    Attributes
    ----------
    values : text
    df : number
        Residual degrees of freedom, where they are not those of the table.
    note : text
    """

    SHORT: ClassVar[str] = "values"

    values: str
    df: float | None = None
    note: str = ""
    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Effects:
    """One entry of `effects:`, by name: estimates with confidence limits.

    Attributes
    ----------
    scale : difference, odds_ratio, hazard_ratio, risk_ratio or rate_ratio
        Ratios are checked on the log scale.
    title : str
    df : number
        Residual degrees of freedom of a linear model (t); left out, the normal distribution is used (z).
    level : number
        Of the limits.
    limits : wald or other
        `other`: profile, exact or bootstrap limits, which need not be symmetric.
    outcome : common or rare
        For E-values: whether more than 15 % have the outcome at the end of follow-up.
    rows : mapping
    """

    scale: Scale
    rows: dict[str, EffectRow]
    title: str = ""
    df: float | None = None
    level: float = 0.95
    limits: Literal["wald", "other"] = "wald"
    outcome: Literal["common", "rare"] = "rare"
    name: str = ""
    line: int = 0

    @property
    def is_ratio(self) -> bool:
        """Whether 1, and not 0, is no effect."""
        return self.scale != "difference"


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A whole file, as written."""

    paper: Paper
    tests: StatedTests = field(default_factory=StatedTests)
    tables: dict[str, Table] = field(default_factory=dict)
    effects: dict[str, Effects] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)
    source: str = ""
