"""When a number may be called."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone
from zoneinfo import ZoneInfo

from reconciler.sandbox.clock import parse_iso
from reconciler.sandbox.windows import ALL_DAY, ALL_WEEK, FOREVER_MS, Interval, Opening, Window

WORKDAYS_9_TO_17: tuple[tuple[Interval, ...], ...] = (((9 * 60, 17 * 60),),) * 5 + ((), ())


def opening(window: Window, at: str) -> tuple[int, int] | None:
    found = window.next_opening(parse_iso(at))
    return (found.opens_ms, found.closes_ms) if found else None


def between(begin: str, end: str) -> tuple[int, int]:
    return parse_iso(begin), parse_iso(end)


def test_a_window_without_limits_is_open_forever() -> None:
    assert Window(UTC).next_opening(5) == Opening(5, FOREVER_MS)


def test_in_the_middle_of_an_interval_it_is_open_until_its_end() -> None:
    expected = between("2024-01-01T10:30:00Z", "2024-01-01T17:00:00Z")
    assert opening(Window(UTC, WORKDAYS_9_TO_17), "2024-01-01T10:30:00Z") == expected


def test_an_interval_ends_before_its_last_minute() -> None:
    expected = between("2024-01-02T09:00:00Z", "2024-01-02T17:00:00Z")
    assert opening(Window(UTC, WORKDAYS_9_TO_17), "2024-01-01T17:00:00Z") == expected


def test_after_friday_comes_monday() -> None:
    expected = between("2024-01-08T09:00:00Z", "2024-01-08T17:00:00Z")
    assert opening(Window(UTC, WORKDAYS_9_TO_17), "2024-01-05T18:00:00Z") == expected


def test_the_same_weekday_comes_again_in_a_week() -> None:
    mondays: tuple[tuple[Interval, ...], ...] = (((540, 600),), (), (), (), (), (), ())
    expected = between("2024-01-08T09:00:00Z", "2024-01-08T10:00:00Z")
    assert opening(Window(UTC, mondays), "2024-01-01T12:00:00Z") == expected


def test_hours_are_local_time_summer_time_included() -> None:
    window = Window(ZoneInfo("America/New_York"), WORKDAYS_9_TO_17)
    assert opening(window, "2024-01-02T00:00:00Z") == between("2024-01-02T14:00:00Z", "2024-01-02T22:00:00Z")
    assert opening(window, "2024-07-02T00:00:00Z") == between("2024-07-02T13:00:00Z", "2024-07-02T21:00:00Z")


def test_the_day_is_the_local_one() -> None:
    window = Window(timezone(timedelta(hours=14)), WORKDAYS_9_TO_17)
    expected = between("2024-01-07T19:00:00Z", "2024-01-08T03:00:00Z")
    assert opening(window, "2024-01-06T00:00:00Z") == expected


def test_nothing_opens_before_the_start_or_after_the_finish() -> None:
    begin, end = between("2024-01-02T12:00:00Z", "2024-01-02T13:00:00Z")
    window = Window(UTC, WORKDAYS_9_TO_17, begin, end)
    assert opening(window, "2024-01-01T00:00:00Z") == (begin, end)
    assert opening(window, "2024-01-02T13:00:00Z") is None


def test_a_window_without_a_single_day_never_opens() -> None:
    assert opening(Window(UTC, ((),) * 7), "2024-01-01T00:00:00Z") is None


def test_a_whole_day_ends_at_midnight_when_the_next_is_not_allowed() -> None:
    week = (ALL_DAY, *((),) * 6)
    assert week != ALL_WEEK
    expected = between("2024-01-01T10:00:00Z", "2024-01-02T00:00:00Z")
    assert opening(Window(UTC, week), "2024-01-01T10:00:00Z") == expected
