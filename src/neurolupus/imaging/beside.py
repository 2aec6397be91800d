"""Work beside other work: what keeps one core busy goes on in a thread while the next step has the other."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Beside(Protocol):
    """Starts a function."""

    def __call__(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Callable[[], T]:
        """What asks for its result, once or often; an error of the function is raised there."""


@contextmanager
def working_beside(threads: int) -> Iterator[Beside]:
    """For the length of the block; with one thread allowed, work is done once, when its result is asked for.

    The functions share no state, so the results are the same either way.
    """
    if threads < 2:
        yield lambda function, *args, **kwargs: cache(partial(function, *args, **kwargs))
        return
    with ThreadPoolExecutor(1) as other:
        yield lambda function, *args, **kwargs: other.submit(function, *args, **kwargs).result
