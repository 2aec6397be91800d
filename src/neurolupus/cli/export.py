"""`neurolupus export`: results in the form of other programs."""

from pathlib import Path
from typing import Annotated

import typer

from neurolupus.cli import options
from neurolupus.cli import pacs_options as of
from neurolupus.cli.arguments import bare_labels
from neurolupus.cli.console import SUCCESS, answer_json, guarded, tell
from neurolupus.cli.counting import counting
from neurolupus.cli.extras import need_extra
from neurolupus.errors import DicomError, PacsError

export = typer.Typer(
    name="export",
    help="Give results to other programs.",
    no_args_is_help=True,
    add_completion=False,
)


@export.callback()
@guarded
def _root() -> None:
    """Give results to other programs."""
    need_extra("export", "dicom", "pydicom", "highdicom")


@export.command("seg")
@guarded
def seg(
    out: Annotated[Path, typer.Argument(metavar="OUT_DIR", help="Where `measure` wrote.")],
    dicom: Annotated[
        Path, typer.Option("--dicom", metavar="SRC", help="The DICOM series that were measured: a folder, zip or tar.")
    ],
    folder: Annotated[Path, typer.Option("-o", "--out", metavar="FOLDER", help="Folder for the DICOM files.")],
    participant_label: options.Labels = None,
    session_label: options.Sessions = None,
    probability: Annotated[
        bool, typer.Option("--probability", help="The probability too, as a fractional segmentation.")
    ] = False,
    store: Annotated[
        str | None,
        typer.Option(
            "--store", rich_help_panel=of.ARCHIVE, metavar="URL", help="Send them to this archive; as for `pacs store`."
        ),
    ] = None,
    overwrite: options.Overwrite = False,
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
    """Write the WMH mask as DICOM SEG and the volumes as DICOM SR, beside the series that were measured."""
    from neurolupus.workflows.dicom_export import export_objects, store_exported

    archive = None
    if store:
        archive = of.archive_at(
            store, insecure=insecure, user=user, password_file=password_file, token_file=token_file, ca_file=ca_file,
            cert_file=cert_file, key_file=key_file, timeout=timeout, tries=tries,
        )  # fmt: skip
    with counting("exporting") as (total, seen):
        done = export_objects(
            out,
            dicom,
            folder,
            participants=bare_labels(participant_label or (), "sub-"),
            sessions=bare_labels(session_label or (), "ses-"),
            probability=probability,
            overwrite=overwrite,
            total=total,
            seen=seen,
        )
    made = [one for one in done if not one.fault]
    stored = store_exported(made, archive) if archive is not None and made else None
    if as_json:
        answer_json({"scans": [one.summary() for one in done], "stored": stored.summary() if stored else None})
    tell(f"{sum(len(one.files) for one in made)} files of {len(made)} scans: {folder}")
    if made:
        tell("They name the patients: keep them apart from results that know pseudonyms only.", "yellow")
    for one in done:
        if one.fault:
            tell(f"✗ {one.scan}: {one.fault}", "red")
    if stored is not None:
        of.tell_stored(stored)
    if len(made) < len(done):
        return DicomError.exit_code
    return PacsError.exit_code if stored is not None and stored.refused else SUCCESS
