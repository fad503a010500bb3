"""Somebody lands on a suppression list while an apply is running: whoever was not sent yet is never sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.errors import GuardTripped, ManifestError, OutcomeUnknown, Place, Problem
from reconciler.phones.model import Chunk, Desired, Sizes
from tests.apply.world import Crash, Script, World, call, calls, phone

pytestmark = pytest.mark.usefixtures("both_ways")

ADD = "post addPhones"


class Meanwhile:
    """Lists whose suppression changes while they are applied: `numbers` are on it once so many adds went out."""

    def __init__(
        self, world: World, wanted: Desired, *numbers: int, after: int = 1, failure: Exception | None = None
    ) -> None:
        self._world, self._wanted, self._after, self._failure = world, wanted, after, failure
        self._numbers = frozenset(map(phone, numbers))
        self.suppressed: frozenset[str] = frozenset()
        self.sizes = Sizes()

    def chunks(self) -> Iterator[Chunk]:
        return self._wanted.chunks()

    def suppressed_now(self) -> frozenset[str]:
        if self._world.power.effects.count(ADD) < self._after:
            return self.suppressed
        if self._failure is not None:
            raise self._failure
        return self._numbers


@pytest.fixture(params=["current", "legacy"])
def world(request: pytest.FixtureRequest) -> World:
    return World(is_current=request.param == "current", state="paused")


def called(world: World, *numbers: int) -> list[int]:
    """How many jobs each of these people has."""
    return [len(world.jobs_that_count(phone(n))) for n in numbers]


def assert_nobody_in_doubt(world: World) -> None:
    world.remembered()  # it says so if an intent is open


@pytest.mark.parametrize("at_once", [1, 2])
def test_whoever_lands_on_a_list_between_two_batches_is_left_out_of_the_next(world: World, at_once: int) -> None:
    world.at_once = at_once
    tally = world.apply(Meanwhile(world, calls(*range(9)), 7), batch=2, state="paused")
    assert called(world, *range(9)) == [1, 1, 1, 1, 1, 1, 1, 0, 1]
    assert (tally.added, tally.suppressed) == (8, 1)
    assert "1 call not added: on a suppression list since the plan was made" in world.says
    assert_nobody_in_doubt(world)


def test_a_batch_of_which_nobody_is_left_is_not_sent(world: World) -> None:
    world.apply(Meanwhile(world, calls(*range(6)), 2, 3), batch=2, state="paused")
    assert world.power.effects.count(ADD) == 2
    assert called(world, *range(6)) == [1, 1, 0, 0, 1, 1]


def test_whoever_is_suppressed_before_the_last_batches_leaves_nothing_to_send(world: World) -> None:
    world.apply(Meanwhile(world, calls(*range(4)), 2, 3), batch=2, state="paused")
    assert world.power.effects.count(ADD) == 1
    assert_nobody_in_doubt(world)


def test_the_next_apply_takes_back_whoever_was_sent_before(world: World) -> None:
    world.apply(Meanwhile(world, calls(0, 1, 2), 0), batch=1, state="paused")
    assert called(world, 0) == [1]
    world.apply(Desired(calls(0, 1, 2).calls, frozenset({phone(0)})), state="paused")
    assert called(world, 0, 1, 2) == [0, 1, 1]


@pytest.mark.parametrize("honours_keys", [True, False])
def test_a_lost_request_is_not_sent_again_with_somebody_who_is_suppressed_by_then(honours_keys: bool) -> None:
    world = World(honours_keys=honours_keys, state="paused")
    tally = world.apply(Meanwhile(world, calls(0, 1, 2), 1), {f"{ADD}#1": "lost, never"}, state="paused")
    assert called(world, 0, 1, 2) == [1, 0, 1]
    assert (tally.added, tally.suppressed) == (2, 1)
    assert_nobody_in_doubt(world)


def test_the_same_holds_where_a_server_knows_no_keys() -> None:
    world = World(is_current=False, state="paused")
    world.apply(Meanwhile(world, calls(0, 1, 2), 1), {f"{ADD}#1": "lost, never"}, state="paused")
    assert called(world, 0, 1, 2) == [1, 0, 1]


def test_nothing_waits_for_a_lost_request_whose_people_are_all_suppressed_by_then(world: World) -> None:
    script: Script = {f"{ADD}#1": "lost, never"}
    world.apply(Meanwhile(world, calls(0, 1), 0, 1), script, state="paused")
    assert called(world, 0, 1) == [0, 0]
    assert world.power.effects.count(ADD) == 1
    assert_nobody_in_doubt(world)


def test_a_request_that_arrived_after_all_is_adopted_whoever_is_suppressed_by_then(world: World) -> None:
    script: Script = {f"{ADD}#1": "lost, late"}
    tally = world.apply(Meanwhile(world, calls(0, 1), 0), script, state="paused")
    assert (tally.added, tally.suppressed) == (2, 0)
    assert called(world, 0, 1) == [1, 1]


@pytest.mark.parametrize(
    "failure",
    [GuardTripped("cut off"), ManifestError([Problem(Place("never.txt"), "", "there is no such file")])],
    ids=["cut off", "gone"],
)
@pytest.mark.parametrize("at_once", [1, 2])
def test_a_list_that_cannot_be_trusted_stops_the_run_with_all_that_is_known_recorded(
    world: World, failure: Exception, at_once: int
) -> None:
    world.at_once = at_once
    with pytest.raises(type(failure)) as caught:
        world.apply(Meanwhile(world, calls(*range(9)), failure=failure), batch=2, state="paused")
    assert caught.value is failure
    assert world.power.effects.count(ADD) == at_once
    assert world.tally.added == 2 * at_once
    assert_nobody_in_doubt(world)


def test_a_lost_request_stays_in_doubt_when_the_list_cannot_be_trusted() -> None:
    world = World(state="paused")
    source = Meanwhile(world, calls(0, 1), failure=GuardTripped("cut off"))
    with pytest.raises(GuardTripped) as caught:
        world.apply(source, {f"{ADD}#1": "lost, never"}, state="paused")
    assert caught.value.exit_code == OutcomeUnknown.exit_code
    world.apply(calls(0, 1), state="paused")
    assert called(world, 0, 1) == [1, 1]


def test_a_request_of_an_earlier_run_is_not_sent_again_with_somebody_suppressed_since(world: World) -> None:
    with pytest.raises(Crash):
        world.apply(calls(0, 1, 2), {f"{ADD}#1": "crash before"}, state="paused")
    world.apply(Desired((call(0), call(1), call(2)), frozenset({phone(1)})), state="paused")
    assert called(world, 0, 1, 2) == [1, 0, 1]
    assert_nobody_in_doubt(world)


def test_a_number_refused_for_its_form_lets_nobody_pass_who_is_suppressed_by_then(world: World) -> None:
    world.server.rejects.add(phone(0))
    world.apply(Meanwhile(world, calls(0, 1, 2), 2), state="paused")
    assert called(world, 0, 1, 2) == [0, 1, 0]
