"""The models of a study, by type."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

Adjustment = Literal["none", "bonferroni", "holm", "benjamini_hochberg"]
CoxSe = Literal["classical", "robust", "cluster_pair"]
Separation = Literal["firth_profile", "warn"]


@dataclass(frozen=True, slots=True)
class Multinomial:
    """`type: multinomial` Multinomial logistic regression: odds ratios of each level against the reference.

    Attributes
    ----------
    outcome : str
        Of type nominal.
    terms : list
    cohort : list
    figure : forest or none
    epv_warn : float
        Warn when the smallest level has fewer patients per term.
    separation : firth_profile or warn
        Firth's penalty with profile intervals where a term separates an outcome level, or only a warning (always in
        matched and weighted cohorts).
    label : str
    """

    TYPE: ClassVar[str] = "multinomial"

    outcome: str
    terms: tuple[str, ...]
    name: str = ""
    cohort: tuple[str, ...] = ("full",)
    figure: Literal["forest", "none"] = "forest"
    epv_warn: float = 10.0
    separation: Separation = "firth_profile"
    label: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Logistic:
    """`type: logistic` Logistic regression of a binary outcome or a yes/no variable.

    Attributes
    ----------
    outcome : str
    terms, cohort, figure, epv_warn, label
        As of `multinomial`.
    separation : firth_profile or warn
        Firth's penalty with profile intervals where a term separates the outcome, or only a warning.
    se : classical or hc3
        Standard errors in the full cohort; matched and weighted ones have robust errors. Where Firth's penalty is
        needed the intervals are its own.
    """

    TYPE: ClassVar[str] = "logistic"

    outcome: str
    terms: tuple[str, ...]
    name: str = ""
    cohort: tuple[str, ...] = ("full",)
    figure: Literal["forest", "none"] = "forest"
    epv_warn: float = 10.0
    separation: Separation = "firth_profile"
    se: Literal["classical", "hc3"] = "classical"
    label: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class KaplanMeier:
    """`type: kaplan_meier` Survival curves by group and the log-rank test.

    Attributes
    ----------
    outcome : str
        Of type time_to_event.
    by : str
        A group, or a variable with levels; the only group when left out.
    test : logrank or none
    stratify_pairs : bool
        Also the log-rank test stratified by pair, in matched cohorts.
    risk_table : bool
        Patients at risk under the curves.
    ci : bool
        Confidence bands.
    times : list of numbers
        Survival is printed at these times.
    landmark : list of numbers
        Also from each of these times on, in every cohort, for patients still at risk, groups as they were then.
    cohort : list
    label : str
    """

    TYPE: ClassVar[str] = "kaplan_meier"

    outcome: str
    by: str = ""
    name: str = ""
    test: Literal["logrank", "none"] = "logrank"
    stratify_pairs: bool = True
    risk_table: bool = True
    ci: bool = True
    times: tuple[float, ...] = ()
    landmark: tuple[float, ...] = ()
    cohort: tuple[str, ...] = ("full",)
    label: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Cox:
    """`type: cox` Cox regression: one model of all `terms`, or a screen with a model for `each` variable.

    Attributes
    ----------
    outcome : str
        Of type time_to_event.
    terms : list
        Together in one model.
    each : list
        Each alone in a model of its own; `all_baseline` and `section: NAME` are allowed.
    cohort : list
    ties : efron or breslow
    strata : list
        Variables with a baseline hazard for each level.
    se : one, or mapping of cohort to one, of classical, robust, cluster_pair
        Left out: classical in the full cohort, cluster_pair in matched and robust in weighted ones.
    separation : firth_profile or warn
        What is done when a level has no event ("0 (0-Inf)" elsewhere): Firth's penalty with profile intervals.
    ph_test : bool
        Test of proportional hazards, for each term and for all.
    adjust : none, bonferroni, holm or benjamini_hochberg
        Corrected p-values beside those of a screen.
    epv_warn : float
        Warn below so many events per term.
    evalue : list
        Terms whose E-value is reported.
    exposure : fixed or time_varying
        `time_varying` counts a patient as unexposed until the group's `starts`.
    landmark : list of numbers
        Also from each of these times on, in every cohort.
    figure : forest or none
    label : str
    """

    TYPE: ClassVar[str] = "cox"

    outcome: str
    terms: tuple[str, ...] = ()
    each: tuple[str, ...] = ()
    name: str = ""
    cohort: tuple[str, ...] = ("full",)
    ties: Literal["efron", "breslow"] = "efron"
    strata: tuple[str, ...] = ()
    se: dict[str, CoxSe] = field(default_factory=dict)
    separation: Separation = "firth_profile"
    ph_test: bool = True
    adjust: Adjustment = "none"
    epv_warn: float = 10.0
    evalue: tuple[str, ...] = ()
    exposure: Literal["fixed", "time_varying"] = "fixed"
    landmark: tuple[float, ...] = ()
    figure: Literal["forest", "none"] = "none"
    label: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class FineGray:
    """`type: fine_gray` Fine–Gray regression of one kind of event with another kind competing.

    Attributes
    ----------
    outcome : str
        Of type time_to_event, with components.
    cause : str
        The component of interest.
    competing : list
        Components that compete; those the outcome names, else all others, when left out.
    terms, cohort, label
        As of `cox`.
    """

    TYPE: ClassVar[str] = "fine_gray"

    outcome: str
    cause: str
    terms: tuple[str, ...]
    competing: tuple[str, ...] = ()
    name: str = ""
    cohort: tuple[str, ...] = ("full",)
    label: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Linear:
    """`type: linear` Adjusted linear regression of some variables on a group.

    Attributes
    ----------
    outcomes : list
        Continuous variables, transformed as each says.
    by : str
        The group; the only one when left out.
    contrasts : list of two levels each
        `[inf, non]`: inf against non; merged levels are allowed. Each level against the reference when left out.
    contrast_model : pairwise_subset or joint
        A model of the two groups alone for each contrast, or one model of all groups.
    adjust : mapping of name to list of terms
        Adjustment sets, the first is the main one.
    correction : none, tukey or holm
        Of a joint model's contrasts.
    se : list of classical, hc3
        Standard errors. Intervals and p of the main table are by the first of them (robust in weighted cohorts, by set
        in matched ones); both add a table that has them side by side.
    diagnostics : list of residual_qq, leverage, vif
    per_group_min : int
        Warn when a group of a contrast is smaller.
    terms_per_n_warn : float
        Warn below so many patients per term.
    report : list of mde80, holm, benjamini_hochberg
        Difference detectable with 80 % power; corrected p-values.
    cohort : list
    label : str
    """

    TYPE: ClassVar[str] = "linear"

    outcomes: tuple[str, ...]
    by: str = ""
    name: str = ""
    contrasts: tuple[tuple[str, ...], ...] = ()
    contrast_model: Literal["pairwise_subset", "joint"] = "pairwise_subset"
    adjust: dict[str, tuple[str, ...]] = field(default_factory=dict)
    correction: Literal["none", "tukey", "holm"] = "none"
    se: tuple[Literal["classical", "hc3"], ...] = ("classical",)
    diagnostics: tuple[Literal["residual_qq", "leverage", "vif"], ...] = ("residual_qq", "vif")
    per_group_min: int = 10
    terms_per_n_warn: float = 10.0
    report: tuple[Literal["mde80", "holm", "benjamini_hochberg"], ...] = ()
    cohort: tuple[str, ...] = ("full",)
    label: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class ChangeModel:
    """`type: change` Change between two measurements, within the arms and between them.

    Attributes
    ----------
    outcomes : list
        Of type change.
    by : str
        The group; the only one when left out.
    cohort : list
    label : str
    """

    TYPE: ClassVar[str] = "change"

    outcomes: tuple[str, ...]
    by: str = ""
    name: str = ""
    cohort: tuple[str, ...] = ("full",)
    label: str = ""
    line: int = 0


Model = Multinomial | Logistic | KaplanMeier | Cox | FineGray | Linear | ChangeModel
MODEL_TYPES: dict[str, type[Model]] = {
    kind.TYPE: kind for kind in (Multinomial, Logistic, KaplanMeier, Cox, FineGray, Linear, ChangeModel)
}
