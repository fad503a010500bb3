"""A run that is asked to stop finishes the request in flight, records it, and says whether anything is in doubt."""

from __future__ import annotations

import threading

import pytest

from reconciler.apply.clock import StopRequest, SystemClock
from reconciler.errors import Interrupted
from reconciler.phones.model import Desired
from tests.apply.world import World, call, calls, phone

pytestmark = pytest.mark.usefixtures("both_ways")

SIX = calls(*range(6))
ADD = "post addPhones"


def stop_at(world: World, path: str) -> None:
    """Asks to stop while a request to this path is under way."""
    world.server.watch = lambda asked: world.stop.ask() if asked == path else None


def go_on(world: World, wanted: Desired, *, batch: int = 3) -> None:
    """Applies again, undisturbed, and to the end."""
    world.stop = StopRequest()
    world.server.watch = lambda path: None
    world.apply(wanted, state="paused", batch=batch)


@pytest.mark.parametrize("is_current", [True, False])
def test_the_batch_under_way_is_recorded_and_the_next_one_not_sent(is_current: bool) -> None:
    world = World(is_current=is_current, honours_keys=False, state="paused")
    stop_at(world, "addPhones")
    with pytest.raises(Interrupted) as raised:
        world.apply(SIX, state="paused", batch=2)
    assert raised.value.exit_code == 1
    assert world.tally.added == 2
    assert len(world.remembered().calls) == 2
    assert world.disk.journal == b""
    go_on(world, SIX)
    assert [len(world.jobs_that_count(phone(n))) for n in range(6)] == [1] * 6


def test_a_stop_while_numbers_are_set_aside_does_not_wait_for_all_of_them() -> None:
    world = World(state="paused")
    world.server.rejects = {phone(n) for n in range(3)}
    stop_at(world, "addPhones")
    with pytest.raises(Interrupted):
        world.apply(SIX, state="paused", batch=6)
    assert world.changes == ["addPhones"]


def test_a_stop_between_taking_back_and_adding_leaves_the_add_to_the_next_apply() -> None:
    world = World(state="paused")
    world.apply(calls(0, 1), state="paused")
    wanted = Desired((call(0, text="new"), call(1)))
    stop_at(world, "callJob/cancel")
    with pytest.raises(Interrupted):
        world.apply(wanted, state="paused")
    assert world.jobs_that_count(phone(0)) == []
    go_on(world, wanted)
    assert len(world.jobs_that_count(phone(0))) == 1


def test_a_stop_before_the_move_leaves_it_to_the_next_apply() -> None:
    world = World()
    stop_at(world, "addPhones")
    with pytest.raises(Interrupted):
        world.apply(calls(0))
    assert world.server.state == "new"
    world.stop = StopRequest()
    world.apply(calls(0))
    assert world.changes == ["addPhones", "control/start"]


@pytest.mark.parametrize("is_current", [True, False])
def test_a_stop_while_an_add_is_in_doubt_ends_as_unknown_and_is_recovered(is_current: bool) -> None:
    world = World(is_current=is_current, honours_keys=False, state="paused")
    world.clock.later(1, world.stop.ask)
    with pytest.raises(Interrupted) as raised:
        world.apply(SIX, {ADD: "lost, late"}, state="paused", batch=6)
    assert raised.value.exit_code == 4
    assert world.tally.unknown == 6
    go_on(world, SIX, batch=6)
    assert world.changes.count("addPhones") == 1
    assert [len(world.jobs_that_count(phone(n))) for n in range(6)] == [1] * 6


def test_a_stop_while_recovering_ends_as_unknown_and_leaves_all_to_the_next_apply() -> None:
    world = World(state="paused")
    world.clock.later(1, world.stop.ask)
    with pytest.raises(Interrupted):
        world.apply(SIX, {ADD: "lost, late"}, state="paused", batch=6)
    with pytest.raises(Interrupted) as raised:
        world.apply(SIX, state="paused", batch=6)
    assert raised.value.exit_code == 4
    go_on(world, SIX, batch=6)
    assert world.changes == ["addPhones"]


def test_what_is_carried_over_from_an_earlier_run_stays_open_when_stopped_before_it_is_sent() -> None:
    world = World(state="paused")
    world.apply(calls(0), state="paused")
    world.clock.later(1, world.stop.ask)
    with pytest.raises(Interrupted):
        world.apply(calls(0, 1, 2), {ADD: "lost, never"}, state="paused")
    world.stop = StopRequest()
    stop_at(world, "callJob/cancel")
    with pytest.raises(Interrupted):
        world.apply(calls(1, 2), state="paused")
    go_on(world, calls(1, 2))
    assert world.disk.journal == b""
    assert [len(world.jobs_that_count(phone(n))) for n in range(3)] == [0, 1, 1]


def test_waiting_on_the_machines_clock_ends_as_soon_as_the_run_is_asked_to_stop() -> None:
    stop = StopRequest()
    clock = SystemClock(stop)
    threading.Timer(0.05, stop.ask).start()
    with pytest.raises(Interrupted):
        clock.sleep(3600)


def test_the_machines_clock_goes_on_and_waits() -> None:
    clock = SystemClock(StopRequest())
    began_s = clock.now_s()
    clock.sleep(0.001)
    assert clock.now_s() > began_s
