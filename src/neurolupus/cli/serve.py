"""`neurolupus serve`: the clinic's web app, on this machine alone unless users sign in over TLS; or CDS Hooks alone."""

from pathlib import Path
from typing import Annotated

import typer

from neurolupus.cli.console import guarded
from neurolupus.cli.serve_cds import serve_cds
from neurolupus.cli.serve_web import Asked, serve_web
from neurolupus.cli.store_options import Database, StoreFolder
from neurolupus.errors import UsageError

STORE, REACH, PEOPLE, CDS = "The store", "Who can reach it", "Who may sign in", "CDS Hooks"
WITH_CDS = frozenset({"cds", "host", "port", "clients", "base_url", "feedback", "codes"})


@guarded
def serve(
    context: typer.Context,
    store: StoreFolder = None,
    db: Database = None,
    demo: Annotated[
        bool, typer.Option("--demo", rich_help_panel=STORE, help="Synthetic patients in a store that is thrown away.")
    ] = False,
    largest_upload: Annotated[
        int,
        typer.Option("--largest-upload", rich_help_panel=STORE, metavar="MB", min=1, max=8192, help="Of one upload."),
    ] = 512,
    scan_root: Annotated[
        list[Path] | None,
        typer.Option(
            "--scan-root",
            rich_help_panel=STORE,
            metavar="DIR",
            help="Scans below this folder of the server may be taken in; again for another. None by default.",
        ),
    ] = None,
    scans_at_once: Annotated[
        int,
        typer.Option("--scans-at-once", rich_help_panel=STORE, metavar="N", min=0, help="Measured at once; 0: wait."),
    ] = 1,
    host: Annotated[
        str, typer.Option("--host", rich_help_panel=REACH, metavar="ADDRESS", help="Address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", rich_help_panel=REACH, metavar="N", min=1, max=65535, help="Port to listen on.")
    ] = 8910,
    tls_cert: Annotated[
        Path | None,
        typer.Option("--tls-cert", rich_help_panel=REACH, metavar="FILE", help="Certificate with its chain (PEM)."),
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", rich_help_panel=REACH, metavar="FILE", help="Its private key (PEM).")
    ] = None,
    behind_proxy: Annotated[
        str | None,
        typer.Option(
            "--behind-proxy",
            rich_help_panel=REACH,
            metavar="URL",
            help="A reverse proxy that speaks TLS stands before it; URL is what browsers call.",
        ),
    ] = None,
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option(
            "--trusted-proxy",
            rich_help_panel=REACH,
            metavar="IP",
            help="Where that proxy calls from; again for another. This machine by default.",
        ),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(
            "--log", rich_help_panel=REACH, metavar="FILE", help="One line for each request, no patient in it."
        ),
    ] = None,
    open_browser: Annotated[
        bool, typer.Option("--open", rich_help_panel=REACH, help="Open it in your browser.")
    ] = False,
    users: Annotated[
        bool, typer.Option("--users", rich_help_panel=PEOPLE, help="Users sign in; see neurolupus users.")
    ] = False,
    oidc: Annotated[
        Path | None,
        typer.Option(
            "--oidc", rich_help_panel=PEOPLE, metavar="FILE", help="Sign in with the organisation's accounts."
        ),
    ] = None,
    idle_minutes: Annotated[
        int, typer.Option("--idle-minutes", rich_help_panel=PEOPLE, metavar="N", min=1, help="A session ends after.")
    ] = 30,
    cds: Annotated[
        bool, typer.Option("--cds", rich_help_panel=CDS, help="CDS Hooks 2.0 alone, over plain HTTP.")
    ] = False,
    clients: Annotated[
        Path | None,
        typer.Option(
            "--clients", rich_help_panel=CDS, metavar="FILE", help="Clients and their keys (JSON); needed off loopback."
        ),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            "--base-url", rich_help_panel=CDS, metavar="URL", help="The service's own address: the audience of tokens."
        ),
    ] = None,
    feedback: Annotated[
        Path | None,
        typer.Option("--feedback", rich_help_panel=CDS, metavar="FILE", help="Append feedback on cards to this file."),
    ] = None,
    codes: Annotated[
        Path | None,
        typer.Option(
            "--codes", rich_help_panel=CDS, metavar="FILE", help="The hospital's own codes (YAML), see the FHIR page."
        ),
    ] = None,
) -> int:
    """Open the clinic in a browser: patients, scans, studies and advice, with CDS Hooks beside them.

    Without further options it listens on this machine alone, and whoever works on it is its administrator. Off
    loopback it needs users who sign in, and TLS of its own or of a reverse proxy.
    """
    if cds:
        _check_no_more_than_cds(context)
        return serve_cds(host, port, clients=clients, base_url=base_url, feedback=feedback, codes=codes)
    return serve_web(
        Asked(
            store=store, db=db, demo=demo, scan_roots=tuple(scan_root or ()), scans_at_once=scans_at_once,
            largest_upload_mb=largest_upload, host=host, port=port, tls_cert=tls_cert,
            tls_key=tls_key, behind_proxy=behind_proxy, trusted_proxies=tuple(trusted_proxy or ()), log=log,
            open_browser=open_browser, users=users, oidc=oidc, idle_minutes=idle_minutes, clients=clients,
            base_url=base_url, feedback=feedback, codes=codes,
        )
    )  # fmt: skip


def _check_no_more_than_cds(context: typer.Context) -> None:
    """Refuse what the hooks alone would leave undone, TLS above all."""
    given = [
        one.opts[0]
        for one in context.command.params
        if one.name not in WITH_CDS
        and getattr(context.get_parameter_source(one.name or ""), "name", "") == "COMMANDLINE"
    ]
    if given:
        raise UsageError(
            f"--cds serves CDS Hooks alone, over plain HTTP, and takes no {', '.join(given)}.\n"
            "    Leave out --cds: the clinic has the hooks beside its pages. Or leave these out; a proxy speaks TLS."
        )
