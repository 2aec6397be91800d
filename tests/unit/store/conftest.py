"""Every test here that asks for `store` runs on SQLite and on PostgreSQL."""

from cheap import cheap_passwords
from stores import kind, made_once, new_place, place, postgresql, sqlite, store

__all__ = ["cheap_passwords", "kind", "made_once", "new_place", "place", "postgresql", "sqlite", "store"]
