"""`neurolupus users`: who may sign in to the web app; passwords are asked for, never taken from the command line."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurolupus.cli import options
from neurolupus.cli.console import SUCCESS, answer, answer_json, guarded, tell
from neurolupus.cli.extras import need_extra
from neurolupus.cli.store_options import Database, StoreFolder, store_folder
from neurolupus.errors import UsageError

if TYPE_CHECKING:
    from neurolupus.store.engine import Store
    from neurolupus.store.users import User

COMMAND_LINE = "command-line"  # who the trail says it was
LARGEST_PASSWORD_BYTES = 4096
users = typer.Typer(name="users", help="Who may sign in.", no_args_is_help=True, add_completion=False)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--password-file", metavar="FILE", help="Read the password from a file, - for stdin; asked otherwise."
    ),
]


class Role(StrEnum):
    """What a user may; each may what those before it may."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"


@users.callback()
def _root() -> None:
    """Who may sign in."""


@users.command("add")
@guarded
def add(
    name: Name,
    role: Annotated[Role, typer.Option("--role", help="Reads; also enters; also manages.")] = Role.VIEWER,
    may_export: Annotated[bool, typer.Option("--export", help="May take data out of the store.")] = False,
    password_file: PasswordFile = None,
    store: StoreFolder = None,
    db: Database = None,
) -> int:
    """Add a user with a first password; the store is made where there is none."""
    with kept_store(store, db, make=True) as kept:
        from neurolupus.store.users import add_user

        password = _password(password_file, name)
        with kept.write(COMMAND_LINE) as writer:
            user = add_user(writer, name, role.value, password=password, may_export=may_export)
    tell(f"{user.name} may sign in as {user.role}{' and export' if user.may_export else ''}.")
    return SUCCESS


@users.command("disable")
@guarded
def disable(name: Name, store: StoreFolder = None, db: Database = None) -> int:
    """Let a user in no more; open sessions end at once, and what the user entered stays."""
    return _switch(name, store, db, disabled=True)


@users.command("enable")
@guarded
def enable(name: Name, store: StoreFolder = None, db: Database = None) -> int:
    """Let a disabled user in again."""
    return _switch(name, store, db, disabled=False)


@users.command("reset")
@guarded
def reset(
    name: Name,
    password_file: PasswordFile = None,
    second_factor: Annotated[
        bool, typer.Option("--second-factor", help="Take the second factor off instead; the password stays.")
    ] = False,
    store: StoreFolder = None,
    db: Database = None,
) -> int:
    """Give a user another password, or take the second factor off; a lock is taken off, and open sessions end."""
    with kept_store(store, db) as kept:
        if second_factor:
            from neurolupus.store.second_factor import take_off

            with kept.write(COMMAND_LINE) as writer:
                take_off(writer, name)
            tell(f"{name} signs in with the password alone.")
            return SUCCESS
        from neurolupus.store.users import set_password, user_of

        with kept.read() as connection:
            user = user_of(connection, name)
        password = _password(password_file, user.name)
        with kept.write(COMMAND_LINE) as writer:
            set_password(writer, user.name, password)
    tell(f"{user.name} has another password.")
    return SUCCESS


@users.command("list")
@guarded
def show(as_json: options.Json = False, store: StoreFolder = None, db: Database = None) -> int:
    """Everyone who is kept, and what each may."""
    with kept_store(store, db) as kept:
        from neurolupus.store.users import list_users

        with kept.read() as connection:
            found = list_users(connection)
    if as_json:
        answer_json([_plain(user) for user in found])
        return SUCCESS
    from rich.table import Table

    table = Table("name", "role", "may export", "signs in with", "state")
    for user in found:
        way, state = "password" if user.local else "organisation", "disabled" if user.disabled else "active"
        table.add_row(user.name, user.role, "yes" if user.may_export else "no", way, state)
    answer().print(table)
    return SUCCESS


def _switch(name: str, folder: Path | None, db: str | None, *, disabled: bool) -> int:
    with kept_store(folder, db) as kept:
        from neurolupus.store.users import change_user

        with kept.write(COMMAND_LINE) as writer:
            user = change_user(writer, name, disabled=disabled)
    tell(f"{user.name} {'may not sign in any more' if disabled else 'may sign in'}.")
    return SUCCESS


@contextmanager
def kept_store(folder: Path | None, db: str | None, *, make: bool = False) -> "Iterator[Store]":
    """The store the options name, closed at the end."""
    need_extra("users", "web", "alembic", "argon2", "cryptography", "sqlalchemy")
    from neurolupus.store.engine import open_store

    kept = open_store(store_folder(folder), db, make=make)
    try:
        yield kept
    finally:
        kept.close()


def _password(path: Path | None, name: str) -> str:
    """The first line of a file or of stdin; asked for twice where neither is given."""
    from neurolupus.store.passwords import check_password

    if path is not None:
        if str(path) == "-":
            text = sys.stdin.readline(LARGEST_PASSWORD_BYTES)
        else:
            with path.open(encoding="utf-8") as file:
                text = file.readline(LARGEST_PASSWORD_BYTES)
        return text.rstrip("\r\n")
    if not sys.stdin.isatty():
        raise UsageError("Nobody is there to type a password.\n    Give it with --password-file FILE, or - for stdin.")
    password = getpass.getpass(f"Password for {name} (12 characters or more): ")
    check_password(password, name)
    if getpass.getpass("The same again: ") != password:
        raise UsageError("The two are not the same; nothing was changed.")
    return password


def _plain(user: "User") -> dict[str, object]:
    return {
        "name": user.name, "role": user.role, "may_export": user.may_export, "disabled": user.disabled,
        "local": user.local, "created": user.created.isoformat(timespec="seconds"),
    }  # fmt: skip
