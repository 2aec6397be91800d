"""Which version the tables are of, and how they get to the present one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, insert, select, text

from neurolupus.store.schema import audit_head

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
START = "0" * 64  # what the first entry of the trail follows
TURN = 6_855_410_173  # any number of our own: those who upgrade PostgreSQL at once wait for one another by it


def head_revision() -> str:
    """The version this neurolupus needs."""
    found = _scripts().get_current_head()
    assert found is not None
    return found


def is_known(revision: str) -> bool:
    """Whether this neurolupus can upgrade from a version."""
    return revision in {one.revision for one in _scripts().walk_revisions()}


def revision_of(engine: Engine) -> str | None:
    """The version of a database's tables; None where there are none."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine) -> None:
    """Bring the tables to the present version; all of it or nothing."""
    config = _config()
    with _alone(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if connection.execute(select(audit_head.c.id)).first() is None:
            connection.execute(insert(audit_head).values(id=1, seq=0, hash=START))


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A transaction that waits for others who upgrade, and in which a table may be made anew without losing rows."""
    if engine.dialect.name != "sqlite":
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": TURN})
            yield connection
        return
    with engine.connect().execution_options(neurolupus_access="write") as connection:
        # SQLite alters a table by dropping it, which would take the rows that belong to its rows along
        cursor = connection.connection.cursor()
        cursor.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                assert not broken, f"the migration left {len(broken)} rows without the row they belong to"
        finally:
            cursor.execute("PRAGMA foreign_keys=ON")
            cursor.close()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
