"""What stands before every route: headers, faults, hosts, identity, sizes. Plain ASGI, so that streams stream."""

from starlette.types import ASGIApp

from neurolupus.store.engine import Store
from neurolupus.web.access import Who
from neurolupus.web.guard.bodies import Bodies
from neurolupus.web.guard.faults import Faults
from neurolupus.web.guard.headers import Headers
from neurolupus.web.guard.hosts import Hosts
from neurolupus.web.guard.identity import Identity
from neurolupus.web.settings import Settings


def guarded(app: ASGIApp, settings: Settings, store: Store, local: Who) -> ASGIApp:
    """An app behind every guard, the outermost last."""
    inner = Bodies(app, settings.largest_upload_mb)
    known = Hosts(Identity(inner, settings, store, local), settings)
    return Headers(Faults(known), tls=settings.tls)
