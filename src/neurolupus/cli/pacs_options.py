"""Which archive, who asks, and which studies: options that the verbs of `neurolupus pacs` share."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurolupus.cli.console import tell
from neurolupus.errors import UsageError

if TYPE_CHECKING:
    from neurolupus.dicom.archive.open_archive import Archive
    from neurolupus.dicom.archive.query import Query
    from neurolupus.dicom.archive.stored import Stored

ARCHIVE, STUDIES = "The archive", "Which studies"

Url = Annotated[
    str,
    typer.Option(
        "--url",
        rich_help_panel=ARCHIVE,
        metavar="URL",
        help="https://HOST/dicom-web, or dicom://CALLED@HOST:PORT?calling=ME.",
    ),
]
User = Annotated[
    str | None,
    typer.Option(
        "--user", rich_help_panel=ARCHIVE, metavar="NAME", help="Who asks; else NEUROLUPUS_PACS_USER (DICOMweb)."
    ),
]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--password-file",
        rich_help_panel=ARCHIVE,
        metavar="FILE",
        help="Holds the password alone; else NEUROLUPUS_PACS_PASSWORD.",
    ),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        "--token-file",
        rich_help_panel=ARCHIVE,
        metavar="FILE",
        help="Holds a bearer token alone; else NEUROLUPUS_PACS_TOKEN.",
    ),
]
CaFile = Annotated[
    Path | None,
    typer.Option(
        "--ca-file", rich_help_panel=ARCHIVE, metavar="PEM", help="Certificates to trust instead of the system's."
    ),
]
CertFile = Annotated[
    Path | None,
    typer.Option("--cert-file", rich_help_panel=ARCHIVE, metavar="PEM", help="The client's own certificate."),
]
KeyFile = Annotated[
    Path | None, typer.Option("--key-file", rich_help_panel=ARCHIVE, metavar="PEM", help="Its private key.")
]
Insecure = Annotated[
    bool,
    typer.Option(
        "--insecure", rich_help_panel=ARCHIVE, help="Allow an unencrypted line to another machine, where it is trusted."
    ),
]
Timeout = Annotated[
    float,
    typer.Option(
        "--timeout", rich_help_panel=ARCHIVE, metavar="S", min=0.1, help="How long the archive may be silent."
    ),
]
Tries = Annotated[
    int,
    typer.Option(
        "--tries", rich_help_panel=ARCHIVE, metavar="N", min=1, max=10, help="How often to ask where a fault may pass."
    ),
]
PatientId = Annotated[
    str, typer.Option("--patient-id", rich_help_panel=STUDIES, metavar="ID", help="Patient; * and ? stand for letters.")
]
Study = Annotated[str, typer.Option("--study", rich_help_panel=STUDIES, metavar="UID", help="This study.")]
Series = Annotated[
    str, typer.Option("--series", rich_help_panel=STUDIES, metavar="UID", help="This series of the studies.")
]
Date = Annotated[
    str | None,
    typer.Option(
        "--date", rich_help_panel=STUDIES, metavar="DAYS", help="Study date: 2024-01-31 or 2024-01-01..2024-03-31."
    ),
]
Modality = Annotated[
    str, typer.Option("--modality", rich_help_panel=STUDIES, metavar="CS", help="Only series of this one: MR.")
]
Accession = Annotated[str, typer.Option("--accession", rich_help_panel=STUDIES, metavar="ID", help="Accession number.")]
Description = Annotated[
    str, typer.Option("--description", rich_help_panel=STUDIES, metavar="TEXT", help="Of the study: *brain*.")
]
SeriesDescription = Annotated[
    str,
    typer.Option("--series-description", rich_help_panel=STUDIES, metavar="TEXT", help="Only such series: *flair*."),
]
Limit = Annotated[
    int, typer.Option("--limit", rich_help_panel=STUDIES, metavar="N", min=1, help="At most so many studies.")
]


def tell_stored(stored: "Stored") -> None:
    """What an archive says of files that were sent to it."""
    tell(f"{len(stored.kept)} files stored, {len(stored.refused)} refused.")
    for remark in stored.remarks:
        tell(remark, "yellow")
    for path, reason in stored.refused:
        tell(f"✗ {path}: {reason}", "red")


def archive_at(
    url: str,
    *,
    insecure: bool,
    user: str | None,
    password_file: Path | None,
    token_file: Path | None,
    ca_file: Path | None,
    cert_file: Path | None,
    key_file: Path | None,
    timeout: float,
    tries: int,
    method: str | None = None,
    port: int | None = None,
) -> "Archive":
    """The archive that the options mean."""
    from neurolupus.dicom.archive.access import read_access
    from neurolupus.dicom.archive.address import DimseAddress, parse_address
    from neurolupus.dicom.archive.open_archive import open_archive

    address = parse_address(url, insecure=insecure)
    is_dimse = isinstance(address, DimseAddress)
    if is_dimse and (user or password_file or token_file):
        raise UsageError(
            "DIMSE knows no users and no tokens, only AE titles.\n"
            "    Leave --user, --password-file and --token-file out, or give the archive's DICOMweb address."
        )
    access = read_access(
        user=user, password_file=password_file, token_file=token_file, environment={} if is_dimse else os.environ,
        ca_file=ca_file, cert_file=cert_file, key_file=key_file, timeout_s=timeout, tries=tries,
    )  # fmt: skip
    if method not in (None, "get", "move"):
        raise UsageError(f"--method {method} is unknown; choose get or move.")
    return open_archive(address, access, method=method, port=port)  # type: ignore[arg-type]


def query_of(
    *,
    patient_id: str,
    study: str,
    series: str,
    date: str | None,
    modality: str,
    accession: str,
    description: str,
    series_description: str,
) -> "Query":
    """The question that the options ask."""
    from neurolupus.dicom.archive.query import Query, parse_dates

    first, last = parse_dates(date) if date else (None, None)
    return Query(
        patient_id=patient_id,
        study_uid=study,
        series_uid=series,
        accession=accession,
        description=description,
        series_description=series_description,
        modality=modality.upper(),
        first=first,
        last=last,
    )
