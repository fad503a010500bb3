"""Hours by the clock of the person: midnight, borders of zones, changes of clocks, and what nobody knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifest.profile import HolidayRule
from reconciler.profiles.breaches import Kind, breaches, is_about, period_of, terms_of
from reconciler.profiles.rules import Rule
from reconciler.windows.numbers import Origin, key_of, origin_of
from reconciler.windows.week import DAY, EVERY, NEVER, Week
from reconciler.windows.window import window_of
from reconciler.windows.zones import minutes_of, moment_of, zone_named
from tests.profiles.cases import (
    AU_MOBILE,
    INDIANA,
    JUNE,
    KALININGRAD,
    LONDON,
    MOSCOW,
    NEW_YORK,
    NOWHERE,
    PERTH,
    PHOENIX,
    RU_MOBILE,
    SYDNEY,
    TOLL_FREE,
    daily,
    hours,
    judged,
    kinds,
)

US = "us-telemarketing"
EIGHT_TO_NINE = daily("08:00", "21:00")


@pytest.mark.parametrize("phone", [NEW_YORK, PHOENIX])
def test_a_number_of_one_zone_may_use_all_the_hours(phone: str) -> None:
    assert kinds(US, EIGHT_TO_NINE, phone) == set()


@pytest.mark.parametrize(
    ("name", "phone", "policy", "week"),
    [
        (US, INDIANA, EIGHT_TO_NINE, "Mon–Sun 7:00–8:00 and 21:00–22:00"),
        (
            US,
            TOLL_FREE,
            daily("12:00", "13:00", allowedDays=["wed"]),
            "Tue 21:00–24:00, Wed 0:00–0:30 and 3:30–8:00 and 21:00–21:30, Thu 0:30–8:00",
        ),
        ("au-telemarketing", AU_MOBILE, daily("14:00", "15:00", allowedDays=["wed"]), ""),
        ("ru-debt", RU_MOBILE, daily("12:00", "13:00", allowedDays=["tue"]), "Tue 3:00–8:00"),
    ],
    ids=["Indiana", "toll-free", "an Australian mobile in the afternoon", "a Russian mobile"],
)
def test_a_number_of_several_zones_has_to_be_right_in_all_of_them(
    name: str, phone: str, policy: dict[str, Any], week: str
) -> None:
    found = judged(name, policy, phone)
    assert set(found) == ({Kind.ZONES} if week else set())
    if week:
        assert found[Kind.ZONES].zones > 1
        assert str(found[Kind.ZONES].week) == week


def test_hours_that_are_right_in_all_zones_are_right() -> None:
    assert kinds(US, daily("09:00", "20:00"), INDIANA) == set()


def test_a_zone_for_each_person_settles_it() -> None:
    assert kinds(US, EIGHT_TO_NINE | {"gmtZone": "America/Chicago"}, INDIANA) == set()
    assert kinds("ru-debt", daily("09:00", "20:00", gmtZone="Asia/Kamchatka"), RU_MOBILE) == set()
    assert kinds("ru-debt", daily("09:00", "20:00", gmtZone="Europe/Kaliningrad"), KALININGRAD) == set()
    assert kinds("au-research", daily("09:00", "17:00", gmtZone="Australia/Broken_Hill"), SYDNEY) == set()


@pytest.mark.parametrize("phone", [NOWHERE, "999"])
def test_a_number_of_no_known_zone_fails_closed(phone: str) -> None:
    rule = Rule(Week.of_days(range(5)))
    assert kinds(rule, daily("10:00", "11:00"), phone) == {Kind.NO_ZONE}
    assert kinds(rule, daily("10:00", "11:00", allowedDays=["mon"], gmtZone="Z"), phone) == set()


@pytest.mark.parametrize(
    ("policy", "days"),
    [
        ({}, "Mon–Sun 0:00–24:00"),
        ({"allowedDays": ["mon", "sat"]}, "Mon 0:00–24:00, Sat 0:00–24:00"),
        ({"allowedTime": {"tue": hours("10:00", "11:00")}}, "Mon 0:00–24:00, Wed–Sun 0:00–24:00"),
    ],
    ids=["nothing", "only days", "only one day's hours"],
)
def test_days_that_no_policy_narrows_are_found(policy: dict[str, Any], days: str) -> None:
    found = judged(US, policy, NEW_YORK)
    assert set(found) == {Kind.UNSAID}
    assert str(found[Kind.UNSAID].week) == days


def test_days_that_do_not_come_any_more_need_no_hours() -> None:
    policy = {"startDateTime": "2030-06-04T12:00:00Z", "finishDateTime": "2030-06-05T12:00:00Z"}
    assert judged(US, policy, NEW_YORK)[Kind.UNSAID].week.days() == (0, 1, 2, 3)  # some clock may show the day before
    ended = {"finishDateTime": "2030-06-02T12:00:00Z"}
    assert kinds(US, ended, NEW_YORK) == set()


def test_a_weekend_that_does_not_come_is_no_matter() -> None:
    policy = daily("09:00", "20:00", startDateTime="2030-06-03T00:00:00Z", finishDateTime="2030-06-07T08:00:00Z")
    assert kinds("au-telemarketing", policy, SYDNEY) == set()
    longer = policy | {"finishDateTime": "2030-06-10T00:00:00Z"}
    assert str(judged("au-telemarketing", longer, SYDNEY)[Kind.HOURS].week) == "Sat 17:00–20:00, Sun 9:00–20:00"


def test_midnight_between_two_zones_is_another_day_there() -> None:
    """Friday 22:30 in Perth is Saturday 00:30 in Sydney."""
    rule = Rule(Week.of_days(range(5)))
    policy = daily("22:30", "23:00", allowedDays=["fri"])
    origin = Origin(("Australia/Perth", "Australia/Sydney"), frozenset(["AU"]))
    terms = terms_of(policy)
    (found,) = breaches(rule, terms, origin, period_of(terms.window, minutes_of(JUNE)))
    assert (found.kind, str(found.week)) == (Kind.ZONES, "Sat 0:30–1:00")


@pytest.mark.parametrize(
    ("zone", "now", "week"),
    [
        ("-05:00", "2030-03-05", "Mon–Sun 21:00–22:00"),  # clocks go forward on March 10: 20:00 there is 21:00
        ("-04:00", "2030-10-29", "Mon–Sun 7:00–8:00"),  # and back on November 3
        ("-05:00", "2030-01-10", ""),
        ("-04:00", "2030-07-10", ""),
        ("America/New_York", "2030-03-01", ""),
        ("America/New_York", "2030-10-25", ""),
    ],
    ids=["spring", "autumn", "winter", "summer", "spring by name", "autumn by name"],
)
def test_a_fixed_offset_over_a_change_of_clocks_is_found(zone: str, now: str, week: str) -> None:
    start = datetime.fromisoformat(now).replace(tzinfo=UTC)
    found = judged(US, EIGHT_TO_NINE | {"gmtZone": zone}, NEW_YORK, start)
    assert set(found) == ({Kind.CLOCKS} if week else set())
    if week:
        assert str(found[Kind.CLOCKS].week) == week
        assert found[Kind.CLOCKS].items == {zone}


def test_a_change_after_the_finish_does_not_matter() -> None:
    policy = EIGHT_TO_NINE | {"gmtZone": "-05:00", "finishDateTime": "2030-03-09T12:00:00-05:00"}
    assert kinds(US, policy, NEW_YORK, datetime(2030, 3, 1, tzinfo=UTC)) == set()


def test_an_offset_that_no_zone_of_the_number_has_is_taken_at_its_word() -> None:
    """Somebody with a number of New York who lives in Los Angeles."""
    assert kinds(US, EIGHT_TO_NINE | {"gmtZone": "-08:00"}, NEW_YORK, datetime(2030, 1, 10, tzinfo=UTC)) == set()


@pytest.mark.parametrize(
    ("name", "phone", "zone", "is_abroad"),
    [
        (US, NEW_YORK, "+03:00", True),
        (US, NEW_YORK, "Europe/Moscow", True),
        (US, NEW_YORK, "Pacific/Honolulu", False),
        ("au-research", SYDNEY, "Australia/Darwin", False),
        ("au-research", PERTH, "Europe/London", True),
        ("ru-debt", MOSCOW, "Europe/Moscow", False),
        ("ru-debt", KALININGRAD, "Europe/Kaliningrad", False),
    ],
)
def test_the_time_of_another_country_is_found(name: str, phone: str, zone: str, is_abroad: bool) -> None:
    found = judged(name, daily("09:00", "17:00", gmtZone=zone), phone)
    assert (Kind.ABROAD in found) == is_abroad
    assert not is_abroad or found[Kind.ABROAD].items == {zone}


def test_moments_without_a_zone_are_as_early_and_as_late_as_they_may_be() -> None:
    window = window_of({"startDateTime": "2030-06-03T12:00:00", "finishDateTime": "2030-06-05T12:30:00"})
    since, until = (moment_of(minute) for minute in period_of(window, minutes_of(JUNE) - 5 * DAY))
    assert since == datetime(2030, 6, 2, 22, tzinfo=UTC)
    assert until == datetime(2030, 6, 6, 3, tzinfo=UTC)


def test_a_campaign_without_an_end_is_looked_at_two_weeks_ahead_and_none_longer_than_a_year() -> None:
    now = minutes_of(JUNE)
    assert period_of(window_of({}), now + 5) == (now, now + 14 * DAY + 60)
    assert period_of(window_of({"finishDateTime": "2099-01-01T00:00:00Z"}), now) == (now, now + 366 * DAY)


def test_holidays_count_by_the_clock_of_the_person() -> None:
    """New Year's Day begins in Sydney while it is still the old year in London."""
    rule = Rule(EVERY, holiday=NEVER, holidays=HolidayRule("AU"))
    policy = daily("00:00", "23:59", startDateTime="2030-12-31T12:00:00Z", finishDateTime="2030-12-31T13:00:00Z")
    assert kinds(rule, policy, SYDNEY) == set()
    policy["finishDateTime"] = "2030-12-31T14:00:00Z"
    assert judged(rule, policy, SYDNEY)[Kind.HOLIDAY].items == {"2031-01-01 (New Year's Day)"}
    assert kinds(rule, policy | {"gmtZone": "Australia/Perth"}, PERTH) == set()


