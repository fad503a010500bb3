"""The plan table of the design, row by row: what is wanted, remembered and observed, and what the plan then says."""

from __future__ import annotations

import msgspec
import pytest

from reconciler.calls.model import Job, JobStatus
from reconciler.lock.model import CallStatus, Erased, LockedCall
from reconciler.lock.waves import with_waves
from reconciler.phones.model import Call
from tests.plan.values import call, campaign, job, lock_of, observed, planned, remembered, said

FINISHED = (
    JobStatus.TALKED_WITH_RESULT,
    JobStatus.TALKED_NO_RESULT,
    JobStatus.NO_ANSWER,
    JobStatus.NONEXISTENT,
    JobStatus.TECHNICAL_ERROR,
)
ANN = call("ann", 1)
ANN_CHANGED = call("ann", 1, "y")
ANN_MOVED = call("ann", 9)
ANN_AGAIN = call("ann", 1, wave="2")


class Row(msgspec.Struct, frozen=True):
    """One row: `now` is the job's status on the server, None where it is not reported."""

    name: str
    wanted: tuple[Call, ...]
    locked: tuple[LockedCall, ...]
    now: tuple[Job, ...]
    says: list[str]
    suppressed: tuple[int, ...] = ()


def was(one: Call, status: CallStatus = CallStatus.PLANNED) -> tuple[LockedCall, ...]:
    """What the lock remembers of one call."""
    return (remembered(one, status),)


def now(status: JobStatus, *, reached: bool = False, wave: str = "1") -> tuple[Job, ...]:
    """Ann's job as it is reported."""
    return (job(f"job-ann-{wave}", 1, status, was_reached=reached),)


