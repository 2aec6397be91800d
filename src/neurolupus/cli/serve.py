"""`neurolupus serve`: the CDS Hooks service, on this machine alone unless clients are configured."""

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurolupus.cli.console import SUCCESS, guarded, tell
from neurolupus.errors import UsageError

if TYPE_CHECKING:
    from neurolupus.io.fhir_codes import Codes


@guarded
def serve(
    cds: Annotated[bool, typer.Option("--cds", help="Serve CDS Hooks 2.0.")] = False,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", metavar="N", min=1, max=65535, help="Port to listen on.")] = 8910,
    clients: Annotated[
        Path | None,
        typer.Option("--clients", metavar="FILE", help="Clients and their keys (JSON); needed off loopback."),
    ] = None,
    base_url: Annotated[
        str | None, typer.Option("--base-url", metavar="URL", help="The service's own address: the audience of tokens.")
    ] = None,
    feedback: Annotated[
        Path | None, typer.Option("--feedback", metavar="FILE", help="Append feedback on cards to this file.")
    ] = None,
    codes: Annotated[
        Path | None, typer.Option("--codes", metavar="FILE", help="The hospital's own codes (YAML), see the FHIR page.")
    ] = None,
) -> int:
    """Serve advice to an electronic health record: CDS Hooks 2.0, patient-view and order-select.

    It fetches nothing, changes nothing and keeps nothing of a patient. Without --clients it listens on loopback only.
    """
    if not cds:
        raise UsageError("serve needs to know what: give --cds.\n    neurolupus serve --cds")
    if clients is None and not _is_loopback(host):
        raise UsageError(
            f"--host {host} is reached from other machines, and no clients are configured.\n"
            "    Give --clients FILE with the issuers and keys whose tokens are taken, or leave out --host."
        )
    try:
        import uvicorn

        from neurolupus.web.cdshooks import CdsSettings, create_app
        from neurolupus.web.tokens import read_clients
    except ImportError as error:
        raise UsageError(
            f"serve needs {error.name}, part of the extra web.\n    Install it: pip install 'neurolupus[web]'"
        ) from None
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    settings = CdsSettings(
        clients=read_clients(clients) if clients is not None else None,
        base_url=(base_url or address).rstrip("/"),
        feedback=feedback,
        codes=_codes(codes),
    )
    tell(f"CDS Hooks on {address}/cds-services; Ctrl-C ends it.")
    uvicorn.run(create_app(settings), host=host, port=port, log_level="warning", access_log=False)
    return SUCCESS


def _is_loopback(host: str) -> bool:
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