def test_holidays_of_a_part_of_a_country_are_its_own() -> None:
    now = datetime(2030, 11, 1, tzinfo=UTC)
    rules = [Rule(EVERY, holiday=NEVER, holidays=HolidayRule("AU", subdivision=part)) for part in ("VIC", "NSW")]
    assert [kinds(rule, daily("10:00", "11:00"), SYDNEY, now) for rule in rules] == [{Kind.HOLIDAY}, set()]  # Cup Day


def test_a_holiday_on_a_closed_day_or_outside_of_the_hours_is_no_matter() -> None:
    now = datetime(2030, 12, 23, tzinfo=UTC)
    assert Kind.HOLIDAY in kinds("au-telemarketing", daily("10:00", "11:00"), SYDNEY, now)
    tuesdays = daily("10:00", "11:00", allowedDays=["mon"])
    assert kinds("au-telemarketing", tuesdays, SYDNEY, now) == set()


def test_a_rule_without_hours_asks_for_no_zone() -> None:
    assert kinds(Rule(EVERY), {}, NOWHERE) == set()


@pytest.mark.parametrize(
    ("countries", "phone", "expected"),
    [
        ({"US"}, NEW_YORK, True),
        ({"US"}, LONDON, False),
        ({"CA"}, TOLL_FREE, False),
        (set(), LONDON, True),
        ({"US"}, "999", True),
    ],
    ids=["of the country", "of another", "of a neighbour", "a rule for all", "of no known country"],
)
def test_a_rule_is_about_numbers_of_its_countries(countries: set[str], phone: str, expected: bool) -> None:
    assert is_about(Rule(NEVER, countries=frozenset(countries)), origin_of(key_of(phone))) is expected


