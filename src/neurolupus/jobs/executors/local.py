"""Tasks on this machine: threads that each attend to one process at a time."""

import queue
import threading
from collections.abc import Sequence
from pathlib import Path

from neurolupus.jobs.attend import Order, attend
from neurolupus.jobs.task import Event


class LocalExecutor:
    """So many tasks at once, each in a process of its own.

    Parameters
    ----------
    nprocs : int
        Tasks at once.
    """

    name = "local"

    def __init__(self, nprocs: int = 1) -> None:
        if nprocs < 1:
            raise ValueError(f"nprocs is {nprocs}; one process or more is needed.")
        self.places = nprocs
        self._orders: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[Event | Exception] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def open(self, out: Path, run: str) -> None:
        """Nothing is needed."""

    def begin(self, orders: Sequence[Order]) -> None:
        """Hand the orders to threads; there are never more of those than orders in hand."""
        for order in orders:
            self._orders.put(order)
            if len(self._threads) < self.places:
                thread = threading.Thread(target=self._attend, daemon=True)
                self._threads.append(thread)
                thread.start()

    def events(self, wait_s: float) -> Sequence[Event]:
        """What the threads told.

        Raises
        ------
        Exception
            Whatever `attend` raised: our own fault, or a disk that takes no state.
        """
        try:
            event = self._events.get(timeout=wait_s)
        except queue.Empty:
            return ()
        if isinstance(event, Exception):
            raise event
        return (event,)

    def stop(self) -> None:
        """Ask the processes to end; they have some seconds to clean up before they are killed."""
        self._stopped.set()

    def close(self) -> None:
        """Wait for the threads."""
        for _ in self._threads:
            self._orders.put(None)
        for thread in self._threads:
            thread.join()

    def _attend(self) -> None:
        while (order := self._orders.get()) is not None:
            if self._stopped.is_set():
                continue
            try:
                outcome = attend(order, self._events.put, self._stopped.is_set)
            except Exception as error:
                self._events.put(error)
            else:
                self._events.put(Event(order.task.name, "finished", outcome=outcome))
