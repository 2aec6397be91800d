"""Who asks an archive, and how patiently: passwords and tokens come from files or the environment alone."""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from neurolupus.errors import UsageError

USER, PASSWORD, TOKEN = "NEUROLUPUS_PACS_USER", "NEUROLUPUS_PACS_PASSWORD", "NEUROLUPUS_PACS_TOKEN"
LONGEST_SECRET = 16_384


@dataclass(frozen=True, slots=True)
class Access:
    """Who asks, what is trusted, how long is waited.

    Parameters
    ----------
    timeout_s : float
        How long an archive may be silent.
    tries : int
        How often a question is asked that failed for a reason that may pass.
    ca_file : Path or None
        Certificates to trust instead of the system's.
    cert_file, key_file : Path or None
        The client's own, where the archive asks for one.
    """

    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    timeout_s: float = 30.0
    tries: int = 3

    def tls(self) -> ssl.SSLContext:
        """How DIMSE is encrypted: certificates and host names are checked, TLS 1.2 at least."""
        context = ssl.create_default_context(cafile=self.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.cert_file is not None:
            context.load_cert_chain(self.cert_file, self.key_file)
        return context


def read_access(
    *,
    user: str | None = None,
    password_file: Path | None = None,
    token_file: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    ca_file: Path | None = None,
    cert_file: Path | None = None,
    key_file: Path | None = None,
    timeout_s: float = 30.0,
    tries: int = 3,
) -> Access:
    """Access from options, files and the environment; a file goes before the environment.

    Raises
    ------
    UsageError
        A user without a password or the other way round, both a password and a token, a file that is not there.
    """
    named = user or environment.get(USER, "")
    token = _secret(token_file) if token_file else environment.get(TOKEN, "") if not (user or password_file) else ""
    password = _secret(password_file) if password_file else environment.get(PASSWORD, "") if not token_file else ""
    if token and (password_file or user):
        raise UsageError("A token and a password are given; an archive takes one of them.\n    Leave one out.")
    if not token and bool(named) != bool(password):
        lacks = f"a password ({PASSWORD} or --password-file)" if named else f"a user ({USER} or --user)"
        raise UsageError(f"The archive's access lacks {lacks}; both or none are needed.")
    for path in filter(None, (ca_file, cert_file, key_file)):
        if not path.is_file():
            raise UsageError(f"{path} is no file; a certificate or key in PEM is needed.")
    return Access(
        user="" if token else named, password="" if token else password, token=token, ca_file=ca_file,
        cert_file=cert_file, key_file=key_file, timeout_s=timeout_s, tries=tries,
    )  # fmt: skip


def _secret(path: Path) -> str:
    """The first line of a file."""
    if not path.is_file():
        raise UsageError(f"{path} is no file; one that holds the password or token alone is needed.")
    with path.open("rb") as stream:
        content = stream.read(LONGEST_SECRET + 1)
    try:
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        lines = []
    if len(lines) != 1 or not lines[0].strip() or len(content) > LONGEST_SECRET:
        raise UsageError(f"{path} has {len(lines)} lines of text; one line, the password or token alone, is needed.")
    return lines[0].strip()