ROWS = [
    Row("wanted and unknown is added", (ANN,), (), (), ["Add ann/1: NEW"]),
    *(
        Row(f"wanted as it is, {status} is left", (ANN,), was(ANN), now(status), [])
        for status in (JobStatus.PLANNED, JobStatus.ON_RETRY, JobStatus.IN_PROCESS, *FINISHED)
    ),
    *(
        Row(f"changed, {status} is replaced", (ANN_CHANGED,), was(ANN), now(status), ["Replace ann/1: CHANGED"])
        for status in (JobStatus.PLANNED, JobStatus.ON_RETRY)
    ),
    Row(
        "changed, being called is deferred",
        (ANN_CHANGED,),
        was(ANN),
        now(JobStatus.IN_PROCESS),
        ["Deferred ann/1: BEING_CALLED"],
    ),
    *(
        Row(f"changed, {status} is frozen", (ANN_CHANGED,), was(ANN), now(status), ["Frozen ann/1: ALREADY_CALLED"])
        for status in FINISHED
    ),
    *(
        Row(
            f"a new wave, {status} in the old one, is added",
            (ANN_AGAIN,),
            was(ANN),
            now(status),
            ["Add ann/2: NEW_WAVE"],
        )
        for status in FINISHED
    ),
    *(
        Row(
            f"a new wave, {status} in the old one, cancels and adds",
            (ANN_AGAIN,),
            was(ANN),
            now(status),
            ["Add ann/2: NEW_WAVE", "Cancel ann/1: OLDER_WAVE"],
        )
        for status in (JobStatus.PLANNED, JobStatus.ON_RETRY)
    ),
    Row(
        "a new wave, being called in the old one, cancels further attempts and waits",
        (ANN_AGAIN,),
        was(ANN),
        now(JobStatus.IN_PROCESS),
        ["Cancel ann/1: OLDER_WAVE", "Deferred ann/2: BEING_CALLED"],
    ),
    Row(
        "a new wave, in the old one somebody else cancelled, is left alone",
        (ANN_AGAIN,),
        was(ANN),
        now(JobStatus.CANCELLED),
        ["Drifted ann/2: CANCELLED_BY_OTHERS"],
    ),
    Row(
        "a new wave, unknown in the old one, cancels and waits",
        (ANN_AGAIN,),
        was(ANN),
        now(JobStatus.UNKNOWN),
        ["Blocked ann/2: UNKNOWN_STATUS", "Cancel ann/1: OLDER_WAVE"],
    ),
    Row(
        "a new wave, missing in the old one, is blocked",
        (ANN_AGAIN,),
        was(ANN),
        (),
        ["Blocked ann/1: MISSING", "Blocked ann/2: MISSING"],
    ),
    Row(
        "a wave that was done before, after a revert, stays done",
        (ANN,),
        (remembered(ANN, CallStatus.TALKED_WITH_RESULT), remembered(ANN_AGAIN, CallStatus.NO_ANSWER)),
        (),
        [],
    ),
    Row(
        "going back after the newer wave talked calls nobody, though the older one was taken back unreached",
        (ANN,),
        (remembered(ANN, CallStatus.CANCELLED), remembered(ANN_AGAIN, CallStatus.TALKED_WITH_RESULT)),
        (),
        ["Blocked ann/1: NEWER_WAVE"],
    ),
    Row(
        "going back to a wave that never had somebody calls nobody who was called since",
        (call("bob", 2), ANN),
        (remembered(call("bob", 2), CallStatus.NO_ANSWER), remembered(ANN_AGAIN, CallStatus.NO_ANSWER)),
        (),
        ["Blocked ann/1: NEWER_WAVE"],
    ),
    Row(
        "going back under another key calls nobody whose phone was called since",
        (call("bob", 1),),
        (remembered(ANN, CallStatus.CANCELLED), remembered(ANN_AGAIN, CallStatus.NO_ANSWER)),
        (),
        ["Adopt bob/1: KEY_CHANGED", "Blocked bob/1: NEWER_WAVE"],
    ),
    Row(
        "taken back in the newer wave and wanted there again is added",
        (ANN_AGAIN,),
        (remembered(ANN, CallStatus.TALKED_WITH_RESULT), remembered(ANN_AGAIN, CallStatus.CANCELLED)),
        (),
        ["Add ann/2: AGAIN_AFTER_CANCEL"],
    ),
    Row(
        "going back after the newer wave was taken back unreached adds",
        (ANN,),
        (remembered(ANN, CallStatus.CANCELLED), remembered(ANN_AGAIN, CallStatus.CANCELLED)),
        (),
        ["Add ann/1: AGAIN_AFTER_CANCEL"],
    ),
    Row(
        "a revert while the newer wave is queued takes that one back",
        (ANN,),
        (remembered(ANN, CallStatus.TALKED_WITH_RESULT), remembered(ANN_AGAIN, CallStatus.PLANNED)),
        now(JobStatus.PLANNED, wave="2"),
        ["Cancel ann/2: OLDER_WAVE"],
    ),
    Row(
        "cancelled by us and wanted again is added",
        (ANN,),
        was(ANN, CallStatus.CANCELLED),
        (),
        ["Add ann/1: AGAIN_AFTER_CANCEL"],
    ),
    Row(
        "a cancellation of ours that arrives unreached is added again",
        (ANN,),
        was(ANN, CallStatus.CANCELLING),
        now(JobStatus.CANCELLED),
        ["Add ann/1: AGAIN_AFTER_CANCEL"],
    ),
    Row(
        "a cancellation of ours that came after a talk stays called",
        (ANN,),
        was(ANN, CallStatus.CANCELLING),
        now(JobStatus.CANCELLED, reached=True),
        [],
    ),
    Row(
        "changed after a talk that we cancelled too late is frozen",
        (ANN_CHANGED,),
        was(ANN, CallStatus.CANCELLING),
        now(JobStatus.CANCELLED, reached=True),
        ["Frozen ann/1: ALREADY_CALLED"],
    ),
    Row(
        "a cancellation under way is waited for",
        (ANN,),
        was(ANN, CallStatus.CANCELLING),
        now(JobStatus.IN_PROCESS),
        ["Deferred ann/1: CANCELLING"],
    ),
    Row(
        "never called because the campaign ended is added",
        (ANN,),
        was(ANN),
        now(JobStatus.NOT_DONE),
        ["Add ann/1: AGAIN_AFTER_NOT_DONE"],
    ),
    Row("notDone after a talk stays called", (ANN,), was(ANN), now(JobStatus.NOT_DONE, reached=True), []),
    Row(
        "cancelled by somebody else is left alone",
        (ANN,),
        was(ANN),
        now(JobStatus.CANCELLED),
        ["Drifted ann/1: CANCELLED_BY_OTHERS"],
    ),
    Row(
        "cancelled by somebody else and changed is left alone",
        (ANN_CHANGED,),
        was(ANN),
        now(JobStatus.CANCELLED),
        ["Drifted ann/1: CANCELLED_BY_OTHERS"],
    ),
    Row("an unknown status is blocked", (ANN,), was(ANN), now(JobStatus.UNKNOWN), ["Blocked ann/1: UNKNOWN_STATUS"]),
    Row(
        "an unknown status is blocked, changed or not",
        (ANN_CHANGED,),
        was(ANN),
        now(JobStatus.UNKNOWN),
        ["Blocked ann/1: UNKNOWN_STATUS"],
    ),
    Row("missing from the report is blocked", (ANN,), was(ANN), (), ["Blocked ann/1: MISSING"]),
    Row("in doubt is blocked", (ANN,), was(ANN, CallStatus.IN_DOUBT), (), ["Blocked ann/1: IN_DOUBT"]),
    Row("vouched for by a person stays called", (ANN,), was(ANN, CallStatus.VOUCHED), (), []),
    *(
        Row(f"not wanted, {status} is cancelled", (), was(ANN), now(status), ["Cancel ann/1: REMOVED"])
        for status in (JobStatus.PLANNED, JobStatus.ON_RETRY, JobStatus.IN_PROCESS, JobStatus.UNKNOWN)
    ),
    *(
        Row(f"not wanted, {status} is kept in the lock", (), was(ANN), now(status), [])
        for status in (*FINISHED, JobStatus.NOT_DONE, JobStatus.CANCELLED)
    ),
    Row(
        "not wanted, its cancellation under way is waited for",
        (),
        was(ANN, CallStatus.CANCELLING),
        now(JobStatus.IN_PROCESS),
        ["Deferred ann/1: CANCELLING"],
    ),
    Row(
        "not wanted, a cancellation without effect is asked for again",
        (),
        was(ANN, CallStatus.CANCELLING),
        now(JobStatus.ON_RETRY),
        ["Cancel ann/1: REMOVED"],
    ),
    Row("not wanted, missing is said", (), was(ANN), (), ["Blocked ann/1: MISSING"]),
    Row("not wanted, in doubt is said", (), was(ANN, CallStatus.IN_DOUBT), (), ["Blocked ann/1: IN_DOUBT"]),
    Row("suppressed is never added", (ANN,), (), (), [], suppressed=(1,)),
    *(
        Row(f"suppressed, {status} is cancelled", (ANN,), was(ANN), now(status), ["Cancel ann/1: SUPPRESSED"], (1,))
        for status in (JobStatus.PLANNED, JobStatus.ON_RETRY, JobStatus.IN_PROCESS, JobStatus.UNKNOWN)
    ),
    *(
        Row(f"suppressed, {status} is left", (ANN,), was(ANN), now(status), [], (1,))
        for status in (*FINISHED, JobStatus.NOT_DONE, JobStatus.CANCELLED)
    ),
    Row(
        "suppressed and changed is cancelled",
        (ANN_CHANGED,),
        was(ANN),
        now(JobStatus.PLANNED),
        ["Cancel ann/1: SUPPRESSED"],
        (1,),
    ),
    Row("suppressed in a new wave is not added", (ANN_AGAIN,), was(ANN), now(JobStatus.NO_ANSWER), [], (1,)),
    Row("rejected is not tried again", (ANN,), was(ANN, CallStatus.REJECTED), (), ["Blocked ann/1: REJECTED"]),
    Row(
        "rejected and changed is tried again",
        (ANN_CHANGED,),
        was(ANN, CallStatus.REJECTED),
        (),
        ["Add ann/1: AGAIN_AFTER_REJECTION"],
    ),
    Row("rejected and not wanted is forgotten about", (), was(ANN, CallStatus.REJECTED), (), []),
    Row(
        "another phone under the key, queued, is replaced",
        (ANN_MOVED,),
        was(ANN),
        now(JobStatus.PLANNED),
        ["Replace ann/1: CHANGED"],
    ),
    Row(
        "another phone under the key, called, is frozen",
        (ANN_MOVED,),
        was(ANN),
        now(JobStatus.NO_ANSWER),
        ["Frozen ann/1: ALREADY_CALLED"],
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_a_row_of_the_plan_table(row: Row) -> None:
    lock = with_waves(lock_of(*row.locked))
    plan = planned(row.wanted, lock, observed(*row.now, lock=lock), suppressed=row.suppressed)
    assert said(plan) == row.says


@pytest.mark.parametrize("again", [ANN, ANN_AGAIN, ANN_MOVED, call("bob", 1)], ids=["same", "wave", "phone", "key"])
def test_somebody_who_was_erased_is_not_called_in_any_wave_nor_under_a_key_or_phone_they_had(again: Call) -> None:
    lock, (known,) = lock_of(), was(ANN)
    erased = Erased("proof", (known.phone,), (known.key,))
    lock = msgspec.structs.replace(lock, header=msgspec.structs.replace(lock.header, erased=erased))
    plan = planned([again, call("dan", 4)], lock)
    assert [line for line in said(plan) if "dan" not in line] == [f"Frozen {again.key}/{again.wave}: ERASED"]
    assert (plan.counts.add, plan.wanted, plan.suppressed) == (1, 1, 0)


def test_every_call_in_step_is_counted() -> None:
    lock = lock_of(remembered(ANN, CallStatus.PLANNED), remembered(call("bob", 2), CallStatus.NO_ANSWER))
    plan = planned([ANN, call("bob", 2), call("cyd", 3)], lock)
    assert (plan.wanted, plan.in_step, plan.suppressed) == (3, 2, 0)


def test_suppressed_rows_are_counted_apart() -> None:
    plan = planned([ANN, call("bob", 2)], lock_of(), suppressed=[2, 3])
    assert (plan.wanted, plan.suppressed, plan.in_step) == (1, 1, 0)


def test_a_replacement_shows_the_attempts_already_made() -> None:
    lock = lock_of(remembered(ANN, CallStatus.PLANNED))
    plan = planned([ANN_CHANGED], lock, observed(job("job-ann-1", 1, JobStatus.ON_RETRY, attempts=2)))
    assert [action.attempts for action in plan.actions] == [2]  # type: ignore[union-attr]


@pytest.mark.parametrize("wave", ["1", "2"])
def test_a_cancellation_by_others_is_overridden_where_the_manifest_says_so(wave: str) -> None:
    lock = lock_of(remembered(ANN, CallStatus.PLANNED))
    seen = observed(*now(JobStatus.CANCELLED))
    plan = planned([call("ann", 1, wave=wave)], lock, seen, campaign(on_external_cancel="add"))
    assert said(plan) == [f"Add ann/{wave}: {'AGAIN_AFTER_OTHERS' if wave == '1' else 'NEW_WAVE'}"]


def test_a_cancellation_by_others_after_a_talk_is_never_overridden_in_its_wave() -> None:
    lock = lock_of(remembered(ANN, CallStatus.PLANNED))
    seen = observed(*now(JobStatus.CANCELLED, reached=True))
    assert said(planned([ANN], lock, seen, campaign(on_external_cancel="add"))) == []
    assert said(planned([ANN], lock, seen)) == ["Drifted ann/1: CANCELLED_BY_OTHERS"]


def test_a_new_wave_respects_a_cancellation_by_others_after_a_talk() -> None:
    lock = lock_of(remembered(ANN, CallStatus.CANCELLED_BY_OTHERS_REACHED))
    assert said(planned([ANN_AGAIN], lock)) == ["Drifted ann/2: CANCELLED_BY_OTHERS"]
    assert said(planned([ANN_AGAIN], lock, of=campaign(on_external_cancel="add"))) == ["Add ann/2: NEW_WAVE"]


def test_calls_nobody_asked_about_keep_their_status() -> None:
    lock = lock_of(remembered(ANN, CallStatus.PLANNED))
    assert said(planned([ANN], lock, observed())) == []


def test_an_added_call_still_owns_the_jobs_it_had_before() -> None:
    before = remembered(ANN, CallStatus.CANCELLED)
    (add,) = planned([ANN], lock_of(before)).actions
    after = add.wanted.locked("job-new", CallStatus.PLANNED, add.before)  # type: ignore[union-attr]
    assert [each.job_id for each in after.job_history()] == ["job-ann-1", "job-new"]
