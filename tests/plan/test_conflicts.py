"""What stands against a new job although the call's own row allows it: other jobs of the phone, whoever made them."""

from __future__ import annotations

import pytest

from reconciler.calls.model import JobStatus
from reconciler.lock.model import CallStatus
from tests.plan.values import call, campaign, job, lock_of, observed, planned, remembered, said

FOREIGN = [JobStatus.PLANNED, JobStatus.IN_PROCESS, JobStatus.NO_ANSWER, JobStatus.CANCELLED, JobStatus.UNKNOWN]


@pytest.mark.parametrize("status", FOREIGN)
def test_a_job_that_somebody_else_made_blocks_its_phone(status: JobStatus) -> None:
    seen = observed(foreign=[job("other", 1, status)])
    plan = planned([call("ann", 1), call("bob", 2)], lock_of(), seen)
    assert said(plan) == ["Add bob/1: NEW", "Blocked ann/1: FOREIGN_JOB", "Unmanaged 1"]


def test_a_foreign_job_blocks_nothing_where_the_manifest_allows_it() -> None:
    seen = observed(foreign=[job("other", 1, JobStatus.PLANNED)])
    plan = planned([call("ann", 1)], lock_of(), seen, campaign(foreign="allow"))
    assert said(plan) == ["Add ann/1: NEW", "Unmanaged 1"]


def test_foreign_jobs_of_phones_nobody_wants_are_only_counted() -> None:
    seen = observed(foreign=[job("other", 8, JobStatus.PLANNED), job("another", 9, JobStatus.PLANNED)])
    assert said(planned([], lock_of(), seen)) == ["Unmanaged 2"]


def test_a_foreign_job_blocks_adding_again() -> None:
    seen = observed(foreign=[job("other", 1, JobStatus.PLANNED)])
    plan = planned([call("ann", 1)], lock_of(remembered(call("ann", 1), CallStatus.CANCELLED)), seen)
    assert said(plan) == ["Blocked ann/1: FOREIGN_JOB", "Unmanaged 1"]


def test_a_foreign_job_does_not_keep_changed_data_from_an_own_queued_job() -> None:
    lock = lock_of(remembered(call("ann", 1), CallStatus.PLANNED))
    seen = observed(job("job-ann-1", 1, JobStatus.PLANNED), foreign=[job("other", 1, JobStatus.NO_ANSWER)])
    assert said(planned([call("ann", 1, "y")], lock, seen)) == ["Replace ann/1: CHANGED", "Unmanaged 1"]


def test_a_foreign_job_blocks_a_key_that_moves_to_its_phone_and_the_old_phone_is_taken_back() -> None:
    lock = lock_of(remembered(call("ann", 1), CallStatus.PLANNED))
    seen = observed(job("job-ann-1", 1, JobStatus.PLANNED), foreign=[job("other", 2, JobStatus.NO_ANSWER)])
    plan = planned([call("ann", 2)], lock, seen)
    assert said(plan) == ["Blocked ann/1: FOREIGN_JOB", "Cancel ann/1: REMOVED", "Unmanaged 1"]


ANOTHER_KEY = [
    (CallStatus.PLANNED, ["Cancel bob/1: REMOVED", "Replace ann/1: CHANGED"]),
    (CallStatus.IN_PROCESS, ["Cancel ann/1: REMOVED", "Cancel bob/1: REMOVED", "Deferred ann/1: BEING_CALLED"]),
    (CallStatus.CANCELLING, ["Cancel ann/1: REMOVED", "Deferred ann/1: CANCELLING", "Deferred bob/1: CANCELLING"]),
    (CallStatus.NO_ANSWER, ["Blocked ann/1: SAME_PHONE", "Cancel ann/1: REMOVED"]),
    (CallStatus.CANCELLED_REACHED, ["Blocked ann/1: SAME_PHONE", "Cancel ann/1: REMOVED"]),
    (CallStatus.VOUCHED, ["Blocked ann/1: SAME_PHONE", "Cancel ann/1: REMOVED"]),
    (CallStatus.CANCELLED_BY_OTHERS, ["Cancel ann/1: REMOVED", "Drifted ann/1: CANCELLED_BY_OTHERS"]),
    (CallStatus.UNKNOWN, ["Blocked ann/1: UNKNOWN_STATUS", "Cancel ann/1: REMOVED", "Cancel bob/1: REMOVED"]),
    (CallStatus.MISSING, ["Blocked ann/1: MISSING", "Blocked bob/1: MISSING", "Cancel ann/1: REMOVED"]),
    (CallStatus.IN_DOUBT, ["Blocked ann/1: IN_DOUBT", "Blocked bob/1: IN_DOUBT", "Cancel ann/1: REMOVED"]),
    (CallStatus.CANCELLED, ["Replace ann/1: CHANGED"]),
    (CallStatus.NOT_DONE, ["Replace ann/1: CHANGED"]),
    (CallStatus.REJECTED, ["Replace ann/1: CHANGED"]),
]


