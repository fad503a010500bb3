"""Ctrl-C and SIGTERM: the first finishes the request in flight and records it, the second ends the process at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import Any

from reconciler.apply.clock import StopRequest

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
Handler = Callable[[int, FrameType | None], Any] | int | None


@contextmanager
def stopping_cleanly(
    stop: StopRequest, say: Callable[[str], None]
) -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Within the block, a first signal only asks `stop`.

    Yields a context in which signals end the process as usual: for waiting on a person, when nothing is in flight.
    """

    def ask(_: int, __: FrameType | None) -> None:
        for each in _SIGNALS:  # both: a scheduler's SIGTERM after somebody's Ctrl-C is a second one too
            signal.signal(each, signal.SIG_DFL)
        stop.ask()
        say("finishing the request in flight; once more stops at once")

    usual: dict[int, Handler] = {number: signal.getsignal(number) for number in _SIGNALS}
    with _handled(dict.fromkeys(_SIGNALS, ask)):
        yield lambda: _handled(usual)


@contextmanager
def _handled(handlers: Mapping[int, Handler]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
