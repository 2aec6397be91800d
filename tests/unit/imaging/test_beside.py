"""What is begun beside other work gives the same result with one thread and with two."""

import threading

import pytest

from neurolupus.imaging.beside import working_beside


def test_with_two_threads_it_goes_on_while_another_step_runs():
    begun, may_end = threading.Event(), threading.Event()

    def work(number: int) -> int:
        begun.set()
        assert may_end.wait(10)
        return number + 1

    with working_beside(2) as beside:
        result = beside(work, 1)
        assert begun.wait(10)  # before anybody asks for the result
        may_end.set()
        assert (result(), result()) == (2, 2)


def test_with_one_thread_it_is_done_once_and_when_asked_for():
    calls: list[int] = []

    def work() -> int:
        calls.append(1)
        return len(calls)

    with working_beside(1) as beside:
        result = beside(work)
        assert not calls
        assert (result(), result()) == (1, 1)


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_is_raised_where_the_result_is_asked_for(threads: int):
    def fail() -> None:
        raise ValueError("no")

    with working_beside(threads) as beside:
        result = beside(fail)
        with pytest.raises(ValueError, match="no"):
            result()
