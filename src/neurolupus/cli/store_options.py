"""Where the store is: options that every verb of the clinic shares."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from neurolupus.cli.console import tell

LONGEST_ADDRESS = 4096


def read_address(context: typer.Context, given: str | None) -> str | None:
    """The address given, or the one in the file given; a password in the list of processes is warned of."""
    if given is None or "://" in given:
        where = context.get_parameter_source("db")
        if given and where is not None and where.name == "COMMANDLINE" and "@" in given and ":" in _before_host(given):
            tell("Everyone on this machine can see that password. Put the address into a file: --db FILE", "yellow")
        return given
    path = Path(given)
    try:
        with path.open(encoding="utf-8") as stream:
            text = stream.read(LONGEST_ADDRESS).strip()
        others = os.name == "posix" and path.stat().st_mode & 0o077
    except (OSError, UnicodeDecodeError):
        raise typer.BadParameter("neither an address nor a file that holds one.") from None
    if "://" not in text or len(text.splitlines()) != 1:
        raise typer.BadParameter(f"{path.name} does not hold one address in one line.")
    if others:
        tell(f"Others can read {path}. Keep it to yourself: chmod 600 {path}", "yellow")
    return text


def _before_host(address: str) -> str:
    return address.partition("://")[2].partition("/")[0].rpartition("@")[0]


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
        metavar="FILE|URL",
        envvar="NEUROLUPUS_DB",
        callback=read_address,
        help="PostgreSQL instead of SQLite in the folder: a file with postgresql+pg8000://user:password@host/name.",
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
