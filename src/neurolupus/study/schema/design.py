"""The design of a study: who is compared, by which tests, and how the groups are made comparable."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal, get_args

from neurolupus.study.schema.variables import Level

Estimand = Literal["ATT", "ATE", "ATC", "ATO"]
CountTest = Literal["chi2_pearson", "chi2_yates", "chi2_n_minus_1", "fisher"]
COUNT_TESTS: tuple[str, ...] = get_args(CountTest)
SmdScale = Literal["pooled_sd", "full_cohort_sd", "treated_sd", "control_sd"]


@dataclass(frozen=True, slots=True)
class MergedLevel:
    """One entry of `merge:` Several levels taken as one; a plain list is `levels`.

    Attributes
    ----------
    levels : list
    label : str
    """

    SHORT: ClassVar[str] = "levels"

    levels: tuple[str, ...]
    label: str = ""
    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """One entry of `groups:`, by name: who is compared with whom. Models call it by this name or by its column.

    Attributes
    ----------
    column : str
        Column of the table; the name when left out.
    levels : list, or mapping of value to label
    reference : str
        Level the others are compared with; the first when left out.
    estimand : ATT, ATE, ATC or ATO
        Whose effect is meant: of the treated, of everybody, of the controls, of the overlap.
    merge : mapping
        Levels taken together under a new name, see `MergedLevel`.
    label : str
    starts : str
        Column with the time after time zero at which the exposure began; makes landmark and time-varying analyses
        possible. `baseline`: at time zero. Left out, results on time to event carry a warning about immortal time.
    """

    name: str = ""
    column: str = ""
    levels: tuple[Level, ...] = ()
    reference: str = ""
    estimand: Estimand = "ATT"
    merge: dict[str, MergedLevel] = field(default_factory=dict)
    label: str = ""
    starts: str = ""
    line: int = 0

    @property
    def others(self) -> tuple[str, ...]:
        """The levels that are not the reference."""
        return tuple(level.value for level in self.levels if level.value != self.reference)


@dataclass(frozen=True, slots=True)
class PFormat:
    """`tests: p_format:` How p-values are printed.

    Attributes
    ----------
    digits : int
    floor : float
        Smaller ones are printed as below it.
    round : half_even or half_up
    """

    digits: int = 3
    floor: float = 0.001
    round: Literal["half_even", "half_up"] = "half_even"
    line: int = 0


@dataclass(frozen=True, slots=True)
class Tests:
    """`tests:` The house rules, printed under every table; what is left out follows the preset.

    Attributes
    ----------
    preset : r_default, spss or tableone
    counts : chi2_pearson, chi2_yates, chi2_n_minus_1 or fisher
        Test of yes/no and nominal rows.
    small : as counts
        Instead, where `small_rule` says that counts are small.
    small_rule : expected<5, cochran or never
    normal : student or welch
        Test of numbers that are held for normal.
    skewed : mann_whitney_cc or mann_whitney_nocc
        Test of other numbers, with or without continuity correction.
    normality : list of shapiro, skew_kurtosis
        By what numbers are held for normal.
    normality_figures : list of histogram, qq
        Drawn for every continuous row.
    p_format : mapping
        See `PFormat`.
    """

    __test__: ClassVar[bool] = False  # no test class, whatever pytest thinks of the name

    preset: Literal["r_default", "spss", "tableone"] = "r_default"
    counts: CountTest | None = None
    small: CountTest | None = None
    small_rule: Literal["expected<5", "cochran", "never"] | None = None
    normal: Literal["student", "welch"] | None = None
    skewed: Literal["mann_whitney_cc", "mann_whitney_nocc"] | None = None
    normality: tuple[Literal["shapiro", "skew_kurtosis"], ...] | None = None
    normality_figures: tuple[Literal["histogram", "qq"], ...] = ()
    p_format: PFormat = field(default_factory=PFormat)
    line: int = 0


@dataclass(frozen=True, slots=True)
class Table1:
    """`table1:` One table of characteristics, or a list of them.

    Attributes
    ----------
    by : str
        A group; or a list of its levels, where only those are compared.
    levels : list
        Levels compared, merged ones too; all (unmerged) when left out.
    rows : all_baseline, or list
        Variables in order. `section: NAME` in the list stands for the variables of that section.
    title : str
    cohorts : list
        `full`, a name of `match:` or of `weights:`; each gets its columns.
    smd : bool
        Standardised mean difference of every row.
    smd_scale : pooled_sd, full_cohort_sd, treated_sd or control_sd
        What differences are divided by; the full cohort's also after matching.
    p : bool
        p-values in the full cohort.
    p_in_matched : bool
        p-values in matched cohorts too, as many papers print; they say little about balance. Not where sets are
        weighted (1:2, or with replacement).
    overall : bool
        A column with everybody.
    """

    by: str = ""
    levels: tuple[str, ...] = ()
    rows: tuple[str, ...] = ("all_baseline",)
    title: str = ""
    cohorts: tuple[str, ...] = ("full",)
    smd: bool = True
    smd_scale: SmdScale = "full_cohort_sd"
    p: bool = True
    p_in_matched: bool = False
    overall: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Caliper:
    """`caliper:` How far apart a pair may lie; a plain number is `value`.

    Attributes
    ----------
    value : float
    unit : sd_all, sd_pooled or absolute
        SD of the distance over everybody, pooled within the arms, or the distance itself.
    """

    SHORT: ClassVar[str] = "value"

    value: float
    unit: Literal["sd_all", "sd_pooled", "absolute"] = "sd_all"
    line: int = 0


@dataclass(frozen=True, slots=True)
class Balance:
    """`balance:` What is judged after matching or weighting.

    Attributes
    ----------
    rows : all_baseline, covariates, or list
        Rows of the love plot.
    warn_smd : float
        A larger |SMD| is said aloud.
    variance_ratio : two numbers
        A ratio of variances outside is said aloud.
    """

    rows: tuple[str, ...] = ("all_baseline",)
    warn_smd: float = 0.1
    variance_ratio: tuple[float, float] = (0.5, 2.0)
    line: int = 0


@dataclass(frozen=True, slots=True)
class Match:
    """One entry of `match:`, by name: propensity-score matching; the name is also the name of the matched cohort.

    Attributes
    ----------
    exposure : str
        The group; the only one when left out.
    model : logistic
        Of the propensity score.
    covariates : list
        Terms of the score.
    distance : logit or score
        On which scale pairs are close.
    method : nearest
        Greedy nearest neighbour.
    ratio : int
        Controls for each treated patient.
    replace : bool
        A control may serve twice. It then belongs to several sets: rows are weighted, errors are robust and not by
        pair.
    order : largest, smallest, closest, random or data
        Who chooses first.
    ties : first_in_data or random
    exact : list
        Variables that must be equal within a pair.
    caliper : number or mapping
        See `Caliper`; none when left out.
    balance : mapping
        See `Balance`.
    figures : list of love, ps_overlap
    label : str
        Of the matched cohort.
    """

    name: str = ""
    exposure: str = ""
    model: Literal["logistic"] = "logistic"
    covariates: tuple[str, ...] = ()
    distance: Literal["logit", "score"] = "logit"
    method: Literal["nearest"] = "nearest"
    ratio: int = 1
    replace: bool = False
    order: Literal["largest", "smallest", "closest", "random", "data"] = "largest"
    ties: Literal["first_in_data", "random"] = "first_in_data"
    exact: tuple[str, ...] = ()
    caliper: Caliper | None = None
    balance: Balance = field(default_factory=Balance)
    figures: tuple[Literal["love", "ps_overlap"], ...] = ("love", "ps_overlap")
    label: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Weighting:
    """One entry of `weights:`, by name: the whole cohort, weighted by the propensity score.

    Attributes
    ----------
    kind : iptw or overlap
        The name when left out.
    from : str
        A name of `match:` whose score is taken.
    covariates : list
        Terms of a score of its own, instead of `from`.
    exposure : str
        As in `match:`.
    stabilised : bool
        Weights multiplied by the share of the arm.
    trim : float
        Weights beyond this quantile (0.01: the 1st and 99th percentile) are set to it; 0: none.
    balance : mapping
        See `Balance`.
    label : str
    """

    name: str = ""
    kind: Literal["iptw", "overlap"] | None = None
    from_: str = ""
    covariates: tuple[str, ...] = ()
    exposure: str = ""
    stabilised: bool = True
    trim: float = 0.0
    balance: Balance = field(default_factory=Balance)
    label: str = ""
    line: int = 0
