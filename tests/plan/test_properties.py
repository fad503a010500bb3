"""What holds for every plan, whatever is wanted, remembered and on the server."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from reconciler.calls.model import JobStatus
from reconciler.lock.model import CallStatus
from reconciler.lock.waves import is_newer
from reconciler.phones.model import Call
from reconciler.plan.model import Add, Adopt, Cancel, Held, Replace, Unmanaged
from tests.plan.simulator import KEYS, PHONES, World, lists, world_of, worlds
from tests.plan.values import call, lock_of, planned, remembered, said

pytestmark = pytest.mark.no_cover  # measuring takes it twice as long, and others cover the same


@given(worlds())
def test_a_second_plan_has_nothing_to_do(world: World) -> None:
    plan = world.plan()
    event(f"{len(plan.actions)} actions")
    world.apply(plan)
    assert world.plan().actions == ()


@given(lists())
def test_what_is_wanted_and_remembered_alike_needs_no_plan(calls: tuple[Call, ...]) -> None:
    lock = lock_of(*(remembered(one, CallStatus.PLANNED) for one in calls))
    assert said(planned(calls, lock)) == []


@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_of_the_lock_does_not_matter(world: World, shuffle: random.Random) -> None:
    other = msgspec.structs.replace(world)
    rows, locked = list(world.calls), list(world.lock.calls.items())
    shuffle.shuffle(rows)
    shuffle.shuffle(locked)
    other.calls, other.lock = tuple(rows), msgspec.structs.replace(world.lock, calls=dict(locked))
    one, two = world.plan(), other.plan()
    assert said(one) == said(two)
    assert one.plan_id == two.plan_id


@given(worlds())
def test_nobody_who_gets_a_job_has_another_that_may_ring(world: World) -> None:
    plan = world.plan()
    world.apply(plan)
    for action in plan.actions:
        if isinstance(action, Add | Replace) and not action.wanted.call.is_same_phone_allowed:
            foreign = {job.job_id for job in world.foreign} if isinstance(action, Replace) else set()
            ringing = set(world.ringing(action.wanted.call.phone)) - foreign
            assert ringing == {f"new {action.wanted.call_id}"}


@given(worlds())
def test_one_key_never_has_two_jobs_that_may_ring(world: World) -> None:
    plan = world.plan()
    world.apply(plan)
    for action in plan.actions:
        if isinstance(action, Add | Replace):
            mine = [c for c in world.lock.calls.values() if c.key == action.wanted.key and c.job_id in world.jobs]
            ringing = {c.job_id for c in mine if c.job_id in world.ringing(world.jobs[c.job_id].phone)}
            assert ringing == {f"new {action.wanted.call_id}"}


@given(worlds())
def test_nobody_who_was_called_in_a_wave_is_called_again_in_it(world: World) -> None:
    plan = world.plan()
    called = [one for one in world.lock.calls.values() if one.status.is_called]
    for action in plan.actions:
        if isinstance(action, Add | Replace):
            wanted = action.wanted
            assert wanted.call_id not in {one.call_id for one in called}
            if not wanted.call.is_same_phone_allowed:
                assert (wanted.phone, wanted.call.wave) not in {(one.phone, one.wave) for one in called}


@given(worlds())
def test_nobody_who_was_called_is_called_again_in_a_wave_that_was_begun_before(world: World) -> None:
    plan, waves = world.plan(), world.lock.header.waves
    called = [one for one in world.lock.calls.values() if one.status.is_called]
    moved = {action.locked.call_id: action.wanted.key for action in plan.actions if isinstance(action, Adopt)}
    for action in plan.actions:
        if isinstance(action, Add):
            wanted = action.wanted
            newer = [one for one in called if is_newer(waves, one.wave, wanted.call.wave)]
            # Whoever has a phone under another key now is who was called, not whoever has the old key now.
            assert wanted.key not in {moved.get(one.call_id, one.key) for one in newer}
            assert wanted.call.is_same_phone_allowed or wanted.phone not in {one.phone for one in newer}


@given(worlds())
def test_a_suppressed_phone_never_gets_a_job_and_none_stays_queued(world: World) -> None:
    plan = world.plan()
    added = {action.wanted.call.phone for action in plan.actions if isinstance(action, Add | Replace)}
    assert not added & world.suppressed
    world.apply(plan)
    queued = {job.phone for job in world.jobs.values() if job.status in (JobStatus.PLANNED, JobStatus.ON_RETRY)}
    assert not queued & world.suppressed


@given(worlds())
def test_a_phone_nobody_wants_any_more_is_not_left_queued(world: World) -> None:
    world.apply(world.plan())
    wanted = {call.phone for call in world.calls}
    queued = {job.phone for job in world.jobs.values() if job.status in (JobStatus.PLANNED, JobStatus.ON_RETRY)}
    assert queued <= wanted


@given(worlds())
def test_what_nobody_can_tell_is_never_sent_again(world: World) -> None:
    plan = world.plan()
    doubtful = {one.call_id for one in world.lock.calls.values() if one.status.is_doubtful}
    assert not doubtful & {action.wanted.call_id for action in plan.actions if isinstance(action, Add | Replace)}


@given(worlds())
def test_every_cancel_names_a_job(world: World) -> None:
    plan = world.plan()
    taken_back = [action.locked for action in plan.actions if isinstance(action, Cancel | Replace)]
    assert all(locked.job_id for locked in taken_back)
    assert len({locked.call_id for locked in taken_back}) == len(taken_back)


@given(worlds())
def test_every_wanted_call_is_in_step_or_spoken_of(world: World) -> None:
    world.stance = "running"
    plan = world.plan()
    spoken = {item.wanted.call_id for item in plan.actions if isinstance(item, Add | Replace)}
    spoken |= {note.subject.call_id for note in plan.notes if not isinstance(note, Unmanaged | Held) and note.subject}
    wanted = {call.phone for call in world.calls} - world.suppressed
    assert plan.wanted == sum(call.phone in wanted for call in world.calls)
    assert len(spoken) + plan.in_step >= plan.wanted


def every_past(statuses: tuple[CallStatus, ...]) -> Iterator[list[tuple[Call, CallStatus]]]:
    """Every way in which three keys can be remembered: not at all, or with one of the phones in one of these states.

    Phones are told apart and nothing else, so whichever comes first may as well be the first of them.
    """
    either = [None, *itertools.product(PHONES, statuses)]
    for past in itertools.product(either, repeat=len(KEYS)):
        phones = list(dict.fromkeys(each[0] for each in past if each))
        if phones != list(PHONES[: len(phones)]):
            continue
        yield [(call(key, each[0]), each[1]) for key, each in zip(KEYS, past, strict=True) if each]


def every_list() -> Iterator[tuple[Call, ...]]:
    """Every way in which three keys can be wanted, no phone under two of them."""
    for phones in itertools.product((None, *PHONES), repeat=len(KEYS)):
        given = [phone for phone in phones if phone]
        if len(set(given)) == len(given):
            yield tuple(call(key, phone) for key, phone in zip(KEYS, phones, strict=True) if phone)


@pytest.mark.parametrize("third", [CallStatus.IN_PROCESS, CallStatus.CANCELLED], ids=["in process", "cancelled"])
def test_however_phones_move_between_keys_nobody_rings_twice(third: CallStatus) -> None:
    for past in every_past((CallStatus.PLANNED, CallStatus.NO_ANSWER, third)):
        before = world_of(past)
        was_called = {one.phone for one, status in past if status is CallStatus.NO_ANSWER}
        for calls in every_list():
            world = msgspec.structs.replace(before, calls=calls, jobs=dict(before.jobs))
            plan = world.plan()
            world.apply(plan)
            for action in plan.actions:
                if isinstance(action, Add | Replace):
                    phone = action.wanted.call.phone
                    assert phone not in was_called
                    assert world.ringing(phone) == [f"new {action.wanted.call_id}"]
