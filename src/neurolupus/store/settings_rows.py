"""Settings kept with the store: one row each, with a version so that no change overwrites another's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from neurolupus.errors import Conflict
from neurolupus.store.schema import settings
from neurolupus.store.trail import Writer


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as kept; version 0 is one that was never set."""

    value: Any
    version: int


def setting_of(connection: Connection, name: str, default: Any = None) -> Setting:
    """A setting with the version an edit begins from."""
    row = connection.execute(select(settings).where(settings.c.name == name)).first()
    return Setting(default, 0) if row is None else Setting(row.value, row.version)


def get_setting(connection: Connection, name: str, default: Any = None) -> Any:
    """The value of a setting; the default where it was never set."""
    return setting_of(connection, name, default).value


def set_setting(writer: Writer, name: str, value: Any, version: int) -> int:
    """Keep a setting as edited from a version, 0 where it was never set; returns the new version.

    Raises
    ------
    Conflict
        Somebody has changed it meanwhile; nothing is overwritten.
    """
    before = setting_of(writer.connection, name)
    if before.version != version:
        raise Conflict(
            f"The setting {name!r} was changed meanwhile (version {before.version}; yours began at {version}); "
            "nothing was overwritten.\n    Load the present settings and change them again."
        )
    if version:
        change = update(settings).where(settings.c.name == name).values(value=value, version=version + 1)
        writer.connection.execute(change)
    else:
        writer.connection.execute(insert(settings).values(name=name, value=value, version=1))
    writer.note("setting.changed", name, before=before.value, after=value)
    return version + 1
