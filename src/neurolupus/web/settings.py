"""How the web app runs."""

from dataclasses import dataclass
from pathlib import Path


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
    idle_minutes : int
        A session ends after so long without a request.
    largest_upload_mb : int
        The most one upload may hold.
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
    largest_upload_mb: int = 512
    scan_roots: tuple[Path, ...] = ()
    scans_at_once: int = 1
