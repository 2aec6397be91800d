"""What is said and where: talk to stderr, results to stdout, errors without a traceback, exit codes."""

import errno
import json
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, NoReturn, ParamSpec

from neurolupus.errors import NeurolupusError

if TYPE_CHECKING:
    from rich.console import Console

P = ParamSpec("P")

SUCCESS, OUR_FAULT, USAGE, IMAGE = 0, 1, 2, 12
INTERRUPTED, TERMINATED = 130, 143  # 128 + the number of the signal, as shells count
DISK_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)
RESUME = "Stopped; finished scans are kept. Run the same command again to go on from there."


class _Terminated(KeyboardInterrupt):
    """SIGTERM: cleaned up after like Ctrl-C."""


def talk() -> "Console":
    """The console of stderr; without colour when nobody looks."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def answer() -> "Console":
    """The console of stdout; wide when it is read by a program."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else 200)


def answer_json(value: object) -> None:
    """Write a result for machines."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=str) + "\n")


def tell(text: str, style: str = "") -> None:
    """Say something to stderr, as it is."""
    talk().print(text, style=style or None, markup=False)


def show_error(error: BaseException) -> None:
    """The name of the error in red, then its message."""
    from rich.text import Text

    talk().print(Text.assemble((f"{type(error).__name__}: ", "bold red"), str(error)))


def exit_code_of(verb: Callable[[], int | None]) -> int:
    """Run a verb; the exit code of how it ended.

    Errors of neurolupus and of the file system are shown without a traceback; anything else is our fault and comes
    with one.
    """
    try:
        with _terminating():
            return verb() or SUCCESS
    except NeurolupusError as error:
        show_error(error)
        return error.exit_code
    except KeyboardInterrupt as error:
        tell(RESUME, "yellow")
        return TERMINATED if isinstance(error, _Terminated) else INTERRUPTED
    except OSError as error:
        if error.filename is not None:
            tell(f"{error.strerror}: {error.filename}\n    Check that it exists, may be used and has space.", "red")
        elif error.errno in DISK_FAULTS:  # told by a write, which knows no name
            tell(f"{error.strerror}.\n    Make room or get the disk well, then run the same command again.", "red")
        else:
            return _our_fault()
        return USAGE
    except Exception:
        return _our_fault()


def guarded(verb: Callable[P, int | None]) -> Callable[P, None]:
    """A verb for typer: its return value, or the way it ended, becomes the exit code."""

    @wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        import typer

        code = exit_code_of(lambda: verb(*args, **kwargs))
        if code:
            raise typer.Exit(code)

    return run


def _our_fault() -> int:
    traceback.print_exc()
    tell("This is a fault of neurolupus, not yours. Please report it with the lines above.", "bold red")
    return OUR_FAULT


@contextmanager
def _terminating() -> Iterator[None]:
    """SIGTERM raises where Ctrl-C would; only the main thread may change that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(number: int, frame: object) -> NoReturn:
    raise _Terminated
