"""The sieve against the whole comparison: what falls through changes nothing about the plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, cast

import msgspec
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from reconciler.calls.client import CallsClient
from reconciler.calls.model import CampaignState, Job, JobStatus
from reconciler.errors import ManifestError, UnknownItems
from reconciler.lock.lockfile import decode_lock, encode_lock
from reconciler.lock.model import CallStatus, Erased, Lock
from reconciler.manifest.rollout import ALL, Rollout, Step
from reconciler.phones.model import Call, Chunk, Desired, Sizes
from reconciler.phones.watch import UNWATCHED
from reconciler.plan.build import make_plan
from reconciler.plan.decide import IN_STEP, RESTING, decide_unwanted, decide_wanted
from reconciler.plan.diff import Observed, refreshed
from reconciler.plan.model import Add, Adopt, Plan, Reason, Replace, fresh, known
from reconciler.read.refresh import read_jobs
from reconciler.read.sieve import Sieve, Sifted, sift
from tests.apply.world import held_in_columns
from tests.plan.simulator import World, worlds
from tests.plan.values import KEYER, call, campaign, lock_of, remembered, said, wanted

STRANGERS = ("dan", "eve", "fay")
"""Keys that no lock of a world knows."""


class Reader:
    """As much of a client as a refresh asks for; counts the requests."""

    def __init__(self, jobs: Iterable[Job], parallelism: int = 1) -> None:
        self._jobs = {job.job_id: job for job in jobs}
        self.parallelism = parallelism
        self.asked: list[tuple[str, ...]] = []

    def jobs(self, job_ids: Iterable[str] = (), phones: Collection[str] = ()) -> tuple[Job, ...]:
        """Reports the jobs; the whole question fails when one of them is unknown, as it does on a server."""
        assert not phones
        ids = tuple(job_ids)
        self.asked.append(ids)
        if unknown := [job_id for job_id in ids if job_id not in self._jobs]:
            error = UnknownItems("getReport", "not found", type="id.not.found", status=400)
            error.items = frozenset(unknown[:1])
            raise error
        return tuple(self._jobs[job_id] for job_id in ids)


def as_ledger(lock: Lock) -> Lock:
    """The same lock, read as a long one is."""
    read = decode_lock(encode_lock(lock), campaign="promo", shown="promo.lock.jsonl", many=0)
    assert read.ledger is not None
    return msgspec.structs.replace(read, is_new=lock.is_new)


def seen_of(lock: Lock, world: World, parallelism: int = 1) -> Observed:
    """What the world's server says."""
    reader = cast("CallsClient", Reader(world.jobs.values(), parallelism))
    seen = read_jobs(reader, lock, UNWATCHED, "")
    return msgspec.structs.replace(seen, state=world.state, foreign=world.foreign)


class OneByOne:
    """A source of many lists with one call each, whose requests begin with something that is kept apart."""

    def __init__(self, world: World) -> None:
        self._calls, self.suppressed = world.calls, world.suppressed
        self.sizes = Desired(world.calls, world.suppressed).sizes

    def suppressed_now(self) -> frozenset[str]:
        """Those who were suppressed before."""
        return self.suppressed

    def chunks(self) -> Iterator[Chunk]:
        """A chunk for each call."""
        for n, one in enumerate(self._calls):
            head, tail = one.request[:n], one.request[n:]
            yield Chunk(
                f"{n}.csv", one.wave, one.is_same_phone_allowed, [one.key], [one.phone], [tail], [one.row], head
            )


def worn(lock: Lock, changed: Collection[int]) -> Lock:
    """The same lock after a journal told of some of its calls: no line of the file holds these any more."""
    known = lock.copy()
    for at, (call_id, one) in enumerate([*lock.calls.items()]):
        if at in changed:
            del known.calls[call_id]
            known.calls[call_id] = one
    return known


def planned_through(lock: Lock, world: World, rollout: Rollout | None = None, *, is_one_by_one: bool) -> Plan:
    """The plan for this lock; lists are read before the server is asked."""
    wave = world.calls[0].wave if world.calls else "1"
    of = campaign(world.stance, wave=wave, on_external_cancel=world.on_external_cancel)
    of = msgspec.structs.replace(of, rollout=rollout)
    source = OneByOne(world) if is_one_by_one else Desired(world.calls, world.suppressed)
    if lock.ledger is not None and is_one_by_one:
        sieve = Sieve(of, source, lock.ledger, KEYER, slab=1)
        sieve.take(source.chunks())
        sifted: Sifted = sieve
    else:
        sifted = sift(of, source, lock, KEYER)
    seen = seen_of(lock, world)
    desired, compared, aside = sifted.compared(refreshed(lock, seen), seen)
    return make_plan(of, desired, compared, seen, KEYER, aside=aside)


