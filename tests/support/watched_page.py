"""A page of the browser whose console and requests are listened to."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

GIVEN_UP = ("htmx:after", "htmx:send")  # told of what was asked for as the page was left


@contextmanager
def watched_page(chromium: Any, *, timeout_ms: float, expected: str = "", settle: bool = False) -> Iterator[Any]:
    """A page that fails the test where its console tells of an error, or it asks another host for anything.

    Parameters
    ----------
    expected : str
        What an error holds that is no fault, such as the status of a refusal.
    settle : bool
        Wait at the end until nothing is asked for any more: what closing cuts off is no fault.
    """
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(timeout_ms)
    page = context.new_page()
    said: list[str] = []

    def listen(message: Any) -> None:
        harmless = message.text.startswith(GIVEN_UP) or bool(expected and expected in message.text)
        if message.type == "error" and not harmless:
            said.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda one: said.append(one.url) if "127.0.0.1" not in one.url else None)
    yield page
    if settle:
        page.wait_for_load_state("networkidle")
    told = list(said)
    context.close()
    assert told == []
