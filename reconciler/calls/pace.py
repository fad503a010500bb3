"""A limit on requests per second, for servers that have one and do not say so."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pace:
    """Spaces requests evenly. May be shared by clients and threads; `rate` is in requests per second, above 0."""

    def __init__(self, rate: float, now: Callable[[], float] = time.monotonic) -> None:
        self._interval_s, self._now = 1 / rate, now
        self._next_s = now()
        self._turn = threading.Lock()

    def wait(self, sleep: Callable[[float], None]) -> None:
        """Waits by `sleep` until the next request may be sent. What `sleep` raises ends the waiting."""
        with self._turn:
            now_s = self._now()
            at_s = max(self._next_s, now_s)
            self._next_s = at_s + self._interval_s
        if at_s > now_s:
            sleep(at_s - now_s)
