"""Which job is taken for which call where no lock says so: the rules, and that a plan of the result calls nobody."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.calls.model import CampaignState, Job, JobStatus
from reconciler.lock.model import CallStatus, FormerJob, Lock, LockedCall
from reconciler.phones.model import Call, Desired
from reconciler.plan.diff import Observed
from reconciler.plan.model import Add, Cancel, Plan
from reconciler.plan.takeover import Taken, Takeover, Terms
from tests.plan.values import KEYER, call, lock_of, planned, remembered

ANN = call("ann", 1)


def job(job_id: str, phone: int, status: JobStatus, at: int = 0, *, was_reached: bool = False) -> Job:
    """A job on the server, created at that minute."""
    return Job(job_id, f"1650777{phone:04}", status, 0, was_reached, at * 60_000)


def taken(
    jobs: Iterable[Job],
    calls: Iterable[Call] = (ANN,),
    *known: LockedCall,
    terms: Terms | None = None,
    known_jobs: Iterable[Job] = (),
    doubted: Collection[str] = (),
) -> Taken:
    """What is taken over; merging if anything is `known`."""
    takeover = Takeover(
        jobs,
        KEYER,
        terms or Terms("1", is_merging=bool(known)),
        known={each.call_id: each for each in known},
        known_jobs={each.job_id: each for each in known_jobs},
        doubted=doubted,
    )
    for chunk in Desired(tuple(calls)).chunks():
        takeover.take(chunk)
    return takeover.finish()


def of_ann(found: Taken, one: Call = ANN) -> LockedCall:
    """What is remembered of that call."""
    return found.calls[KEYER.key(one.key), "1"]


def plan_of(found: Taken, calls: Iterable[Call], jobs: Iterable[Job], *known: LockedCall) -> Plan:
    """The plan of the same lists, with the lock that import leaves."""
    by_id = {each.call_id: each for each in known} | found.calls
    left = tuple(each for each in jobs if each.job_id not in _owned(by_id.values()))
    return planned(calls, lock_of(*by_id.values()), Observed(state=CampaignState.RUNNING, foreign=left))


def _owned(calls: Iterable[LockedCall]) -> set[str]:
    return {job.job_id for each in calls for job in each.job_history()}


LIVE = (JobStatus.PLANNED, JobStatus.ON_RETRY, JobStatus.IN_PROCESS)

TWO_JOBS = {
    "queued and over: the queued one": (JobStatus.PLANNED, JobStatus.NO_ANSWER, "first", CallStatus.PLANNED),
    "being called and queued: the one that cannot be taken back": (
        JobStatus.IN_PROCESS,
        JobStatus.PLANNED,
        "first",
        CallStatus.IN_PROCESS,
    ),
    "two queued: the newest": (JobStatus.PLANNED, JobStatus.PLANNED, "second", CallStatus.PLANNED),
    "two called: the newest": (JobStatus.NO_ANSWER, JobStatus.TALKED_NO_RESULT, "second", CallStatus.TALKED_NO_RESULT),
    "called, then never done: the call counts": (
        JobStatus.NO_ANSWER,
        JobStatus.NOT_DONE,
        "first",
        CallStatus.NO_ANSWER,
    ),
    "cancelled, then never done: the cancellation counts": (
        JobStatus.CANCELLED,
        JobStatus.NOT_DONE,
        "first",
        CallStatus.CANCELLED_BY_OTHERS,
    ),
    "cancelled, then called: the call counts": (
        JobStatus.CANCELLED,
        JobStatus.NO_ANSWER,
        "second",
        CallStatus.NO_ANSWER,
    ),
    "called, then cancelled: both count": (
        JobStatus.NO_ANSWER,
        JobStatus.CANCELLED,
        "second",
        CallStatus.CANCELLED_BY_OTHERS_REACHED,
    ),
    "a status nobody knows comes before one that is over": (
        JobStatus.UNKNOWN,
        JobStatus.NO_ANSWER,
        "first",
        CallStatus.UNKNOWN,
    ),
}


@pytest.mark.parametrize(("first", "second", "chosen", "status"), TWO_JOBS.values(), ids=TWO_JOBS)
def test_of_two_jobs_of_a_phone_one_is_the_calls(
    first: JobStatus, second: JobStatus, chosen: str, status: CallStatus
) -> None:
    found = taken([job("first", 1, first, 1), job("second", 1, second, 2)])
    assert (of_ann(found).job_id, of_ann(found).status) == (chosen, status)
    assert _owned(found.calls.values()) == {"first", "second"}
    assert found.several.count == 1


@pytest.mark.parametrize("status", JobStatus)
def test_what_is_remembered_of_a_job_calls_nobody_who_may_have_been_called(status: JobStatus) -> None:
    jobs = [job("one", 1, status)]
    found = taken(jobs)
    plan = plan_of(found, [ANN], jobs)
    assert bool(plan.actions) is (status is JobStatus.NOT_DONE)


def test_a_job_that_was_cancelled_after_somebody_talked_counts_as_called() -> None:
    found = taken([job("one", 1, JobStatus.CANCELLED, was_reached=True)])
    assert of_ann(found).status is CallStatus.CANCELLED_BY_OTHERS_REACHED


def test_a_second_job_that_may_ring_is_a_call_nobody_wants() -> None:
    jobs = [job("old", 1, JobStatus.PLANNED, 1), job("new", 1, JobStatus.ON_RETRY, 2)]
    found = taken(jobs)
    (cancel,) = plan_of(found, [ANN], jobs).actions
    assert isinstance(cancel, Cancel)
    assert cancel.locked.job_id == "old"
    assert (found.surplus.count, of_ann(found).former) == (1, ())


def test_an_imported_call_counts_as_created_from_what_the_lists_say() -> None:
    assert of_ann(taken([job("one", 1, JobStatus.PLANNED)])).request == KEYER.request(ANN.request)


def test_or_from_something_else_when_that_is_said() -> None:
    found = taken([job("one", 1, JobStatus.PLANNED)], terms=Terms("1", is_changed=True))
    assert of_ann(found).request != KEYER.request(ANN.request)


def test_a_wave_can_be_named() -> None:
    assert set(taken([job("one", 1, JobStatus.NO_ANSWER)], terms=Terms("0")).calls) == {(KEYER.key("ann"), "0")}


# ------------------------------------------------------------------------------------------- a phone under several keys


TWINS = (call("ann", 1, shares_phone=True), call("bob", 1, shares_phone=True))


def test_keys_that_share_a_phone_share_its_jobs() -> None:
    jobs = [job("one", 1, JobStatus.PLANNED, 1), job("two", 1, JobStatus.PLANNED, 2)]
    found = taken(jobs, TWINS)
    assert {of_ann(found, each).job_id for each in TWINS} == {"one", "two"}
    assert plan_of(found, TWINS, jobs).actions == ()
    assert found.shared == 1


def test_where_there_are_fewer_jobs_than_keys_the_others_are_added() -> None:
    jobs = [job("one", 1, JobStatus.NO_ANSWER)]
    found = taken(jobs, TWINS)
    (add,) = plan_of(found, TWINS, jobs).actions
    assert isinstance(add, Add)
    assert found.unpaired.count == 1


def test_where_there_are_more_jobs_than_keys_all_are_known() -> None:
    jobs = [job(str(n), 1, JobStatus.NO_ANSWER, n) for n in range(4)]
    found = taken(jobs, TWINS)
    assert _owned(found.calls.values()) == {"0", "1", "2", "3"}
    assert found.former == 2


# -------------------------------------------------------------------------------------------------------------- merging


def test_a_call_the_lock_knows_as_free_takes_the_job_that_blocks_it() -> None:
    known = remembered(ANN, CallStatus.CANCELLED, "ours")
    found = taken([job("theirs", 1, JobStatus.PLANNED)], [ANN], known)
    assert of_ann(found).job_id == "theirs"
    assert of_ann(found).former == (FormerJob("ours", KEYER.phone(ANN.phone)),)


def test_a_call_that_is_queued_keeps_its_job_and_the_stranger_is_taken_back() -> None:
    known = remembered(ANN, CallStatus.PLANNED, "ours")
    jobs = [job("ours", 1, JobStatus.PLANNED, 1), job("theirs", 1, JobStatus.PLANNED, 2)]
    found = taken(jobs[1:], [ANN], known, known_jobs=jobs)
    assert of_ann(found).job_id == "ours"
    (cancel,) = plan_of(found, [ANN], jobs, known).actions
    assert isinstance(cancel, Cancel)
    assert cancel.locked.job_id == "theirs"


def test_a_call_that_was_replaced_behind_the_locks_back_takes_the_job_that_replaced_it() -> None:
    known = remembered(ANN, CallStatus.PLANNED, "ours")
    jobs = [job("ours", 1, JobStatus.CANCELLED, 1), job("theirs", 1, JobStatus.PLANNED, 2)]
    found = taken(jobs[1:], [ANN], known, known_jobs=jobs)
    assert (of_ann(found).job_id, of_ann(found).status) == ("theirs", CallStatus.PLANNED)


def test_a_strangers_job_that_is_over_joins_the_jobs_of_a_queued_call() -> None:
    known = remembered(ANN, CallStatus.PLANNED, "ours")
    found = taken([job("theirs", 1, JobStatus.NO_ANSWER)], [ANN], known)
    assert (of_ann(found).job_id, [each.job_id for each in of_ann(found).former]) == ("ours", ["theirs"])


def test_what_a_person_decided_stands_against_a_job_that_was_cancelled() -> None:
    known = remembered(ANN, CallStatus.VOUCHED)
    found = taken([job("theirs", 1, JobStatus.CANCELLED, 1)], [ANN], known)
    assert of_ann(found).status.is_called


def test_calls_without_a_job_are_no_finding_when_there_is_a_lock() -> None:
    assert taken([], [ANN, *TWINS], remembered(call("dan", 4), CallStatus.PLANNED)).unpaired.count == 0


def test_of_keys_that_share_a_phone_the_one_the_lock_lacks_takes_the_stranger() -> None:
    known = remembered(TWINS[0], CallStatus.PLANNED, "ours")
    jobs = [job("ours", 1, JobStatus.PLANNED, 1), job("theirs", 1, JobStatus.PLANNED, 2)]
    found = taken(jobs[1:], TWINS, known, known_jobs=jobs)
    assert of_ann(found, TWINS[1]).job_id == "theirs"
    assert plan_of(found, TWINS, jobs, known).actions == ()


# ----------------------------------------------------------------------------------------- requests that were left open


def test_a_call_without_a_job_is_in_doubt_while_a_request_for_it_is_open() -> None:
    found = taken([], doubted={ANN.phone})
    assert of_ann(found).status is CallStatus.IN_DOUBT
    assert plan_of(found, [ANN], []).actions == ()


def test_so_is_one_whose_job_was_never_done() -> None:
    found = taken([job("one", 1, JobStatus.NOT_DONE)], doubted={ANN.phone})
    assert (of_ann(found).status, of_ann(found).job_id) == (CallStatus.IN_DOUBT, "")
    assert _owned(found.calls.values()) == {"one"}
    assert plan_of(found, [ANN], []).actions == ()


def test_a_call_that_has_a_job_is_in_no_doubt() -> None:
    assert taken([job("one", 1, JobStatus.PLANNED)], doubted={ANN.phone}).in_doubt.count == 0


def test_a_phone_in_no_list_is_remembered_as_in_doubt_too() -> None:
    found = taken([], [], doubted={ANN.phone})
    assert [each.status for each in found.calls.values()] == [CallStatus.IN_DOUBT]
    assert plan_of(found, [ANN], []).actions == ()


def test_each_key_of_a_shared_phone_is_in_doubt() -> None:
    found = taken([], TWINS, doubted={ANN.phone})
    assert {of_ann(found, each).status for each in TWINS} == {CallStatus.IN_DOUBT}
    assert len(found.calls) == 2


# ------------------------------------------------------------------------------------------------------------- anything


@given(
    st.lists(st.tuples(st.integers(1, 4), st.sampled_from(JobStatus), st.integers(0, 3)), max_size=12),
    st.sets(st.integers(1, 4)),
    st.booleans(),
)
def test_no_phone_ever_has_two_jobs_that_ring(
    described: list[tuple[int, JobStatus, int]], rows: set[int], takes_unlisted: bool
) -> None:
    jobs = [job(str(at), phone, status, when) for at, (phone, status, when) in enumerate(described)]
    calls = [call(str(n), n) for n in rows]
    found = taken(jobs, calls, terms=Terms("1", takes_unlisted=takes_unlisted))
    plan = plan_of(found, calls, jobs)
    gone = {action.locked.job_id for action in plan.actions if isinstance(action, Cancel)}
    owned = _owned(found.calls.values())
    for n in rows:
        ringing = [j for j in jobs if j.phone == call("", n).phone and j.status in LIVE and j.job_id not in gone]
        added = [a for a in plan.actions if isinstance(a, Add) and a.wanted.call.phone == call("", n).phone]
        assert len(ringing) + len(added) <= 1
        called = [j for j in jobs if j.phone == call("", n).phone and j.status is not JobStatus.NOT_DONE]
        assert not (called and added)
        assert {j.job_id for j in jobs if j.phone == call("", n).phone} <= owned
    kept = Lock(lock_of().header, found.calls)
    assert sum(len(each.job_history()) for each in kept.calls.values()) == len(owned)  # no job twice
    assert takes_unlisted is False or owned == {j.job_id for j in jobs}


def test_what_is_shown_is_masked() -> None:
    found = taken([job("one", 2, JobStatus.PLANNED)])
    shown = msgspec.json.encode([found.unlisted.first, found.unpaired.first]).decode()
    assert "16507770002" not in shown
    assert "16507770001" not in shown
