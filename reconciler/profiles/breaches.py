"""Whether calls of one policy to people of one origin can keep a rule; all in which they cannot.

The server decides in which of a number's zones a policy's hours are meant, and the person may be in any of them. So a
call may begin whenever the hours are open in one of the zones, and it has to be allowed in all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from functools import reduce
from operator import or_
from typing import Any, Final, NamedTuple

import msgspec

from reconciler.manifest.profile import Cap
from reconciler.profiles.rules import Rule, days_off, period_minutes, year_of
from reconciler.windows.numbers import Origin, zones_of_code
from reconciler.windows.week import DAY, NEVER, Week
from reconciler.windows.window import Window, window_of
from reconciler.windows.zones import (
    YEAR,
    Stretch,
    is_fixed,
    minute_of_week,
    minutes_of,
    offsets_of_year,
    stretches,
    zone_named,
)

FORESEEN: Final = 14 * DAY
"""Minutes that are looked at where no policy says when calls end: long enough to act on what is found."""

_HOUR: Final = 60
_FARTHEST: Final = 14 * _HOUR  # a clock may be so far from UTC: a moment without a zone is that uncertain


class Kind(StrEnum):
    """What may be wrong."""

    HOURS = "hours"  # calls may begin outside of the hours
    ZONES = "zones"  # they may, because nobody knows in which zone a person is
    UNSAID = "unsaid"  # no policy says the hours
    HOLIDAY = "holiday"  # calls may begin on a holiday
    CLOCKS = "clocks"  # a fixed offset does not follow the clocks of where people are
    NO_ZONE = "no-zone"  # nobody knows what time it is there
    ABROAD = "abroad"  # gmtZone is the time of none of the rule's countries
    ATTEMPTS = "attempts"  # more calls than allowed
    UNCOUNTED = "uncounted"  # no policy says how many calls
    UNCOVERED = "uncovered"  # a number that none of the campaign's profiles is about


class Breach(msgspec.Struct, frozen=True):
    """One thing that is wrong. Breaches of one kind and cap are joined into one."""

    kind: Kind
    week: Week = NEVER  # by the clock of the person called
    items: frozenset[str] = frozenset()  # holidays, zones or countries
    cap: Cap | None = None
    zones: int = 1  # how many one number may be in, at most
    count: int = 0  # calls that may be tried, at most

    def joined(self, other: Breach) -> Breach:
        """Both as one."""
        return msgspec.structs.replace(
            self,
            week=self.week | other.week,
            items=self.items | other.items,
            zones=max(self.zones, other.zones),
            count=max(self.count, other.count),
        )


class Terms(NamedTuple):
    """What a policy says of time and attempts."""

    window: Window
    attempts: int | None = None
    retry: int | None = None  # minutes


def terms_of(policy: Mapping[str, Any]) -> Terms:
    """The terms of a merged policy in API names."""
    return Terms(window_of(policy), policy.get("maxAttempts"), policy.get("retryIntervalInMinutes"))


class Period(NamedTuple):
    """Minutes in which the calls of a policy may begin, whole hours."""

    since: int
    until: int


def period_of(window: Window, now: int) -> Period:
    """From now or the start, to the finish or as far as is foreseen, and never longer than a year.

    A moment without a zone is taken as the earliest or latest it may be.
    """
    start = now if window.start is None else max(now, _minute(window.start, -_FARTHEST))
    finish = start + FORESEEN if window.finish is None else _minute(window.finish, _FARTHEST)
    return Period(start - start % _HOUR, min(-(-finish // _HOUR) * _HOUR, start + YEAR))


def _minute(moment: datetime, doubt: int) -> int:
    is_sure = moment.tzinfo is not None
    return minutes_of(moment) if is_sure else minutes_of(moment.replace(tzinfo=UTC)) + doubt


def breaches(rule: Rule, terms: Terms, origin: Origin, period: Period) -> Iterator[Breach]:
    """All that is wrong with the calls of these terms to people of this origin within the period."""
    if period.since >= period.until:
        return  # nobody is called any more
    yield from _of_caps(rule, terms)
    if rule.has_hours:
        yield from _of_hours(rule, terms.window, origin, period)


def is_about(rule: Rule, origin: Origin) -> bool:
    """Whether a number of this origin may be one that the rule is about."""
    return not rule.countries or not origin.countries or not rule.countries.isdisjoint(origin.countries)


def _of_caps(rule: Rule, terms: Terms) -> Iterator[Breach]:
    for cap in rule.caps:
        most = worst(terms, period_minutes(cap.per))
        if not cap.calls:
            continue
        if most is None:
            yield Breach(Kind.UNCOUNTED, cap=cap)
        elif most > cap.calls:
            yield Breach(Kind.ATTEMPTS, cap=cap, count=most)


def worst(terms: Terms, period: int) -> int | None:
    """The most calls that may be tried within so many minutes; None when no policy limits them.

    `maxAttempts` may or may not count the first call: that is not documented, so there may be one more.
    """
    by_number = None if terms.attempts is None else terms.attempts + 1
    by_pause = None if terms.retry is None else -(-period // terms.retry)
    return min((most for most in (by_number, by_pause) if most is not None), default=None)


def _of_hours(rule: Rule, window: Window, origin: Origin, period: Period) -> Iterator[Breach]:
    if window.zone:
        zone = zone_named(window.zone)
        if _is_abroad(zone, rule, period):
            yield Breach(Kind.ABROAD, items=frozenset([window.zone]))
        people: tuple[tzinfo, ...] = (zone,)
        meant = people
    else:
        people = meant = tuple(map(zone_named, origin.zones))
    if not people:
        yield Breach(Kind.NO_ZONE)
        return
    if unsaid := window.unsaid & _reach(period):
        yield Breach(Kind.UNSAID, week=unsaid)
    outside = reduce(or_, (_outside(rule.week, window.week, (zone,), (zone,), period) for zone in people))
    if outside:
        yield Breach(Kind.HOURS, week=outside)
    if elsewhere := _outside(rule.week, window.week, meant, people, period) - outside:
        yield Breach(Kind.ZONES, week=elsewhere, zones=len(people))
    if rule.holidays and (days := _holidays(rule, window.week, meant, people, period)):
        yield Breach(Kind.HOLIDAY, items=days)
    if is_fixed(meant[0]):
        yield from _of_clocks(rule, window, origin, period, outside)


def _of_clocks(rule: Rule, window: Window, origin: Origin, period: Period, outside: Week) -> Iterator[Breach]:
    """A person with a fixed offset is in one of the number's zones that have it at some time of the year."""
    fixed = zone_named(window.zone)
    (offset,) = offsets_of_year(fixed, 0)
    zones = [name for name in origin.zones if offset in offsets_of_year(zone_named(name), period.since // YEAR)]
    drifted = _outside(rule.week, window.week, (fixed,), [zone_named(name) for name in zones], period) - outside
    if drifted:
        yield Breach(Kind.CLOCKS, week=drifted, items=frozenset([window.zone]))


def _is_abroad(zone: tzinfo, rule: Rule, period: Period) -> bool:
    """Whether clocks in none of the rule's countries ever show what this zone's show in a year."""
    year = period.since // YEAR
    names = {name for country in rule.countries for name in zones_of_code(country)}
    there = {offset for name in names for offset in offsets_of_year(zone_named(name), year)}
    return bool(there) and not there.issuperset(offsets_of_year(zone, year))


def _reach(period: Period) -> Week:
    """The minutes of the week that come by within a period, by any clock."""
    return Week.of_time(
        minute_of_week(period.since) - _FARTHEST,
        minute_of_week(period.since) + (period.until - period.since) + _FARTHEST,
    )


def _begins(week: Week, stretch: Stretch, offsets: Sequence[int]) -> Week:
    """When calls may begin in a stretch, if hours are meant by one of these clocks, in UTC."""
    found = NEVER
    for offset in set(offsets):
        found |= week.later(-offset)
    since = minute_of_week(stretch.since)
    return found & Week.of_time(since, since + stretch.until - stretch.since)


def _outside(allowed: Week, week: Week, meant: Sequence[tzinfo], people: Sequence[tzinfo], period: Period) -> Week:
    """When calls may begin though it is not allowed, by the clocks of the people."""
    found = NEVER
    for stretch in stretches((*meant, *people), *period):
        begins = _begins(week, stretch, stretch.offsets[: len(meant)])
        for offset in set(stretch.offsets[len(meant) :]):
            found |= begins.later(offset) - allowed
    return found


def _holidays(
    rule: Rule, week: Week, meant: Sequence[tzinfo], people: Sequence[tzinfo], period: Period
) -> frozenset[str]:
    """The holidays on which calls may begin though it is not allowed."""
    found: set[str] = set()
    for stretch in stretches((*meant, *people), *period):
        begins = _begins(week, stretch, stretch.offsets[: len(meant)])
        for offset in set(stretch.offsets[len(meant) :]):
            wrong = begins.later(offset) - rule.holiday
            found.update(_on_days_off(rule, wrong, stretch.since + offset, stretch.until + offset))
    return frozenset(found)


def _on_days_off(rule: Rule, wrong: Week, since: int, until: int) -> Iterator[str]:
    """The holidays between two minutes of a clock that have any of these minutes of the week."""
    if rule.holidays is None or not wrong:
        return
    country, part = rule.holidays.country, rule.holidays.subdivision or ""
    for year in range(year_of(since // DAY), year_of((until - 1) // DAY) + 1):
        for day, name in days_off(country, part, year):
            start, end = max(since, day * DAY), min(until, (day + 1) * DAY)
            at = minute_of_week(start)
            if start < end and wrong & Week.of_time(at, at + end - start):
                yield name