@given(
    worlds(),
    st.dictionaries(st.sampled_from(JobStatus), st.sampled_from(JobStatus), max_size=3),
    st.sets(st.integers(0, 5), max_size=2),
    st.booleans(),
)
def test_a_plan_of_what_the_sieve_keeps_is_the_plan_of_everything(
    world: World, meanwhile: dict[JobStatus, JobStatus], changed: set[int], is_one_by_one: bool
) -> None:
    # The server has moved on since the lock was written: calls fall out of step between the lists and the report.
    world.jobs = {
        job_id: msgspec.structs.replace(job, status=meanwhile.get(job.status, job.status), attempts=len(job_id))
        for job_id, job in world.jobs.items()
    }
    whole = planned_through(world.lock, world, is_one_by_one=is_one_by_one)
    sieved = planned_through(worn(as_ledger(world.lock), changed), world, is_one_by_one=is_one_by_one)
    event(f"{whole.in_step} in step, {len(whole.actions)} actions")
    assert said(sieved) == said(whole)
    assert set(map(repr, sieved.actions)) == set(map(repr, whole.actions))
    assert msgspec.structs.replace(sieved, actions=(), notes=()) == msgspec.structs.replace(whole, actions=(), notes=())


@given(worlds(), st.sets(st.integers(0, 5), max_size=2), st.integers(0, 3), st.booleans(), st.booleans())
def test_a_plan_whose_new_calls_are_held_in_columns_is_the_plan_of_everything(
    world: World, changed: set[int], strangers: int, is_long: bool, is_one_by_one: bool
) -> None:
    wave = world.calls[0].wave if world.calls else "1"
    world.calls += tuple(call(name, 90 + n, wave=wave) for n, name in enumerate(STRANGERS[:strangers]))
    whole = planned_through(world.lock, world, is_one_by_one=is_one_by_one)
    lock = worn(as_ledger(world.lock), changed) if is_long else world.lock
    with held_in_columns():
        held = planned_through(lock, world, is_one_by_one=is_one_by_one)
    event(f"{len(fresh(held.actions))} in columns, {len(known(held.actions))} not")
    assert said(held) == said(whole)
    assert set(map(repr, held.actions)) == set(map(repr, whole.actions))
    assert len(held.actions) == len(whole.actions)
    assert held.counts == whole.counts
    left_out: dict[str, Any] = {"actions": (), "notes": (), "plan_id": ""}
    assert msgspec.structs.replace(held, **left_out) == msgspec.structs.replace(whole, **left_out)


@pytest.mark.parametrize("is_told_by_journal", [False, True])
@pytest.mark.parametrize("is_long", [False, True])
def test_whoever_was_called_under_another_key_is_not_new(is_long: bool, is_told_by_journal: bool) -> None:
    ann, dan = remembered(call("ann", 1), CallStatus.NO_ANSWER), remembered(call("dan", 4), CallStatus.NO_ANSWER)
    lock = lock_of(dan, *([] if is_told_by_journal else [ann]))
    known = as_ledger(lock) if is_long else lock
    known.calls[ann.call_id] = ann
    of, source, seen = campaign(), Desired((call("bob", 1), call("cyd", 2))), Observed(state=CampaignState.RUNNING)
    with held_in_columns():
        desired, compared, aside = sift(of, source, known, KEYER).compared(known, seen)
    assert [one.call.key for one in aside.fresh.wanted()] == ["cyd"]
    plan = make_plan(of, desired, compared, seen, KEYER, aside=aside)
    assert [type(action) for action in plan.actions] == [Adopt, Add]


@given(worlds(), st.booleans())
def test_whoever_was_erased_is_not_among_the_new_calls(world: World, is_long: bool) -> None:
    erased = Erased("proof", (KEYER.phone("16507770001"), KEYER.phone("16507770090")), (KEYER.key("ann"),))
    header = msgspec.structs.replace(world.lock.header, erased=erased)
    world.lock = msgspec.structs.replace(world.lock, header=header)
    world.calls += tuple(call(name, 90 + n) for n, name in enumerate(STRANGERS[:2]))
    whole = planned_through(world.lock, world, is_one_by_one=False)
    with held_in_columns():
        held = planned_through(as_ledger(world.lock) if is_long else world.lock, world, is_one_by_one=False)
    assert said(held) == said(whole)
    assert not fresh(held.actions).apart(erased.keys, erased.phones)[0]


@given(worlds(), st.sampled_from(("ann", "bob")), st.integers(1, 2))
def test_somebody_who_was_erased_is_held_back_by_the_sieve_too(world: World, key: str, phone: int) -> None:
    erased = Erased("proof", (KEYER.phone(f"1650777{phone:04}"),), (KEYER.key(key),))
    header = msgspec.structs.replace(world.lock.header, erased=erased)
    world.lock = msgspec.structs.replace(world.lock, header=header)
    whole = planned_through(world.lock, world, is_one_by_one=False)
    sieved = planned_through(as_ledger(world.lock), world, is_one_by_one=False)
    assert said(sieved) == said(whole)
    assert (sieved.in_step, sieved.suppressed, sieved.wanted) == (whole.in_step, whole.suppressed, whole.wanted)
    for action in whole.actions:
        if isinstance(action, Add | Replace | Adopt):
            assert not erased.has(action.wanted.phone, action.wanted.key)


