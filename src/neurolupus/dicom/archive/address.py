"""Where an archive is: `https://host/dicom-web` or `dicom://CALLED@host:port?calling=ME`."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, urlsplit

from neurolupus.errors import UsageError

CALLING = "NEUROLUPUS"
PORTS = {"dicom": 104, "dicoms": 2762}  # PS3.8 9.1.1, PS3.15 B.12
FORMS = "give https://HOST/PATH (DICOMweb) or dicom://CALLED@HOST:PORT?calling=ME (DIMSE; dicoms:// for TLS)"


@dataclass(frozen=True, slots=True)
class WebAddress:
    """The root of an archive's DICOMweb services, without a slash at the end."""

    url: str
    host: str
    encrypted: bool

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True, slots=True)
class DimseAddress:
    """A DICOM application: whom one calls, where, and as whom."""

    host: str
    port: int
    called: str
    calling: str = CALLING
    encrypted: bool = False

    def __str__(self) -> str:
        return f"{'dicoms' if self.encrypted else 'dicom'}://{self.called}@{self.host}:{self.port}"


Address = WebAddress | DimseAddress


def parse_address(text: str, *, insecure: bool = False) -> Address:
    """The address that a text names.

    Parameters
    ----------
    text : str
    insecure : bool
        Whether patients' data may travel unencrypted to another machine.

    Raises
    ------
    UsageError
        It is none, holds a password, or is unencrypted and leads elsewhere.

    Examples
    --------
    >>> str(parse_address("dicom://PACS@127.0.0.1:4242?calling=LAB"))
    'dicom://PACS@127.0.0.1:4242'
    >>> parse_address("https://pacs.example.org/dicom-web/").url
    'https://pacs.example.org/dicom-web'
    """
    parts = urlsplit(text.strip())
    try:
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise UsageError(f"--url {_shown(parts)} is no address: {error}; {FORMS}.") from None
    if parts.password is not None or (parts.username and parts.scheme.startswith("http")):
        raise UsageError(
            f"--url {_shown(parts)} holds a user or password, which everyone who lists processes could read.\n"
            "    Leave it out; give --user and --password-file, or set NEUROLUPUS_PACS_USER and "
            "NEUROLUPUS_PACS_PASSWORD"
        )
    if not host or parts.scheme not in ("http", "https", *PORTS):
        raise UsageError(f"--url {_shown(parts)} is no address of an archive; {FORMS}.")
    address = _web(parts, host) if parts.scheme.startswith("http") else _dimse(parts, host, port)
    if not address.encrypted and not insecure and not is_loopback(host):
        raise UsageError(
            f"--url {_shown(parts)} leads to another machine unencrypted: names and images of patients could be read "
            f"on the way.\n    Use {'https' if isinstance(address, WebAddress) else 'dicoms'}://, "
            "or --insecure where the network itself is trusted."
        )
    return address


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _web(parts: SplitResult, host: str) -> WebAddress:
    if parts.query or parts.fragment:
        raise UsageError(f"--url {_shown(parts)} has a part behind ? or #; give the root of DICOMweb alone.")
    return WebAddress(f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}", host, parts.scheme == "https")


def _dimse(parts: SplitResult, host: str, port: int | None) -> DimseAddress:
    asked = parse_qs(parts.query)
    unknown = sorted(set(asked) - {"calling"})
    if unknown or parts.path.strip("/"):
        raise UsageError(f"--url {_shown(parts)} has {', '.join(unknown) or parts.path} behind the port; {FORMS}.")
    calling = asked.get("calling", [CALLING])[-1]
    for name, title in (("called", parts.username or ""), ("calling", calling)):
        if re.fullmatch(r"[!-\[\]-~](?:[ -\[\]-~]{0,14}[!-\[\]-~])?", title) is None:  # AE: no backslash, 16 letters
            raise UsageError(
                f"--url {_shown(parts)}: {name} AE title is {title!r}; 1 to 16 letters are needed; {FORMS}."
            )
    return DimseAddress(host, port or PORTS[parts.scheme], parts.username or "", calling, parts.scheme == "dicoms")


def _shown(parts: SplitResult) -> str:
    """The address without what may be secret."""
    return parts._replace(netloc=parts.netloc.rpartition("@")[2] if parts.password else parts.netloc).geturl()[:200]
