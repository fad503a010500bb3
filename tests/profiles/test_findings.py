"""The words for everything that may be wrong: what, what is allowed, and what would be right."""

from __future__ import annotations

import pytest

from reconciler.manifest.profile import Cap, HolidayRule
from reconciler.profiles.breaches import Breach, Kind
from reconciler.profiles.findings import words
from reconciler.profiles.rules import Rule, period_minutes
from reconciler.windows.week import DAY, NEVER, Week

RULE = Rule(Week.of((day * DAY + 540, day * DAY + 1020) for day in range(5)), NEVER, HolidayRule("FR"))
SOME_HOURS = Rule(RULE.week, Week.of((day * DAY + 600, day * DAY + 720) for day in range(7)), HolidayRule("FR"))
LATE = Week.of([(1020, 1080)])
CAP = Cap(per="7d", calls=7)
DATES = frozenset(f"05-0{n} (Day {n})" for n in range(1, 9))
INVISIBLE = "the campaign's own settings decide, which cannot be seen from here"
CLOSED = "; on holidays nobody is called"
ALLOWED = "; allowed is Mon–Fri 9:00–17:00"

SAID = {
    Breach(Kind.HOURS, LATE): (
        "calls may begin at Mon 17:00–18:00 local time; allowed is Mon–Fri 9:00–17:00",
        "narrow allowedDays and allowedTime to what is allowed",
    ),
    Breach(Kind.ZONES, LATE, zones=5): (
        "calls may begin at Mon 17:00–18:00 local time, as a number may be in up to 5 time zones" + ALLOWED,
        "say where each person is with gmtZone, from a column if need be, or allow less",
    ),
    Breach(Kind.UNSAID, Week.of_days([5, 6])): (
        "no policy has hours for Sat–Sun: the campaign's own settings decide, which cannot be seen from here" + ALLOWED,
        "write allowedDays and allowedTime",
    ),
    Breach(Kind.HOLIDAY, items=DATES): (
        "calls may begin on 05-01 (Day 1), 05-02 (Day 2), 05-03 (Day 3), 05-04 (Day 4), 05-05 (Day 5) and 3 more"
        + CLOSED,
        "end before with finishDateTime, leave out the day of the week, or pause the campaign that day",
    ),
    Breach(Kind.CLOCKS, LATE, frozenset(["-05:00"])): (
        "calls may begin at Mon 17:00–18:00 local time, as gmtZone -05:00 does not follow the clocks there" + ALLOWED,
        "write the zone's name, such as America/New_York",
    ),
    Breach(Kind.NO_ZONE): (
        "no time zone is known for the numbers, so nothing says that hours are kept",
        "say where each person is with gmtZone, from a column if need be",
    ),
    Breach(Kind.ABROAD, items=frozenset(["+03:00"])): (
        "hours are kept by gmtZone +03:00, the time of none of the rule's countries",
        "say where each person is with gmtZone, from a column if need be",
    ),
    Breach(Kind.ATTEMPTS, cap=CAP, count=51): (
        "calls may be tried 51 times in 7d, as maxAttempts may not count the first one; allowed is 7 calls in 7d",
        "write maxAttempts below 7, or a longer retryIntervalInMinutes",
    ),
    Breach(Kind.UNCOUNTED, cap=CAP): (
        f"no policy says how often a call is tried: {INVISIBLE}; allowed is 7 calls in 7d",
        "write maxAttempts below 7, or a longer retryIntervalInMinutes",
    ),
    Breach(Kind.UNCOVERED, items=frozenset(["GB"])): (
        "calls go to GB, which none of the campaign's profiles is about",
        "add a profile for them, or take these numbers out",
    ),
}


@pytest.mark.parametrize("breach", SAID, ids=lambda breach: str(breach.kind))
def test_a_breach_says_what_is_wrong_and_what_would_be_right(breach: Breach) -> None:
    assert words(breach, RULE) == SAID[breach]


def test_every_kind_of_breach_has_words() -> None:
    assert {breach.kind for breach in SAID} == set(Kind)


def test_hours_that_holidays_have_are_named() -> None:
    what, _ = words(Breach(Kind.HOLIDAY, items=frozenset(["2030-05-01 (Labour Day)"])), SOME_HOURS)
    assert what == "calls may begin on 2030-05-01 (Labour Day); on holidays allowed is 10:00–12:00"


def test_breaches_of_one_kind_are_joined_to_the_worst_of_both() -> None:
    one = Breach(Kind.ZONES, Week.of([(0, 10)]), frozenset(["a"]), zones=3, count=2)
    other = Breach(Kind.ZONES, Week.of([(5, 15)]), frozenset(["b"]), zones=2, count=4)
    assert one.joined(other) == Breach(Kind.ZONES, Week.of([(0, 15)]), frozenset(["a", "b"]), zones=3, count=4)


@pytest.mark.parametrize(("per", "minutes"), [("1h", 60), ("24h", 1440), ("7d", 10_080)])
def test_periods_are_hours_or_days(per: str, minutes: int) -> None:
    assert period_minutes(per) == minutes
