"""Tasks on a Dask cluster: each still in a process of its own, which a Dask worker attends to.

Without an address the cluster lives in this process: it listens on no port, and does what the local executor does.
With one, the workers must see the output folder and the data under the same paths, and have the same neurolupus. Who
can reach a Dask scheduler can run programs as its owner: outside one's own machine, use `tls://` with certificates, as
Dask's configuration names them (`distributed.comm.tls`).
"""

import logging
import queue
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path
from typing import Any

from neurolupus import __version__
from neurolupus.errors import UsageError
from neurolupus.jobs.attend import Order, attend
from neurolupus.jobs.plan import Deserted, plan_file
from neurolupus.jobs.task import Event, Outcome
from neurolupus.jobs.worker import GRACE_S

_AHEAD = 2  # orders in hand per place of the cluster, so that no worker waits for the coordinator
_COUNT_S = 5.0  # how often the cluster is asked how many places it has
_CONNECT_S = 20.0
_LOOPBACK = "127.0.0.1:0"


def _distributed() -> Any:
    """The library, loaded when it is needed: it takes half a second."""
    import distributed

    return distributed


def attend_there(order: Order, topic: str, version: str) -> Outcome:
    """One try, on a Dask worker; what happens meanwhile is told by events of Dask.

    Raises
    ------
    UsageError
        The worker has another version of neurolupus than who gave the order.
    """
    worker = _distributed().get_worker()
    if version != __version__:
        raise UsageError(
            f"The Dask worker {worker.address} has neurolupus {__version__}; this is {version}.\n"
            "    Install one version everywhere, then start the workers again."
        )

    def tell(event: Event) -> None:
        worker.log_event(topic, {"name": event.name, "kind": event.kind, "step": event.step})

    return attend(order, tell, Deserted(plan_file(order.out, order.run)))


class DaskExecutor:
    """The tasks on the workers of a Dask cluster; as many at once as they have threads.

    Parameters
    ----------
    nprocs : int, optional
        Tasks at once; with an address: at most so many in hand, by default two for each thread of the cluster.
    address : str, optional
        Of a scheduler: `tcp://host:8786`, `tls://host:8786`. Without one a cluster in this process, without a port.
    """

    name = "dask"

    def __init__(self, nprocs: int | None = None, address: str | None = None) -> None:
        self._nprocs, self._address = nprocs, address
        self._client: Any = None
        self._cluster: Any = None
        self._events: queue.SimpleQueue[Event | Exception] = queue.SimpleQueue()
        self._futures: dict[str, Any] = {}
        self._topic, self._count, self._counted_at = "", nprocs or 1, 0.0

    @property
    def places(self) -> int:
        """Orders in hand: two for each thread of the workers that are there now, when no number was given."""
        if self._nprocs or self._client is None:
            return self._nprocs or 1
        if time.monotonic() - self._counted_at > _COUNT_S:
            threads = self._client.nthreads()
            self._count = max(1, _AHEAD * sum(threads.values()))
            self._counted_at = time.monotonic()
        return self._count

    def open(self, out: Path, run: str) -> None:
        """Connect to the scheduler, or begin a cluster in this process.

        Raises
        ------
        UsageError
            No scheduler answers at the address, or it has no workers.
        """
        self._topic = f"neurolupus-{run}"
        self._client = self._connect(self._address) if self._address else self._begin_cluster()
        self._client.subscribe_topic(self._topic, self._hear)

    def begin(self, orders: Sequence[Order]) -> None:
        """Submit the orders."""
        for order in orders:
            name = order.task.name
            future = self._client.submit(attend_there, order, self._topic, __version__, pure=False, retries=0)
            self._futures[name] = future
            future.add_done_callback(self._ended(name))

    def events(self, wait_s: float) -> Sequence[Event]:
        """What the workers told.

        Raises
        ------
        Exception
            What `attend` raised on a worker: our own fault, or a disk that takes no state.
        """
        try:
            event = self._events.get(timeout=wait_s)
        except queue.Empty:
            return ()
        if isinstance(event, RuntimeError) and "deserialization" in str(event):
            raise UsageError(
                "The Dask workers or their scheduler cannot read what is sent: they have no neurolupus, or another.\n"
                "    Install the same neurolupus and Python packages everywhere."
            ) from event
        if isinstance(event, Exception):
            raise event
        if event.outcome:
            self._futures.pop(event.name, None)
        return (event,)

    def stop(self) -> None:
        """Forget what has not begun; what runs sees by the mark of its run that it is to end."""
        if self._client is None:
            return
        running = list(self._futures.values())
        with suppress(Exception):  # the cluster may be gone, which may be why the run is stopped
            self._client.cancel([future for future in running if future.status == "pending" and not future.done()])
            _distributed().wait(running, timeout=GRACE_S + 3)

    def close(self) -> None:
        """Leave the cluster."""
        if self._client is not None:
            self._client.close()
        if self._cluster is not None:
            self._cluster.close()

    def _begin_cluster(self) -> Any:
        self._cluster = _distributed().LocalCluster(
            n_workers=1,
            threads_per_worker=self._nprocs or 1,
            processes=False,
            # Dask opens a port for its pages on every interface even when told not to; on loopback, until it is closed
            dashboard_address=_LOOPBACK,
            worker_dashboard_address=_LOOPBACK,
            memory_limit=0,
            silence_logs=logging.CRITICAL,
        )
        for server in (self._cluster.scheduler, *self._cluster.workers.values()):
            server.http_server.stop()
        return _distributed().Client(self._cluster, set_as_default=False)

    @staticmethod
    def _connect(address: str) -> Any:
        try:
            return _distributed().Client(address, timeout=_CONNECT_S, set_as_default=False, name="neurolupus")
        except (OSError, ValueError, TimeoutError) as error:
            raise UsageError(
                f"No Dask scheduler answers at {address} ({type(error).__name__}: {error}).\n"
                "    Start one: dask scheduler --host 127.0.0.1; and workers: dask worker ADDRESS --nthreads 4"
            ) from error

    def _hear(self, event: Any) -> None:
        _, told = event
        self._events.put(Event(told["name"], told["kind"], told["step"]))

    def _ended(self, name: str) -> Callable[[Any], None]:
        def tell(future: Any) -> None:
            try:
                outcome = future.result()
            except CancelledError:
                outcome = Outcome(name, "again", "The Dask cluster gave it up.")
            except Exception as error:
                if type(error).__name__ != "KilledWorker":
                    self._events.put(error)
                    return
                outcome = Outcome(name, "again", "The Dask workers that attended to it were lost.")
            self._events.put(Event(name, "finished", outcome=outcome))

        return tell
