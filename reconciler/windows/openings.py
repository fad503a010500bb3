"""From a window and the zones of a person to openings: when a call may begin, and how many minutes are left for it.

A number may stand for several zones. Then only what is open by all of their clocks counts: a call at such a minute is
right wherever the person is. Without any known zone nothing is open.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Final, NamedTuple

import msgspec

from reconciler.windows.week import DAY, EVERY, NEVER, WEEK, Week
from reconciler.windows.window import Window
from reconciler.windows.zones import LAST, minute_of_week, minutes_of, moment_of, next_change, stretches, zone_named

HORIZON: Final = 366 * DAY + WEEK
"""Minutes after which nothing new can open: every week of a year, and every offset of a zone, have come by."""


class Opening(NamedTuple):
    """A time in which a call may begin, from (inclusive) to (exclusive), UTC."""

    since: datetime
    until: datetime


class Schedule(msgspec.Struct, frozen=True):
    """Hours by the clocks of zones, between two minutes since 1970."""

    week: Week
    zones: tuple[tzinfo, ...]
    start: int = 0
    finish: int = LAST

    def is_open(self, at: datetime) -> bool:
        """Whether a call may begin in the minute that begins at `at`."""
        minute = minutes_of(at)
        return next(self._spans(minute, minute + 1), None) is not None

    def open_minutes(self, since: datetime, until: datetime) -> int:
        """How many minutes that begin between the two moments are open."""
        return sum(end - start for start, end in self._spans(minutes_of(since), minutes_of(until)))

    def openings(self, since: datetime, until: datetime) -> Iterator[Opening]:
        """All openings between two moments, in order; none touches the next."""
        for start, end in self._spans(minutes_of(since), minutes_of(until)):
            yield Opening(moment_of(start), moment_of(end))

    def next_opening(self, at: datetime) -> datetime | None:
        """The first moment from `at` on at which a call may begin; None: never again."""
        first = max(minutes_of(at), self.start)
        found = next(self._spans(first, first + HORIZON), None)
        return None if found is None else moment_of(found[0])

    def never_opens(self, at: datetime) -> bool:
        """Whether there is no such moment."""
        return self.next_opening(at) is None

    def _spans(self, since: int, until: int) -> Iterator[tuple[int, int]]:
        """Open minutes between two, those that touch joined."""
        held: tuple[int, int] | None = None
        for start, end in self._pieces(max(since, self.start), min(until, self.finish)):
            if held and held[1] == start:
                held = (held[0], end)
                continue
            if held:
                yield held
            held = (start, end)
        if held:
            yield held

    def _pieces(self, since: int, until: int) -> Iterator[tuple[int, int]]:
        for stretch in stretches(self.zones, since, until) if self.zones else ():
            ahead = open_in_utc(self.week, stretch.offsets).later(-minute_of_week(stretch.since))
            spans = tuple(ahead.spans())
            for week in range(stretch.since, stretch.until, WEEK) if spans else ():
                for start, end in spans:
                    if week + start < stretch.until:
                        yield week + start, min(week + end, stretch.until)


def open_in_utc(week: Week, offsets: Sequence[int]) -> Week:
    """What is open by all clocks with these offsets at once, as minutes of the week in UTC."""
    found = EVERY if offsets else NEVER
    for offset in set(offsets):
        found &= week.later(-offset)
    return found


def schedule(window: Window, zones: Sequence[str], *, is_generous: bool = False) -> Schedule:
    """The schedule of a window for a person in any of these zones, the number's, unless the policy names one.

    On days that no policy narrows it is closed, or if generous, open.
    """
    known = tuple(map(zone_named, [window.zone] if window.zone else zones))
    week = window.week | window.unsaid if is_generous else window.week
    start, finish = limits(window, known)
    return Schedule(week, known, start, finish)


def limits(window: Window, zones: Sequence[tzinfo]) -> tuple[int, int]:
    """The minutes of a window's start and finish; without a zone of their own, those that hold in all the zones."""
    start = max(_minutes(window.start, zones), default=0)
    return start, min(_minutes(window.finish, zones), default=LAST)


def _minutes(moment: datetime | None, zones: Sequence[tzinfo]) -> list[int]:
    if moment is None:
        return []
    if moment.tzinfo is not None:
        return [minutes_of(moment)]
    return [minutes_of(moment.replace(tzinfo=zone)) for zone in zones]


def clock_changes(zones: Sequence[str], since: datetime, until: datetime) -> tuple[datetime, ...]:
    """When clocks change in any of these zones between two moments, in order: what a fixed offset does not follow."""
    found: set[datetime] = set()
    for zone in map(zone_named, zones):
        change = next_change(zone, minutes_of(since))
        while change is not None and change < minutes_of(until):
            found.add(moment_of(change))
            change = next_change(zone, change)
    return tuple(sorted(found))
