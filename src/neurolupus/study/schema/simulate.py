"""The made-up cohort of a study file: marginals, correlations and the effects that are put in."""

from __future__ import annotations

from dataclasses import dataclass, field

from neurolupus.study.grammar import Condition
from neurolupus.study.grammar.sums import LinearSum, Share

EVERYBODY = "*"
ByLevel = dict[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class SimulatedVariable:
    """One entry of `simulate: variables:` How a variable is distributed; one form, for everybody or by group level.

    Attributes
    ----------
    mean_sd : two numbers, or mapping of level to two numbers
        Normal, within the variable's range.
    median_iqr : median, lower and upper quartile, or by level
        Skewed as the three numbers say: a shifted log-normal distribution with these quartiles.
    median_p10_p90 : median, 10th and 90th percentile, or by level
        The same from other percentiles.
    quantiles : mapping of percent to value (three of them), or by level
        The same from any three percentiles.
    poisson : mean, or by level
        A count.
    share : number or count `26/192`, or by level
        Share of yes of a yes/no variable.
    counts : mapping of level of the variable to number or count, or by level of the group
        Of a nominal variable, or of a number with few values; made into shares.
    labels : mapping of label to share, or to a mapping of group level to share
        Of a multilabel variable.
    at_least_one : bool
        Nobody without any label; shares are kept.
    value : sum
        Computed from others: `gm + wm`.
    text : list of texts
        One of them at random.
    only_if : condition
        Empty where it does not hold: `it == 1`, `ep == death`.
    missing : share, or by level
        Values removed at random.
    digits : int
        Decimals kept.
    """

    name: str = ""
    mean_sd: ByLevel = field(default_factory=dict)
    median_iqr: ByLevel = field(default_factory=dict)
    median_p10_p90: ByLevel = field(default_factory=dict)
    quantiles: dict[str, dict[float, float]] = field(default_factory=dict)
    poisson: ByLevel = field(default_factory=dict)
    share: dict[str, Share] = field(default_factory=dict)
    counts: dict[str, dict[str, float]] = field(default_factory=dict)
    labels: dict[str, dict[str, Share]] = field(default_factory=dict)
    at_least_one: bool = False
    value: LinearSum | None = None
    text: tuple[str, ...] = ()
    only_if: Condition | None = None
    missing: dict[str, Share] = field(default_factory=dict)
    digits: int | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class TermEffect:
    """The effect of a term, or of one level of it, as written in the file (a ratio, or B)."""

    term: str
    value: float
    level: str = ""


@dataclass(frozen=True, slots=True)
class SimulatedEffect:
    """One entry of `simulate: effects:`, by outcome or continuous variable: the effects put in.

    Attributes
    ----------
    rate : float
        Time to event: events per unit of person-time in the whole cohort; the baseline hazard follows from it.
    shape : float
        Time to event: Weibull shape; 1 is a constant hazard.
    hazard_ratios : mapping of term to ratio
        Time to event. A term with levels has a mapping of level to ratio. `a:b` is an interaction.
    follow_up : median, lower and upper quartile, or by group level
        Time to event: how long patients are followed.
    kinds : mapping of component to share or number
        Time to event: what the events are; as the outcome expects them when left out.
    shares : mapping of level to share or number
        Nominal outcome: in the whole cohort; the intercepts follow from it.
    odds_ratios : mapping of level of the outcome to mapping of term to ratio
        Nominal outcome against its reference; of a binary outcome a mapping of term to ratio under `yes`.
    mean : float
        Continuous: where every term is at its mean or reference. On the transformed scale.
    b : mapping of term to B
        Continuous: on the transformed scale.
    sd : float
        Continuous: of what the terms leave.
    correlated_with : mapping of another continuous outcome to a correlation
        Continuous: of what the terms leave in both.
    mean_change : number, or by group level
        Change.
    measured : share or count, or by group level
        Change: who was measured again.
    """

    name: str = ""
    rate: float | None = None
    shape: float = 1.0
    hazard_ratios: tuple[TermEffect, ...] = ()
    follow_up: ByLevel = field(default_factory=dict)
    kinds: dict[str, float] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)
    odds_ratios: dict[str, tuple[TermEffect, ...]] = field(default_factory=dict)
    mean: float | None = None
    b: tuple[TermEffect, ...] = ()
    sd: float | None = None
    correlated_with: dict[str, float] = field(default_factory=dict)
    mean_change: ByLevel = field(default_factory=dict)
    measured: dict[str, Share] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True, slots=True)
class Correlation:
    """One entry of `simulate: correlations:` `[a, b, 0.4]`: of the normal scores behind two variables or labels."""

    first: str
    second: str
    value: float
    line: int = 0


@dataclass(frozen=True, slots=True)
class Simulate:
    """`simulate:` A made-up cohort that fits the file. What is left out has a plain default by type.

    Attributes
    ----------
    n : int
        Patients who are analysed; the sum of `groups` when left out.
    groups : mapping of level of the first group to number
        Kept exactly; in proportion when another n is asked for.
    screened : bool
        Also rows for patients whom the flow leaves out, as many as it expects; only with the file's own n.
    variables : mapping
        See `SimulatedVariable`; columns that are no variable (injections, reasons) are allowed.
    correlations : list of two names and a number
    effects : mapping
        See `SimulatedEffect`.
    """

    n: int | None = None
    groups: dict[str, int] = field(default_factory=dict)
    screened: bool = False
    variables: dict[str, SimulatedVariable] = field(default_factory=dict)
    correlations: tuple[Correlation, ...] = ()
    effects: dict[str, SimulatedEffect] = field(default_factory=dict)
    line: int = 0
