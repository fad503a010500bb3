"""Openings, against an oracle that looks at every minute by the clock on the wall."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.windows.openings import Opening, Schedule, clock_changes, schedule
from reconciler.windows.week import DAY, NEVER, Week
from reconciler.windows.window import Window, window_of
from reconciler.windows.zones import minute_of_week, minutes_of, moment_of, next_change, offsets_of_year, zone_named

MINUTE = timedelta(minutes=1)
ZONES = (
    "America/New_York",
    "America/Phoenix",
    "America/Denver",
    "Australia/Broken_Hill",
    "Australia/Lord_Howe",  # its clocks change by half an hour
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "+05:30",
    "-18:00",
    "Z",
)
# Two days around changes of clocks: America in spring and autumn, Australia in autumn and spring, and none.
DAYS = tuple(
    datetime(*date, tzinfo=UTC)
    for date in ((2030, 3, 9), (2030, 11, 2), (2030, 4, 6), (2030, 10, 5), (2030, 6, 30), (2029, 12, 31))
)


def by_the_clock(week: Week, zone: tzinfo, at: datetime) -> bool:
    local = at.astimezone(zone)
    return local.weekday() * DAY + local.hour * 60 + local.minute in week


def daily(start: str, end: str, **more: Any) -> Window:
    return window_of({"allowedTime": {"default": [{"localTimeFrom": start, "localTimeTo": end}]}} | more)


@st.composite
def weeks(draw: st.DrawFn) -> Week:
    edges = sorted(draw(st.lists(st.integers(0, 96), min_size=2, max_size=6, unique=True)))
    days = draw(st.sets(st.integers(0, 6), min_size=1))
    spans = list(zip(edges[::2], edges[1::2], strict=False))
    return Week.of((day * DAY + start * 15, day * DAY + end * 15) for day in days for start, end in spans)


@given(
    weeks(),
    st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True),
    st.sampled_from(DAYS),
    st.integers(0, DAY),
    st.integers(0, 2 * DAY),
)
def test_every_minute_is_open_when_it_is_by_all_clocks(
    week: Week, names: list[str], day: datetime, start: int, length: int
) -> None:
    zones = tuple(map(zone_named, names))
    since = day + start * MINUTE
    until = since + length * MINUTE
    open_at = [
        since + n * MINUTE for n in range(length) if all(by_the_clock(week, zone, since + n * MINUTE) for zone in zones)
    ]
    made = Schedule(week, zones)
    openings = list(made.openings(since, until))
    assert made.open_minutes(since, until) == len(open_at)
    assert [o.since + n * MINUTE for o in openings for n in range((o.until - o.since) // MINUTE)] == open_at
    assert all(one.until < other.since for one, other in pairwise(openings))
    assert made.is_open(since) == (bool(length) and since in open_at) or not length
    if open_at:
        assert made.next_opening(since) == open_at[0]


@given(st.sampled_from(ZONES), st.integers(31 * 366 * DAY, 70 * 366 * DAY))
def test_between_two_changes_no_clock_changes(name: str, minute: int) -> None:
    zone = zone_named(name)
    change = next_change(zone, minute)
    if change is None:
        assert len(offsets_of_year(zone, minute // (366 * DAY))) == 1
        return
    before, after = (moment_of(m).astimezone(zone).utcoffset() for m in (change - 1, change))
    assert before != after
    assert moment_of(minute).astimezone(zone).utcoffset() == before


def test_minutes_are_counted_from_those_that_begin() -> None:
    assert minutes_of(datetime(1970, 1, 1, 0, 1, tzinfo=UTC)) == 1
    assert minutes_of(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)) == 1
    assert minute_of_week(minutes_of(datetime(2030, 1, 7, 0, 5, tzinfo=UTC))) == 5  # a Monday


@pytest.mark.parametrize(
    ("name", "day", "minutes"),
    [
        ("America/New_York", "2030-03-10", 60),  # from 2:00 it is 3:00
        ("America/New_York", "2030-11-03", 180),  # 1:00 to 2:00 comes twice
        ("America/Phoenix", "2030-03-10", 120),
        ("Europe/Berlin", "2030-03-31", 60),
        ("Australia/Lord_Howe", "2030-10-06", 90),
    ],
)
def test_an_hour_that_is_skipped_is_not_open_and_one_that_comes_twice_is_open_twice(
    name: str, day: str, minutes: int
) -> None:
    zone = zone_named(name)
    midnight = datetime.fromisoformat(day).replace(tzinfo=zone)
    made = schedule(daily("01:00", "03:00"), [name])
    assert made.open_minutes(midnight, midnight + timedelta(days=1)) == minutes


def test_a_person_in_one_of_several_zones_is_called_only_when_it_is_right_in_all_of_them() -> None:
    made = schedule(daily("09:00", "20:00"), ["America/New_York", "America/Los_Angeles"])
    monday = datetime(2030, 6, 3, tzinfo=UTC)
    assert [*made.openings(monday + timedelta(hours=12), monday + timedelta(days=1))] == [
        Opening(datetime(2030, 6, 3, 16, tzinfo=UTC), datetime(2030, 6, 4, 0, tzinfo=UTC))
    ]


def test_the_zone_of_a_policy_goes_before_those_of_the_number() -> None:
    made = schedule(daily("09:00", "20:00", gmtZone="+03:00"), ["America/New_York"])
    assert made.next_opening(datetime(2030, 6, 3, tzinfo=UTC)) == datetime(2030, 6, 3, 6, tzinfo=UTC)


def test_a_number_of_no_known_zone_is_never_called() -> None:
    made = schedule(daily("00:00", "23:59"), [])
    now = datetime(2030, 6, 3, tzinfo=UTC)
    assert made.never_opens(now)
    assert made.open_minutes(now, now + timedelta(days=9)) == 0
    assert not made.is_open(now)


def test_start_and_finish_cut_openings_by_the_policys_clock_when_they_have_none_of_their_own() -> None:
    window = daily(
        "09:00", "20:00", gmtZone="+03:00", startDateTime="2030-06-03T10:30:00", finishDateTime="2030-06-04T09:00:01Z"
    )
    made = schedule(window, [])
    june = datetime(2030, 6, 1, tzinfo=UTC)
    assert [*made.openings(june, june + timedelta(days=30))] == [
        Opening(datetime(2030, 6, 3, 7, 30, tzinfo=UTC), datetime(2030, 6, 3, 17, tzinfo=UTC)),
        Opening(datetime(2030, 6, 4, 6, tzinfo=UTC), datetime(2030, 6, 4, 9, 1, tzinfo=UTC)),
    ]


def test_of_several_zones_the_narrowest_start_and_finish_hold() -> None:
    window = daily("00:00", "23:59", startDateTime="2030-06-03T12:00:00", finishDateTime="2030-06-03T20:00:00")
    made = schedule(window, ["America/New_York", "America/Los_Angeles"])
    june = datetime(2030, 6, 1, tzinfo=UTC)
    (opening,) = made.openings(june, june + timedelta(days=30))
    assert opening == Opening(datetime(2030, 6, 3, 19, tzinfo=UTC), datetime(2030, 6, 4, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    "window",
    [
        daily("09:00", "20:00", finishDateTime="2030-06-03T00:00:00Z"),
        daily(
            "09:00", "20:00", allowedDays=["mon"], startDateTime="2030-06-08T00:00Z", finishDateTime="2030-06-09T00:00Z"
        ),
        Window(NEVER, Week.of_days(range(7))),
    ],
    ids=["finished", "another day of the week", "no hours at all"],
)
def test_what_never_opens_is_known_before_anybody_waits_for_it(window: Window) -> None:
    assert schedule(window, ["America/New_York"]).never_opens(datetime(2030, 6, 3, 12, tzinfo=UTC))


def test_a_start_far_away_is_waited_for() -> None:
    made = schedule(daily("09:00", "20:00", startDateTime="2040-01-02T00:00:00Z"), ["Europe/London"])
    assert made.next_opening(datetime(2030, 6, 3, 12, tzinfo=UTC)) == datetime(2040, 1, 2, 9, tzinfo=UTC)


def test_days_without_hours_are_closed_or_generously_open() -> None:
    window, now = window_of({"allowedDays": ["mon"]}), datetime(2030, 6, 3, 12, tzinfo=UTC)
    assert not schedule(window, ["Europe/London"]).is_open(now)
    assert schedule(window, ["Europe/London"], is_generous=True).is_open(now)


def test_changes_of_clocks_are_named_by_their_minute() -> None:
    year = datetime(2030, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
    assert clock_changes(["America/New_York", "America/Phoenix", "Europe/Berlin"], *year) == (
        datetime(2030, 3, 10, 7, tzinfo=UTC),
        datetime(2030, 3, 31, 1, tzinfo=UTC),
        datetime(2030, 10, 27, 1, tzinfo=UTC),
        datetime(2030, 11, 3, 6, tzinfo=UTC),
    )
    assert clock_changes(["+03:00", "America/Phoenix"], *year) == ()


def test_the_end_of_the_calendar_is_no_error() -> None:
    made = schedule(daily("09:00", "20:00", finishDateTime="9999-12-31T23:59:59Z"), ["America/New_York"])
    assert made.next_opening(datetime(2030, 6, 3, tzinfo=UTC)) == datetime(2030, 6, 3, 13, tzinfo=UTC)
    assert next_change(zone_named("America/New_York"), minutes_of(datetime(9990, 1, 1, tzinfo=UTC))) is None
