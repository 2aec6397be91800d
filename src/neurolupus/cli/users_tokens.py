"""`neurolupus users token|tokens|revoke`: what programs sign in to the API with."""

from typing import Annotated

import typer

from neurolupus.cli import options
from neurolupus.cli.console import SUCCESS, answer, answer_json, guarded, tell
from neurolupus.cli.store_options import Database, StoreFolder
from neurolupus.cli.users import COMMAND_LINE, Name, kept_store, users

__all__ = ["users"]


@users.command("token")
@guarded
def token(
    name: Name,
    label: Annotated[str, typer.Option("--label", metavar="TEXT", help="What it is for.")],
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, max=366, help="In force for so long.")] = 90,
    store: StoreFolder = None,
    db: Database = None,
) -> int:
    """Make a token for a program: it may what the user may, and is shown this once."""
    with kept_store(store, db) as kept:
        from neurolupus.store.api_tokens import make_token

        with kept.write(COMMAND_LINE) as writer:
            made = make_token(writer, name, label, days=days)
    tell(f"In force for {days} days; it is not shown again. Send it as: Authorization: Bearer TOKEN")
    answer().print(made, soft_wrap=True, highlight=False)
    return SUCCESS


@users.command("tokens")
@guarded
def tokens(name: Name, as_json: options.Json = False, store: StoreFolder = None, db: Database = None) -> int:
    """A user's tokens: what each is for and until when; never the tokens themselves."""
    with kept_store(store, db) as kept:
        from neurolupus.store.api_tokens import tokens_of

        with kept.read() as connection:
            found = tokens_of(connection, name)
    rows = [
        {"id": one.id, "label": one.label, "created": one.created.date().isoformat(),
         "expires": one.expires.date().isoformat()}
        for one in found
    ]  # fmt: skip
    if as_json:
        answer_json(rows)
        return SUCCESS
    from rich.table import Table

    table = Table("id", "for", "made", "until")
    for row in rows:
        table.add_row(*row.values())
    answer().print(table)
    return SUCCESS


@users.command("revoke")
@guarded
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="The token's id, as `users tokens` shows it.")],
    store: StoreFolder = None,
    db: Database = None,
) -> int:
    """Take a token out; it lets nobody in any more."""
    with kept_store(store, db) as kept:
        from neurolupus.store.api_tokens import revoke_token

        with kept.write(COMMAND_LINE) as writer:
            revoke_token(writer, token_id)
    tell("The token lets nobody in any more.")
    return SUCCESS
