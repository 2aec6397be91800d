"""neurolupus study run: a study file and its table -> the report, its tables, figures and numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from threadpoolctl import threadpool_limits

from neurolupus import __version__
from neurolupus.errors import UsageError
from neurolupus.io.atomic import replacing_folder, write_json, write_text
from neurolupus.io.delimited import escaped, read_tsv
from neurolupus.io.hashing import file_sha256
from neurolupus.records.provenance import versions_of
from neurolupus.report.study_docx import study_docx
from neurolupus.report.study_figures import SYNTHETIC, DrawnFigure, draw_figure
from neurolupus.report.study_methods import study_methods
from neurolupus.report.study_page import headings, write_study_page
from neurolupus.study.check import check_table
from neurolupus.study.population import Population
from neurolupus.study.results import ResultTable, StudyResults
from neurolupus.study.run import run_study
from neurolupus.study.run.validate import PublishedNumber
from neurolupus.study.schema import StudyFile
from neurolupus.workflows.provenance import now, package_versions
from neurolupus.workflows.study_check import read_cohort, read_study

MEMBERS = "members.json"
PACKAGES = ("pandas", "statsmodels", "numba", "matplotlib", "python-docx")
BYTE_ORDER_MARK = "\ufeff"  # a spreadsheet takes the file for UTF-8 only with it
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class StudyRun:
    """What a run wrote, and the results it wrote."""

    out: Path
    results: StudyResults

    def summary(self) -> dict[str, object]:
        """JSON of the run: every number and warning."""
        return results_json(self.results)


def run_study_file(
    study_path: Path,
    out: Path,
    *,
    data: Path | None = None,
    overwrite: bool = False,
    members: bool = False,
    say: Say = lambda step: None,
) -> StudyRun:
    """Run a study and write everything into `out`, whole or not at all.

    Parameters
    ----------
    study_path : Path
    out : Path
        A folder; it appears when everything in it is written.
    data : Path or None
        The table; None takes the one that the study file names.
    members : bool
        Also write `members.json`, the patients of every cohort: for a store that keeps the patients anyway.
    say : callable
        Told the name of each step as it begins.

    Raises
    ------
    UsageError
        `out` exists and is not to be replaced.
    StudyFileError, TableError
        The study file or the table has faults; all are told at once.
    """
    if out.exists() and any(out.iterdir() if out.is_dir() else [out]) and not overwrite:
        raise UsageError(f"{out} exists.\n    Replace it with --overwrite, or name another folder with -o.")
    started = now()
    say("reading")
    study, population, hashes = _read(study_path, data)
    published = _published(study, study_path, hashes)
    with threadpool_limits(1):  # small matrices: one thread is faster, and sums do not depend on the machine
        results = run_study(study, population, published=published, say=say)
    with replacing_folder(out) as folder:
        say("writing")
        write_results(folder, results, hashes, started=started, say=say)
        if members:
            write_json(folder / MEMBERS, {one.cohort: list(one.patients) for one in results.members})
    return StudyRun(out, results)


def _read(study_path: Path, data: Path | None) -> tuple[StudyFile, Population, dict[str, str]]:
    """The study, its patients, and the SHA-256 of every file read, by name."""
    study = read_study(study_path)
    table = read_cohort(study, study_path, data)
    return study, check_table(study, table), {study_path.name: file_sha256(study_path), **dict(table.sha256)}


def _published(study: StudyFile, study_path: Path, hashes: dict[str, str]) -> list[PublishedNumber]:
    """The paper's numbers that the study file names; their hash is added to `hashes`."""
    if study.validate is None:
        return []
    path = study_path.parent / study.validate.published
    rows = read_tsv(path, needed=("number", "printed"))
    hashes[path.name] = file_sha256(path)
    return [PublishedNumber(row["number"], row["printed"], row.get("where", "")) for row in rows]


