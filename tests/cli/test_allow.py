"""`--allow`: what it may name, and until when it holds."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from reconciler.cli.allow import GUARDS, Allowance, Allowed
from reconciler.plan.guards import GUARD_OPTIONS
from reconciler.plan.together import RUN_OPTIONS

NOON_S = datetime(2026, 3, 31, 12).astimezone().timestamp()
HOUR_S = 3600


def test_every_guard_can_be_allowed() -> None:
    assert (*GUARD_OPTIONS, *RUN_OPTIONS) == GUARDS


@pytest.mark.parametrize(("until", "holds"), [("", True), ("18:00", True), ("12:00", False), ("08:00", False)])
def test_a_time_of_day_is_of_today_by_the_clock_of_this_machine(until: str, holds: bool) -> None:
    allowed = Allowed((Allowance("new-calls", 1200, until),))
    assert allowed.amounts(NOON_S) == ({"new-calls": 1200} if holds else {})
    assert allowed.ended(NOON_S) == ([] if holds else [f"new-calls=1200,until={until}"])


@pytest.mark.parametrize(("zone", "holds"), [("+14:00", False), ("-12:00", True)])
def test_a_moment_with_a_zone_is_that_moment_everywhere(zone: str, holds: bool) -> None:
    utc_noon = datetime.fromisoformat("2026-03-31T12:00+00:00").timestamp()
    assert bool(Allowed((Allowance("releases", 5, f"2026-03-31T12:00{zone}"),)).amounts(utc_noon)) == holds


def test_a_moment_without_a_zone_is_of_this_machine() -> None:
    allowed = Allowed((Allowance("releases", 5, "2026-03-31T13:00"),))
    assert [bool(allowed.amounts(NOON_S + hours * HOUR_S)) for hours in (0, 0.9, 1, 24)] == [True, True, False, False]


def test_of_several_for_one_guard_the_last_that_holds_counts() -> None:
    given = (Allowance("new-calls", 1), Allowance("new-calls", 3), Allowance("new-calls", 9, "08:00"))
    assert Allowed(given).amounts(NOON_S) == {"new-calls": 3}


def test_nothing_is_allowed_where_nothing_was_said() -> None:
    assert (Allowed().amounts(time.time()), Allowed().ended(time.time())) == ({}, [])
