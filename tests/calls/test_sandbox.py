"""The client against the sandbox over real HTTP: both dialects, every habit of spelling, every fault."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from reconciler.calls.client import CallsClient
from reconciler.calls.lookup import find_jobs
from reconciler.calls.model import CampaignState, Control, Dialect, JobStatus
from reconciler.errors import Ambiguous, BadCall, InvalidToken, TryLater, UnknownItems, WrongState
from reconciler.sandbox import Sandbox, serve

PHONES = [f"1650{n:07}" for n in range(450)]
HABITS = {
    "legacy": "demo:dialect=legacy",
    "legacy, cyrillic, numbers": "demo:dialect=legacy:spelling=cyrillic:ids=number:extra=true",
    "current": "demo:dialect=current",
    "current, shuffled": "demo:dialect=current:ids=number:order=shuffled:times=iso:status=text:extra=true",
    "current, old words": "demo:dialect=current:spelling=old",
}


def body_of(phones: list[str]) -> bytes:
    return json.dumps([{"phone": phone, "payload": {"n": 1}} for phone in phones]).encode()


def client_of(sandbox: Sandbox, campaign: str = "demo") -> CallsClient:
    waits: list[float] = []
    return CallsClient(sandbox.url, campaign, sleep=waits.append)


@pytest.mark.parametrize("habits", HABITS.values(), ids=HABITS)
def test_calls_are_added_found_and_cancelled(habits: str) -> None:
    with serve([f"{habits}:state=paused"]) as sandbox, client_of(sandbox) as client:
        added = client.add_phones(body_of(PHONES), "key-1").job_ids
        assert len(set(added)) == len(PHONES)
        by_id, by_phone = client.jobs(added), client.jobs(phones=PHONES)
        assert {job.job_id for job in by_id} == set(added)
        assert set(by_phone) == set(by_id)
        assert {job.phone for job in by_phone} == set(PHONES)
        assert {job.status for job in by_id} == {JobStatus.PLANNED}

        assert client.cancel(added[:3], "key-2") == set(added[:3])
        assert {job.status for job in client.jobs(added[:3])} == {JobStatus.CANCELLED}
        with pytest.raises(UnknownItems):
            client.cancel([added[4], "404"], "key-3")


@pytest.mark.parametrize("habits", HABITS.values(), ids=HABITS)
def test_what_does_not_exist_is_found_out_exactly(habits: str) -> None:
    with serve([habits]) as sandbox, client_of(sandbox) as client:
        added = client.add_phones(body_of(PHONES[:5]), "key").job_ids
        found = find_jobs(client, job_ids=[*added, "404"], phones=[PHONES[0], PHONES[9]])
        assert {job.job_id for job in found.jobs} == set(added)
        assert found.missing == {"404", PHONES[9]}


@pytest.mark.parametrize("habits", HABITS.values(), ids=HABITS)
def test_a_call_runs_to_its_end_and_reports_what_was_said(habits: str) -> None:
    with serve([f"{habits}:state=inProgress:outcome=longCallWithResult"]) as sandbox, client_of(sandbox) as client:
        (job_id,) = client.add_phones(body_of(PHONES[:1]), "key").job_ids
        sandbox.world.advance(86_400)
        (report,) = client.reports([job_id])
        assert report.job.status is JobStatus.TALKED_WITH_RESULT
        assert report.job.was_reached
        assert report.call_duration_s > 0
        assert report.finished_at_ms is not None
        assert report.job.created_at_ms is not None
        assert report.job.created_at_ms < report.finished_at_ms


def test_a_legacy_campaign_is_controlled_without_its_state_being_known() -> None:
    with serve(["demo:dialect=legacy"]) as sandbox, client_of(sandbox) as client:
        assert (client.dialect(), client.state(), client.details()) == (Dialect.LEGACY, None, None)
        client.control(Control.START, "key-1")
        client.control(Control.PAUSE, "key-2")
        with pytest.raises(WrongState):
            client.control(Control.PAUSE, "key-3")


@pytest.mark.parametrize("habits", [habits for habits in HABITS.values() if "=current" in habits])
def test_a_current_campaign_tells_its_state(habits: str) -> None:
    with serve([f"{habits}:state=paused"]) as sandbox, client_of(sandbox) as client:
        assert (client.dialect(), client.state()) == (Dialect.CURRENT, CampaignState.PAUSED)
        client.control(Control.RESUME, "key-1")
        assert client.state() is CampaignState.RUNNING
        client.add_phones(body_of(PHONES), "key-2")
        details = client.details()
        assert details is not None
        assert (details.state, details.total_numbers) == (CampaignState.RUNNING, len(PHONES))
        client.control(Control.STOP, "key-3")
        assert client.state() is CampaignState.FINISHED
        with pytest.raises(WrongState):
            client.add_phones(body_of(PHONES), "key-4")


def test_listings_of_several_pages_are_complete() -> None:
    with serve(["demo:dialect=current:state=paused"]) as sandbox, client_of(sandbox) as client:
        added = client.add_phones(body_of(PHONES), "key").job_ids
        assert {job.job_id for job in client.unfinished()} == set(added)
        assert {job.job_id for job in client.jobs_by_date(0)} == set(added)
        assert list(client.jobs_by_date(created_to_s=0)) == []


def test_attempts_are_reported_one_by_one() -> None:
    unanswered = "demo:dialect=current:state=inProgress:outcome=noAnswer:attempts=2"
    with serve([unanswered]) as sandbox, client_of(sandbox) as client:
        (job_id,) = client.add_phones(body_of(PHONES[:1]), "key").job_ids
        sandbox.world.advance(7 * 86_400)
        assert sorted(attempt.attempt_number for attempt in client.attempts([job_id])) == [1, 2]
        listed = [(attempt.report.job.job_id, attempt.attempt_number) for attempt in client.attempts_by_date(0)]
        assert sorted(listed) == [(job_id, 1), (job_id, 2)]


def test_the_number_that_is_refused_is_named() -> None:
    with serve([f"demo:rejects={PHONES[1]}"]) as sandbox, client_of(sandbox) as client:
        with pytest.raises(BadCall) as refusal:
            client.add_phones(body_of(PHONES[:3]), "key")
        assert refusal.value.phone == PHONES[1]
        assert PHONES[1] not in str(refusal.value)


@pytest.mark.parametrize("dialect", ["legacy", "current"])
def test_a_wrong_token_is_no_campaign(dialect: str) -> None:
    with serve([f"demo:dialect={dialect}"]) as sandbox, client_of(sandbox, "other") as client:
        with pytest.raises(InvalidToken):
            client.add_phones(body_of(PHONES[:1]), "key")
        with pytest.raises(InvalidToken):
            client.jobs(["1"])


def test_one_client_serves_several_threads() -> None:
    batches = [PHONES[start : start + 50] for start in range(0, 450, 50)]
    with serve(["demo:dialect=current:state=paused"]) as sandbox, client_of(sandbox) as client:

        def add(batch: list[str]) -> set[str]:
            added = client.add_phones(body_of(batch), f"key-{batch[0]}").job_ids
            return {job.phone for job in client.jobs(added)}

        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(add, batches)) == list(map(set, batches))
        assert len(list(client.unfinished())) == len(PHONES)


@pytest.mark.parametrize(
    ("fault", "added"),
    [
        ("drop-response:addPhones", 1),
        ("drop-response:addPhones:reset=true", 1),
        ("drop-request:addPhones", 0),
        ("500-before:addPhones", 0),
        ("500-after:addPhones", 1),
        ("502-html:addPhones", 0),
        ("502-html:addPhones:after=true", 1),
        ("truncated-json:addPhones", 1),
        ("reset-mid-body:addPhones", 1),
        ("wrong-content-type:addPhones", 1),
        ("redirect:addPhones", 0),
    ],
)
def test_a_fault_while_adding_is_ambiguous_whether_or_not_the_calls_were_added(fault: str, added: int) -> None:
    with serve(["demo:dialect=current:state=paused"], faults=[fault]) as sandbox, client_of(sandbox) as client:
        with pytest.raises(Ambiguous):
            client.add_phones(body_of(PHONES[:1]), "key")
        assert len(list(client.unfinished())) == added
        assert len(client.add_phones(body_of(PHONES[:1]), "key").job_ids) == 1
        assert len(list(client.unfinished())) == 1


@pytest.mark.parametrize("status", ["429", "503"])
def test_a_busy_sandbox_did_nothing(status: str) -> None:
    busy = f"{status}:addPhones:retry-after=5"
    with serve(["demo:dialect=current"], faults=[busy]) as sandbox, client_of(sandbox) as client:
        with pytest.raises(TryLater) as later:
            client.add_phones(body_of(PHONES[:1]), "key")
        assert later.value.retry_after_s == 5
        assert list(client.unfinished()) == []


@pytest.mark.parametrize(
    "fault",
    ["drop-response", "drop-request", "500-before", "502-html", "429", "503", "reset-mid-body"],
)
def test_a_fault_while_reading_is_read_over(fault: str) -> None:
    twice = f"{fault}:getReport:2"
    with serve(["demo:dialect=current"], faults=[twice]) as sandbox, client_of(sandbox) as client:
        added = client.add_phones(body_of(PHONES[:1]), "key").job_ids
        assert [job.job_id for job in client.jobs(added)] == list(added)
