"""`neurolupus pacs`: find, fetch and store in an image archive."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurolupus.cli import options
from neurolupus.cli import pacs_options as of
from neurolupus.cli.console import SUCCESS, answer, answer_json, guarded, tell
from neurolupus.cli.counting import counting
from neurolupus.cli.extras import need_extra
from neurolupus.cli.imports import show_import
from neurolupus.errors import DicomError, PacsError, UsageError

if TYPE_CHECKING:
    from neurolupus.dicom.archive.found import StudyFound
    from neurolupus.workflows.import_dicom import ImportReport
    from neurolupus.workflows.pacs import Fetched

MOST_SHOWN = 20

pacs = typer.Typer(
    name="pacs",
    help="Find, fetch and store in an image archive (DICOMweb or DIMSE).",
    no_args_is_help=True,
    add_completion=False,
)


@pacs.callback()
@guarded
def _root() -> None:
    """Find, fetch and store in an image archive (DICOMweb or DIMSE)."""
    need_extra("pacs", "dicom", "pydicom", "pynetdicom", "requests")


@pacs.command("find")
@guarded
def find(
    url: of.Url,
    patient_id: of.PatientId = "",
    study: of.Study = "",
    series: of.Series = "",
    date: of.Date = None,
    modality: of.Modality = "",
    accession: of.Accession = "",
    description: of.Description = "",
    series_description: of.SeriesDescription = "",
    limit: of.Limit = 100,
    user: of.User = None,
    password_file: of.PasswordFile = None,
    token_file: of.TokenFile = None,
    ca_file: of.CaFile = None,
    cert_file: of.CertFile = None,
    key_file: of.KeyFile = None,
    insecure: of.Insecure = False,
    timeout: of.Timeout = 30.0,
    tries: of.Tries = 3,
    as_json: options.Json = False,
) -> int:
    """Show the studies and series of an archive that fit."""
    from neurolupus.workflows.pacs import find_studies

    archive = of.archive_at(
        url, insecure=insecure, user=user, password_file=password_file, token_file=token_file, ca_file=ca_file,
        cert_file=cert_file, key_file=key_file, timeout=timeout, tries=tries,
    )  # fmt: skip
    query = of.query_of(
        patient_id=patient_id, study=study, series=series, date=date, modality=modality, accession=accession,
        description=description, series_description=series_description,
    )  # fmt: skip
    found = list(find_studies(archive, query, limit=limit))
    if as_json:
        answer_json([asdict(one) for one in found])
    elif found:
        _show(found)
    tell(f"{len(found)} studies, {sum(len(one.series) for one in found)} series.")
    if len(found) == limit:
        tell(f"There may be more: only {limit} studies were asked for (--limit).", "yellow")
    return SUCCESS


@pacs.command("fetch")
@guarded
def fetch(
    out: Annotated[Path, typer.Argument(metavar="OUT_DIR", help="Folder for the files: STUDY/SERIES/INSTANCE.dcm.")],
    url: of.Url,
    patient_id: of.PatientId = "",
    study: of.Study = "",
    series: of.Series = "",
    date: of.Date = None,
    modality: of.Modality = "",
    accession: of.Accession = "",
    description: of.Description = "",
    series_description: of.SeriesDescription = "",
    limit: of.Limit = 100,
    method: Annotated[
        str | None,
        typer.Option("--method", rich_help_panel=of.ARCHIVE, metavar="HOW", help="DIMSE: get (default) or move."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            rich_help_panel=of.ARCHIVE,
            metavar="N",
            min=1,
            max=65535,
            help="Of this machine, that the archive calls on C-MOVE.",
        ),
    ] = None,
    bids: Annotated[
        Path | None,
        typer.Option(
            "--import", metavar="BIDS_DIR", help="Import what was fetched, as `neurolupus import dicom` does."
        ),
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="JSON", help="The linking key of --import; BIDS_DIR.key.json.")
    ] = None,
    user: of.User = None,
    password_file: of.PasswordFile = None,
    token_file: of.TokenFile = None,
    ca_file: of.CaFile = None,
    cert_file: of.CertFile = None,
    key_file: of.KeyFile = None,
    insecure: of.Insecure = False,
    timeout: of.Timeout = 30.0,
    tries: of.Tries = 3,
    as_json: options.Json = False,
) -> int:
    """Fetch the studies that fit; run it again to fetch what is missing."""
    from neurolupus.workflows.pacs import Progress, fetch_studies

    if key is not None and bids is None:
        raise UsageError("--key is the linking key of --import, which is not given.")
    if bids is not None and out.resolve().is_relative_to(bids.resolve()):
        raise UsageError(
            f"{out} lies in {bids}: files that name patients do not belong into a data set; fetch elsewhere."
        )
    archive = of.archive_at(
        url, insecure=insecure, user=user, password_file=password_file, token_file=token_file, ca_file=ca_file,
        cert_file=cert_file, key_file=key_file, timeout=timeout, tries=tries, method=method, port=port,
    )  # fmt: skip
    query = of.query_of(
        patient_id=patient_id, study=study, series=series, date=date, modality=modality, accession=accession,
        description=description, series_description=series_description,
    )  # fmt: skip
    with counting("fetching") as (total, seen):
        done = fetch_studies(archive, query, out, limit=limit, progress=Progress(total, seen))
    _tell_fetched(done)
    if len(done.studies) == limit:
        tell(f"There may be more: only {limit} studies were asked for (--limit).", "yellow")
    imported = _import(out, bids, key) if bids is not None and done.is_whole else None
    if bids is not None and imported is None:
        tell("Nothing was imported: what is not whole would be measured as if it were.", "red")
    if as_json:
        answer_json({**done.summary(), "import": imported.summary() if imported else None})
    elif imported:
        show_import(imported)
    if imported and imported.has_failed:
        return DicomError.exit_code
    return SUCCESS if done.is_whole else PacsError.exit_code


@pacs.command("store")
@guarded
def store(
    files: Annotated[list[Path], typer.Argument(metavar="FILES", help="DICOM files, or folders with *.dcm.")],
    url: of.Url,
    user: of.User = None,
    password_file: of.PasswordFile = None,
    token_file: of.TokenFile = None,
    ca_file: of.CaFile = None,
    cert_file: of.CertFile = None,
    key_file: of.KeyFile = None,
    insecure: of.Insecure = False,
    timeout: of.Timeout = 30.0,
    tries: of.Tries = 3,
    as_json: options.Json = False,
) -> int:
    """Send files to the archive as they are: STOW-RS or C-STORE."""
    from neurolupus.workflows.pacs import Progress, store_files

    archive = of.archive_at(
        url, insecure=insecure, user=user, password_file=password_file, token_file=token_file, ca_file=ca_file,
        cert_file=cert_file, key_file=key_file, timeout=timeout, tries=tries,
    )  # fmt: skip
    with counting("sending") as (total, seen):
        done = store_files(archive, files, progress=Progress(total, seen))
    if as_json:
        answer_json(done.summary())
    of.tell_stored(done)
    return PacsError.exit_code if done.refused else SUCCESS


def _import(source: Path, bids: Path, key: Path | None) -> "ImportReport":
    from neurolupus.cli.progress import display
    from neurolupus.workflows.import_dicom import ImportOptions, import_dicom

    with display() as observer:
        return import_dicom(source, bids, options=ImportOptions(key=key), observer=observer)


def _show(found: Sequence["StudyFound"]) -> None:
    """One line per study, and under it one per series."""
    from rich.table import Table
    from rich.text import Text

    table = Table(header_style="bold", box=None, pad_edge=False)
    for heading, justify in (("patient", "left"), ("date", "left"), ("", "left"), ("what", "left"), ("files", "right")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    table.add_column("UID", overflow="fold")
    for study in found:
        words = study.description or study.accession
        row = (study.patient_id, _day(study.date), "", words, _count(study.n_instances), study.study_uid)
        table.add_row(*map(Text, row), style="bold")
        for one in study.series:
            name = f"{one.number}: {one.description}" if one.number is not None else one.description
            table.add_row(*map(Text, ("", "", one.modality, name, _count(one.n_instances), one.series_uid)))
    answer().print(table)


def _tell_fetched(done: "Fetched") -> None:
    there = f", {done.n_before} were there" if done.n_before else ""
    tell(f"{done.n_there - done.n_before} files fetched{there}: {done.folder}")
    for fault in (*done.remarks, *done.faults):
        tell(f"✗ {fault}", "red")
    if done.missing:
        tell(
            f"✗ {len(done.missing)} of {done.n_wanted} files are missing. Run the same command again to fetch them.",
            "red",
        )
        for one in done.missing[:MOST_SHOWN]:
            tell(f"    {one.sop_uid} of series {one.series_uid}", "red")
        if len(done.missing) > MOST_SHOWN:
            tell(f"    and {len(done.missing) - MOST_SHOWN} more, all named in {done.folder / 'fetch.json'}", "red")


def _day(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 else text


def _count(number: int | None) -> str:
    return "?" if number is None else str(number)
