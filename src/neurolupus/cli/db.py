"""`neurolupus db`: keep the store: upgrade, back up, restore, check; erase a patient."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from neurolupus.cli import options
from neurolupus.cli.console import SUCCESS, answer_json, guarded, talk, tell
from neurolupus.cli.extras import need_extra
from neurolupus.cli.store_options import Database, StoreFolder, store_folder
from neurolupus.errors import StoreError, UsageError

db = typer.Typer(
    name="db",
    help="Keep the store: upgrade, back up, restore, check, erase a patient.",
    no_args_is_help=True,
    add_completion=False,
)


@db.callback()
@guarded
def _root() -> None:
    """Keep the store: upgrade, back up, restore, check, erase a patient."""
    need_extra("db", "web", "alembic", "cryptography", "sqlalchemy")


@db.command("upgrade")
@guarded
def upgrade(store: StoreFolder = None, db: Database = None) -> int:
    """Bring the tables to what this neurolupus needs; back the store up before."""
    from neurolupus.store.engine import upgrade_store

    before, after = upgrade_store(store_folder(store), db)
    tell(f"The tables are of version {after} already." if before == after else f"Upgraded from {before} to {after}.")
    return SUCCESS


@db.command("backup")
@guarded
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup (.zip); only you can read it.")],
    store: StoreFolder = None,
    db: Database = None,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> int:
    """Write one file of everything, of one moment; the server may go on working."""
    from neurolupus.workflows.clinic.store_keep import Place, back_up

    with _bar("backing up") as (total, seen):
        done = back_up(Place(store_folder(store), db), file, overwrite=overwrite, total=total, seen=seen)
    if as_json:
        answer_json(done.summary())
    told = done.manifest
    tell(f"{file}: {told.n_files} files and the database, {told.bytes / 1e6:.1f} MB. It is not encrypted.")
    tell(f"The trail ends at {told.entries}:{told.hash}")
    _tell_faults(done.faults)
    return SUCCESS


@db.command("restore")
@guarded
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup; of SQLite or PostgreSQL alike.")],
    store: StoreFolder = None,
    db: Database = None,
    as_json: options.Json = False,
) -> int:
    """Restore a backup into an empty folder, and an empty database where --db names one."""
    from neurolupus.workflows.clinic.store_keep import Place, bring_back

    folder = store_folder(store)
    with _bar("restoring") as (total, seen):
        done = bring_back(Place(folder, db), file, total=total, seen=seen)
    if as_json:
        answer_json(done.summary())
    tell(f"{folder}: restored as of {done.manifest.made}; everything is what the manifest says.")
    tell("Patients erased since are back: erase them again. Passwords and roles are those of then.", "yellow")
    _tell_faults(done.faults)
    return SUCCESS


@db.command("verify")
@guarded
def verify(
    store: StoreFolder = None,
    db: Database = None,
    noted: Annotated[
        str | None, typer.Option("--noted", metavar="N:HASH", help="Where the trail ended when you noted it down.")
    ] = None,
    as_json: options.Json = False,
) -> int:
    """Check the trail of changes, the database and the files; nothing is changed."""
    from neurolupus.workflows.clinic.store_keep import Place, check, integrity_summary

    with _bar("checking") as (total, seen):
        found = check(Place(store_folder(store), db), noted=_noted(noted), total=total, seen=seen)
    if as_json:
        answer_json(integrity_summary(found))
    tell(f"{found.entries} changes in the trail, {found.files} files checked, {found.unnoted} never noted.")
    tell(f"The trail ends at {found.entries}:{found.hash}\n    Note it down elsewhere, and give it with --noted later.")
    for fault in found.faults:
        tell(f"✗ {fault}", "red")
    tell("Something is not what was written." if found.faults else "All is whole.", "red" if found.faults else "green")
    return StoreError.exit_code if found.faults else SUCCESS


@db.command("erase")
@guarded
def erase(
    pseudonym: Annotated[str, typer.Argument(metavar="PSEUDONYM", help="Of the patient.")],
    store: StoreFolder = None,
    db: Database = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> int:
    """Erase a patient for ever: record, scans, and the key to what the trail says of the patient."""
    from neurolupus.workflows.clinic.store_keep import Place, erase_patient

    if not yes:
        typer.confirm(f"Erase {pseudonym} for ever?", abort=True, err=True)
    done = erase_patient(Place(store_folder(store), db), pseudonym)
    tell(f"{pseudonym} is erased, with {done.scans} scans. The trail is whole and can be read no more on this patient.")
    tell("Backups made before still hold the patient: delete them, or erase again after restoring.", "yellow")
    if not done.overwritten:
        tell(
            "Its database is in use: the deleted rows are still in its files. Stop the server, start it again.",
            "yellow",
        )
    if done.runs:
        tell(f"Runs of studies that counted the patient: {', '.join(done.runs)}. Run those studies again.", "yellow")
    return SUCCESS


def _noted(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    if re.fullmatch(r"\d{1,9}:[0-9a-f]{64}", text) is None:
        raise UsageError(
            f"--noted {text[:80]!r} is no end of a trail; give it as `neurolupus db verify` told it, N:HASH."
        )
    number, _, digest = text.partition(":")
    return int(number), digest


def _tell_faults(faults: tuple[str, ...]) -> None:
    for fault in faults:
        tell(f"✗ The trail had a fault when the backup was taken: {fault}", "red")


@contextmanager
def _bar(what: str) -> Iterator[tuple[Callable[[int], None], Callable[[str], None]]]:
    """How many parts there are, and each one done: a bar on a terminal, nothing elsewhere."""
    console = talk()
    if not console.is_terminal:
        yield (lambda _: None), (lambda _: None)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task(what, total=None)
        yield (lambda count: bars.update(task, total=count)), (lambda _: bars.advance(task))
