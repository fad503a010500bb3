"""Several batches of adds under way at once: what holds for one holds for each; nothing is sent twice or forgotten."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any

import httpx
import pytest

from reconciler.apply.batch import ToAdd, batches
from reconciler.apply.clock import StopRequest
from reconciler.errors import Interrupted, LockError, Refused
from reconciler.lock.journal import Answered, Begin, Intent, parse_journal, replay
from reconciler.lock.lockfile import decode_lock
from reconciler.lock.model import CallStatus
from reconciler.phones.model import Desired
from reconciler.plan.wanted import Wanted
from tests.apply.server import BUSY, START_S
from tests.apply.test_crashes import (
    EDITED,
    FIRST,
    SERVERS,
    apply_until_done,
    assert_right,
    attempt,
    effects_of,
    prepared,
    scripts,
)
from tests.apply.world import NAME, SETTLE_S, TIMEOUT_S, Script, World, call, calls, phone

pytestmark = pytest.mark.usefixtures("both_ways")

ADD = "post addPhones"
NINE = calls(*range(9))


def fleet(server: str = "current") -> World:
    """A world in which three batches are under way at once, and nothing was applied yet."""
    is_current, honours_keys = SERVERS[server]
    world = World(is_current=is_current, honours_keys=honours_keys)
    world.at_once = 3
    return world


@pytest.mark.no_cover  # measuring takes it twice as long, and others cover the same
@pytest.mark.parametrize("server", SERVERS)
def test_three_batches_cut_off_anywhere_are_finished_by_the_next_run(server: str) -> None:
    for script in scripts(effects_of(fleet(server), NINE)):
        world = fleet(server)
        attempt(world, NINE, script)
        apply_until_done(world, NINE)
        assert_right(world, NINE)


@pytest.mark.no_cover  # measuring takes it twice as long, and others cover the same
@pytest.mark.parametrize("server", SERVERS)
def test_an_edited_list_cut_off_anywhere_is_finished_by_the_next_run(server: str) -> None:
    def make() -> World:
        world = prepared(server, FIRST)
        world.at_once = 3
        return world

    for script in scripts(effects_of(make(), EDITED)):
        world = make()
        attempt(world, EDITED, script)
        apply_until_done(world, EDITED)
        assert_right(world, EDITED, gone=(0,))


def pairs(effects: list[str]) -> Iterator[Script]:
    """Two things that go wrong in one run: some of all pairs, or all with `CRASHES=all`."""
    singles = [*scripts(effects)]
    both = ({**one, **two} for one in singles for two in singles if [*one] < [*two])
    return islice(both, 0, None, 1 if os.environ.get("CRASHES") == "all" else 17)


@pytest.mark.no_cover  # measuring takes it twice as long, and others cover the same
@pytest.mark.parametrize("server", SERVERS)
def test_two_things_that_go_wrong_in_one_run_are_both_put_right(server: str) -> None:
    six = calls(*range(6))
    for script in pairs(effects_of(fleet(server), six)):
        world = fleet(server)
        attempt(world, six, script)
        apply_until_done(world, six)
        assert_right(world, six)


def test_adds_take_as_many_requests_as_one_after_the_other() -> None:
    world = fleet()
    world.apply(NINE, batch=2)
    assert [path for path in world.power.effects if path == ADD] == [ADD] * 5


def test_the_intents_of_batches_that_begin_together_are_durable_together() -> None:
    world = fleet()
    world.apply(NINE, state="paused")
    first = world.power.effects.index(ADD)
    assert world.power.effects[:first].count("append") == 1
    assert world.power.effects.count("append") < 9


def test_no_request_is_sent_before_its_intent_is_durable() -> None:
    world = fleet()

    def watch(path: str) -> None:
        if path == "addPhones":
            records = [entry.record for entry in parse_journal(world.disk.journal, "journal").entries]
            intents = [record for record in records if isinstance(record, Intent)]
            sent.append(len(intents))

    sent: list[int] = []
    world.server.watch = watch
    world.apply(NINE)
    assert len(sent) == 3
    assert all(intents >= number for number, intents in enumerate(sent, 1))


def test_a_disk_that_fails_in_the_middle_stops_everything_and_nothing_is_sent_twice() -> None:
    world = fleet()
    world.server.watch = lambda path: setattr(world.disk, "fails", "append" if path == "addPhones" else "")
    with pytest.raises(LockError) as raised:
        world.apply(NINE)
    assert raised.value.exit_code == 4
    world.server.watch, world.disk.fails = lambda path: None, ""
    apply_until_done(world, NINE)
    assert_right(world, NINE)


def test_bad_numbers_in_every_batch_are_set_aside_and_all_others_added() -> None:
    world = fleet()
    bad = (0, 4, 8)
    world.server.rejects |= {phone(n) for n in bad}
    tally = world.apply(NINE)
    assert (tally.added, len(tally.rejected)) == (6, 3)
    for n in range(9):
        assert len(world.jobs_that_count(phone(n))) == (0 if n in bad else 1)


def test_two_answers_lost_at_once_are_settled_one_by_one() -> None:
    world = fleet()
    tally = world.apply(NINE, {f"{ADD}#1": "lost, done", f"{ADD}#2": "lost, never"})
    assert tally.added == 9
    assert_right(world, NINE)


def test_what_was_under_way_is_recorded_when_a_batch_is_refused() -> None:
    world = fleet()
    posts: list[str] = []

    def watch(path: str) -> None:
        if path == "addPhones":
            posts.append(path)
            world.server.state = "finished" if len(posts) == 2 else "inProgress"

    world.server.watch = watch
    with pytest.raises(Refused):
        world.apply(NINE)
    world.server.watch = lambda path: None
    added = {locked.phone for locked in world.remembered().calls.values()}
    assert len(added) == 6
    world.server.state = "inProgress"
    apply_until_done(world, NINE)
    assert_right(world, NINE)


def test_what_was_told_to_come_later_may_have_been_done_where_another_batch_is_refused() -> None:
    world = fleet("legacy")
    posts: list[str] = []

    def watch(path: str) -> None:
        if path == "addPhones":
            posts.append(path)
            world.server.state = "finished" if len(posts) == 1 else "inProgress"
            world.server.replaces_answer(*[BUSY] * (len(posts) == 2))

    world.server.watch = watch
    with pytest.raises(Refused) as raised:
        world.apply(NINE)
    assert raised.value.exit_code == 4
    world.server.watch = lambda path: None
    apply_until_done(world, NINE)
    assert_right(world, NINE)


def test_asked_to_stop_it_records_what_is_under_way_and_begins_nothing_more() -> None:
    world = fleet()
    world.server.watch = lambda path: world.stop.ask() if path == "addPhones" else None
    with pytest.raises(Interrupted):
        world.apply(calls(*range(18)))
    assert world.changes.count("addPhones") == 3
    lock = world.remembered()
    assert {locked.status for locked in lock.calls.values()} == {CallStatus.PLANNED}
    assert len(lock.calls) == 9
    world.stop = StopRequest()
    world.server.watch = lambda path: None
    apply_until_done(world, calls(*range(18)))
    assert_right(world, calls(*range(18)))


def test_somebody_called_under_two_keys_is_never_in_two_requests_at_once() -> None:
    twins = Desired((call(0, key="a", shares=True), call(1), call(0, key="b", shares=True, text="b"), call(2)))
    for fate in ("lost, done", "lost, never", "crash after"):
        for number in (1, 2, 3, 4):
            world = fleet()
            attempt(world, twins, {f"{ADD}#{number}": fate}, batch=1)
            apply_until_done(world, twins)
            jobs = [job.body.get("payload") for job in world.server.jobs.values() if job.phone == phone(0)]
            assert sorted(jobs, key=repr) == [None, {"text": "b"}], (fate, number)


def test_as_many_requests_are_under_way_as_asked_for_and_no_more() -> None:
    world = fleet()
    world.pool = ThreadPoolExecutor
    at_once, most, lock = 0, 0, threading.Lock()
    together = threading.Barrier(3, timeout=10)
    receive = world._receive

    def counted(request: httpx.Request) -> httpx.Response:
        nonlocal at_once, most
        if not request.url.path.endswith("addPhones"):
            with lock:
                return receive(request)
        with lock:
            at_once += 1
            most = max(most, at_once)
        together.wait()  # breaks unless three are here at once
        with lock:
            at_once -= 1
            return receive(request)

    world._receive = counted  # type: ignore[method-assign]
    assert world.apply(NINE).added == 9
    assert most == 3


def test_a_save_in_the_middle_leaves_nothing_under_way_out() -> None:
    world = fleet()
    world.apply(calls(*range(30)), batch=2, checkpoint=5)
    assert world.power.effects.count("replace lock") > 2
    assert_right(world, calls(*range(30)))


def waits(world: World) -> float:
    """Seconds that passed in the world because of its runs."""
    return world.clock.now_s() - START_S


@pytest.mark.parametrize("server", SERVERS)
def test_several_answers_lost_at_once_are_waited_for_together(server: str) -> None:
    world = fleet(server)
    world.apply(NINE, {f"{ADD}#{number}": "lost, never" for number in (1, 2, 3)})
    assert_right(world, NINE)
    assert 3 * TIMEOUT_S + SETTLE_S <= waits(world) < 3 * TIMEOUT_S + 2 * SETTLE_S


def test_several_that_are_asked_to_come_later_wait_together() -> None:
    world = fleet()
    receive, busy = world._receive, [httpx.Response(429, headers={"Retry-After": "20"}) for _ in range(3)]

    def answer(request: httpx.Request) -> httpx.Response:
        return busy.pop() if busy and request.url.path.endswith("addPhones") else receive(request)

    world._receive = answer  # type: ignore[method-assign]
    assert world.apply(NINE).added == 9
    assert_right(world, NINE)
    assert 20 <= waits(world) < 40


def test_a_stop_that_ends_the_waiting_for_reports_leaves_those_of_other_batches_recorded() -> None:
    world = fleet()
    receive, failures = world._receive, iter((True, True))

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("callJob/getReport") and next(failures, False):
            world.stop.ask()
            raise httpx.ReadError("the connection was lost")
        return receive(request)

    world._receive = answer  # type: ignore[method-assign]
    with pytest.raises(Interrupted) as raised:
        world.apply(calls(*range(27)))
    assert raised.value.exit_code == 4
    records = [entry.record for entry in parse_journal(world.disk.journal, "journal").entries]
    assert [type(record) for record in records] == [Begin, Intent, Answered, Intent, Answered]
    assert world.changes.count("addPhones") == 6
    world.stop = StopRequest()
    apply_until_done(world, calls(*range(27)))
    assert_right(world, calls(*range(27)))


def test_something_unforeseen_in_one_batch_leaves_the_others_recorded() -> None:
    world = fleet()
    receive, posts = world._receive, iter(range(9))

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("addPhones") and next(posts) == 0:
            raise MemoryError
        return receive(request)

    world._receive = answer  # type: ignore[method-assign]
    with pytest.raises(MemoryError):
        world.apply(calls(*range(18)))
    assert world.disk.lock is not None
    entries = parse_journal(world.disk.journal, "journal").entries
    lock, opened = replay(decode_lock(world.disk.lock, campaign=NAME, shown="lock"), entries, "journal")
    assert [len(entry.intent.calls) for entry in opened] == [3]
    assert len([call for call in lock.calls.values() if call.job_id]) == 6
    apply_until_done(world, calls(*range(18)))
    assert_right(world, calls(*range(18)))


class Counted(ThreadPoolExecutor):
    """Threads, and how many more requests were handed over than there are threads, at most."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.too_many, self._size, self._busy, self._lock = 0, size, 0, threading.Lock()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        with self._lock:
            self._busy += 1
            self.too_many = max(self.too_many, self._busy - self._size)
        return super().submit(self._counted, fn, *args, **kwargs)

    def _counted(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        try:
            return fn(*args, **kwargs)
        finally:
            with self._lock:
                self._busy -= 1


def test_no_request_waits_for_a_thread_after_it_was_written_down() -> None:
    """A request that is sent long after its intent could take effect when nobody expects it any more."""
    world, pools, lock = fleet(), list[Counted](), threading.Lock()

    def pool(size: int) -> Counted:
        pools.append(Counted(size))
        return pools[-1]

    receive, are_reports_held = world._receive, threading.Event()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("callJob/getReport"):
            are_reports_held.wait(0.05)  # reports are slower than adds
        with lock:
            return receive(request)

    world.pool, world._receive = pool, answer  # type: ignore[method-assign]
    assert world.apply(calls(*range(60))).added == 60
    assert [each.too_many for each in pools] == [0]


def test_a_phone_that_many_share_is_in_as_many_batches() -> None:
    many = [ToAdd(Wanted(call(0, key=str(n), shares=True), str(n), "the same", "")) for n in range(2_000)]
    assert [batch.size for batch in batches(many, 10)] == [1] * 2_000
