"""Ask again, later each time, where a fault may pass."""

from collections.abc import Callable
from time import sleep
from typing import TypeVar

from neurolupus.errors import PacsError

T = TypeVar("T")
LONGEST_PAUSE_S = 30.0


class MayPass(Exception):  # noqa: N818 - said of a fault
    """A fault that may be gone a moment later: no answer, a lost connection, an archive too busy.

    Parameters
    ----------
    wait_s : float
        How long the archive asks to wait; 0: it does not say.
    """

    def __init__(self, words: str, wait_s: float = 0.0) -> None:
        super().__init__(words)
        self.wait_s = wait_s


def patiently(action: Callable[[], T], tries: int, *, pause: Callable[[float], object] | None = None) -> T:
    """What the action gives, at the first try that works; 1, 2, 4 ... seconds lie between them.

    Raises
    ------
    PacsError
        None worked.
    """
    for attempt in range(tries):
        try:
            return action()
        except MayPass as fault:
            if attempt + 1 == tries:
                times = f" ({tries} tries)" if tries > 1 else ""
                raise PacsError(f"{fault}{times}") from fault
            (pause or sleep)(min(max(2.0**attempt, fault.wait_s), LONGEST_PAUSE_S))
    raise ValueError(f"tries is {tries}; at least one is needed")