@pytest.mark.parametrize(("status", "says"), ANOTHER_KEY, ids=[status.name for status, _ in ANOTHER_KEY])
def test_a_key_that_moves_to_the_phone_of_a_removed_key(status: CallStatus, says: list[str]) -> None:
    lock = lock_of(remembered(call("ann", 1), CallStatus.PLANNED), remembered(call("bob", 2), status))
    assert said(planned([call("ann", 2)], lock)) == says


@pytest.mark.parametrize("status", [CallStatus.NO_ANSWER, CallStatus.IN_PROCESS, CallStatus.MISSING])
def test_a_phone_that_may_be_shared_is_called_under_each_key(status: CallStatus) -> None:
    lock = lock_of(remembered(call("bob", 2, shares_phone=True), status))
    rows = [call("ann", 2, shares_phone=True), call("bob", 2, shares_phone=True)]
    assert "Add ann/1: NEW" in said(planned(rows, lock))


def test_a_shared_phone_is_still_left_alone_after_somebody_else_cancelled_it() -> None:
    lock = lock_of(remembered(call("bob", 2), CallStatus.CANCELLED_BY_OTHERS))
    rows = [call("ann", 2, shares_phone=True), call("bob", 2, shares_phone=True)]
    assert said(planned(rows, lock)) == ["Drifted ann/1: CANCELLED_BY_OTHERS", "Drifted bob/1: CANCELLED_BY_OTHERS"]


def test_a_shared_phone_does_not_excuse_two_waves_of_one_key() -> None:
    lock = lock_of(remembered(call("ann", 1), CallStatus.IN_PROCESS))
    plan = planned([call("ann", 1, wave="2", shares_phone=True)], lock)
    assert said(plan) == ["Cancel ann/1: OLDER_WAVE", "Deferred ann/2: BEING_CALLED"]


def test_changed_data_waits_while_the_phone_is_in_doubt_under_another_key() -> None:
    lock = lock_of(remembered(call("ann", 1), CallStatus.PLANNED), remembered(call("bob", 1), CallStatus.IN_DOUBT))
    plan = planned([call("ann", 1, "y")], lock)
    assert said(plan) == ["Blocked ann/1: IN_DOUBT", "Blocked bob/1: IN_DOUBT"]


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (CallStatus.PLANNED, ["Add ann/1: CHANGED", "Cancel ann/1: SUPPRESSED"]),
        (CallStatus.IN_PROCESS, ["Cancel ann/1: SUPPRESSED", "Deferred ann/1: BEING_CALLED"]),
        (CallStatus.UNKNOWN, ["Blocked ann/1: UNKNOWN_STATUS", "Cancel ann/1: SUPPRESSED"]),
        (CallStatus.CANCELLING, ["Deferred ann/1: CANCELLING"]),
        (CallStatus.CANCELLED, ["Add ann/1: AGAIN_AFTER_CANCEL"]),
        (CallStatus.NO_ANSWER, ["Frozen ann/1: ALREADY_CALLED"]),
    ],
)
def test_a_suppressed_phone_is_taken_back_although_its_key_has_another_phone_now(
    status: CallStatus, says: list[str]
) -> None:
    lock = lock_of(remembered(call("ann", 1), status))
    assert said(planned([call("ann", 2)], lock, suppressed=[1])) == says


def test_a_suppressed_phone_is_taken_back_although_the_new_one_is_blocked() -> None:
    lock = lock_of(remembered(call("ann", 1), CallStatus.PLANNED), remembered(call("bob", 2), CallStatus.NO_ANSWER))
    plan = planned([call("ann", 2)], lock, suppressed=[1])
    assert said(plan) == ["Blocked ann/1: SAME_PHONE", "Cancel ann/1: SUPPRESSED"]


def test_suppression_reaches_every_wave_of_a_phone() -> None:
    lock = lock_of(
        remembered(call("ann", 1), CallStatus.ON_RETRY), remembered(call("ann", 1, wave="2"), CallStatus.PLANNED)
    )
    plan = planned([call("ann", 1, wave="2")], lock, suppressed=[1])
    assert said(plan) == ["Cancel ann/1: SUPPRESSED", "Cancel ann/2: SUPPRESSED"]
