"""When a number may be called: days and hours in somebody's local time, between a start and a finish."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo

import msgspec

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FOREVER_MS = 1 << 60

Interval = tuple[int, int]
"""Minutes since local midnight, from (inclusive) to (exclusive)."""

ALL_DAY: tuple[Interval, ...] = ((0, 24 * 60),)
ALL_WEEK = (ALL_DAY,) * 7


class Opening(msgspec.Struct, frozen=True):
    """One stretch of time in which a call may start: from (inclusive) to (exclusive), milliseconds since 1970."""

    opens_ms: int
    closes_ms: int


class Window(msgspec.Struct, frozen=True):
    """Intervals for each weekday (Monday first) in `zone`, within `[from_ms, until_ms)`."""

    zone: tzinfo
    week: tuple[tuple[Interval, ...], ...] = ALL_WEEK
    from_ms: int = 0
    until_ms: int = FOREVER_MS

    def next_opening(self, at_ms: int) -> Opening | None:
        """The opening at `at_ms` or the first one after it; `opens_ms` is never before `at_ms`. None: never again."""
        at_ms = max(at_ms, self.from_ms)
        opening = Opening(at_ms, FOREVER_MS) if self.week == ALL_WEEK else self._in_the_week_from(at_ms)
        if opening is None or opening.opens_ms >= self.until_ms:
            return None
        return Opening(opening.opens_ms, min(opening.closes_ms, self.until_ms))

    def _in_the_week_from(self, at_ms: int) -> Opening | None:
        today = datetime.fromtimestamp(at_ms / 1000, self.zone).date()
        # Eight days: today's weekday comes again in a week, when all that is left of it lies before this minute.
        for day in (today + timedelta(days=n) for n in range(8)):
            for begin, end in self.week[day.weekday()]:
                closes_ms = self._moment_ms(day, end)
                if at_ms < closes_ms:
                    return Opening(max(at_ms, self._moment_ms(day, begin)), closes_ms)
        return None

    def _moment_ms(self, day: date, minute: int) -> int:
        midnight = datetime.combine(day, time(), self.zone)
        return int((midnight + timedelta(minutes=minute)).timestamp() * 1000)
