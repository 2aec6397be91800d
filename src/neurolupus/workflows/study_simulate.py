"""neurolupus study simulate: a made-up cohort that fits a study file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from neurolupus import __version__
from neurolupus.errors import UsageError
from neurolupus.io.atomic import write_json, write_text
from neurolupus.io.delimited import escaped
from neurolupus.io.hashing import file_sha256
from neurolupus.study.simulate import Simulation, simulate_cohort
from neurolupus.workflows.study_check import read_study

WARNING = "Synthetic: made-up patients. Nothing in this table was observed; it must not be reported as data."


@dataclass(frozen=True, slots=True, eq=False)
class WrittenSimulation:
    """A made-up cohort and the files it was written to."""

    simulation: Simulation
    table: Path
    sidecar: Path

    def summary(self) -> dict[str, object]:
        """JSON of what was made."""
        one = self.simulation
        return {
            "synthetic": True,
            "table": str(self.table),
            "sidecar": str(self.sidecar),
            "n": one.n,
            "n_screened": one.n_screened,
            "seed": one.seed,
            "notes": list(one.notes),
        }


def simulate(
    study_path: Path, out: Path, *, n: int | None = None, seed: int | None = None, overwrite: bool = False
) -> WrittenSimulation:
    """Write a made-up cohort as CSV (or TSV), and beside it a JSON with the effects that were put in.

    Raises
    ------
    StudyFileError
        With all faults of the study file.
    UsageError
        The output exists, is no .csv or .tsv, or n is no sensible number.
    """
    sidecar = out.with_suffix(".json")
    if out.suffix.lower() not in (".csv", ".tsv"):
        raise UsageError(f"{out.name} is no .csv or .tsv.\n    Name the output so, such as -o cohort.csv.")
    for path in (out, sidecar):
        if path.exists() and not overwrite:
            raise UsageError(f"{path} exists.\n    Replace it with --overwrite, or name another file with -o.")
    study = read_study(study_path)
    made = simulate_cohort(study, n=n, seed=seed)
    write_text(out, table_text(made.frame, delimiter="," if out.suffix.lower() == ".csv" else "\t"))
    write_json(
        sidecar,
        {
            "synthetic": True,
            "warning": WARNING,
            "study": study.study.id,
            "study_sha256": file_sha256(study_path),
            "neurolupus": __version__,
            "n": made.n,
            "n_screened": made.n_screened,
            "seed": made.seed,
            "truth": [asdict(effect) for effect in made.truth],
            "notes": list(made.notes),
        },
    )
    return WrittenSimulation(made, out, sidecar)


def table_text(frame: pd.DataFrame, *, delimiter: str = ",") -> str:
    """A table as text; missing cells are empty, and no cell becomes a formula in a spreadsheet."""
    safe = frame.rename(columns=lambda name: escaped(str(name)))
    safe = pd.DataFrame({name: _safe(safe[name].reset_index(drop=True)) for name in safe.columns})
    return str(safe.to_csv(index=False, sep=delimiter, lineterminator="\n"))


def _safe(column: pd.Series) -> pd.Series:
    if column.dtype != object:
        return column
    return pd.Series([escaped(cell) if isinstance(cell, str) else cell for cell in column], dtype=object)
