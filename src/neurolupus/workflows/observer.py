"""Observer: who is told how a workflow gets on; the command line and the web show it in their own way."""

from typing import Protocol

from neurolupus.jobs.task import Event


class Observer(Protocol):
    """What a workflow tells while it works."""

    def total(self, count: int) -> None:
        """How many scans there are."""

    def event(self, event: Event) -> None:
        """What happened to one of them."""

    def say(self, text: str) -> None:
        """Anything else, in words."""


class Silent:
    """An observer that shows nothing."""

    def total(self, count: int) -> None:
        """Show nothing."""

    def event(self, event: Event) -> None:
        """Show nothing."""

    def say(self, text: str) -> None:
        """Show nothing."""
