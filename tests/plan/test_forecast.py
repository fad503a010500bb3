"""When all calls will have been made, and what is said when they will not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.calls.model import CampaignDetails, CampaignState
from reconciler.errors import Place
from reconciler.lock.model import CallStatus
from reconciler.plan.diff import Observed
from reconciler.plan.forecast import expected_attempts, forecast, forecast_warnings, forecast_words
from reconciler.plan.load import Forecast, Load
from reconciler.plan.survey import Group
from reconciler.windows.window import window_of
from tests.plan.values import call, campaign, lock_of, planned, remembered

NOW = datetime(2030, 3, 6, 12, tzinfo=UTC)  # a Wednesday
HOUR = timedelta(hours=1)
NINE_TO_FIVE = {"default": [{"localTimeFrom": "09:00", "localTimeTo": "17:00"}]}


def group(calls: int, attempts: int | None = 1, zones: tuple[str, ...] = (), **policy: Any) -> Group:
    """So many calls of this policy."""
    return Group(window_of(policy), attempts, zones, calls, Place("leads.csv", 2))


def load(calls: int, lines: int = 1, **fields: Any) -> Load:
    """So many calls, each of which takes 80 seconds of a line when it is tried once."""
    return Load(calls, lines, **fields)


def done_in(*groups: Group, lines: int = 1, **fields: Any) -> timedelta | None:
    """How long until all of these calls are made."""
    found = forecast(load(sum(each.calls for each in groups), lines, **fields), groups, NOW)
    return found.done_by - NOW if found and found.done_by else None


def test_calls_are_laid_into_the_open_minutes() -> None:
    assert done_in(group(4500)) == 100 * HOUR
    assert done_in(group(4500), lines=10) == 10 * HOUR


def test_what_is_closed_is_waited_for() -> None:
    berlin: dict[str, Any] = {
        "gmtZone": "Europe/Berlin",
        "allowedTime": NINE_TO_FIVE,
    }  # one there; four hours are left today
    assert done_in(group(90, **berlin)) == 2 * HOUR
    assert done_in(group(225, **berlin)) == 21 * HOUR
    weekdays = berlin | {"allowedDays": ["mon", "wed"]}
    assert done_in(group(225, **weekdays)) == (5 * 24 - 3) * HOUR


def test_hours_no_policy_says_are_taken_as_open() -> None:
    assert done_in(group(450, allowedDays=["wed"])) == 10 * HOUR


def test_more_attempts_take_more_time() -> None:
    assert [expected_attempts(most) for most in (None, 1, 2, 3)] == [1, 1, 1.5, 1.75]
    assert done_in(group(4500, attempts=2)) == 112.5 * HOUR


def test_talking_time_is_measured_once_twenty_numbers_were_called() -> None:
    assert done_in(group(360), called=20, talked_s=400.0) == 4 * HOUR
    assert done_in(group(360), called=19, talked_s=400.0) == done_in(group(360)) == 8 * HOUR
    assert done_in(group(360), called=20, talked_s=0.0) == 8 * HOUR


def test_those_whose_windows_close_first_are_called_first() -> None:
    urgent = group(90, zones=("Z",), finishDateTime="2030-03-06T14:00:00Z")
    found = forecast(load(180), [group(90, zones=("Z",)), urgent], NOW)
    assert found is not None
    assert (found.left, found.done_by) == (0, NOW + 4 * HOUR)


def test_calls_left_when_their_windows_close_are_told_and_warned_of() -> None:
    found = forecast(load(90), [group(90, zones=("Z",), finishDateTime="2030-03-06T13:00:00Z")], NOW)
    assert found is not None
    assert (found.left, found.done_by) == (45, None)
    (warning,) = forecast_warnings(campaign(), found)
    assert (warning.code, warning.calls) == ("not-in-time", 45)
    assert warning.what.startswith("of 90 calls about 45 will not be made: their windows close before")


def test_what_takes_more_than_two_months_is_left_over_too() -> None:
    minutes = {"default": [{"localTimeFrom": "10:00", "localTimeTo": "10:10"}]}
    found = forecast(load(900), [group(900, gmtZone="Z", allowedTime=minutes)], NOW)
    assert found is not None
    assert found.left == pytest.approx(450, abs=10)


def test_a_share_of_the_calls_that_are_wanted_is_still_to_be_made() -> None:
    found = forecast(load(45), [group(450, zones=("America/New_York",)), group(450, zones=("Z",))], NOW)
    assert found is not None
    assert (found.calls, found.zone) == (45, "America/New_York")


def test_beyond_the_largest_groups_hours_are_those_of_the_largest() -> None:
    many = [group(10, zones=(f"Etc/GMT-{n % 12}",), attempts=1 + n % 3) for n in range(40)]
    assert done_in(*many) == forecast_time(many)


def forecast_time(groups: list[Group]) -> timedelta:
    """What these take when all are open all the time, in whole minutes."""
    needed = sum(each.calls * (60 + 20 * expected_attempts(each.attempts)) for each in groups)
    return timedelta(minutes=-(-needed // 60))


@pytest.mark.parametrize(
    ("work", "groups"),
    [
        (Load(0, 5), [group(90)]),
        (Load(90, None), [group(90)]),
        (Load(90, 5), []),
        (Load(30, 1), [group(30)]),
    ],
    ids=["no calls", "no lines", "no lists", "little to do"],
)
def test_there_is_none_where_nothing_is_known_or_little_is_to_be_done(work: Load, groups: list[Group]) -> None:
    assert forecast(work, groups, NOW) is None
    assert forecast_warnings(campaign(), None) == ()


def test_it_says_what_it_rests_on() -> None:
    seen = Forecast(NOW, 0, 20_000, 10, 1.75, 74.4, True, "America/New_York", NOW)
    assert forecast_words(seen) == (
        "done by about Wed 2030-03-06 07:00 (America/New_York): 20,000 calls, 10 lines, "
        "1.8 attempts of 20 s and 74 s of talk each (measured)"
    )
    left = Forecast(None, 5, 20, 1, 1.0, 60, False, "", NOW)
    assert forecast_words(left).startswith("5 calls left over: 20 calls, 1 line, 1 attempts")
    assert forecast_words(left).endswith("(assumed)")
    assert "12:00 (UTC)" in forecast_words(Forecast(NOW, 0, 1, 1, 1.0, 60, False, "", NOW))


def test_a_plan_knows_the_calls_that_will_be_live_and_the_lines_of_the_campaign() -> None:
    lock = lock_of(
        remembered(call("ann", 1), CallStatus.PLANNED),
        remembered(call("bob", 2), CallStatus.IN_PROCESS),
        remembered(call("cyd", 3), CallStatus.NO_ANSWER),
    )
    wanted = [call("bob", 2), call("cyd", 3), call("dan", 4), call("eve", 5)]
    details = CampaignDetails("1", "", CampaignState.RUNNING, 9, 7, max_simultaneous_calls=4, used_talking_time_s=70)
    assert planned(wanted, lock, Observed(state=CampaignState.RUNNING, details=details)).load == Load(3, 4, 7, 70)
    assert planned(wanted, lock).load == Load(3)
