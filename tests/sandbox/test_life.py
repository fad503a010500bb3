"""The life of a job: when it is called, what comes of it, and what cancelling and stopping do to it."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from reconciler.sandbox import Campaign, Job, World
from reconciler.sandbox.answers import RefusedError
from reconciler.sandbox.clock import parse_iso
from reconciler.sandbox.rules import Named
from tests.sandbox.api import MONDAY_10_UTC, PHONES, numbers

A_DAY = 24 * 3600


def world(text: str = "demo:state=inProgress", *, seed: int = 0, speed: float = 0) -> World:
    return World([text], seed=seed, start_ms=MONDAY_10_UTC, speed=speed)


def added(text: str, count: int = 1, **fields: object) -> tuple[World, Campaign]:
    made = world(text)
    made.campaign().add(numbers(count, **fields))
    return made, made.campaign()


def statuses(campaign: Campaign) -> list[str]:
    return [job.status for job in campaign.jobs]


def only(campaign: Campaign) -> Job:
    (job,) = campaign.jobs
    return job


# ------------------------------------------------------------------------------------------------------ being called


@pytest.mark.parametrize("state", ["new", "planned", "paused"])
def test_nobody_is_called_while_the_campaign_does_not_run(state: str) -> None:
    made, campaign = added(f"demo:state={state}", 3)
    made.advance(A_DAY)
    assert statuses(campaign) == ["planned"] * 3


def test_a_running_campaign_calls_as_many_at_once_as_it_has_lines() -> None:
    _, campaign = added("demo:state=inProgress:lines=2", 5)
    assert statuses(campaign) == ["inProcess", "inProcess", "planned", "planned", "planned"]


def test_starting_a_campaign_calls_its_numbers() -> None:
    _, campaign = added("demo:state=new")
    campaign.control("start")
    assert statuses(campaign) == ["inProcess"]


def test_a_job_in_process_counts_the_attempt_that_is_going_on() -> None:
    _, campaign = added("demo:state=inProgress")
    assert only(campaign).attempts_count == 1
    assert only(campaign).attempts == ()


def test_a_talk_with_a_result_leaves_what_the_script_recorded() -> None:
    made, campaign = added("demo:state=inProgress:outcome=longCallWithResult")
    made.advance(A_DAY)
    job = only(campaign)
    (attempt,) = job.attempts
    assert job.status == attempt.result == "longCallWithResult"
    assert attempt.report == {"result": attempt.tag}
    assert job.talked_s == attempt.talk_s > 0
    assert job.finished_ms == attempt.finished_ms
    assert attempt.started_ms == MONDAY_10_UTC
    assert attempt.finished_ms >= attempt.started_ms + 1000 * attempt.talk_s


def test_a_talk_without_a_result_records_nothing() -> None:
    made, campaign = added("demo:state=inProgress:outcome=longCallWithNoResult")
    made.advance(A_DAY)
    assert only(campaign).talked_s > 0
    assert only(campaign).attempts[0].report is None


def test_an_unanswered_call_is_tried_again_after_the_interval_until_all_attempts_are_used() -> None:
    made, campaign = added("demo:state=inProgress:outcome=noAnswer", maxAttempts=2, retryIntervalInMinutes=30)
    made.advance(60)
    assert only(campaign).status == "onRetry"
    first_end_ms = only(campaign).attempts[0].finished_ms
    made.advance(3600)
    job = only(campaign)
    assert job.status == "noAnswer"
    assert [attempt.number for attempt in job.attempts] == [1, 2]
    assert job.attempts[1].started_ms == first_end_ms + 30 * 60_000
    assert job.talked_s == 0


def test_numbers_without_a_policy_take_attempts_and_interval_from_the_campaign() -> None:
    made, campaign = added("demo:state=inProgress:outcome=noAnswer:attempts=3:retry=10m")
    made.advance(A_DAY)
    first, second, third = only(campaign).attempts
    assert second.started_ms - first.finished_ms == third.started_ms - second.finished_ms == 600_000


def test_a_number_that_does_not_exist_is_not_tried_again() -> None:
    made, campaign = added("demo:state=inProgress:outcome=nonexistentNumber")
    made.advance(A_DAY)
    assert only(campaign).status == "nonexistentNumber"
    assert only(campaign).attempts_count == 1


@pytest.mark.parametrize(("dialect", "status"), [("current", "technicalError"), ("legacy", "noAnswer")])
def test_only_the_current_dialect_knows_technical_errors(dialect: str, status: str) -> None:
    made, campaign = added(f"demo:state=inProgress:dialect={dialect}:outcome=technicalError:attempts=1")
    made.advance(A_DAY)
    assert only(campaign).status == status


def test_all_lines_are_busy_until_everybody_has_been_called() -> None:
    made, campaign = added("demo:state=inProgress:lines=1:outcome=longCallWithResult", 5)
    made.advance(A_DAY)
    calls = [job.attempts[0] for job in campaign.jobs]
    for before, after in pairwise(calls):
        assert after.started_ms == before.finished_ms


def test_the_same_seed_gives_the_same_campaign_however_often_it_is_looked_at() -> None:
    def lived(step_s: int, seed: int) -> tuple[Job, ...]:
        made = world("demo:state=inProgress:lines=3", seed=seed)
        made.campaign().add(numbers(20))
        for _ in range(0, A_DAY, step_s):
            made.advance(step_s)
            made.campaign().totals()
        return made.campaign().jobs

    assert lived(A_DAY, 1) == lived(600, 1)
    assert lived(A_DAY, 1) != lived(A_DAY, 2)


def test_sampled_calls_come_to_everything_that_can_happen() -> None:
    made = world("demo:state=inProgress:lines=500:attempts=1")
    made.campaign().add([{"phone": str(16500000000 + n)} for n in range(500)])
    made.advance(A_DAY)
    assert set(Counter(statuses(made.campaign()))) == {
        "longCallWithResult",
        "longCallWithNoResult",
        "noAnswer",
        "nonexistentNumber",
        "technicalError",
    }


# ------------------------------------------------------------------------------------------------- windows, priority


def test_a_call_waits_for_its_start() -> None:
    made, campaign = added("demo:state=inProgress", startDateTime="2024-01-01T12:00:00Z")
    made.advance(2 * 3600 - 1)
    assert only(campaign).status == "planned"
    made.advance(1)
    assert only(campaign).started_ms == parse_iso("2024-01-01T12:00:00Z")


def test_a_call_whose_time_has_passed_stays_planned_until_the_campaign_stops() -> None:
    made, campaign = added("demo:state=inProgress", finishDateTime="2024-01-01T09:00:00Z")
    made.advance(A_DAY)
    assert only(campaign).status == "planned"
    campaign.control("stop")
    assert only(campaign).status == "notDone"


@pytest.mark.parametrize(
    ("fields", "called"),
    [
        ({"allowedDays": ["wed"]}, "2024-01-03T00:00:00Z"),
        ({"allowedTime": {"default": [{"localTimeFrom": "09:00", "localTimeTo": "09:30"}]}}, "2024-01-02T09:00:00Z"),
        (
            {
                "allowedDays": ["tue", "wed"],
                "allowedTime": {
                    "mon": [{"localTimeFrom": "00:00", "localTimeTo": "23:00"}],
                    "wed": [{"localTimeFrom": "11:00", "localTimeTo": "12:00"}],
                    "default": [{"localTimeFrom": "15:00", "localTimeTo": "16:00"}],
                },
            },
            "2024-01-02T15:00:00Z",
        ),
        ({"localTimeFrom": "11:00", "localTimeTo": "12:00"}, "2024-01-01T11:00:00Z"),
        (
            {"localTimeFrom": "10:00", "localTimeTo": "12:00", "gmtZone": "America/New_York"},
            "2024-01-01T15:00:00Z",
        ),
        ({"localTimeFrom": "10:00", "localTimeTo": "12:00", "gmtZone": "-02:00"}, "2024-01-01T12:00:00Z"),
    ],
    ids=["day", "hours", "hours-of-forbidden-days-do-not-count", "deprecated-hours", "zone", "offset"],
)
def test_a_call_waits_for_its_window(fields: dict[str, Any], called: str) -> None:
    made, campaign = added("demo:state=inProgress:outcome=longCallWithResult", **fields)
    made.advance(7 * A_DAY)
    assert only(campaign).attempts[0].started_ms == parse_iso(called)


def test_numbers_without_a_zone_live_in_the_campaigns() -> None:
    made, campaign = added("demo:state=inProgress:zone=-02:00", localTimeFrom="10:00", localTimeTo="12:00")
    made.advance(2 * 3600)
    assert only(campaign).started_ms == parse_iso("2024-01-01T12:00:00Z")


def test_numbers_with_a_policy_come_first_by_priority_and_then_by_whose_window_closes_first() -> None:
    made = world("demo:lines=1:outcome=longCallWithResult")
    campaign = made.campaign()
    late = {"finishDateTime": "2024-01-05T00:00:00Z"}
    soon = {"finishDateTime": "2024-01-02T00:00:00Z"}
    policies: list[dict[str, Any]] = [{}, {"dialerPriority": 5}, late, soon, {"dialerPriority": 1}]
    campaign.add([{"phone": phone} | policy for phone, policy in zip(PHONES, policies, strict=False)])
    campaign.control("start")
    made.advance(A_DAY)
    called = sorted(campaign.jobs, key=lambda job: job.attempts[0].started_ms)
    assert [PHONES.index(job.phone) for job in called] == [4, 3, 2, 1, 0]


def test_a_call_that_found_no_line_before_its_window_closed_waits_for_the_next() -> None:
    made = world("demo:lines=1:state=inProgress:outcome=longCallWithResult")
    campaign = made.campaign()
    first, second = campaign.add(numbers(1)) + campaign.add(
        [{"phone": PHONES[1], "allowedTime": {"default": [{"localTimeFrom": "10:00", "localTimeTo": "10:01"}]}}]
    )
    campaign.set_status(first, "inProcess")
    made.advance(3600)
    campaign.set_status(first, "longCallWithResult")
    assert campaign.job(second).status == "planned"
    made.advance(A_DAY)
    assert campaign.job(second).attempts[0].started_ms == parse_iso("2024-01-02T10:00:00Z")


# ------------------------------------------------------------------------------------------------ control and cancel


def test_pausing_lets_calls_end_and_starts_none() -> None:
    made, campaign = added("demo:state=inProgress:lines=1:outcome=noAnswer", 2)
    campaign.control("pause")
    made.advance(A_DAY)
    assert statuses(campaign) == ["onRetry", "planned"]


def test_resuming_goes_on_where_it_paused() -> None:
    made, campaign = added("demo:state=inProgress:lines=1:outcome=longCallWithResult", 2)
    campaign.control("pause")
    made.advance(A_DAY)
    campaign.control("resume")
    made.advance(A_DAY)
    assert statuses(campaign) == ["longCallWithResult"] * 2
    assert campaign.jobs[1].attempts[0].started_ms == MONDAY_10_UTC + A_DAY * 1000


def test_stopping_ends_waiting_jobs_and_lets_the_call_in_process_finish() -> None:
    made, campaign = added("demo:state=inProgress:lines=1:outcome=noAnswer", 3)
    made.set_status(campaign.jobs[2].id, "onRetry")
    assert statuses(campaign) == ["inProcess", "planned", "onRetry"]
    campaign.control("stop")
    assert statuses(campaign) == ["inProcess", "notDone", "notDone"]
    made.advance(A_DAY)
    assert statuses(campaign) == ["noAnswer", "notDone", "notDone"]
    assert all(job.finished_ms is not None for job in campaign.jobs)


@pytest.mark.parametrize(
    ("state", "possible"),
    [
        ("new", {"start", "stop"}),
        ("planned", {"start", "stop"}),
        ("inProgress", {"pause", "stop"}),
        ("paused", {"resume", "stop"}),
        ("finished", set()),
        ("deleted", set()),
    ],
)
def test_each_state_allows_its_own_moves(state: str, possible: set[str]) -> None:
    impossible = {"start", "pause", "resume", "stop"} - possible
    for action in possible:
        world(f"demo:state={state}").campaign().control(action)
    for action in impossible:
        with pytest.raises(RefusedError):
            world(f"demo:state={state}").campaign().control(action)


def test_a_waiting_job_is_cancelled_at_once() -> None:
    _, campaign = added("demo:state=paused")
    job = only(campaign)
    assert campaign.cancel(Named(ids=(job.id,))) == (job.id,)
    assert only(campaign).status == "canceled"
    assert only(campaign).finished_ms == MONDAY_10_UTC


def test_a_cancelled_job_is_never_called() -> None:
    made, campaign = added("demo:state=paused")
    campaign.cancel(Named(phones=(PHONES[0],)))
    campaign.control("resume")
    made.advance(A_DAY)
    assert only(campaign).attempts == ()


@pytest.mark.parametrize(
    ("outcome", "status"), [("longCallWithResult", "longCallWithResult"), ("noAnswer", "canceled")]
)
def test_cancelling_during_a_call_lets_it_finish_and_allows_no_other(outcome: str, status: str) -> None:
    made, campaign = added(f"demo:state=inProgress:outcome={outcome}")
    job = only(campaign)
    assert campaign.cancel(Named(ids=(job.id,))) == (job.id,)
    assert only(campaign).status == "inProcess"
    made.advance(A_DAY)
    assert only(campaign).status == status
    assert only(campaign).attempts_count == 1


def test_the_answer_of_a_cancel_can_leave_out_calls_in_process() -> None:
    _, campaign = added("demo:state=inProgress:lines=1:inprocess=omitted", 2)
    ids = tuple(job.id for job in campaign.jobs)
    assert campaign.cancel(Named(ids=ids)) == ids[1:]


def test_a_finished_job_is_not_cancelled() -> None:
    made, campaign = added("demo:state=inProgress:outcome=longCallWithResult")
    made.advance(A_DAY)
    assert campaign.cancel(Named(phones=(PHONES[0],))) == ()
    assert only(campaign).status == "longCallWithResult"


# ------------------------------------------------------------------------------------------------------ other people


def test_by_phone_also_somebody_elses_job_is_cancelled() -> None:
    made, campaign = added("demo:state=paused")
    foreign = made.add_foreign(PHONES[0])
    assert foreign in campaign.cancel(Named(phones=(PHONES[0],)))
    assert made.job(foreign).created_by == "somebody"


def test_a_job_from_the_web_interface_cannot_be_cancelled() -> None:
    made = world("demo:state=paused")
    foreign = made.add_foreign(PHONES[0], "demo", via="web")
    assert made.campaign().cancel(Named(ids=(foreign,))) == ()
    assert made.cancel_externally(foreign) is False
    assert made.job(foreign).status == "planned"


def test_somebody_else_can_cancel_a_job() -> None:
    made, campaign = added("demo:state=paused")
    assert made.cancel_externally(int(only(campaign).id)) is True
    assert only(campaign).status == "canceled"


def test_a_forced_call_goes_on_until_it_is_forced_to_end() -> None:
    made, campaign = added("demo:state=paused")
    job_id = only(campaign).id
    assert made.set_status(job_id, "inProcess").started_ms == MONDAY_10_UTC
    made.advance(A_DAY)
    assert made.job(job_id).status == "inProcess"
    ended = made.set_status(job_id, "longCallWithResult")
    assert ended.attempts[0].report is not None
    assert ended.finished_ms == MONDAY_10_UTC + A_DAY * 1000


@pytest.mark.parametrize(
    ("status", "attempts", "is_finished"),
    [
        ("planned", 0, False),
        ("onRetry", 1, False),
        ("noAnswer", 1, True),
        ("notDone", 0, True),
        ("canceled", 0, True),
        ("somethingNew", 0, False),
    ],
)
def test_any_status_can_be_forced(status: str, attempts: int, is_finished: bool) -> None:
    made, campaign = added("demo:state=paused")
    job = made.set_status(only(campaign).id, status)
    assert (job.status, len(job.attempts), job.finished_ms is not None) == (status, attempts, is_finished)


def test_a_job_forced_to_be_cancelled_in_the_newer_spelling_is_cancelled() -> None:
    made, campaign = added("demo:state=paused")
    assert made.set_status(only(campaign).id, "cancelledByUser").status == "canceled"


def test_a_job_forced_back_to_planned_is_called_again() -> None:
    made, campaign = added("demo:state=inProgress:outcome=longCallWithResult")
    made.advance(A_DAY)
    made.set_status(only(campaign).id, "planned")
    made.advance(A_DAY)
    assert only(campaign).attempts_count == 2


def test_a_retry_forced_onto_a_job_that_was_called_keeps_its_attempts() -> None:
    made, campaign = added("demo:state=inProgress:outcome=longCallWithResult")
    made.advance(A_DAY)
    campaign.control("pause")
    assert made.set_status(only(campaign).id, "onRetry").attempts_count == 1


def test_a_lost_job_is_unknown_to_every_report() -> None:
    made, campaign = added("demo:state=paused", 2)
    lost, kept = (job.id for job in campaign.jobs)
    made.forget(lost)
    assert [job.id for job in campaign.jobs] == [kept]
    assert campaign.totals() == ({"planned": 1}, 0)
    with pytest.raises(RefusedError):
        campaign.report(Named(phones=(PHONES[0],)))
    for ask in (made.job, made.forget, made.cancel_externally, campaign.job):
        with pytest.raises(KeyError):
            ask(lost)


def test_a_job_lost_during_its_call_does_not_keep_the_line_busy() -> None:
    made, campaign = added("demo:state=inProgress:lines=1", 2)
    made.forget(campaign.jobs[0].id)
    assert statuses(campaign) == ["inProcess"]
    made.advance(A_DAY)
    assert len(campaign.jobs) == 1


def test_an_unknown_state_is_refused() -> None:
    with pytest.raises(ValueError, match="state is one of"):
        world().campaign().set_state("asleep")


def test_a_campaign_is_found_by_name_and_by_token() -> None:
    made = World(["t0ken:name=first", "second"])
    assert made.campaign() is made.campaign("first") is made.campaign("t0ken")
    with pytest.raises(KeyError):
        made.campaign("third")


@pytest.mark.parametrize("text", ["demo", "other:name=demo"])
def test_tokens_and_names_are_taken_once(text: str) -> None:
    with pytest.raises(ValueError, match="of its own"):
        World(["demo", text])
