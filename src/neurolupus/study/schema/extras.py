"""What surrounds the models of a study: subgroups, sensitivity, safety, power, published numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from neurolupus.study.grammar import Condition
from neurolupus.study.schema.measurement_error import MeasurementError
from neurolupus.study.schema.models import Adjustment


@dataclass(frozen=True, slots=True)
class Subgroups:
    """`subgroups:` One set of subgroup analyses, or several by name.

    Attributes
    ----------
    outcome : str
        Of type time_to_event.
    of : list
        Variables whose levels make the subgroups.
    exposure : str
        The group; the only one when left out.
    cohort : list
    interaction_test : bool
        Does the effect differ between the subgroups? Without it a difference in p-values says nothing.
    adjust : none, bonferroni, holm or benjamini_hochberg
        Of the interaction tests and of the log-rank tests.
    min_events_per_arm : int
        A subgroup with fewer is not tested, and said so.
    curves : bool
        Kaplan–Meier curves of every subgroup.
    label : str
    """

    outcome: str
    of: tuple[str, ...]
    name: str = ""
    exposure: str = ""
    cohort: tuple[str, ...] = ("full",)
    interaction_test: bool = True
    adjust: Adjustment = "holm"
    min_events_per_arm: int = 5
    curves: bool = True
    label: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Covariates:
    """`covariates:` of a rematch; a plain list is `only`.

    Attributes
    ----------
    with : list
        Added to those of the match.
    without : list
        Left out.
    only : list
        Instead of them.
    """

    SHORT: ClassVar[str] = "only"

    with_: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Rematch:
    """`rematch:` Match again, in other patients or on other covariates; the balance reached is shown.

    Attributes
    ----------
    of : str
        A name of `match:`; the only one when left out.
    covariates : list or mapping
        See `Covariates`.
    """

    of: str = ""
    covariates: Covariates = field(default_factory=Covariates)
    line: int = 0


@dataclass(frozen=True, slots=True)
class Impute:
    """`impute:` Chained-equations imputation, pooled by Rubin's rules.

    Attributes
    ----------
    method : chained
    m : int
        Completed tables.
    iterations : int
        Rounds of the chain for each.
    using : list
        Variables the imputation also uses, besides terms, strata and outcomes of the models rerun and the scores of
        their cohorts. What is derived from them is made again from the filled values.
    """

    method: Literal["chained"] = "chained"
    m: int = 20
    iterations: int = 10
    using: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """`bootstrap:` Draw patients again, match or weight again, estimate again; a plain number is `replicates`.

    Attributes
    ----------
    replicates : int
    of : str
        A name of `match:` or `weights:`: the models in that cohort alone; in all their cohorts when left out.
    """

    SHORT: ClassVar[str] = "replicates"

    replicates: int = 500
    of: str = ""
    line: int = 0


CHANGES = ("drop", "keep", "add", "remove", "rematch", "use", "impute", "bootstrap")  # of a sensitivity analysis


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """One entry of `sensitivity:`, by name: what is changed, and which models are run again.

    Attributes
    ----------
    rerun : list
        Names of `models:`, or `subgroups`.
    drop : condition
        Patients for whom it holds are left out.
    keep : condition
        Only patients for whom it holds.
    expect_dropped : int
        Checked.
    add : list
        Terms added to every model rerun; of a linear model to every set of `adjust`.
    remove : list
        Terms taken from every model.
    rematch : mapping
        See `Rematch`.
    instead_of : str
        The cohort that each of `use` stands for, such as a name of `match:`.
    use : list
        Names of `weights:` or of `match:`. Everything rerun is run in each of these cohorts, and in no other.
    impute : mapping
        See `Impute`; models alone, without any other change.
    pool : rubin
        How imputed results are put together.
    bootstrap : number or mapping
        See `Bootstrap`; models alone, without any other change.
    measurement_error : mapping
        See `MeasurementError`; alone, without any other change.
    label : str
    """

    rerun: tuple[str, ...]
    name: str = ""
    drop: Condition | None = None
    keep: Condition | None = None
    expect_dropped: int | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    rematch: Rematch | None = None
    instead_of: str = ""
    use: tuple[str, ...] = ()
    impute: Impute | None = None
    pool: Literal["rubin"] = "rubin"
    bootstrap: Bootstrap | None = None
    measurement_error: MeasurementError | None = None
    label: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Safety:
    """`safety:` What happened to the patients, arm by arm.

    Attributes
    ----------
    by : str
        The group; the only one when left out.
    events : list
        Yes/no variables, or counts: adverse events, per patient and per injection.
    injections : str
        Variable with the number of injections of a patient.
    stopping_reason : str
        Nominal variable: why injections ended.
    cause_of_death : str
        Nominal variable, empty in the living.
    syndromes : str
        Multilabel variable; its labels are counted by arm.
    label : str
    """

    by: str = ""
    events: tuple[str, ...] = ()
    injections: str = ""
    stopping_reason: str = ""
    cause_of_death: str = ""
    syndromes: str = ""
    label: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Power:
    """`power:` How often this very design would find something: made-up cohorts, analysed as the file says.

    Attributes
    ----------
    of : list
        Names of `models:`, or `subgroups`: the analyses judged.
    runs : int
        Made-up cohorts for each scenario.
    n : int
        Patients in each; as in `simulate:` when left out.
    scenarios : mapping of name to mapping of outcome to hazard, odds ratio or B of the exposure
        `null: {relapse_or_death: 1}`: the effect of the exposure is 1, all else as in `simulate:`.
    exposure : str
        The group; the only one when left out.
    """

    of: tuple[str, ...]
    runs: int = 1000
    n: int | None = None
    scenarios: dict[str, dict[str, float]] = field(default_factory=dict)
    exposure: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Validate:
    """`validate:` The paper's printed numbers, to be compared with the results.

    Attributes
    ----------
    published : str
        File with the numbers, relative to the study file.
    tolerance : printed_rounding
        A number agrees when it rounds to what was printed.
    """

    published: str
    tolerance: Literal["printed_rounding"] = "printed_rounding"
    line: int = 0
