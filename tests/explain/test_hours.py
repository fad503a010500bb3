"""When a call may begin in the coming days, by the clock of the person."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from reconciler.explain.hours import hours_of
from reconciler.explain.model import Window
from reconciler.windows.numbers import Origin
from tests.explain.scene import NOW

OFFICE: Any = {"allowedTime": {"default": [{"localTimeFrom": "10:00", "localTimeTo": "18:00"}]}}


def window(*zones: str, now: datetime = NOW, **policy: Any) -> Window:
    """The window of a policy for a number of these zones."""
    return hours_of(policy, Origin(zones, frozenset()), now)


def spans(of: Window) -> list[str]:
    """The hours of each day, as text."""
    return [" ".join(f"{start}-{end}" for start, end in day.spans) for day in of.days]


def test_a_week_is_shown_from_the_persons_today_on() -> None:
    found = window("Asia/Tokyo", allowedDays=["fri", "sun"], **OFFICE)
    assert [day.day for day in found.days][:2] == ["2030-03-08", "2030-03-09"]  # there it is Friday already
    assert spans(found) == ["10:00-18:00", "", "10:00-18:00", "", "", "", ""]
    assert (found.is_open, found.opens_there) == (False, "2030-03-08 10:00")


def test_hours_that_are_open_by_all_clocks_are_shown_by_the_first_and_the_last() -> None:
    found = window("America/New_York", "America/Los_Angeles", "America/Detroit", **OFFICE)
    assert (found.first, found.last) == ("America/Los_Angeles", "America/New_York")
    assert spans(found)[0] == "10:00-15:00"
    assert found.days[0].by_last == (("13:00", "18:00"),)


def test_zones_whose_clocks_show_the_same_are_one_clock() -> None:
    found = window("America/New_York", "America/Detroit", **OFFICE)
    assert (found.first, found.last) == ("America/Detroit", "")
    assert found.days[0].by_last == ()


def test_the_zone_of_a_policy_wins_over_that_of_the_number() -> None:
    found = window("America/New_York", gmtZone="Z", **OFFICE)
    assert (found.clock.zones, found.clock.is_said) == (("Z",), True)


def test_a_day_that_no_policy_speaks_of_is_neither_open_nor_closed() -> None:
    found = window("America/New_York", allowedDays=["mon"])
    assert [day.is_unsaid for day in found.days] == [False, False, False, False, True, False, False]
    assert spans(found) == [""] * 7


def test_without_any_zone_no_day_is_shown() -> None:
    found = window(**OFFICE)
    assert (found.days, found.opens, found.policy) == ((), None, "Mon–Sun 10:00–18:00")


def test_nothing_opens_after_the_finish_or_before_the_start() -> None:
    found = window("Europe/Berlin", startDateTime="2030-03-09T12:00", finishDateTime="2030-03-11T11:00", **OFFICE)
    assert spans(found) == ["", "", "12:00-18:00", "10:00-18:00", "10:00-11:00", "", ""]
    assert (found.start, found.finish) == ("2030-03-09T12:00", "2030-03-11T11:00")


def test_a_window_that_is_over_never_opens_again() -> None:
    found = window("Europe/Berlin", finishDateTime="2030-03-01T00:00:00Z", **OFFICE)
    assert (found.opens, found.opens_there, found.is_open) == (None, "", False)


def test_changes_of_clocks_in_these_days_are_named() -> None:
    found = window("America/New_York", **OFFICE)
    assert found.changes == (datetime(2030, 3, 10, 7, tzinfo=UTC),)
