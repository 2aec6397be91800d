"""volumes.tsv: one row per scan, with its data dictionary; rows of two versions are not mixed unasked."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from neurolupus.errors import TableError
from neurolupus.io.atomic import write_json
from neurolupus.io.delimited import write_tsv
from neurolupus.records.dictionary import BOUNDED, DICTIONARY, INTERVAL
from neurolupus.records.measurement import Number

BOUNDS = ("low", "high")


def write_volumes_table(
    out: Path, rows: Sequence[Mapping[str, Number]], *, allow_mixed_versions: bool = False
) -> tuple[Path, Path]:
    """Write `volumes.tsv` and its data dictionary `volumes.json`, sorted by participant and session.

    Parameters
    ----------
    out : Path
    rows : sequence of mappings
        As `read_measured_row` gives them.
    allow_mixed_versions : bool
        Whether rows that different versions measured may stand in one table.

    Returns
    -------
    tuple of Path
        The table and its dictionary.

    Raises
    ------
    TableError
        Versions are mixed and that was not asked for, a scan occurs twice, or a column is not in the dictionary.
    """
    path = out / "volumes.tsv"
    check_one_version([row.get("version") for row in rows], str(path), allowed=allow_mixed_versions)
    names = Counter((row.get("participant_id"), row.get("session_id")) for row in rows)
    twice = [f"{participant} {session or ''}".strip() for (participant, session), n in names.items() if n > 1]
    if twice:
        raise TableError(f"{path} would have several rows of {', '.join(twice[:10])}; one row per scan is needed.")
    columns = column_order({name for row in rows for name in row})
    in_order = sorted(rows, key=lambda row: (str(row.get("participant_id")), str(row.get("session_id") or "")))
    write_tsv(path, columns, in_order)
    write_json(path.with_suffix(".json"), data_dictionary(columns))
    return path, path.with_suffix(".json")


def check_one_version(versions: Sequence[Number], where: str, *, allowed: bool = False) -> None:
    """Raise TableError when rows have different versions, naming each and how many rows it has."""
    counts = Counter(str(version) for version in versions if version not in (None, "", "n/a"))
    unknown = len(versions) - sum(counts.values())
    if unknown and counts:
        counts["unknown"] = unknown
    if allowed or len(counts) <= 1:
        return
    told = ", ".join(f"{version} ({n} row{'s' * (n > 1)})" for version, n in sorted(counts.items()))
    raise TableError(
        f"{where} has volumes of {len(counts)} versions: {told}; volumes of one version are needed.\n"
        "    Measure the older ones again (--rerun changed), or allow the mixture with --allow-mixed-versions."
    )


def column_order(names: set[str]) -> list[str]:
    """The columns in the order of the dictionary, bounds beside their value.

    Raises
    ------
    TableError
        A name is not in the dictionary.
    """
    order = []
    for definition in DICTIONARY:
        order += [definition.name, *(f"{definition.name}_{bound}" for bound in BOUNDS)]
    unknown = sorted(names - set(order))
    if unknown:
        raise TableError(
            f"Columns {', '.join(unknown)} are not in the data dictionary.\n    Define them in records/dictionary.py."
        )
    always = {definition.name for definition in DICTIONARY} | {f"{name}_{end}" for name in BOUNDED for end in BOUNDS}
    return [name for name in order if name in names or name in always]


def data_dictionary(columns: Sequence[str]) -> dict[str, dict[str, str]]:
    """What each column means, as BIDS has it: Description and Units."""
    known = {definition.name: definition for definition in DICTIONARY}
    described: dict[str, dict[str, str]] = {}
    for column in columns:
        base, _, bound = column.rpartition("_")
        definition = known.get(column) or known[base]
        words = definition.description
        if column not in known:
            words = f"{'Lower' if bound == 'low' else 'Upper'} bound of {base}. {INTERVAL}"
        described[column] = {"Description": words}
        if definition.unit:
            described[column]["Units"] = "mL" if definition.unit == "ml" else definition.unit
    return described
