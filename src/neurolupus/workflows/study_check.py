"""neurolupus study check: a study file, and a table against it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neurolupus.errors import TableError
from neurolupus.io.study_table import read_study_table
from neurolupus.io.study_table_join import join_tables
from neurolupus.io.yamlfile import read_yaml
from neurolupus.records.study_table import StudyTable
from neurolupus.study.check import check_table
from neurolupus.study.check.protocol import FLAIR_DIM
from neurolupus.study.parse import parse_study
from neurolupus.study.population import Population
from neurolupus.study.schema import StudyFile


@dataclass(frozen=True, slots=True, eq=False)
class StudyCheck:
    """A study file without faults, and its population when a table was checked too."""

    study: StudyFile
    table: StudyTable | None = None
    population: Population | None = None

    def summary(self) -> dict[str, object]:
        """JSON of the check."""
        study, population = self.study, self.population
        found: dict[str, object] = {
            "study": study.study.id,
            "title": study.study.title,
            "variables": len(study.variables),
            "outcomes": list(study.outcomes),
            "models": list(study.models),
            "cohorts": list(study.cohorts),
        }
        if population is not None and self.table is not None:
            found["data"] = {
                "file": self.table.name,
                "sha256": dict(self.table.sha256),
                "synthetic": population.is_synthetic,
                "rows": len(self.table.frame),
                "n": population.n,
                "flow": [
                    {"label": step.label, "n_dropped": step.n_dropped, "n_after": step.n_after, "agrees": step.agrees}
                    for step in population.flow.steps
                ],
                "notes": list(population.notes),
            }
        return found


def read_study(path: Path) -> StudyFile:
    """The study of a file.

    Raises
    ------
    StudyFileError
        With all its faults.
    """
    return parse_study(read_yaml(path))


def read_cohort(study: StudyFile, study_path: Path, data: Path | None = None) -> StudyTable:
    """The table of a study, joined with the second one where the file names one.

    Parameters
    ----------
    study_path : Path
        Where the study file lies; the paths in it are relative to its folder.
    data : Path or None
        Instead of `data: {file: ...}`.

    Raises
    ------
    TableError
        No table is named, or it cannot be read or joined.
    """
    if data is None and not study.data.file:
        raise TableError(
            f"{study.source} names no table; one is needed.\n    Give --data TABLE, or data: {{file: ...}} in it."
        )
    path = data if data is not None else study_path.parent / study.data.file
    table = read_study_table(
        path,
        delimiter=study.data.delimiter,
        encoding=study.data.encoding,
        sheet=study.data.sheet,
        separator=_separator(study),
    )
    join = study.data.join
    if join is None or table.is_synthetic:  # a made-up table holds the columns of both
        return table
    second = read_study_table(path.parent / join.file)
    columns = join.columns
    if columns and FLAIR_DIM in second.frame and FLAIR_DIM not in (*columns, *table.frame.columns):
        columns = (*columns, FLAIR_DIM)  # named or not: the check of protocols looks at it
    return join_tables(
        table, second, on=join.on, columns=columns, unmatched=join.unmatched, usable_only=join.usable_only
    )


def check(study_path: Path, data: Path | None = None) -> StudyCheck:
    """Check a study file, and a table against it when one is given.

    Raises
    ------
    StudyFileError, TableError
        With all faults of the one or the other.
    """
    study = read_study(study_path)
    if data is None:
        return StudyCheck(study)
    table = read_cohort(study, study_path, data)
    return StudyCheck(study, table, check_table(study, table))


def _separator(study: StudyFile) -> str:
    """What joins the labels of a cell: that of the study's multilabel variables."""
    return next((one.separator for one in study.variables.values() if one.kind == "multilabel"), ";")
