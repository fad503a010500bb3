"""The profiles that come with the program, by worked examples: the last minute that is right, the first that is not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import holidays
import pytest

from reconciler.manifest.profiles import shipped, shipped_names
from reconciler.profiles.breaches import Kind
from reconciler.profiles.rules import rule_of
from tests.profiles.cases import (
    DELHI,
    LOS_ANGELES,
    MOSCOW,
    NEW_YORK,
    PARIS,
    SYDNEY,
    TORONTO,
    daily,
    hours,
    judged,
    kinds,
)

FEW = {"maxAttempts": 1}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")


def week(weekdays: list[dict[str, str]], **days: list[dict[str, str]]) -> dict[str, Any]:
    """A policy with these hours from Monday to Friday, and others on other days; all others are closed."""
    times = dict.fromkeys(WEEKDAYS, weekdays) | days
    return {"allowedDays": list(times), "allowedTime": times} | FEW


HOURS: dict[str, tuple[str, str]] = {
    "us-telemarketing": (NEW_YORK, "Mon–Sun 8:00–21:00"),
    "us-debt": (NEW_YORK, "Mon–Sun 8:00–21:00"),
    "us-fl": (NEW_YORK, "Mon–Sun 8:00–20:00"),
    "us-ok": (NEW_YORK, "Mon–Sun 8:00–20:00"),
    "us-wa": (LOS_ANGELES, "Mon–Sun 8:00–20:00"),
    "ca-telemarketing": (TORONTO, "Mon–Fri 9:00–21:30, Sat–Sun 10:00–18:00"),
    "au-telemarketing": (SYDNEY, "Mon–Fri 9:00–20:00, Sat 9:00–17:00"),
    "au-research": (SYDNEY, "Mon–Fri 9:00–20:30, Sat–Sun 9:00–17:00"),
    "fr-telemarketing": (PARIS, "Mon–Fri 10:00–13:00 and 14:00–20:00"),
    "in-telemarketing": (DELHI, "Mon–Sun 9:00–21:00"),
    "ru-debt": (MOSCOW, "Mon–Fri 8:00–22:00, Sat–Sun 9:00–20:00"),
}


def test_there_is_a_profile_for_every_rule() -> None:
    assert set(shipped_names()) == set(HOURS)


@pytest.mark.parametrize("name", HOURS)
def test_every_profile_says_its_hours_source_and_date(name: str) -> None:
    spec = shipped(name).spec
    assert str(rule_of(spec).week) == HOURS[name][1]
    assert spec.purpose
    assert spec.source
    assert date(2026, 1, 1) <= date.fromisoformat(spec.seen)
    assert spec.countries


@pytest.mark.parametrize("name", HOURS)
def test_a_policy_with_the_hours_of_the_profile_keeps_them(name: str) -> None:
    phone, _ = HOURS[name]
    rule = rule_of(shipped(name).spec)
    times = {
        day: [
            {"localTimeFrom": f"{a // 60:02}:{a % 60:02}", "localTimeTo": f"{b // 60:02}:{b % 60:02}"} for a, b in spans
        ]
        for number, day in enumerate((*WEEKDAYS, "sat", "sun"))
        if (spans := rule.week.of_day(number))
    }
    policy = {"allowedDays": list(times), "allowedTime": times} | FEW
    assert kinds(name, policy, phone, datetime(2030, 7, 20, tzinfo=UTC)) == set()


@pytest.mark.parametrize(
    ("name", "policy", "outside"),
    [
        ("us-telemarketing", daily("07:59", "21:00"), "Mon–Sun 7:59–8:00"),
        ("us-telemarketing", daily("08:00", "21:01"), "Mon–Sun 21:00–21:01"),
        ("us-telemarketing", daily("00:00", "23:59"), "Mon–Sun 0:00–8:00 and 21:00–23:59"),
        ("us-debt", daily("08:00", "21:01"), "Mon–Sun 21:00–21:01"),
        ("us-fl", daily("08:00", "21:00"), "Mon–Sun 20:00–21:00"),
        ("us-ok", daily("08:00", "21:00"), "Mon–Sun 20:00–21:00"),
        ("us-wa", daily("08:00", "20:30"), "Mon–Sun 20:00–20:30"),
        ("ca-telemarketing", daily("10:00", "21:30"), "Sat–Sun 18:00–21:30"),
        ("ca-telemarketing", daily("09:00", "18:00"), "Sat–Sun 9:00–10:00"),
        ("au-telemarketing", daily("09:00", "17:00"), "Sun 9:00–17:00"),
        (
            "au-telemarketing",
            week(hours("09:00", "20:01"), sat=hours("09:00", "17:30")),
            "Mon–Fri 20:00–20:01, Sat 17:00–17:30",
        ),
        ("au-research", daily("09:00", "20:30"), "Sat–Sun 17:00–20:30"),
        ("fr-telemarketing", week(hours("10:00", "20:00")), "Mon–Fri 13:00–14:00"),
        ("fr-telemarketing", week(hours("10:00", "13:00"), sat=hours("10:00", "12:00")), "Sat 10:00–12:00"),
        ("in-telemarketing", daily("08:00", "21:00"), "Mon–Sun 8:00–9:00"),
        ("ru-debt", daily("08:00", "22:00"), "Sat–Sun 8:00–9:00 and 20:00–22:00"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_minute_outside_is_found(name: str, policy: dict[str, Any], outside: str) -> None:
    found = judged(name, policy | FEW, HOURS[name][0])
    assert str(found[Kind.HOURS].week) == outside
    assert set(found) <= {Kind.HOURS, Kind.HOLIDAY}


@pytest.mark.parametrize(
    ("name", "now", "policy", "on"),
    [
        ("au-telemarketing", "2030-12-20", week(hours("09:00", "20:00")), {"2030-12-25", "2030-12-26", "2031-01-01"}),
        ("au-telemarketing", "2030-12-20", daily("09:00", "20:00", allowedDays=["fri"]), set()),
        ("au-research", "2030-04-15", week(hours("09:00", "20:00")), {"2030-04-19", "2030-04-22", "2030-04-25"}),
        ("fr-telemarketing", "2030-05-01", week(hours("14:00", "20:00")), {"2030-05-01", "2030-05-08"}),
        ("fr-telemarketing", "2030-05-03", week(hours("14:00", "20:00")), {"2030-05-08"}),
        ("ru-debt", "2030-06-10", week(hours("08:00", "22:00")), {"2030-06-12"}),
        ("ru-debt", "2030-06-10", week(hours("09:00", "20:00")), set()),
        ("us-telemarketing", "2030-07-01", daily("08:00", "21:00"), set()),
    ],
    ids=[
        "Christmas in Australia",
        "Fridays only",
        "Easter and ANZAC Day for researchers",
        "the first and the eighth of May",
        "not before today",
        "a Russian holiday that is a weekday",
        "a Russian holiday with the hours of holidays",
        "none in the rule",
    ],
)
def test_holidays_have_their_own_hours_or_none(name: str, now: str, policy: dict[str, Any], on: set[str]) -> None:
    found = judged(name, policy | FEW, HOURS[name][0], datetime.fromisoformat(now).replace(hour=12, tzinfo=UTC))
    days = found[Kind.HOLIDAY].items if Kind.HOLIDAY in found else frozenset()
    assert {day.split()[0] for day in days} == on
    assert Kind.HOURS not in found


@pytest.mark.parametrize(
    ("name", "attempts", "retry", "most"),
    [
        ("us-fl", 2, None, 0),
        ("us-fl", 3, None, 4),  # whether the first call is counted is not known
        ("us-fl", 3, 480, 0),  # one every eight hours: three in a day
        ("us-fl", 10, 479, 4),
        ("us-fl", None, 720, 0),
        ("us-fl", None, 60, 24),
        ("us-debt", 6, 30, 0),
        ("us-debt", 7, 30, 8),
        ("us-debt", 50, 1440, 0),  # once a day
        ("us-debt", 50, 1439, 8),
        ("fr-telemarketing", 3, None, 0),
        ("fr-telemarketing", 4, 2880, 5),
        ("ru-debt", 50, 1, 0),  # its caps are about conversations
        ("us-wa", 50, 1, 0),
    ],
)
def test_the_worst_of_attempts_and_pauses_is_held_against_a_cap(
    name: str, attempts: int | None, retry: int | None, most: int
) -> None:
    given = {"maxAttempts": attempts, "retryIntervalInMinutes": retry}
    policy = week(hours("10:00", "13:00")) | {key: value for key, value in given.items() if value}
    policy = {key: value for key, value in policy.items() if key != "maxAttempts" or attempts}
    found = judged(name, policy, HOURS[name][0], datetime(2030, 7, 20, tzinfo=UTC))
    assert set(found) == ({Kind.ATTEMPTS} if most else set())
    assert not most or found[Kind.ATTEMPTS].count == most


@pytest.mark.parametrize("name", ["us-fl", "us-ok", "us-debt", "fr-telemarketing"])
def test_where_no_policy_counts_attempts_the_campaigns_own_settings_decide(name: str) -> None:
    policy = {key: value for key, value in week(hours("10:00", "13:00")).items() if key != "maxAttempts"}
    assert kinds(name, policy, HOURS[name][0], datetime(2030, 7, 20, tzinfo=UTC)) == {Kind.UNCOUNTED}


def test_the_holidays_are_those_of_a_maintained_library() -> None:
    for name in shipped_names():
        rule = shipped(name).spec.holidays
        assert not rule or rule.country in holidays.list_supported_countries()
