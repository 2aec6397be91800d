"""Giving memory back changes nothing that is held, and works where there is nothing to do."""

import numpy as np
import pytest

from neurolupus.imaging import memory


def test_what_is_held_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    held = np.arange(1000.0)
    memory.give_back()
    assert held.sum() == 499500.0


def test_a_library_without_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    class Library:
        def __init__(self, name: object) -> None:
            asked.append(name)

    monkeypatch.setattr(memory.ctypes, "CDLL", Library)
    memory._trim.cache_clear()
    try:
        memory.give_back()
    finally:
        memory._trim.cache_clear()
    assert asked == [None]
