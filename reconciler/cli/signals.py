"""Ctrl-C and SIGTERM: the first finishes the request in flight and records it, the second ends the process at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import Any

from reconciler.apply.clock import StopRequest
from reconciler.phones.watch import Watch


class Stoppable:
    """A watch that ends a long reading when the run is asked to stop."""

    def __init__(self, watch: Watch, stop: StopRequest) -> None:
        self._watch, self._stop = watch, stop

    def start(self, label: str, total: int | None) -> None:
        """Something begins."""
        self._watch.start(label, total)

    def advance(self, n: int = 1) -> None:
        """So much more is done. Raises Interrupted when the run is asked to stop."""
        self._stop.check()
        self._watch.advance(n)


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
def answering() -> Iterator[None]:
    """Within the block either signal raises KeyboardInterrupt: for waiting on a person while others are at work."""
    with _handled(dict.fromkeys(_SIGNALS, signal.default_int_handler)):
        yield


@contextmanager
def _handled(handlers: Mapping[int, Handler]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