ZONES = ("America/New_York", "America/Chicago", "America/Phoenix", "Australia/Broken_Hill", "Asia/Kolkata")


@given(
    st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True),
    st.integers(0, 22),
    st.integers(1, 20),
    st.sets(st.integers(0, 6), min_size=1, max_size=3),
    st.sampled_from(["2030-03-09", "2030-11-02", "2030-06-05", "2030-10-05"]),
)
def test_exactly_the_minutes_are_found_that_an_hourly_look_at_every_clock_finds(
    names: list[str], start: int, length: int, days: set[int], date: str
) -> None:
    """Whoever's clock the server goes by, and wherever the person is, in steps of half an hour over three days."""
    week = Week.of((day * DAY + start * 60, day * DAY + min(start + length, 24) * 60) for day in days)
    allowed = Week.of((day * DAY + 480, day * DAY + 1260) for day in range(6))
    since = datetime.fromisoformat(date).replace(tzinfo=UTC)
    expected = set()
    for at in (since + timedelta(minutes=30 * n) for n in range(6 * 24)):
        clocks = [at.astimezone(zone_named(name)) for name in names]
        minutes = [clock.weekday() * DAY + clock.hour * 60 + clock.minute for clock in clocks]
        if any(minute in week for minute in minutes):
            expected |= {minute for minute in minutes if minute not in allowed}
    window = window_of({"finishDateTime": f"{(since + timedelta(days=3)).isoformat()}"})
    terms = terms_of({})._replace(window=type(window)(week=week, finish=window.finish))
    period = period_of(window, minutes_of(since))
    found = NEVER
    for breach in breaches(Rule(allowed), terms, Origin(tuple(names), frozenset()), period):
        found |= breach.week
    assert {minute for minute in range(0, 7 * DAY, 30) if minute in found} == expected
