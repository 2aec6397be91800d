"""Verbs whose libraries stand in an extra: what to say where it is not installed."""

from importlib.util import find_spec

from neurolupus.errors import UsageError, lacks_extra


def need_extra(verb: str, extra: str, *modules: str) -> None:
    """Raise UsageError, which says how to get them, where a verb's libraries are not installed; none is loaded."""
    lacking = next((name for name in modules if find_spec(name) is None), None)
    if lacking:
        raise UsageError(lacks_extra(verb, lacking, extra))
