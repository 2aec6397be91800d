"""The address of a PostgreSQL database: what is accepted, and TLS wherever it is not this machine."""

from __future__ import annotations

import ssl
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from neurolupus.errors import StoreError

DRIVER = "postgresql+pg8000"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
MODES = ("verify-full", "disable")


def parse_address(text: str) -> tuple[URL, dict[str, Any]]:
    """The address for SQLAlchemy, and what the driver needs for TLS.

    `sslmode=verify-full` is what holds for another machine, `disable` for this one; `sslrootcert=FILE` names the
    authority that signed the server's certificate, the system's where it is left out.

    Raises
    ------
    StoreError
        It is none, or of another kind of database; what was given is not repeated, for it may hold a password.

    Examples
    --------
    >>> url, options = parse_address("postgresql://clinic@127.0.0.1/clinic")
    >>> url.drivername, options
    ('postgresql+pg8000', {'ssl_context': False})
    """
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        raise StoreError(f"The database's address cannot be read.\n    It begins with {DRIVER}://") from None
    if url.drivername not in ("postgresql", DRIVER):
        raise StoreError(
            f"The database's address begins with {url.drivername}://; {DRIVER}:// is needed.\n"
            "    For SQLite leave the address out: the database then lies in the store's folder."
        )
    query = {name: value if isinstance(value, str) else value[-1] for name, value in url.query.items()}
    mode, authority = query.pop("sslmode", None), query.pop("sslrootcert", None)
    here = "unix_sock" in query or (url.host or "") in LOOPBACK
    if mode is not None and mode not in MODES:
        raise StoreError(f"sslmode={mode[:32]} is unknown; choose {' or '.join(MODES)}.")
    wanted = mode or ("disable" if here else "verify-full")
    # False: left to itself the driver asks for TLS and checks nobody's certificate
    context = False if wanted == "disable" else _context(authority)
    return url.set(drivername=DRIVER, query=query), {"ssl_context": context}


def _context(authority: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError as error:
        raise StoreError(f"sslrootcert={authority} cannot be read ({type(error).__name__}).") from None