@given(worlds(), st.integers(1, 3))
def test_a_rollout_of_what_the_sieve_keeps_stands_where_that_of_everything_does(world: World, size: int) -> None:
    rollout = Rollout((Step(calls=size), Step(share=ALL)), 0, 5000, (("technicalError", 2000),), True, "")
    whole = planned_through(world.lock, world, rollout, is_one_by_one=False)
    sieved = planned_through(as_ledger(world.lock), world, rollout, is_one_by_one=False)
    assert said(sieved) == said(whole)
    assert sieved.rollout == whole.rollout


@given(worlds())
def test_a_refreshed_ledger_holds_what_a_refreshed_dict_does(world: World) -> None:
    short, long = world.lock, as_ledger(world.lock)
    assert refreshed(long, seen_of(long, world)) == refreshed(short, seen_of(short, world))


@pytest.mark.parametrize("status", CallStatus)
def test_in_step_is_what_needs_no_decision(status: CallStatus) -> None:
    one = wanted(call())
    found = decide_wanted(one, remembered(call(), status))
    assert (found is None) == (status in IN_STEP)
    with_override = decide_wanted(one, remembered(call(), status), adds_after_others=True)
    assert status not in IN_STEP or with_override is None


@pytest.mark.parametrize("status", CallStatus)
def test_resting_is_what_needs_nothing_when_nobody_wants_it(status: CallStatus) -> None:
    found = decide_unwanted(remembered(call(), status), Reason.REMOVED)
    assert (found is None) == (status in RESTING)


class Lists:
    """Lists that read differently the second time."""

    suppressed: frozenset[str] = frozenset()
    sizes = Sizes()

    def __init__(self, *readings: tuple[Call, ...]) -> None:
        self._readings = iter(readings)

    def chunks(self) -> Iterator[Chunk]:
        """The next reading."""
        return Desired(next(self._readings)).chunks()

    def suppressed_now(self) -> frozenset[str]:
        """Nobody."""
        return self.suppressed


def test_lists_that_change_before_a_call_is_read_again_are_refused() -> None:
    lock = as_ledger(lock_of(remembered(call(), CallStatus.PLANNED)))
    sifted = sift(campaign(), Lists((call(),), ()), lock, KEYER)
    seen = read_jobs(cast("CallsClient", Reader([])), lock, UNWATCHED, "")
    with pytest.raises(ManifestError, match="changed while they were read"):
        sifted.compared(refreshed(lock, seen), seen)


def test_lists_held_against_one_lockfile_say_nothing_of_another() -> None:
    lock, other = (as_ledger(lock_of(remembered(call(), CallStatus.PLANNED))) for _ in range(2))
    sifted = sift(campaign(), Desired((call(),)), lock, KEYER)
    with pytest.raises(AssertionError, match="another lockfile"):
        sifted.compared(other, Observed())


def test_of_older_waves_one_call_of_a_key_is_enough_to_plan() -> None:
    past = [remembered(call(wave=str(n)), CallStatus.NO_ANSWER) for n in range(1, 9)]
    lock = as_ledger(lock_of(*past, remembered(call(wave="9"), CallStatus.CANCELLED_BY_OTHERS)))
    wanted_now = Desired((call(wave="10"),))
    _, compared, _ = sift(campaign(wave="10"), wanted_now, lock, KEYER).compared(lock, Observed())
    assert sorted(wave for _, wave in compared.calls) == ["1", "9"]


def test_lists_are_read_once_while_every_call_stays_in_step() -> None:
    lock = as_ledger(lock_of(remembered(call(), CallStatus.PLANNED)))
    sifted = sift(campaign(), Lists((call(),)), lock, KEYER)
    seen = read_jobs(
        cast("CallsClient", Reader([Job("job-ann-1", call().phone, JobStatus.NO_ANSWER)])), lock, UNWATCHED, ""
    )
    _, compared, aside = sifted.compared(refreshed(lock, seen), seen)
    assert isinstance(sifted, Sieve)
    assert (aside.in_step, dict(compared.calls)) == (1, {})


def test_jobs_are_asked_for_by_the_batch_and_several_batches_at_once() -> None:
    calls = [call(str(n), n) for n in range(4500)]
    lock = as_ledger(lock_of(*(remembered(one, CallStatus.PLANNED) for one in calls)))
    jobs = [Job(f"job-{n}-1", calls[n].phone, JobStatus.NO_ANSWER) for n in range(4500)]
    reader = Reader(jobs, parallelism=3)
    seen = read_jobs(cast("CallsClient", reader), lock, UNWATCHED, "")
    assert sorted(map(len, reader.asked)) == [500, 2000, 2000]
    assert {one.status for one in refreshed(lock, seen).calls.values()} == {CallStatus.NO_ANSWER}
    assert {one.status for one in lock.calls.values()} == {CallStatus.PLANNED}
