"""The process of one task.

Started as a script, it may import nothing of neurolupus before it has been told where to look.
What it is told comes pickled through standard input: the module search path, then the work and its payload. What it
tells are lines of JSON through standard output: the steps, then the files written or the reason it failed. Whatever the
work itself prints goes to the log. When standard input closes, whoever started it is gone or wants it gone: it ends.
"""

import _thread
import errno
import faulthandler
import json
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from typing import Any, BinaryIO, NoReturn, TextIO

GRACE_S = 3.0
OF_THE_PLACE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def _end_with_parent() -> None:
    """Wait for the end of standard input, then let the work clean up, then end in any case."""
    while os.read(0, 4096):  # not sys.stdin: its lock, held here at the end of the interpreter, would be fatal
        pass
    if os.name == "posix":
        os.kill(os.getpid(), signal.SIGTERM)  # wakes a sleeping system call; interrupt_main would wait for it
    else:
        _thread.interrupt_main(signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(143)


def _terminate(number: int, frame: object) -> NoReturn:
    raise SystemExit(143)


def _reason(error: BaseException) -> str:
    from neurolupus.errors import NeurolupusError

    if isinstance(error, NeurolupusError):
        return str(error)
    if isinstance(error, MemoryError):
        return "It ran out of memory; lower --nprocs or give it more."
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return f"{type(error).__name__}: {error}"


def _peak_mb() -> float:
    """The most resident memory this process had, in MiB; 0 where the system does not tell.

    `getrusage` would also count what the process that started this one had.
    """
    try:
        with open("/proc/self/status", encoding="ascii") as file:  # noqa: PTH123 - pathlib is not loaded yet
            peak_kb = next(line.split()[1] for line in file if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return 0.0
    return int(peak_kb) / 1024


def _work(told: BinaryIO, tell: TextIO) -> None:
    def say(**message: Any) -> None:
        tell.write(json.dumps(message) + "\n")
        tell.flush()

    try:
        sys.path[:] = pickle.load(told)  # noqa: S301 - comes from the process that started this one
        function, payload = pickle.load(told)  # noqa: S301
        threading.Thread(target=_end_with_parent, daemon=True).start()
        outputs = function(payload, lambda step: say(step=step))
        say(outputs=[str(path) for path in outputs], memory_mb=_peak_mb())
    except Exception as error:
        traceback.print_exc()
        say(
            error=_reason(error),
            heals=isinstance(error, MemoryError | OSError),  # the machine's fault, not the scan's
            of_the_place=isinstance(error, OSError) and error.errno in OF_THE_PLACE,
            memory_mb=_peak_mb(),
        )


def main() -> None:
    """Do one task."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of the terminal; one of them decides
    signal.signal(signal.SIGTERM, _terminate)
    faulthandler.enable()
    tell = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    _work(sys.stdin.buffer, tell)


if __name__ == "__main__":
    main()
