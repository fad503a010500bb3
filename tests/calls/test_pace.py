"""A rate holds over all clients and threads that share it, and a wait for it never eats into a request's time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from reconciler.apply.clock import StopRequest
from reconciler.apply.run import Options, Run, Tally
from reconciler.calls.client import CallsClient
from reconciler.calls.model import Dialect
from reconciler.calls.pace import Pace
from reconciler.errors import Interrupted
from tests.calls.fakes import HOST, TOKEN, report


class Clock:
    """A clock that moves when somebody waits; may be used from several threads."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._moving = threading.Lock()

    def now(self) -> float:
        """Seconds."""
        return self.now_s

    def sleep(self, seconds: float) -> None:
        """Waits."""
        with self._moving:
            self.now_s += seconds


def client(pace: Pace, clock: Clock, seen: list[float]) -> CallsClient:
    """A client whose server notes when it was asked."""

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(clock.now_s)
        path = request.url.path
        return httpx.Response(200, json=["1"] if path.endswith("addPhones") else [report()])

    return CallsClient(
        HOST,
        TOKEN,
        dialect=Dialect.CURRENT,
        pace=pace,
        sleep=clock.sleep,
        now=clock.now,
        transport=httpx.MockTransport(answer),
    )


def test_no_second_has_more_requests_than_the_rate_allows() -> None:
    clock, seen = Clock(), list[float]()
    pace = Pace(4, clock.now)
    with client(pace, clock, seen) as one, client(pace, clock, seen) as other:
        for _ in range(10):
            one.jobs(["1"])
            other.jobs(["2"])
    assert len(seen) == 20
    assert all(sum(start <= at < start + 0.999 for at in seen) <= 4 for start in seen)
    assert clock.now_s == pytest.approx(19 / 4)


def test_threads_get_a_turn_each_and_no_two_the_same() -> None:
    pace, waits = Pace(10, lambda: 0.0), list[float]()
    with ThreadPoolExecutor(8) as pool:
        for _ in range(40):
            pool.submit(pace.wait, waits.append)
    assert sorted(waits) == pytest.approx([turn / 10 for turn in range(1, 40)])


def test_after_a_pause_there_is_no_burst() -> None:
    clock, waits = Clock(), list[float]()
    pace = Pace(2, clock.now)
    clock.now_s = 60
    for _ in range(3):
        pace.wait(waits.append)
    assert waits == [0.5, 1.0]


def test_an_intent_is_made_after_the_wait_so_that_its_request_is_sent_before_its_deadline() -> None:
    clock, seen = Clock(), list[float]()
    with client(Pace(0.01, clock.now), clock, seen) as slow:
        nothing: Any = None
        run = Run(slow, nothing, nothing, _ClockOf(clock), StopRequest(), Options(timeout_s=5), Tally())
        intent = run.intent("addPhones")
        for turn in range(3):
            intent = intent if turn == 0 else run.intent("addPhones")
            slow.add_phones(b"[]", intent.idempotence_key)
            assert seen[-1] == intent.created_ms / 1000 == turn * 100
            assert seen[-1] * 1000 < intent.deadline_ms
        again = run.intent_again(intent, recovers=1)
        assert again.deadline_ms == 305_000


class _ClockOf:
    """The clock as an apply sees it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now_s(self) -> float:
        """Seconds."""
        return self._clock.now_s

    def sleep(self, seconds: float) -> None:
        """Waits."""
        self._clock.sleep(seconds)


def test_a_run_that_is_asked_to_stop_does_not_wait_for_its_turn() -> None:
    clock, stop = Clock(), StopRequest()
    stop.ask()
    pace = Pace(0.01, clock.now)
    pace.wait(clock.sleep)
    with pytest.raises(Interrupted):
        pace.wait(stop.wait)
