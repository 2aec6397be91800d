"""Every test here that asks for `store` runs on SQLite and on PostgreSQL."""

from stores import kind, new_place, place, postgresql, sqlite, store

__all__ = ["kind", "new_place", "place", "postgresql", "sqlite", "store"]
