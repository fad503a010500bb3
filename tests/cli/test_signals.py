"""Signals during an apply: the first asks, the second ends; and nothing stays changed afterwards."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from reconciler.apply.clock import StopRequest
from reconciler.cli.signals import stopping_cleanly
from reconciler.errors import Interrupted

BOTH = pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Those of a shell's foreground: in the background Ctrl-C is ignored. Puts the ones back that pytest needs."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@BOTH
def test_the_first_signal_asks_to_stop_and_says_so(sent: signal.Signals) -> None:
    stop, said = StopRequest(), list[str]()
    with stopping_cleanly(stop, said.append):
        stop.check()
        signal.raise_signal(sent)
        with pytest.raises(Interrupted):
            stop.check()
    assert said == ["finishing the request in flight; once more stops at once"]


@BOTH
def test_after_the_first_signal_either_ends_the_process(sent: signal.Signals) -> None:
    with stopping_cleanly(StopRequest(), lambda _: None):
        signal.raise_signal(sent)
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == [signal.SIG_DFL] * 2


def test_while_somebody_is_asked_signals_work_as_usual() -> None:
    stop = StopRequest()
    with stopping_cleanly(stop, lambda _: None) as asking, asking():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        stop.check()


def test_afterwards_the_handlers_are_those_of_before() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with stopping_cleanly(StopRequest(), lambda _: None) as asking, asking():
        pass
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
