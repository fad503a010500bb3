"""When a call may begin in the coming days, by the clock of the person: a policy's hours as days of a calendar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final

from reconciler.explain.model import Clock, Hours, Window
from reconciler.windows.numbers import Origin
from reconciler.windows.openings import Opening, Schedule, clock_changes, schedule
from reconciler.windows.week import Week
from reconciler.windows.window import window_of
from reconciler.windows.zones import zone_named

DAYS: Final = 7
"""Days that are shown: every day of the week once."""


def hours_of(policy: Mapping[str, Any], origin: Origin, now: datetime) -> Window:
    """The window of a request's policy for a person of this origin, from the day of `now` on."""
    window = window_of(policy)
    zones = (window.zone,) if window.zone else origin.zones
    clock = Clock(zones, bool(window.zone), tuple(sorted(origin.countries)))
    start, finish = (policy.get(name, "") for name in ("startDateTime", "finishDateTime"))
    if not zones:
        return Window(clock, str(window.week), start=start, finish=finish)
    open_hours = schedule(window, zones)
    first, last = _outermost(zones, now)
    days = tuple(_days(open_hours, window.unsaid, (zone_named(first), zone_named(last)), now, is_one=first == last))
    opens, until = open_hours.next_opening(now), now + timedelta(days=DAYS)
    return Window(
        clock=clock,
        policy=str(window.week),
        days=days,
        first=first,
        last="" if first == last else last,
        start=start,
        finish=finish,
        opens=opens,
        opens_there=f"{opens.astimezone(zone_named(first)):%Y-%m-%d %H:%M}" if opens else "",
        is_open=open_hours.is_open(now),
        changes=clock_changes(zones, now, until),
    )


def _outermost(zones: Sequence[str], now: datetime) -> tuple[str, str]:
    """The zones whose clocks are behind and ahead of all others; the same one twice where all show the same."""
    ordered = sorted(zones, key=lambda zone: (_ahead(zone, now), zone))
    first, last = ordered[0], ordered[-1]
    return (first, first) if _ahead(first, now) == _ahead(last, now) else (first, last)


def _ahead(zone: str, now: datetime) -> timedelta:
    return now.astimezone(zone_named(zone)).utcoffset() or timedelta()


def _days(
    open_hours: Schedule, unsaid: Week, clocks: tuple[tzinfo, tzinfo], now: datetime, *, is_one: bool
) -> Iterator[Hours]:
    first, last = clocks
    today = now.astimezone(first).date()
    for day in (today + timedelta(days=at) for at in range(DAYS)):
        since, until = _midnight(day, first), _midnight(day + timedelta(days=1), first)
        openings = [*open_hours.openings(since, until)]
        yield Hours(
            day=day.isoformat(),
            spans=tuple(_span(each, first) for each in openings),
            by_last=() if is_one else tuple(_span(each, last) for each in openings),
            is_unsaid=day.weekday() in unsaid.days(),
        )


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _span(opening: Opening, zone: tzinfo) -> tuple[str, str]:
    since, until = (moment.astimezone(zone) for moment in opening)
    return f"{since:%H:%M}", f"{until:%H:%M}"  # no policy is open up to midnight: 23:59 is the last it can say
