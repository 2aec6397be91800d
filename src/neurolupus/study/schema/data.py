"""The head of a study file: what the study is, where its table lies, and how its patients were chosen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from neurolupus.study.grammar import Condition

Checklist = Literal["strobe", "none"]
DescribeMissing = Literal["available_case", "complete_case"]
ModelMissing = Literal["complete_case", "refuse"]
Rows = Literal["auto", "final", "screened"]


@dataclass(frozen=True, slots=True)
class Study:
    """`study:` What is studied.

    Attributes
    ----------
    id : str
        Short name, in file names.
    title : str
        Printed at the top of the report.
    seed : int
        Every random number of the study comes from it.
    checklist : strobe or none
        Reporting guideline listed in the report.
    level : float
        Confidence level of every interval.
    alpha : float
        p-values below are called significant.
    doi : str
        The paper whose study this is.
    note : str
        Anything a reader should know; printed in the report.
    """

    id: str
    title: str
    seed: int = 20230101
    checklist: Checklist = "strobe"
    level: float = 0.95
    alpha: float = 0.05
    doi: str = ""
    note: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Missing:
    """`data: missing:` What stands for a missing value, and what is done about missing values.

    Attributes
    ----------
    codes : list
        Cells that mean "not known" in every column; an empty cell always does.
    describe : available_case or complete_case
        Tables describe everybody whose value is known, or only patients with every row known.
    models : complete_case or refuse
        A model drops patients with a missing term and counts them, or stops.
    flag_above : float
        A share of missing values above it is said aloud.
    """

    codes: tuple[str, ...] = ("", "NA", "N/A", "n/a", "NaN", "nan", ".")
    describe: DescribeMissing = "available_case"
    models: ModelMissing = "complete_case"
    flag_above: float = 0.10
    line: int = 0


@dataclass(frozen=True, slots=True)
class Join:
    """`data: join:` A second table, row by row: the volumes that `neurolupus measure` wrote.

    Attributes
    ----------
    file : str
        Path, relative to the first table.
    on : list
        Columns that name a patient in both tables.
    columns : list
        Columns to take; all by default.
    unmatched : refuse or keep
        What happens to a patient whom the second table lacks: an error, or missing values, counted.
    usable_only : bool
        Leave out rows whose column `usable` is false, as `neurolupus measure` marks scans; counted.
    """

    file: str
    on: tuple[str, ...] = ("participant_id",)
    columns: tuple[str, ...] = ()
    unmatched: Literal["refuse", "keep"] = "refuse"
    usable_only: bool = True
    line: int = 0


@dataclass(frozen=True, slots=True)
class Data:
    """`data:` The table: one row per patient.

    Attributes
    ----------
    file : str
        .csv, .tsv, .xlsx, .sav or .parquet, relative to the study file; `--data` replaces it.
    id : str
        Column that names a patient; no value may occur twice.
    missing : mapping
        See `Missing`.
    decimal : "." or ","
        Decimal mark of numbers.
    delimiter : str
        Between the cells of a text table; found by itself when left out.
    sheet : str
        Sheet of a workbook; the first when left out.
    encoding : str
        Of a text table; found by itself (UTF-8, UTF-16, else Windows-1252) when left out.
    rows : auto, final or screened
        Whom the table holds: `final`, only patients who were included (steps of the flow are as declared);
        `screened`, everybody; `auto`, steps whose columns are there are counted.
    join : mapping
        A second table, see `Join`.
    """

    file: str = ""
    id: str = ""
    missing: Missing = field(default_factory=Missing)
    decimal: Literal[".", ","] = "."
    delimiter: str = ""
    sheet: str = ""
    encoding: str = ""
    rows: Rows = "auto"
    join: Join | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class FlowCount:
    """`flow: start:` and `flow: end:` A number of patients and whom it counts; a plain number is `n`.

    Attributes
    ----------
    n : int
    label : str
    """

    SHORT: ClassVar[str] = "n"

    n: int
    label: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Keywords:
    """`keep_keywords:` A screen of free text: kept are patients whose text holds one of the words.

    Attributes
    ----------
    column : str
        Column with the text.
    any : list
        Words or phrases; capitals and spaces do not matter, whole words only.
    none : list
        A patient whose text holds one of these is not kept.
    """

    column: str
    any: tuple[str, ...]
    none: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class FlowStep:
    """One entry of `flow: steps:` One step of the selection; exactly one of keep, drop and keep_keywords.

    Attributes
    ----------
    keep : condition
        Patients for whom it holds stay.
    drop : condition, or list of conditions
        Patients for whom one holds leave; each condition is a reason, and the first that holds is counted.
    keep_keywords : mapping
        See `Keywords`.
    label : str
        In the flow diagram.
    reasons : mapping
        Words for each condition of `drop`.
    expect_remaining, expect_dropped : int
        What the paper or protocol says; checked. Needed where the table does not hold the screened patients.
    expect_reasons : mapping
        Expected number for each condition of `drop`.
    """

    keep: Condition | None = None
    drop: tuple[Condition, ...] = ()
    keep_keywords: Keywords | None = None
    label: str = ""
    reasons: dict[str, str] = field(default_factory=dict)
    expect_remaining: int | None = None
    expect_dropped: int | None = None
    expect_reasons: dict[str, int] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True, slots=True)
class FlowSection:
    """`flow:` From everybody who was screened to everybody who was analysed.

    Attributes
    ----------
    start : number, or n and label
        Where counting begins.
    steps : list
        See `FlowStep`.
    end : number, or n and label
        Patients analysed; checked.
    """

    start: FlowCount | None = None
    steps: tuple[FlowStep, ...] = ()
    end: FlowCount | None = None
    line: int = 0
