"""The sandbox's own time.

Calls take minutes and retries take hours, so the sandbox lives on a virtual clock that runs `speed` times as
fast as the real one and can be pushed forward by hand. Everything a client sees (times in reports, the `Date`
header) is this clock's time, so that the sandbox looks like one consistent server whose clock happens to run
fast. It never goes backwards.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime


class Clock:
    """Virtual milliseconds since 1970; `speed` is virtual seconds per real second, 0 = moved only by `advance`."""

    def __init__(self, start_ms: int, speed: float, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        if not 0 <= speed < float("inf"):
            raise ValueError("speed must be 0 or more virtual seconds per real second")
        self.speed = speed
        self._start_ms = start_ms
        self._monotonic = monotonic
        self._started_s = monotonic()

    def now_ms(self) -> int:
        """The virtual time in milliseconds since 1970."""
        return self._start_ms + int((self._monotonic() - self._started_s) * self.speed * 1000)

    def advance(self, seconds: float) -> int:
        """The virtual time after pushing the clock forward; ValueError for less than 0 seconds."""
        if not 0 <= seconds < float("inf"):
            raise ValueError("the clock only goes forward: give 0 or more seconds")
        self._start_ms += int(seconds * 1000)
        return self.now_ms()


def real_now_ms() -> int:
    """The real time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def iso(at_ms: int) -> str:
    """ISO 8601 in UTC with milliseconds: `2023-08-02T20:08:44.166Z`."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def http_date(at_ms: int) -> str:
    """The date format of HTTP headers, cut to whole seconds: `Wed, 02 Aug 2023 20:08:44 GMT`."""
    return format_datetime(datetime.fromtimestamp(at_ms // 1000, UTC), usegmt=True)


def parse_iso(text: str) -> int:
    """Milliseconds since 1970 of an ISO 8601 date-time (UTC without an offset); ValueError when it is none.

    Years outside 1970 to 9000 are refused: past them the arithmetic of time zones overflows.
    """
    moment = datetime.fromisoformat(text) if "T" in text.upper() else None
    if moment is None or not 1970 <= moment.year <= 9000:
        raise ValueError("not an ISO 8601 date-time of our time")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)
