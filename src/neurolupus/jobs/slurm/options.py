"""Options for sbatch that a user may give, checked before anything is submitted."""

import difflib
import shlex
from collections.abc import Sequence

from neurolupus.errors import UsageError

# Those that choose where, on whose account and when; none that could change what runs or where its files go.
WITH_VALUE = frozenset(
    {
        "account", "begin", "comment", "constraint", "deadline", "exclude", "gres", "licenses", "mail-type",
        "mail-user", "nice", "nodelist", "partition", "prefer", "priority", "qos", "reservation", "tmp",
        "wckey",
    }
)  # fmt: skip
ALONE = frozenset({"exclusive", "hold", "no-requeue", "requeue", "spread-job"})
SHORT = {
    "A": "account",
    "C": "constraint",
    "L": "licenses",
    "p": "partition",
    "q": "qos",
    "w": "nodelist",
    "x": "exclude",
}
OURS = {
    "array": "--nprocs",
    "cpus-per-task": "--omp-nthreads",
    "mem": "--mem-gb",
    "mem-per-cpu": "--mem-gb",
    "time": "--minutes",
}


def checked_options(text: str) -> tuple[str, ...]:
    """The options as `--name=value` words.

    Raises
    ------
    UsageError
        All that cannot be used, with what to use instead.

    Examples
    --------
    >>> checked_options("-p long --account lupus --hold")
    ('--partition=long', '--account=lupus', '--hold')
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"--slurm-options {text!r} cannot be read: {error}.\n    Close every quote.") from None
    found: list[str] = []
    faults: list[str] = []
    waiting = list(words)
    while waiting:
        name, value = _name_and_value(waiting)
        fault = _fault(name, value)
        if fault:
            faults.append(fault)
        else:
            found.append(f"--{name}" if value is None else f"--{name}={value}")
    if faults:
        told = "\n".join(f"    {fault}" for fault in faults)
        raise UsageError(f"--slurm-options has {len(faults)} fault{'s' if len(faults) > 1 else ''}.\n{told}")
    return tuple(found)


def _name_and_value(waiting: list[str]) -> tuple[str, str | None]:
    """Take the next option from the words."""
    word = waiting.pop(0)
    if word.startswith("--"):
        name, given, value = word[2:].partition("=")
        name = name.replace("_", "-")
        if given:
            return name, value
    elif len(word) >= 2 and word[0] == "-" and word[1] in SHORT:
        name = SHORT[word[1]]
        if word[2:]:
            return name, word[2:]
    else:
        return word, None
    if name in WITH_VALUE and waiting and not waiting[0].startswith("-"):
        return name, waiting.pop(0)
    return name, None


def _fault(name: str, value: str | None) -> str:
    if name in WITH_VALUE:
        if not value:
            return f"--{name} needs a value."
        return "" if value.isprintable() else f"--{name} {value!r} has characters that cannot be printed."
    if name in ALONE:
        return "" if value is None else f"--{name} takes no value."
    if name in OURS:
        return f"--{name} is set by neurolupus: use {OURS[name]}."
    near = difflib.get_close_matches(name.lstrip("-"), _known(), n=1)
    meant = f" Did you mean --{near[0]}?" if near else f" These can: {', '.join(_known())}."
    return f"{name if name.startswith('-') else f'--{name}'} cannot be given here.{meant}"


def _known() -> Sequence[str]:
    return sorted(WITH_VALUE | ALONE)
