"""What a merged policy says of time, and what it leaves to settings nobody can see."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.windows.week import DAY, EVERY, NEVER, Week
from reconciler.windows.window import Window, ignored_days, window_of

TEN_TO_SIX = [{"localTimeFrom": "10:00", "localTimeTo": "18:00"}]
NIGHT = [{"localTimeFrom": "22:15", "localTimeTo": "23:59"}]


def of_days(*days: int, start: int = 600, end: int = 1080) -> Week:
    return Week.of((day * DAY + start, day * DAY + end) for day in days)


@pytest.mark.parametrize(
    ("policy", "week", "unsaid"),
    [
        ({}, NEVER, EVERY),
        ({"allowedTime": {"default": TEN_TO_SIX}}, of_days(*range(7)), NEVER),
        ({"allowedDays": ["mon", "sun"], "allowedTime": {"default": TEN_TO_SIX}}, of_days(0, 6), NEVER),
        ({"allowedDays": ["mon", "sun"]}, NEVER, Week.of_days([0, 6])),
        ({"allowedTime": {"tue": TEN_TO_SIX}}, of_days(1), EVERY - Week.of_days([1])),
        ({"allowedDays": ["tue", "wed"], "allowedTime": {"tue": TEN_TO_SIX}}, of_days(1), Week.of_days([2])),
        ({"allowedDays": ["tue"], "allowedTime": {"tue": TEN_TO_SIX, "wed": NIGHT}}, of_days(1), NEVER),
        (
            {"allowedDays": ["tue", "wed"], "allowedTime": {"wed": NIGHT, "default": TEN_TO_SIX}},
            of_days(1) | of_days(2, start=22 * 60 + 15, end=DAY - 1),
            NEVER,
        ),
        ({"localTimeFrom": "10:00", "localTimeTo": "18:00"}, of_days(*range(7)), NEVER),
        (
            {"localTimeFrom": "10:00", "localTimeTo": "18:00", "allowedTime": {"default": NIGHT}},
            of_days(*range(7), start=22 * 60 + 15, end=DAY - 1),
            NEVER,
        ),
        ({"localTimeFrom": "10:00"}, NEVER, EVERY),
        ({"localTimeFrom": "18:00", "localTimeTo": "10:00"}, NEVER, EVERY),
    ],
    ids=[
        "nothing",
        "a default",
        "days with a default",
        "days without hours",
        "hours of one day",
        "hours of one of two days",
        "hours of a day that is not allowed",
        "a day of its own beside the default",
        "the deprecated fields",
        "the deprecated fields are superseded",
        "one deprecated field",
        "the deprecated fields the wrong way round",
    ],
)
def test_a_day_is_open_for_its_hours_closed_or_left_to_the_campaign(
    policy: dict[str, Any], week: Week, unsaid: Week
) -> None:
    assert window_of(policy) == Window(week=week, unsaid=unsaid)


def test_zone_start_and_finish_are_taken_over() -> None:
    window = window_of(
        {"gmtZone": "Z", "startDateTime": "2030-01-01T10:00:00Z", "finishDateTime": "2030-01-02T10:00:00"}
    )
    assert window.zone == "Z"
    assert window.start == datetime(2030, 1, 1, 10, tzinfo=UTC)
    assert window.finish == datetime(2030, 1, 2, 10)  # noqa: DTZ001 - none was written
    assert window_of({"gmtZone": ""}).zone == ""


@pytest.mark.parametrize(
    ("policy", "days"),
    [
        ({"allowedDays": ["mon"], "allowedTime": {"mon": TEN_TO_SIX, "sat": NIGHT, "default": NIGHT}}, ("sat",)),
        ({"allowedTime": {"sat": NIGHT}}, ()),
        ({"allowedDays": ["mon"]}, ()),
    ],
    ids=["one of them", "all days allowed", "no hours"],
)
def test_hours_of_days_that_are_not_allowed_are_ignored(policy: dict[str, Any], days: tuple[str, ...]) -> None:
    assert ignored_days(policy) == days
