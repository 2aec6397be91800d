"""A bar for work whose parts are counted; nothing where nobody looks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from neurolupus.cli.console import talk


@contextmanager
def counting(what: str) -> Iterator[tuple[Callable[[int], None], Callable[[], None]]]:
    """How many parts there are, and one of them done, for the length of the block."""
    console = talk()
    if not console.is_terminal:
        yield (lambda _: None), (lambda: None)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task(what, total=None)
        yield (lambda count: bars.update(task, total=count)), (lambda: bars.advance(task))
