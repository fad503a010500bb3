"""Time zones as offsets: which ones hold between two moments, and when clocks change.

Moments are minutes since 1970 in UTC here. Every zone's offset has been whole minutes for as long as that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from reconciler.windows.week import DAY, WEEK

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
YEAR: Final = 366 * DAY
LAST: Final = 4_000_000_000  # far in the year 9575: what a calendar still has, with room for any offset
_MONDAY: Final = 4 * DAY  # 1970 began on a Thursday


class Stretch(NamedTuple):
    """Minutes from `since` to before `until` in which no clock changes, and the zones' offsets in them."""

    since: int
    until: int
    offsets: tuple[int, ...]  # minutes east of Greenwich, in the order of the zones


@lru_cache(maxsize=1024)
def zone_named(name: str) -> tzinfo:
    """The zone of an offset such as `+03:00`, of `Z`, or of an IANA name, all of them checked before."""
    if name == "Z":
        return UTC
    if name[:1] in ("+", "-"):
        shift = timedelta(hours=int(name[1:3]), minutes=int(name[4:6]))
        return timezone(-shift if name[0] == "-" else shift)
    return ZoneInfo(name)


def is_fixed(zone: tzinfo) -> bool:
    """Whether it is a bare offset, which says nothing of a place and never changes."""
    return isinstance(zone, timezone)


def minutes_of(moment: datetime) -> int:
    """The first minute that begins at `moment` (which knows its zone) or after it."""
    return -((EPOCH - moment) // timedelta(minutes=1))


def moment_of(minute: int) -> datetime:
    """When a minute begins, in UTC."""
    return EPOCH + timedelta(minutes=minute)


def minute_of_week(minute: int) -> int:
    """Which minute of the week (UTC, from Monday on) it is."""
    return (minute - _MONDAY) % WEEK


def offset_at(zone: tzinfo, minute: int) -> int:
    """Minutes that the zone's clocks are ahead of UTC."""
    shift = moment_of(min(minute, LAST)).astimezone(zone).utcoffset()
    return (shift or timedelta()) // timedelta(minutes=1)


def stretches(zones: Sequence[tzinfo], since: int, until: int) -> Iterator[Stretch]:
    """The time between two minutes, cut wherever the clocks of one of the zones change."""
    while since < until:
        ends = min([until, *(change for zone in zones if (change := next_change(zone, since)) is not None)])
        yield Stretch(since, ends, tuple(offset_at(zone, since) for zone in zones))
        since = ends


def next_change(zone: tzinfo, minute: int) -> int | None:
    """The first minute after this one at which the zone's clocks have changed; None: not within some years."""
    if is_fixed(zone) or minute >= LAST - 3 * YEAR:
        return None
    year = minute // YEAR
    return next((at for y in range(year, year + 3) for at in _changes(zone, y) if at > minute), None)


@lru_cache(maxsize=4096)
def _changes(zone: tzinfo, year: int) -> tuple[int, ...]:
    """The minutes at which the clocks change in the `year`th 366 days since 1970."""
    start = year * YEAR
    found: list[int] = []
    offset = offset_at(zone, start)
    for day in range(start, start + YEAR, DAY):
        after = offset_at(zone, day + DAY)
        if after != offset:
            found.append(_change_within(zone, day, day + DAY))
            offset = after
    return tuple(found)


def _change_within(zone: tzinfo, low: int, high: int) -> int:
    """The minute of the only change after `low` and up to `high`."""
    before = offset_at(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offset_at(zone, middle) == before else (low, middle)
    return high


@lru_cache(maxsize=4096)
def offsets_of_year(zone: tzinfo, year: int) -> frozenset[int]:
    """All offsets a zone has within the `year`th 366 days since 1970."""
    return frozenset(offset_at(zone, at) for at in (year * YEAR, *_changes(zone, year)))
