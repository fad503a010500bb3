"""Time and the wish to stop, as things that can be handed in: tests run on a clock of their own."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from reconciler.errors import Interrupted

STOPPED = "stopped on request; what was sent is recorded, and applying again goes on from here"


class Clock(Protocol):
    """What time it is, and waiting."""

    def now_s(self) -> float:
        """Unix seconds."""

    def sleep(self, seconds: float) -> None:
        """Waits. Raises Interrupted when the run is asked to stop."""


class StopRequest:
    """Set by Ctrl-C or SIGTERM; looked at between requests, so that the one in flight is finished and recorded."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def ask(self) -> None:
        """Asks the run to stop."""
        self._event.set()

    @property
    def is_asked(self) -> bool:
        """Whether the run was asked to stop."""
        return self._event.is_set()

    def check(self) -> None:
        """Raises Interrupted when the run was asked to stop."""
        if self._event.is_set():
            raise Interrupted(STOPPED)

    def wait(self, seconds: float) -> None:
        """Waits, or raises Interrupted as soon as the run is asked to stop."""
        self._event.wait(seconds)
        self.check()


class SystemClock:
    """The machine's clock; waiting ends early when the run is asked to stop."""

    def __init__(self, stop: StopRequest) -> None:
        self._stop = stop

    def now_s(self) -> float:
        """Unix seconds."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Waits. Raises Interrupted when the run is asked to stop."""
        self._stop.wait(seconds)