def write_results(
    folder: Path, results: StudyResults, sha256: Mapping[str, str], *, started: str, say: Say = lambda step: None
) -> None:
    """Write the report, tables, figures, numbers and provenance of a study into an empty folder."""
    drawn: dict[str, DrawnFigure] = {}
    for figure in results.figures:
        say(f"figure {figure.id}")
        one = draw_figure(figure, is_synthetic=results.is_synthetic)
        drawn[figure.id] = one
        for kind, content in (("svg", one.svg), ("pdf", one.pdf), ("png", one.png)):
            path = folder / "figures" / f"{figure.id}.{kind}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    for table in results.tables:
        write_text(folder / "tables" / f"{table.id}.csv", table_csv(table, is_synthetic=results.is_synthetic))
    say("tables")
    (folder / "tables.docx").write_bytes(study_docx(results))
    write_json(folder / "results.json", results_json(results))
    provenance = study_provenance(results, sha256, started=started)
    write_json(folder / "provenance.json", provenance)
    say("report")
    write_study_page(folder / "report.html", results, drawn, _facts(results, sha256, provenance))


def table_csv(table: ResultTable, *, is_synthetic: bool) -> str:
    """A table as CSV that a spreadsheet reads as UTF-8 and of which it runs no cell; notes follow the rows."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    mark = ["synthetic"] if is_synthetic else []
    value = [SYNTHETIC] if is_synthetic else []
    spans = [h.text for h in headings(table.columns) for _ in range(h.width)] or [""] * len(table.columns)
    titles = [" ".join(f"{span} {column.title}".split()) for span, column in zip(spans, table.columns, strict=True)]
    writer.writerow([*(escaped(title) for title in titles), *mark])
    for row in table.rows:
        texts = [escaped(cell.text) for cell in row.cells]
        texts[0] = "    " * row.indent + texts[0]
        writer.writerow([*texts, *[""] * (len(table.columns) - len(texts)), *value])
    for note in table.notes:
        writer.writerow([escaped(f"Note: {note}"), *[""] * (len(table.columns) - 1), *value])
    return BYTE_ORDER_MARK + buffer.getvalue()


def results_json(results: StudyResults) -> dict[str, object]:
    """Every number with its method and sizes, every warning, and the methods paragraph."""
    head: dict[str, object] = {"synthetic": True, "label": SYNTHETIC} if results.is_synthetic else {"synthetic": False}
    return head | {
        "study": results.study_id,
        "title": results.title,
        "seed": results.seed,
        "n_screened": results.n_screened,
        "n": results.n,
        "numbers": {
            one.id: {
                "value": one.value, "scale": one.scale, "method": one.method, "n": one.n, "n_dropped": one.n_dropped,
                **({"notes": list(one.notes)} if one.notes else {}),
            }
            for one in results.numbers
        },
        "warnings": [asdict(one) for one in results.warnings],
        "methods": study_methods(results.methods).plain_text,
        "tables": [table.id for table in results.tables],
        "figures": [figure.id for figure in results.figures],
    }  # fmt: skip


def study_provenance(results: StudyResults, sha256: Mapping[str, str], *, started: str) -> dict[str, object]:
    """From what, with what and when the results were made."""
    packages = package_versions() | versions_of(PACKAGES)
    return {
        "neurolupus": __version__,
        "synthetic": results.is_synthetic,
        "study": results.study_id,
        "seed": results.seed,
        "sha256": dict(sha256),
        "packages": packages,
        "started": started,
        "finished": now(),
    }


def _facts(
    results: StudyResults, sha256: Mapping[str, str], provenance: Mapping[str, object]
) -> tuple[tuple[str, str], ...]:
    packages = provenance["packages"]
    assert isinstance(packages, dict)
    made = [("neurolupus", __version__), ("seed", str(results.seed))]
    made += [(f"SHA-256 of {name}", digest) for name, digest in sha256.items()]
    made.append(("packages", ", ".join(f"{name} {number}" for name, number in packages.items())))
    return tuple(made)
