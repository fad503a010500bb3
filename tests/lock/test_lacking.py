"""What one version of a lock remembers and another does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.lock import owned as owned_jobs_of
from reconciler.lock.lacking import Lacking, lacking
from reconciler.lock.model import CallStatus, Erased, FormerJob, Lock, LockedCall
from reconciler.lock.owned import OwnedJobs
from tests.lock.samples import KEYER, lock_of, locked
from tests.lock.test_ledger import ledger_of

IDS = st.one_of(st.integers(1, 30).map(str), st.sampled_from(["0", "007", "a-1", "a-2", "9" * 30]))
SETS = st.sets(IDS, max_size=12)


def of_jobs(job_ids: set[str], *, is_long: bool) -> Lock:
    """A lock that owns these jobs."""
    lock = lock_of(*(locked(f"person {job_id}", job=job_id) for job_id in sorted(job_ids)))
    return long(lock) if is_long else lock


def long(lock: Lock) -> Lock:
    """The lock with its calls in columns, as a long one is read."""
    return Lock(lock.header, ledger_of({**lock.calls}))


@pytest.mark.parametrize("is_new_long", [False, True])
@pytest.mark.parametrize("is_old_long", [False, True])
@given(new=SETS, old=SETS)
def test_the_jobs_that_only_one_of_two_locks_owns_are_counted(
    new: set[str], old: set[str], is_new_long: bool, is_old_long: bool
) -> None:
    found = lacking(of_jobs(new, is_long=is_new_long), of_jobs(old, is_long=is_old_long))
    assert found == Lacking(jobs=len(old - new))


def test_so_are_those_that_were_added_since_and_became_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owned_jobs_of, "MOST_TEXTS", 3)
    ours, theirs = OwnedJobs(lock_of()), OwnedJobs(lock_of(locked("ann", job="8")))
    for batch in (["7", "8", "x"], ["9", "y"], ["10", "007"]):
        ours.add(batch)
    assert (ours.count_beyond(theirs), theirs.count_beyond(ours)) == (6, 0)


def test_a_job_that_became_a_former_one_or_was_erased_is_remembered() -> None:
    old = lock_of(locked("ann", job="17"), locked("bob", job="18"))
    replaced = locked("ann", job="19", former=(FormerJob("17", KEYER.phone("ann")),))
    assert not lacking(lock_of(replaced, erased=Erased("proof", jobs=("18",))), old)


@pytest.mark.parametrize("is_long", [False, True])
@pytest.mark.parametrize(
    ("new", "count"),
    [
        ((), 1),
        ((locked("ann", CallStatus.CANCELLED, job="17"),), 1),
        ((locked("ann", job="17"),), 0),
        ((locked("ann", CallStatus.VOUCHED, job=""),), 0),
    ],
    ids=["not known", "free to be added", "added", "decided about"],
)
def test_a_call_in_doubt_has_to_be_known_as_one_that_is_not_added(
    new: tuple[LockedCall, ...], count: int, is_long: bool
) -> None:
    change = long if is_long else Lock.copy
    old = change(lock_of(locked("ann", CallStatus.IN_DOUBT, job="")))
    assert lacking(change(lock_of(*new)), old).held == count


def test_a_call_that_came_later_to_a_long_lock_is_known() -> None:
    old, new = lock_of(locked("ann", CallStatus.VOUCHED, job="")), long(lock_of())
    new.calls.update({**old.calls})
    assert not lacking(new, old)


def test_whoever_was_erased_stays_erased() -> None:
    old = lock_of(erased=Erased("proof", phones=("a", "b"), keys=("k",)))
    assert lacking(lock_of(), old).erased == 2
    assert lacking(lock_of(erased=Erased("proof", phones=("a", "b"))), old).erased == 1
    assert not lacking(lock_of(erased=Erased("proof", phones=("a", "b", "c"), keys=("k",))), old)


def test_under_another_secret_only_jobs_can_be_compared() -> None:
    old = lock_of(locked("ann", job="17"), locked("bob", CallStatus.VOUCHED, job=""), erased=Erased("p", phones=("a",)))
    assert lacking(lock_of(salt="", secret_check="another"), old) == Lacking(jobs=1)


def test_it_is_said_what_is_lacking() -> None:
    assert str(Lacking(1, 2, 3)) == "1 job, 2 calls in doubt or decided about, 3 erased"
    assert str(Lacking(1_200)) == "1,200 jobs"
