"""Which version the tables are of, and how they get to the present one."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, insert, select

from neurolupus.store.schema import audit_head

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
START = "0" * 64  # what the first entry of the trail follows


def head_revision() -> str:
    """The version this neurolupus needs."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    assert found is not None
    return found


def revision_of(engine: Engine) -> str | None:
    """The version of a database's tables; None where there are none."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine) -> None:
    """Bring the tables to the present version; all of it or nothing."""
    config = _config()
    with engine.connect().execution_options(neurolupus_write=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if connection.execute(select(audit_head.c.id)).first() is None:
            connection.execute(insert(audit_head).values(id=1, seq=0, hash=START))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
