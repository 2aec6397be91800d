"""What `neurolupus serve` needs of CDS Hooks: its settings, and the service on its own."""

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING

from neurolupus.cli.console import SUCCESS, tell
from neurolupus.cli.extras import need_extra
from neurolupus.errors import UsageError

if TYPE_CHECKING:
    from neurolupus.io.fhir_codes import Codes
    from neurolupus.web.cdshooks import CdsSettings


def serve_cds(
    host: str, port: int, *, clients: Path | None, base_url: str | None, feedback: Path | None, codes: Path | None
) -> int:
    """The CDS Hooks service alone, until it is ended."""
    if clients is None and not is_loopback(host):
        raise UsageError(
            f"--host {host} is reached from other machines, and no clients are configured.\n"
            "    Give --clients FILE with the issuers and keys whose tokens are taken, or leave out --host."
        )
    need_extra("serve", "web", "starlette", "uvicorn")
    import uvicorn

    from neurolupus.web.cdshooks import create_app

    address = address_of(host, port)
    settings = cds_settings(base_url or address, clients=clients, feedback=feedback, codes=codes)
    tell(f"CDS Hooks on {address}/cds-services; Ctrl-C ends it.")
    uvicorn.run(create_app(settings), host=host, port=port, log_level="warning", access_log=False)
    return SUCCESS


def cds_settings(base_url: str, *, clients: Path | None, feedback: Path | None, codes: Path | None) -> "CdsSettings":
    """How the service runs; files that cannot be read are refused."""
    from neurolupus.web.cdshooks import CdsSettings
    from neurolupus.web.tokens import read_clients

    return CdsSettings(
        clients=read_clients(clients) if clients is not None else None,
        base_url=base_url.rstrip("/"),
        feedback=feedback,
        codes=_codes(codes),
    )


def address_of(host: str, port: int, scheme: str = "http") -> str:
    """The address to type into a browser."""
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _codes(path: Path | None) -> "Codes":
    from neurolupus.io.fhir_codes import Codes, codes_from
    from neurolupus.io.yamlfile import Wanted, read_yaml

    if path is None:
        return Codes()
    wanted = Wanted(UsageError, "file of codes", "observations: {system|code: fact}", "a record", 1 << 20)
    try:
        return codes_from(read_yaml(path, wanted).data)
    except ValueError as error:
        raise UsageError(f"{path}: {error}.") from None
