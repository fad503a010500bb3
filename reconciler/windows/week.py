"""Minutes of a week as a set: one bit each, so that hours are cut, joined and moved to another zone in microseconds.

Minute 0 is Monday 00:00. Which clock they are on (a zone's, or UTC) is known to whoever holds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

import msgspec

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY: Final = 24 * 60
WEEK: Final = 7 * DAY

_ALL: Final = (1 << WEEK) - 1

Span = tuple[int, int]
"""Minutes, from (inclusive) to (exclusive)."""


class Week(msgspec.Struct, frozen=True):
    """A set of minutes of a week."""

    bits: int = 0

    @classmethod
    def of(cls, spans: Iterable[Span]) -> Week:
        """All minutes of these spans, which lie within 0 to WEEK."""
        bits = 0
        for start, end in spans:
            bits |= (1 << end) - (1 << start)
        return cls(bits)

    @classmethod
    def of_days(cls, days: Iterable[int]) -> Week:
        """The whole of these days, 0 for Monday."""
        return cls.of((day * DAY, (day + 1) * DAY) for day in days)

    @classmethod
    def of_time(cls, since: int, until: int) -> Week:
        """The minutes of the week that come by between two minutes counted from any Monday 00:00."""
        return EVERY if until - since >= WEEK else cls.of([(0, max(0, until - since))]).later(since)

    def __bool__(self) -> bool:
        return self.bits != 0

    def __len__(self) -> int:
        return self.bits.bit_count()

    def __contains__(self, minute: int) -> bool:
        return bool(self.bits >> minute & 1)

    def __and__(self, other: Week) -> Week:
        return Week(self.bits & other.bits)

    def __or__(self, other: Week) -> Week:
        return Week(self.bits | other.bits)

    def __sub__(self, other: Week) -> Week:
        return Week(self.bits & ~other.bits)

    def later(self, minutes: int) -> Week:
        """All of it so many minutes later (earlier if negative); what leaves the week comes in at its other end."""
        by = minutes % WEEK
        return Week(((self.bits << by) | (self.bits >> (WEEK - by))) & _ALL) if by else self

    def spans(self) -> Iterator[Span]:
        """What it is made of, in order, none touching the next."""
        bits, at = self.bits, 0
        while bits:
            gap = (bits & -bits).bit_length() - 1
            bits >>= gap
            at += gap
            length = (~bits & (bits + 1)).bit_length() - 1
            yield at, at + length
            bits >>= length
            at += length

    def days(self) -> tuple[int, ...]:
        """The days that have any of it, 0 for Monday."""
        return tuple(day for day in range(7) if self & _DAYS[day])

    def of_day(self, day: int) -> tuple[Span, ...]:
        """What there is of a day, in minutes since its midnight."""
        return tuple((start - day * DAY, end - day * DAY) for start, end in (self & _DAYS[day]).spans())

    def __str__(self) -> str:
        """For people: `Mon–Fri 8:00–22:00, Sat–Sun 9:00–20:00`; days that have none are left out."""
        runs = groupby(range(7), key=self.of_day)
        return ", ".join(f"{_run(list(days))} {hours_text(hours)}" for hours, days in runs if hours) or "never"

    def __repr__(self) -> str:
        return f"Week({self})"


NEVER: Final = Week()
EVERY: Final = Week(_ALL)
_DAYS: Final = tuple(Week.of_days([day]) for day in range(7))


def hours_text(spans: Iterable[Span]) -> str:
    """Spans of one day: `10:00–13:00 and 14:00–20:00`."""
    return " and ".join(f"{_time(start)}–{_time(end)}" for start, end in spans)


def _time(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02}"


def days_text(days: Sequence[int]) -> str:
    """Days in order, those that follow each other as one: `Mon–Fri, Sun`."""
    runs = groupby(enumerate(days), key=lambda each: each[1] - each[0])
    return ", ".join(_run([day for _, day in run]) for _, run in runs)


def _run(days: list[int]) -> str:
    names = [DAYS[day].capitalize() for day in days]
    return names[0] if len(names) == 1 else f"{names[0]}–{names[-1]}"
