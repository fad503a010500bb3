"""The example policy, run by a real engine on what the command really writes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.plan.model import GuardResult, Plan, Reason, SettingChange, Stop
from reconciler.render.documents import Failure, Planned
from tests.render.outputs import OFFICE, UNKNOWN, json_of
from tests.render.plans import EMPTY, adds, plan

POLICY = Path(__file__).parents[2] / "examples" / "policy"
MONDAY, FRIDAY = "Monday", "Friday"


def objections(tmp_path: Path, *each: Plan | Planned | Failure, today: str = MONDAY) -> list[str]:
    """What the policy says against these plans."""
    data = tmp_path / "today.json"
    data.write_text(json.dumps({"today": today}))
    command = [sys.executable, str(POLICY / "check.py"), str(data)]
    ran = subprocess.run(command, input=json_of(*each), capture_output=True, text=True, timeout=60)
    assert (ran.stderr, ran.returncode) == ("", 1 if ran.stdout else 0)
    return ran.stdout.splitlines()


def in_office_hours(of: Plan, **labels: str) -> Planned:
    """The plan of a campaign that calls on working days only."""
    return Planned(of, (OFFICE,), labels)


def test_a_plan_within_the_limits_is_not_objected_to(tmp_path: Path) -> None:
    assert objections(tmp_path, in_office_hours(plan(adds(500))), in_office_hours(EMPTY), today=FRIDAY) == []


@pytest.mark.parametrize(
    ("today", "said"), [(MONDAY, []), (FRIDAY, ["denied: 501 new calls on a Friday, at most 500"])]
)
def test_new_calls_of_all_campaigns_are_limited_on_a_friday(tmp_path: Path, today: str, said: list[str]) -> None:
    several = [in_office_hours(plan(adds(n))) for n in (300, 201)]
    assert objections(tmp_path, *several, today=today) == said


def test_the_share_of_cancelled_calls_is_limited_below_the_guard(tmp_path: Path) -> None:
    guard = GuardResult("cancelPercent", "cancel-percent", 25, 30, True, False, 100, 400)
    said = objections(tmp_path, in_office_hours(replace(EMPTY, guards=(guard,))))
    assert said == ["denied: spring-promo: 100 calls cancelled, more than 20%"]


def test_people_whom_somebody_else_cancelled_are_not_called_again(tmp_path: Path) -> None:
    [said] = objections(tmp_path, in_office_hours(plan(adds(2, Reason.AGAIN_AFTER_OTHERS))))
    assert said == "denied: spring-promo: 2 calls that somebody else cancelled would be added again"


def test_the_external_check_does_not_change(tmp_path: Path) -> None:
    change = SettingChange("policy.externalCheck.externalCheckUrl", "digest:a", "digest:b")
    [said] = objections(tmp_path, in_office_hours(plan(settings=(change,))))
    assert said == "denied: spring-promo: policy.externalCheck.externalCheckUrl changes"


def test_a_sunday_that_is_open_or_unknown_is_objected_to_when_somebody_would_be_called(tmp_path: Path) -> None:
    assert objections(tmp_path, Planned(plan(adds(1)), (UNKNOWN,))) == ["denied: spring-promo: calls may begin on sun"]
    assert objections(tmp_path, Planned(EMPTY, (UNKNOWN,))) == []


def test_stopping_for_good_needs_a_label(tmp_path: Path) -> None:
    stop = plan([Stop()], desired_state="stopped")
    assert "would be stopped for good" in objections(tmp_path, in_office_hours(stop))[0]
    assert objections(tmp_path, Planned(stop, (OFFICE,), {"may-stop": "yes"})) == []


def test_a_campaign_that_could_not_be_planned_is_not_approved(tmp_path: Path) -> None:
    said = objections(tmp_path, in_office_hours(EMPTY), Failure("summer", 1, ("finished",)))
    assert said == ["denied: summer: could not be planned"]
