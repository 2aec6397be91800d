"""What stands beside advice and changes nothing in it: the user's own cohort, and results of the project's studies."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurolupus.errors import TableError, UsageError
from neurolupus.io.delimited import read_tsv
from neurolupus.records.clinical import PatientRecord
from neurolupus.stats.position import Position, adjusted_position

LARGEST_RESULTS_BYTES = 64 << 20
MEASURES = {
    "wmh_ml": ("wmh_ml", "wmh"),
    "tbv_ml": ("tbv_ml", "tbv"),
    "gm_ml": ("gm_ml", "gm"),
    "wm_ml": ("wm_ml", "wm"),
}
_TIV = ("tiv_ml", "tiv")
_LOG = ("wmh_ml",)
_HALF_DETECTION_ML = 0.005
_UNKNOWN = ("", "n/a", "na", "nan")


def cohort_context(record: PatientRecord, table: Path) -> dict[str, Any]:
    """Each volume of the record among the user's own cohort, adjusted for age, sex and TIV.

    Parameters
    ----------
    record : PatientRecord
    table : Path
        Columns age, male, female or sex, tiv (or tiv_ml) and the volumes, one row per person measured the same way.

    Raises
    ------
    TableError
        A column is missing, a cell is no number, or there are too few rows.
    UsageError
        The record lacks age, sex or TIV.
    """
    who, mri = record.patient, record.mri
    if who.age is None or who.sex is None or mri.tiv_ml is None:
        raise UsageError(
            "the patient's age, sex and mri.tiv_ml must be known to be placed among a cohort.\n"
            "    Fill them in, or leave out --cohort."
        )
    rows = [row for row in read_tsv(table) if row.get("patient", row.get("participant_id")) != record.id]
    columns = set(rows[0]) if rows else set()
    tiv = _named(_TIV, columns, table)
    covariates = np.array([[_number(row["age"]), _male(row), _number(row[tiv])] for row in rows], float)
    found = []
    for measure, names in MEASURES.items():
        own = getattr(mri, measure)
        if own is None or not columns & set(names):
            continue
        column = _named(names, columns, table)
        values = np.array([_scaled(measure, _number(row[column])) for row in rows], float)
        own_covariates = [float(who.age), float(who.sex == "M"), float(mri.tiv_ml)]
        position = adjusted_position(values, covariates, _scaled(measure, float(own)), own_covariates)
        found.append(_told(measure, float(own), position))
    return {"table": table.name, "adjusted_for": ["age", "sex", "TIV"], "volumes": found}


def study_evidence(folder: Path, bears_on: Sequence[str]) -> list[dict[str, Any]]:
    """Hazard ratios of intrathecal treatment from a study that was run here, as evidence with design and warnings.

    Parameters
    ----------
    folder : Path
        What `neurolupus study run` wrote.
    bears_on : sequence of str
        Codes of items beside which they are shown.

    Raises
    ------
    TableError
        There are no results in it.
    """
    path = folder / "results.json" if folder.is_dir() else folder
    if not path.is_file() or path.stat().st_size > LARGEST_RESULTS_BYTES:
        raise TableError(f"{path} is no results.json of `neurolupus study run`.\n    Give the folder that it wrote.")
    try:
        results = json.loads(path.read_text("utf-8"))
        numbers, study = results["numbers"], str(results["study"])
    except (ValueError, KeyError, TypeError) as error:
        raise TableError(f"{path} is no results.json of `neurolupus study run`.") from error
    found = []
    for name, one in numbers.items():
        if not name.endswith(".it.hazard_ratio") or one.get("value") is None:
            continue
        stem = name.removesuffix("hazard_ratio")
        low, high = (numbers.get(stem + end, {}).get("value") for end in ("ci_low", "ci_high"))
        limits = f" ({low:.2f}–{high:.2f})" if low is not None and high is not None else ""
        synthetic = "SYNTHETIC patients: " if results.get("synthetic") else ""
        found.append(
            {
                "code": "EV_OWN_STUDY",
                "title": "A study of this project",
                "text": f"{synthetic}intrathecal treatment and the outcome of {study}, model {stem.rstrip('.')}.",
                "strength": "note",
                "cites": [f"study:{study}"],
                "figures": [
                    {
                        "cite": f"study:{study}",
                        "text": one["method"],
                        "figures": [f"HR {one['value']:.2f}{limits}"],
                        "locator": name,
                    }
                ],
                "bears_on": list(bears_on),
                "design": f"{one['method']}; n = {one['n']}, {one['n_dropped']} dropped; an association.",
                "limits": [
                    {"id": f"study:{study}", "text": f"{len(results['warnings'])} warnings stand in its report."}
                ],
                "must_show": [],
            }
        )
    return found


def _told(measure: str, own: float, position: Position) -> dict[str, Any]:
    back = math.exp if measure in _LOG else float
    return {
        "name": measure,
        "value_ml": own,
        "expected_ml": round(back(position.predicted), 3),
        "low_ml": round(back(position.low), 3),
        "high_ml": round(back(position.high), 3),
        "percentile": round(position.percentile, 1),
        "n": position.n,
        "n_dropped": position.n_dropped,
    }


def _scaled(measure: str, value: float) -> float:
    """Lesion volumes on the log scale; a lesion-free brain counts as half the detection limit of 0.01 ml."""
    return math.log(max(value, _HALF_DETECTION_ML)) if measure in _LOG and math.isfinite(value) else value


def _named(names: Sequence[str], columns: set[str], table: Path) -> str:
    found = next((name for name in names if name in columns), None)
    if found is None or "age" not in columns:
        raise TableError(
            f"{table.name} lacks {'age' if found else ' or '.join(names)}; a cohort needs age, sex, tiv "
            "and volumes.\n    `neurolupus cohort export` writes such a table."
        )
    return found


def _male(row: Mapping[str, str]) -> float:
    if row.get("male") is not None:
        return _number(row["male"])
    if row.get("female") is not None:
        return 1 - _number(row["female"])
    return {"m": 1.0, "male": 1.0, "f": 0.0, "female": 0.0}.get(row.get("sex", "").strip().lower(), math.nan)


def _number(text: str) -> float:
    if text.strip().lower() in _UNKNOWN:
        return math.nan
    try:
        return float(text)
    except ValueError:
        raise TableError(f"{text!r} is no number; age, sex as 0 or 1, and volumes in ml are needed.") from None
