"""Mistakes in lists and manifests, end to end: each is stopped or shown before a phone rings."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from reconciler.windows.openings import clock_changes
from tests.acceptance.workshop import Ran, Row, Workshop, document, people, phone


def warnings(ran: Ran, at: int = 0) -> dict[str, dict[str, Any]]:
    """The warnings of a plan in JSON, by code."""
    assert ran.code in (0, 3), ran.text
    return {each["code"]: each for each in json.loads(ran.out)["campaigns"][at]["warnings"]}


def in_all_formats(work: Workshop, said: str) -> None:
    """Whatever a person reads says it."""
    for format in ("text", "markdown", "html"):
        assert said in work.run("plan", "--format", format).out, format


def sorted_by_name(rows: Iterable[Row]) -> list[Row]:
    """Ids and phones as they were, the names in the order of the alphabet."""
    rows = [*rows]
    names = sorted((name for _, _, name in rows), reverse=True)
    return [(key, phone, name) for (key, phone, _), name in zip(rows, names, strict=True)]


def test_a_mis_sorted_list_is_held_back_and_the_likely_cause_is_named(workshop: Workshop) -> None:
    workshop.people(people(40))
    assert workshop.apply().code == 0
    workshop.server.forget()
    workshop.people(sorted_by_name(people(40)))
    ran = workshop.apply()
    assert ran.code == 3, ran.text
    assert "warning moved-payloads: the list looks mis-sorted" in ran.out
    assert "to go on: --allow moved-payloads=38" in ran.out
    assert not workshop.server.mutations
    in_all_formats(workshop, "the list looks mis-sorted")
    assert workshop.apply("--allow", "moved-payloads=38").code == 0


def test_a_list_exported_twice_as_long_is_held_back(current: Workshop) -> None:
    current.people(people(30))
    assert current.apply().code == 0
    current.people(people(60))
    ran = current.apply()
    assert ran.code == 3, ran.text
    assert "guard listGrowthPercent: 100% of 30 rows of leads more (30), at most 50% allowed" in ran.out
    assert len(current.remote.jobs) == 30


def test_a_campaign_over_a_change_of_clocks_is_shown(current: Workshop) -> None:
    (change, *_) = clock_changes(["America/Los_Angeles"], now := datetime.now(UTC), now + timedelta(days=400))
    start = change - timedelta(days=1)
    offset = start.astimezone(ZoneInfo("America/Los_Angeles")).strftime("%z")
    period = {"startDateTime": start.isoformat(), "finishDateTime": (change + timedelta(days=5)).isoformat()}
    current.manifest(policy=period | {"gmtZone": f"{offset[:3]}:{offset[3:]}"})
    current.people((f"c-{n}", f"165025301{n:02}", "Ann") for n in range(3))
    found = warnings(current.run("plan", "--format", "json"))
    assert found["clock-change"]["calls"] == 3
    assert f"which change on {change.date()}" in found["clock-change"]["what"]
    assert "spring.clock-change" in current.run("validate").err
    in_all_formats(current, "does not follow the clocks of America/Los_Angeles")


def test_a_person_in_three_campaigns_is_shown(current: Workshop) -> None:
    current.people(people(4))
    for name, list_name in (("autumn", "leads.csv"), ("winter", "others.csv")):
        spec = document(name, host="https://calls.example", token={"env": f"{name.upper()}_TOKEN"})
        spec["spec"]["phoneLists"][0]["source"]["file"] = list_name
        (current.folder / f"{name}.yaml").write_text(json.dumps(spec))
    (current.folder / "others.csv").write_text("id,phone,first_name\nx,+1 650 000 0001,Ann\ny,+1 650 000 0077,Bob\n")
    for jobs in ("1", "3"):
        ran = current.run("plan", "--no-refresh", "--format", "json", "--jobs", jobs)
        assert "several-campaigns" not in warnings(ran, 0)
        assert warnings(ran, 1)["several-campaigns"]["calls"] == 4
        assert warnings(ran, 2)["several-campaigns"]["what"] == (
            "1 person is called by other campaigns of this run too: autumn (1) and spring (1)"
        )
        assert phone(1) not in ran.text
    assert "1 person is called by other campaigns of this run too" in current.run("validate").err


def test_a_window_that_closes_before_the_list_can_be_called_is_shown(current: Workshop) -> None:
    finish = datetime.now(UTC) + timedelta(hours=1, minutes=5)
    current.manifest(policy={"finishDateTime": finish.isoformat(timespec="seconds")}, guards={"newCalls": 1000})
    current.people(people(400))
    ran = current.run("plan", "--format", "json")
    found = warnings(ran)["not-in-time"]
    (planned,) = json.loads(ran.out)["campaigns"]
    # Three lines for an hour, and eighty seconds a call.
    assert 230 < planned["forecast"]["left"] == found["calls"] < 290
    assert planned["forecast"]["done_by"] is None
    in_all_formats(current, "will not be made: their windows close before")


def test_a_window_that_never_opens_is_shown_without_a_server_too(current: Workshop) -> None:
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat(timespec="seconds")
    current.manifest(policy={"finishDateTime": yesterday})
    current.people(people(3))
    assert warnings(current.run("plan", "--no-refresh", "--format", "json"))["never-opens"]["calls"] == 3
    ran = current.run("validate")
    assert ran.code == 0
    assert "warning: leads.csv:2: spring.never-opens: calls can never begin" in ran.err


def test_when_all_will_be_done_is_in_the_header_of_a_long_campaign(current: Workshop) -> None:
    current.people(people(300))
    assert "forecast  done by about " in current.run("plan").out
    current.people(people(3))
    assert "forecast" not in current.run("plan").out


def test_a_finished_campaign_that_should_run_is_shown(current: Workshop) -> None:
    current.people(people(2))
    assert current.apply().code == 0
    for job in current.remote.jobs.values():
        job.status = "noAnswer"
    current.remote.state = "finished"
    assert "warning finished: the campaign is finished: running is wanted" in current.run("plan").out


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_warnings_hold_nothing_up(current: Workshop, command: str) -> None:
    hours = [{"localTimeFrom": "10:00", "localTimeTo": "18:00"}]
    current.manifest(policy={"allowedDays": ["mon"], "allowedTime": {"default": hours, "sun": hours}})
    current.people(people(2))
    ran = current.run(command, *(["--auto-approve"] if command == "apply" else []))
    assert ran.code == 0
    assert "warning ignored-hours: allowedTime has hours for Sun, which allowedDays leaves out" in ran.out
    assert "campaign.yaml:" in ran.out
