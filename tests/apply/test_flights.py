"""Several batches of adds under way at once: what holds for one holds for each; nothing is sent twice or forgotten."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import httpx
import pytest

from reconciler.apply.clock import StopRequest
from reconciler.errors import Interrupted, LockError, Refused
from reconciler.lock.journal import Intent, parse_journal
from reconciler.lock.model import CallStatus
from reconciler.phones.model import Desired
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
from tests.apply.world import Script, World, call, calls, phone

ADD = "post addPhones"
NINE = calls(*range(9))


def fleet(server: str = "current") -> World:
    """A world in which three batches are under way at once, and nothing was applied yet."""
    is_current, honours_keys = SERVERS[server]
    world = World(is_current=is_current, honours_keys=honours_keys)
    world.at_once = 3
    return world


@pytest.mark.parametrize("server", SERVERS)
def test_three_batches_cut_off_anywhere_are_finished_by_the_next_run(server: str) -> None:
    for script in scripts(effects_of(fleet(server), NINE)):
        world = fleet(server)
        attempt(world, NINE, script)
        apply_until_done(world, NINE)
        assert_right(world, NINE)


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
