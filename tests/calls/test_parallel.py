"""Several requests at once: in order, no more than asked for, and no faster than allowed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from reconciler.calls.pace import Pace
from reconciler.calls.parallel import in_order


@pytest.mark.parametrize("at_once", [1, 3])
def test_answers_come_in_the_order_of_the_questions(at_once: int) -> None:
    assert list(in_order(lambda n: n * n, range(20), at_once)) == [n * n for n in range(20)]


def test_as_many_are_worked_on_together_as_asked_for() -> None:
    together = threading.Barrier(3, timeout=10)
    assert len(list(in_order(lambda n: together.wait(), range(9), 3))) == 9


def test_no_more_is_begun_than_is_under_way() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for n in range(100):
            taken.append(n)
            yield n

    answers = in_order(lambda n: n, items(), 4)
    for _ in range(5):
        next(answers)
    assert len(taken) <= 9
    answers.close()  # type: ignore[attr-defined] # it is a generator
    assert len(taken) <= 9


@pytest.mark.parametrize("at_once", [1, 3])
def test_an_error_comes_in_its_turn_and_nothing_more_is_begun(at_once: int) -> None:
    begun: list[int] = []

    def work(n: int) -> int:
        begun.append(n)
        if n == 2:
            raise LookupError
        return n

    answers = in_order(work, range(100), at_once)
    assert [next(answers), next(answers)] == [0, 1]
    with pytest.raises(LookupError):
        next(answers)
    assert max(begun) <= 2 + at_once


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Time passes."""
        self.slept.append(seconds)
        self.now_s += seconds


def test_requests_are_spaced_by_the_rate() -> None:
    clock = Clock()
    pace = Pace(4, now=lambda: clock.now_s)
    for _ in range(9):
        pace.wait(clock.sleep)
    assert clock.now_s == pytest.approx(102.0)
    assert clock.slept == pytest.approx([0.25] * 8)


def test_time_that_passed_by_itself_is_not_waited_for_again_nor_saved_up() -> None:
    clock = Clock()
    pace = Pace(2, now=lambda: clock.now_s)
    pace.wait(clock.sleep)
    clock.now_s += 10
    pace.wait(clock.sleep)
    assert clock.slept == []
    pace.wait(clock.sleep)
    assert clock.slept == pytest.approx([0.5])


def test_threads_that_share_a_pace_take_turns() -> None:
    pace, waits = Pace(10, now=lambda: 0.0), list[float]()
    threads = [threading.Thread(target=pace.wait, args=(waits.append,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == pytest.approx([0.1, 0.2, 0.3, 0.4])
