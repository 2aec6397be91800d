"""How the web app runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from neurolupus.store.sessions import Limits

if TYPE_CHECKING:
    from neurolupus.web.cdshooks import CdsSettings
    from neurolupus.web.oidc import Provider

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Settings:
    """How the web app runs.

    Attributes
    ----------
    folder : Path
        The store's folder.
    db : str or None
        Address of a database other than the folder's own SQLite.
    users : bool
        Whether users sign in; without, everyone on this machine is the administrator `local`.
    tls : bool
        Whether browsers come by HTTPS, here or at the declared reverse proxy.
    demo : bool
        A store of synthetic patients that is thrown away.
    idle_minutes, longest_hours : int
        A session ends after so long without a request, and after so long in any case.
    hosts : tuple of str
        The names browsers may call this server by; `*.clinic.example` stands for one more label.
    public_url : str or None
        What browsers call it by behind a reverse proxy: scheme, host and port.
    proxies : tuple of str
        Addresses of that proxy; calls from elsewhere are refused, and its word on whence a call comes is taken.
    largest_upload_mb : int
        The most one upload may hold.
    provider : Provider or None
        A provider of identities to sign in with (OpenID Connect).
    cds : CdsSettings or None
        CDS Hooks beside the pages; None leaves them out.
    scan_roots : tuple of Path
        Folders on the server below which scans may be taken in; none where empty.
    scans_at_once : int
        How many scans are measured at once; none at 0, and they wait.
    """

    folder: Path
    db: str | None = None
    users: bool = False
    tls: bool = False
    demo: bool = False
    idle_minutes: int = 30
    longest_hours: int = 12
    hosts: tuple[str, ...] = LOOPBACK
    public_url: str | None = None
    proxies: tuple[str, ...] = ()
    largest_upload_mb: int = 512
    provider: Provider | None = None
    cds: CdsSettings | None = None
    scan_roots: tuple[Path, ...] = ()
    scans_at_once: int = 1

    @property
    def limits(self) -> Limits:
        """When sessions end."""
        return Limits(timedelta(minutes=self.idle_minutes), timedelta(hours=self.longest_hours))
