"""The examples of every module are run, but for the migrations: Alembic alone can run those."""

collect_ignore_glob = ["neurolupus/store/migrations/*"]
