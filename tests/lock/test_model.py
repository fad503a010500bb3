"""What a report makes of a remembered status, and what each status stands for."""

from __future__ import annotations

import pytest

from reconciler.calls.model import Job, JobStatus
from reconciler.lock.model import CallStatus, FormerJob, job_status
from tests.lock.samples import KEYER, lock_of, locked, owned_jobs

PLAIN = {
    JobStatus.PLANNED: CallStatus.PLANNED,
    JobStatus.ON_RETRY: CallStatus.ON_RETRY,
    JobStatus.IN_PROCESS: CallStatus.IN_PROCESS,
    JobStatus.TALKED_WITH_RESULT: CallStatus.TALKED_WITH_RESULT,
    JobStatus.TALKED_NO_RESULT: CallStatus.TALKED_NO_RESULT,
    JobStatus.NO_ANSWER: CallStatus.NO_ANSWER,
    JobStatus.NONEXISTENT: CallStatus.NONEXISTENT,
    JobStatus.TECHNICAL_ERROR: CallStatus.TECHNICAL_ERROR,
    JobStatus.NOT_DONE: CallStatus.NOT_DONE,
    JobStatus.UNKNOWN: CallStatus.UNKNOWN,
}


def seen(before: CallStatus, now: JobStatus | None, *, reached: bool = False) -> CallStatus:
    """The status after a report."""
    job = Job("17", "16507770042", now, was_reached=reached) if now else None
    return locked("ann", before).seen(job)


@pytest.mark.parametrize("now", PLAIN)
def test_a_report_is_taken_as_it_is(now: JobStatus) -> None:
    assert seen(CallStatus.PLANNED, now) is PLAIN[now]


def test_no_job_status_is_forgotten() -> None:
    assert {*PLAIN, JobStatus.CANCELLED} == set(JobStatus)


@pytest.mark.parametrize("before", [CallStatus.PLANNED, CallStatus.ON_RETRY, CallStatus.UNKNOWN])
def test_a_job_that_should_be_reported_and_is_not_is_missing(before: CallStatus) -> None:
    assert seen(before, None) is CallStatus.MISSING


def test_a_job_we_are_cancelling_that_a_report_leaves_out_stays_ours() -> None:
    assert seen(CallStatus.CANCELLING, None) is CallStatus.CANCELLING


@pytest.mark.parametrize(
    ("before", "reached", "after"),
    [
        (CallStatus.CANCELLING, False, CallStatus.CANCELLED),
        (CallStatus.CANCELLING, True, CallStatus.CANCELLED_REACHED),
        (CallStatus.PLANNED, False, CallStatus.CANCELLED_BY_OTHERS),
        (CallStatus.PLANNED, True, CallStatus.CANCELLED_BY_OTHERS_REACHED),
        (CallStatus.MISSING, False, CallStatus.CANCELLED_BY_OTHERS),
    ],
)
def test_a_cancellation_is_ours_only_when_we_asked(before: CallStatus, reached: bool, after: CallStatus) -> None:
    assert seen(before, JobStatus.CANCELLED, reached=reached) is after


@pytest.mark.parametrize(
    ("now", "after"),
    [
        (JobStatus.IN_PROCESS, CallStatus.CANCELLING),
        (JobStatus.UNKNOWN, CallStatus.CANCELLING),
        (JobStatus.PLANNED, CallStatus.PLANNED),
        (JobStatus.ON_RETRY, CallStatus.ON_RETRY),
        (JobStatus.TALKED_WITH_RESULT, CallStatus.TALKED_WITH_RESULT),
        (JobStatus.NO_ANSWER, CallStatus.NO_ANSWER),
        (JobStatus.NOT_DONE, CallStatus.NOT_DONE),
    ],
)
def test_a_cancellation_under_way_stays_so_until_the_call_is_over(now: JobStatus, after: CallStatus) -> None:
    assert seen(CallStatus.CANCELLING, now) is after


def test_not_done_after_a_talk_counts_as_called() -> None:
    assert seen(CallStatus.ON_RETRY, JobStatus.NOT_DONE, reached=True).is_called


@pytest.mark.parametrize("status", CallStatus)
def test_every_status_is_exactly_one_of_live_called_free_doubtful_others_or_rejected(status: CallStatus) -> None:
    unreached = status is CallStatus.CANCELLED_BY_OTHERS
    kinds = [status.is_live, status.is_called, status.is_free, status.is_doubtful, unreached]
    assert sum(kinds) == (0 if status is CallStatus.REJECTED else 1)


@pytest.mark.parametrize("status", CallStatus)
def test_the_server_is_asked_again_exactly_while_something_can_change(status: CallStatus) -> None:
    assert status.is_final is not (status.is_live or status.is_doubtful)


@pytest.mark.parametrize("status", CallStatus)
def test_every_status_is_one_letter(status: CallStatus) -> None:
    assert len(status.value) == 1


def test_what_can_be_taken_back_is_queued() -> None:
    assert {status for status in CallStatus if status.is_waiting} == {CallStatus.PLANNED, CallStatus.ON_RETRY}


def test_both_kinds_of_cancellation_by_others_are_known_as_such() -> None:
    by_others = {CallStatus.CANCELLED_BY_OTHERS, CallStatus.CANCELLED_BY_OTHERS_REACHED}
    assert {status for status in CallStatus if status.is_cancelled_by_others} == by_others


@pytest.mark.parametrize("now", PLAIN)
def test_a_remembered_status_tells_the_jobs(now: JobStatus) -> None:
    assert job_status(PLAIN[now]) is now


@pytest.mark.parametrize("status", [CallStatus.CANCELLED, CallStatus.CANCELLED_REACHED, CallStatus.CANCELLED_BY_OTHERS])
def test_cancelled_by_whomever_is_cancelled(status: CallStatus) -> None:
    assert job_status(status) is JobStatus.CANCELLED


def test_a_lock_owns_every_job_it_ever_created() -> None:
    old = FormerJob("old", KEYER.phone("before"))
    lock = lock_of(locked("ann", former=(old,)), locked("bob", CallStatus.REJECTED, job=""))
    assert owned_jobs(lock) == {"old": old.phone, "job-ann-1": KEYER.phone("ann")}


def test_the_same_status_is_the_same_call() -> None:
    call = locked("ann")
    assert call.with_status(call.status) is call


def test_calls_are_added_and_replaced_in_a_new_lock() -> None:
    lock = lock_of(locked("ann"))
    later = lock.with_calls([locked("ann", CallStatus.NO_ANSWER), locked("bob")])
    assert [call.status for call in lock.calls.values()] == [CallStatus.PLANNED]
    assert [call.status for call in later.calls.values()] == [CallStatus.NO_ANSWER, CallStatus.PLANNED]
