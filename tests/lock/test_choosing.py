"""Calls are found by what a person can name, and forgotten so that counts still add up."""

from __future__ import annotations

import pytest

from reconciler.calls.model import CampaignState
from reconciler.lock.choosing import FORGOTTEN, by_key, by_phone, by_shown_id, forget, shown_id
from reconciler.lock.lockfile import decode_lock, encode_lock
from reconciler.lock.model import CallStatus, FormerJob, Lock
from reconciler.lock.owned import OwnedJobs
from reconciler.plan.diff import Observed
from tests.lock.samples import KEYER, lock_of, locked
from tests.plan.values import planned

PEOPLE = ("ann", "bob", "cyd", "dan")
LOCK = lock_of(*(locked(name, CallStatus.NO_ANSWER) for name in PEOPLE), locked("ann", wave="2"))


@pytest.fixture(params=["short", "long", "long and changed"])
def lock(request: pytest.FixtureRequest) -> Lock:
    """The same lock, however it is held."""
    many = 5_000 if request.param == "short" else 0
    read = decode_lock(encode_lock(LOCK), campaign="promo", shown="promo.lock.jsonl", many=many)
    if request.param == "long and changed":
        read.calls.update({call.call_id: call for call in [*LOCK.calls.values()][:2]})
    return read


def test_a_call_is_found_by_the_id_that_is_shown(lock: Lock) -> None:
    for call in LOCK.calls.values():
        assert by_shown_id(lock, shown_id(call)) == [call]
        assert by_shown_id(lock, f"{call.key}/{call.wave}") == [call]


@pytest.mark.parametrize("shown", ["", "/", "abc/1", "AAAAAAAA/1", "AAAAAAAA", "€€€€€€€€/1", "A" * 40 + "/1"])
def test_no_other_id_finds_anything(lock: Lock, shown: str) -> None:
    assert by_shown_id(lock, shown) == []


def test_the_wave_is_part_of_the_id(lock: Lock) -> None:
    assert by_shown_id(lock, f"{KEYER.key('bob')[:8]}/2") == []


def test_a_key_finds_its_calls_of_all_waves(lock: Lock) -> None:
    assert [call.wave for call in by_key(lock, KEYER.key("ann"))] == ["1", "2"]
    assert by_key(lock, KEYER.key("eve")) == []


def test_a_phone_finds_its_calls(lock: Lock) -> None:
    assert [call.wave for call in by_phone(lock, KEYER.phone("ann"))] == ["1", "2"]
    assert by_phone(lock, KEYER.phone("eve")) == []


# ----------------------------------------------------------------------------------------------------------- forgetting


def test_of_a_forgotten_call_nothing_but_its_jobs_stays(lock: Lock) -> None:
    call = by_key(lock, KEYER.key("bob"))[0]
    left = encode_lock(forget(lock, [call], KEYER)).decode()
    for trace in (call.key, call.phone, call.request):
        assert trace not in left
    assert call.job_id in left


def test_its_jobs_still_count_as_ours(lock: Lock) -> None:
    before = OwnedJobs(lock)
    after = OwnedJobs(forget(lock, by_key(lock, KEYER.key("bob")), KEYER))
    assert (len(after), after.count_phones()) == (len(before), before.count_phones())


def test_the_lock_that_was_given_stays_as_it_was(lock: Lock) -> None:
    forget(lock, by_key(lock, KEYER.key("bob")), KEYER)
    assert by_key(lock, KEYER.key("bob"))


def test_former_jobs_stay_known_too() -> None:
    phone = KEYER.phone("bob")
    lock = lock_of(locked("bob", CallStatus.NO_ANSWER, former=(FormerJob("one", phone), FormerJob("two", phone))))
    (rest,) = forget(lock, lock.calls.values(), KEYER).calls.values()
    assert [job.job_id for job in rest.job_history()] == ["one", "two", "job-bob-1"]
    assert rest.mask == FORGOTTEN


def test_a_job_that_may_still_ring_becomes_somebody_elses_so_that_it_blocks_its_phone() -> None:
    lock = lock_of(locked("bob", CallStatus.PLANNED, former=(FormerJob("one", KEYER.phone("bob")),)))
    owned = OwnedJobs(forget(lock, lock.calls.values(), KEYER))
    assert ("one" in owned, "job-bob-1" in owned) == (True, False)


def test_a_call_without_a_job_leaves_nothing() -> None:
    lock = lock_of(locked("bob", CallStatus.REJECTED, job=""))
    assert dict(forget(lock, lock.calls.values(), KEYER).calls) == {}


def test_a_plan_has_nothing_to_say_of_what_is_left() -> None:
    lock = lock_of(locked("bob", CallStatus.NO_ANSWER))
    plan = planned([], forget(lock, lock.calls.values(), KEYER), Observed(state=CampaignState.RUNNING))
    assert (plan.actions, plan.notes) == ((), ())
