"""Where the store is: options that every verb of the clinic shares."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

StoreFolder = Annotated[
    Path | None,
    typer.Option(
        "--store",
        metavar="DIR",
        envvar="NEUROLUPUS_STORE",
        help="The store's folder; your own folder of application data by default.",
        show_envvar=True,
    ),
]
Database = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="URL",
        envvar="NEUROLUPUS_DB",
        help="PostgreSQL instead of SQLite in the folder: postgresql+pg8000://user@host/name.",
        show_envvar=True,
    ),
]


def store_folder(given: Path | None) -> Path:
    """The folder given, or where this system keeps the data of a user's programs."""
    if given is not None:
        return given
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home()) / "neurolupus"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "neurolupus"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "neurolupus"
