"""The clinic's web app as it was asked for: refused where others could read along or walk in, started otherwise."""

import ipaddress
import os
import tempfile
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from neurolupus.cli.console import SUCCESS, tell
from neurolupus.cli.extras import need_extra
from neurolupus.cli.serve_cds import address_of, cds_settings, is_loopback
from neurolupus.cli.store_options import store_folder
from neurolupus.errors import UsageError

if TYPE_CHECKING:
    from neurolupus.web.cdshooks import CdsSettings
    from neurolupus.web.oidc import Provider
    from neurolupus.web.settings import Settings

THIS_MACHINE = ("127.0.0.1", "::1")
ANYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on
LARGEST_PEM_BYTES = 1 << 20
MODULES = (
    "alembic", "argon2", "cryptography", "fastapi", "python_multipart",
    "reportlab", "sqlalchemy", "starlette", "uvicorn",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of `neurolupus serve`, as they were given."""

    store: Path | None
    db: str | None
    demo: bool
    largest_upload_mb: int
    scan_roots: tuple[Path, ...]
    scans_at_once: int
    host: str
    port: int
    tls_cert: Path | None
    tls_key: Path | None
    behind_proxy: str | None
    trusted_proxies: tuple[str, ...]
    log: Path | None
    open_browser: bool
    users: bool
    oidc: Path | None
    idle_minutes: int
    clients: Path | None
    base_url: str | None
    feedback: Path | None
    codes: Path | None


def serve_web(asked: Asked) -> int:
    """The web app, until it is ended."""
    check_reach(asked)
    need_extra("serve", "web", *MODULES)
    import uvicorn

    from neurolupus.web.app import create_app
    from neurolupus.web.log import log_to

    os.umask(0o077)  # what the server writes is its own to read
    with _folder(asked) as folder, log_to(asked.log):
        settings = settings_of(asked, folder)
        app = create_app(settings)
        address = settings.public_url or address_of(asked.host, asked.port, "https" if settings.tls else "http")
        _tell_start(asked, settings, address, empty=_is_empty(app.state.store))
        if asked.open_browser:
            threading.Timer(1.0, webbrowser.open, [address]).start()
        uvicorn.run(
            app, host=asked.host, port=asked.port, log_level="warning", access_log=False, server_header=False,
            proxy_headers=False, ws="none", timeout_graceful_shutdown=5, timeout_keep_alive=30,
            ssl_certfile=asked.tls_cert, ssl_keyfile=asked.tls_key,
        )  # fmt: skip
        tell("Stopped.")
    return SUCCESS


def check_reach(asked: Asked) -> None:
    """Refuse to be reached from other machines without users and TLS.

    Raises
    ------
    UsageError
        It says which is missing.
    """
    signing_in, tls = asked.users or asked.oidc is not None, asked.tls_cert is not None
    if tls != (asked.tls_key is not None):
        raise UsageError("--tls-cert and --tls-key belong together.\n    Give both.")
    if tls and asked.behind_proxy:
        raise UsageError("--tls-cert and --behind-proxy exclude one another.\n    Let one of the two speak TLS.")
    if asked.trusted_proxies and not asked.behind_proxy:
        raise UsageError("--trusted-proxy names a proxy that was not declared.\n    Add --behind-proxy URL.")
    shared = not is_loopback(asked.host) or asked.behind_proxy is not None
    if asked.demo and (shared or signing_in or asked.store or asked.db):
        raise UsageError("--demo is for this machine alone and has a store of its own.\n    neurolupus serve --demo")
    if shared and not signing_in:
        raise UsageError(
            f"{asked.behind_proxy or f'--host {asked.host}'} is reached from other machines: users have to sign in.\n"
            "    Add --users (see neurolupus users add), or leave out --host to serve this machine alone."
        )
    if shared and not tls and not asked.behind_proxy:
        raise UsageError(
            f"--host {asked.host} is reached from other machines: without TLS, others can read along.\n"
            "    Give --tls-cert and --tls-key, or --behind-proxy https://NAME where a reverse proxy speaks TLS."
        )


def settings_of(asked: Asked, folder: Path) -> "Settings":
    """What the app is to know, with every file read."""
    from neurolupus.web.settings import LOOPBACK, Settings

    public = None if asked.behind_proxy is None else _public(asked.behind_proxy)
    hosts = [*LOOPBACK, *_certified(asked.tls_cert)]
    hosts += [] if asked.host in ANYWHERE else [asked.host]
    hosts += [] if public is None else [urlsplit(public).hostname or ""]
    address = public or address_of(asked.host, asked.port, "https" if asked.tls_cert else "http")
    return Settings(
        folder=folder,
        db=asked.db,
        users=asked.users or asked.oidc is not None,
        tls=asked.tls_cert is not None or public is not None,
        demo=asked.demo,
        idle_minutes=asked.idle_minutes,
        hosts=tuple(dict.fromkeys(hosts)),
        public_url=public,
        proxies=_networks(asked.trusted_proxies or THIS_MACHINE) if public else (),
        largest_upload_mb=asked.largest_upload_mb,
        scan_roots=_roots(asked.scan_roots),
        scans_at_once=asked.scans_at_once,
        provider=_provider(asked.oidc, address),
        cds=_cds(asked, address),
    )


def _cds(asked: Asked, address: str) -> "CdsSettings | None":
    """CDS Hooks beside the pages; without clients for programs of this machine alone."""
    shared = not is_loopback(asked.host) or asked.behind_proxy is not None
    if shared and asked.clients is None:
        return None
    return cds_settings(asked.base_url or address, clients=asked.clients, feedback=asked.feedback, codes=asked.codes)


def _provider(path: Path | None, address: str) -> "Provider | None":
    if path is None:
        return None
    from neurolupus.web.oidc_file import read_provider

    return read_provider(path, f"{address}/sign-in/back")


def _roots(given: tuple[Path, ...]) -> tuple[Path, ...]:
    absent = [str(one) for one in given if not one.is_dir()]
    if absent:
        raise UsageError(f"--scan-root {', '.join(absent)} is no folder.\n    Give folders that are there.")
    return tuple(one.resolve() for one in given)


def _public(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.path not in ("", "/") or parts.query or parts.username:
        raise UsageError(f"--behind-proxy {url} is not what is needed: https://NAME, a port where it is not 443.")
    return f"https://{parts.netloc}"


def _networks(given: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(str(ipaddress.ip_network(one)) for one in given)
    except ValueError as error:
        raise UsageError(f"--trusted-proxy: {error}.\n    Give an address such as 10.0.0.5.") from None


def _certified(path: Path | None) -> list[str]:
    """The names a certificate is for: those that browsers may call the server by."""
    if path is None:
        return []
    from cryptography import x509

    try:
        with path.open("rb") as file:
            found = x509.load_pem_x509_certificate(file.read(LARGEST_PEM_BYTES))
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound) as error:
        raise UsageError(f"{path} is no certificate with names in it ({error}).\n    Give PEM with a SAN.") from None
    told = names.get_values_for_type(x509.DNSName)
    return [name.casefold() for name in told] + [str(one) for one in names.get_values_for_type(x509.IPAddress)]


@contextmanager
def _folder(asked: Asked) -> Iterator[Path]:
    """The store's folder; the demo's is filled before, and thrown away at the end."""
    if not asked.demo:
        yield store_folder(asked.store)
        return
    from neurolupus.store.engine import open_store
    from neurolupus.workflows.clinic.demo_store import fill_demo

    with tempfile.TemporaryDirectory(prefix="neurolupus-demo-") as name:
        tell("Filling a store with synthetic patients ...")
        store = open_store(Path(name), make=True)
        try:
            fill_demo(store)
        finally:
            store.close()
        yield Path(name)


def _is_empty(store: object) -> bool:
    from neurolupus.store.engine import Store
    from neurolupus.store.users import has_admin

    assert isinstance(store, Store)
    with store.read() as connection:
        return not has_admin(connection)


def _tell_start(asked: Asked, settings: "Settings", address: str, *, empty: bool) -> None:
    tell(f"neurolupus on {address}; Ctrl-C ends it.", "bold")
    tell("The store is thrown away at the end." if asked.demo else f"Store: {settings.folder}")
    if not settings.users:
        tell("Users do not sign in: whoever works on this machine is the administrator.")
    elif empty and settings.provider is None:
        where = "" if asked.store is None else f" --store {asked.store}"
        tell(f"Nobody can sign in yet. In another window: neurolupus users add NAME --role admin{where}", "yellow")
