"""How often one address may try to sign in; kept in memory and bounded."""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

MOST_FAILURES, WINDOW_S = 20, 900.0
MOST_ADDRESSES = 10_000


class Throttle:
    """Failures of each address within a window; the addresses of one IPv6 network count as one.

    Parameters
    ----------
    clock : callable
        Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """Seconds until this address may try again; 0 where it may now."""
        with self._lock:
            recent = self._recent(_network(address))
            return 0.0 if len(recent) < MOST_FAILURES else recent[0] + WINDOW_S - self._clock()

    def failed(self, address: str) -> None:
        """Count a failure."""
        with self._lock:
            key = _network(address)
            self._failures[key] = [*self._recent(key), self._clock()][-MOST_FAILURES:]
            self._failures.move_to_end(key)
            while len(self._failures) > MOST_ADDRESSES:
                self._failures.popitem(last=False)

    def _recent(self, key: str) -> list[float]:
        return [moment for moment in self._failures.get(key, []) if self._clock() - moment < WINDOW_S]


def _network(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address
