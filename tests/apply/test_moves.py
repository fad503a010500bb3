"""The campaign itself is moved: by what the server says of its state, or by what it refuses where it says nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconciler.calls.model import Control
from reconciler.errors import CallsError, InvalidToken, OutcomeUnknown, Refused, WrongState
from reconciler.phones.model import Desired
from reconciler.plan.model import Blocked, Reason
from reconciler.plan.state import DOUBTFUL, NEVER_RAN, START_REFUSED
from tests.apply.server import Answer
from tests.apply.world import Crash, World, calls

NOBODY = Desired(())
START, PAUSE, RESUME, STOP = (f"control/{move}" for move in ("start", "pause", "resume", "stop"))
NOT_NOW = Answer(400, {"error": "impossible", "message": "not now", "args": []})


def legacy(state: str = "new") -> World:
    return World(is_current=False, honours_keys=False, state=state)


def current(state: str = "new") -> World:
    return World(state=state)


def assert_settled(world: World, state: str) -> None:
    """Applying again sends nothing."""
    before = list(world.changes)
    world.apply(NOBODY, state=state)
    assert world.changes == before


CURRENT_MOVES = [
    ("new", "running", [START]),
    ("planned", "running", []),
    ("inProgress", "running", []),
    ("paused", "running", [RESUME]),
    ("finished", "running", []),
    ("new", "paused", []),
    ("planned", "paused", [PAUSE]),
    ("inProgress", "paused", [PAUSE]),
    ("paused", "paused", []),
    ("new", "stopped", [STOP]),
    ("inProgress", "stopped", [STOP]),
    ("paused", "stopped", [STOP]),
    ("finished", "stopped", []),
]


@pytest.mark.parametrize(("state", "wanted", "moves"), CURRENT_MOVES, ids=lambda value: str(value))
def test_where_the_state_can_be_read_the_one_move_that_is_needed_is_made(
    state: str, wanted: str, moves: list[str]
) -> None:
    world = current(state)
    if state == "planned" and wanted == "paused":
        world.server.moves = {**world.server.moves, "pause": (("planned",), "paused")}
    tally = world.apply(NOBODY, state=wanted)
    assert world.changes == moves
    assert tally.moves == [move.removeprefix("control/") for move in moves]
    assert_settled(world, wanted)


LEGACY_MOVES = [
    ("new", "running", [START]),
    ("planned", "running", [START]),
    ("inProgress", "running", [START, RESUME]),
    ("paused", "running", [START, RESUME]),
    ("finished", "running", [START, RESUME]),
    ("new", "paused", [PAUSE]),
    ("inProgress", "paused", [PAUSE]),
    ("paused", "paused", [PAUSE]),
    ("new", "stopped", [STOP]),
    ("paused", "stopped", [STOP]),
]


@pytest.mark.parametrize(("state", "wanted", "moves"), LEGACY_MOVES, ids=lambda value: str(value))
def test_where_it_cannot_refusals_tell_the_state_and_the_next_apply_knows_it(
    state: str, wanted: str, moves: list[str]
) -> None:
    world = legacy(state)
    world.apply(NOBODY, state=wanted)
    assert world.changes == moves
    assert_settled(world, wanted)


@pytest.mark.parametrize("make", [current, legacy])
def test_a_pause_that_is_answered_with_200_and_an_error_is_not_remembered_as_made(
    make: Callable[[str], World],
) -> None:
    world = make("inProgress")
    world.server.refusals[PAUSE] = Answer(200, {"error": "internal", "message": "try later", "args": []})
    with pytest.raises(OutcomeUnknown, match="no usable answer to pause"):
        world.apply(NOBODY, state="paused")
    assert world.remembered().header.control in ("", DOUBTFUL)
    world.server.refusals.clear()
    world.apply(NOBODY, state="paused")
    assert world.server.state == "paused"


@pytest.mark.parametrize("make", [current, legacy])
def test_a_campaign_is_paused_resumed_and_stopped_as_the_manifest_changes(make: Callable[[str], World]) -> None:
    world = make("new")
    for wanted in ("running", "paused", "running", "paused", "stopped"):
        world.apply(NOBODY, state=wanted)
    assert world.changes == [START, PAUSE, RESUME, PAUSE, STOP]
    assert world.server.state == "finished"


def test_a_legacy_campaign_that_never_ran_is_started_once_it_is_to_run() -> None:
    world = legacy()
    world.apply(NOBODY, state="paused")
    assert world.remembered().header.control == NEVER_RAN
    world.apply(NOBODY)
    assert world.changes == [PAUSE, START]


def test_adds_come_before_the_start_and_after_the_pause() -> None:
    world = current()
    world.apply(calls(0))
    assert world.changes == ["addPhones", START]
    world.apply(calls(0, 1), state="paused")
    assert world.changes[2:] == [PAUSE, "addPhones"]


def test_a_server_without_start_is_told_of_once_and_the_calls_are_added() -> None:
    world = current()
    world.server.refusals[START] = Answer(404, {"error": "Not Found"})
    world.apply(calls(0))
    assert world.changes == ["addPhones", START]
    assert world.remembered().header.control == START_REFUSED
    assert any("web interface" in said for said in world.says)
    assert_settled_with_note(world)


def assert_settled_with_note(world: World) -> None:
    before = list(world.changes)
    world.apply(calls(0))
    assert world.changes == before
    assert world.plan is not None
    assert world.plan.notes == (Blocked(None, Reason.START_IN_WEB),)


def test_once_somebody_has_started_it_the_campaign_can_be_paused_and_resumed() -> None:
    world = current()
    world.server.refusals[START] = Answer(404, {"error": "Not Found"})
    world.apply(calls(0))
    world.server.state = "inProgress"
    world.apply(calls(0))
    assert world.remembered().header.control == ""
    world.apply(calls(0), state="paused")
    world.apply(calls(0))
    assert world.changes == ["addPhones", START, PAUSE, RESUME]


def test_a_legacy_server_without_start_is_paused_all_the_same_once_somebody_has_started_it() -> None:
    world = legacy()
    world.server.refusals[START] = Answer(404, {"error": "Not Found"})
    world.apply(NOBODY)
    assert any("web interface" in said for said in world.says)
    world.apply(NOBODY)
    assert world.changes == [START, RESUME, START, RESUME]
    world.server.state = "inProgress"
    world.apply(NOBODY, state="paused")
    assert world.changes[4:] == [PAUSE]
    assert world.server.state == "paused"


def test_a_legacy_campaign_somebody_resumed_is_taken_for_running() -> None:
    world = legacy("inProgress")
    world.apply(NOBODY, state="paused")
    world.server.state = "inProgress"
    world.server.refusals[START] = Answer(404, {"error": "Not Found"})
    world.apply(NOBODY)
    assert world.changes == [PAUSE, RESUME, START]
    assert world.remembered().header.control == Control.START


@pytest.mark.parametrize("status", [401, 403, 405])
@pytest.mark.parametrize("wanted", ["running", "paused", "stopped"])
def test_a_gateways_refusal_says_nothing_about_the_state(status: int, wanted: str) -> None:
    world = legacy("inProgress")
    for path in (START, PAUSE, RESUME, STOP):
        world.server.refusals[path] = Answer(status, {"error": "no"})
    with pytest.raises(Refused):
        world.apply(NOBODY, state=wanted)
    assert world.remembered().header.control == ""


def test_a_gateways_refusal_of_the_second_try_says_nothing_either() -> None:
    world = legacy()
    world.server.refusals = {START: NOT_NOW, RESUME: Answer(403, {"error": "no"})}
    with pytest.raises(Refused):
        world.apply(NOBODY)
    assert world.remembered().header.control == ""


@pytest.mark.parametrize("make", [current, legacy])
def test_a_token_revoked_before_the_move_is_an_error(make: Callable[[str], World]) -> None:
    world = make("new")
    world.server.refusals[START] = Answer(404, {"type": "invalid.token"})
    with pytest.raises(InvalidToken):
        world.apply(calls(0))
    assert world.remembered().header.control == ""
    assert len(world.server.jobs) == 1


def test_a_token_revoked_between_start_and_resume_is_an_error() -> None:
    world = legacy()
    world.server.refusals = {START: NOT_NOW, RESUME: Answer(404, {"type": "invalid.token"})}
    with pytest.raises(InvalidToken):
        world.apply(NOBODY)
    assert world.remembered().header.control == ""


def test_a_pause_refused_after_the_campaign_was_started_from_here_is_an_error() -> None:
    world = legacy()
    world.apply(NOBODY)
    world.server.refusals[PAUSE] = NOT_NOW
    with pytest.raises(WrongState):
        world.apply(NOBODY, state="paused")
    assert world.remembered().header.control == Control.START


def test_a_refused_move_where_the_state_can_be_read_is_an_error() -> None:
    world = current("paused")
    world.server.refusals[RESUME] = NOT_NOW
    with pytest.raises(WrongState):
        world.apply(NOBODY)


def test_a_move_somebody_else_made_meanwhile_counts_as_made() -> None:
    world = current("paused")
    world.server.watch = lambda path: setattr(world.server, "state", "inProgress") if path == RESUME else None
    world.apply(NOBODY)
    assert world.server.state == "inProgress"
    assert_settled(world, "running")


@pytest.mark.parametrize(("state", "wanted", "path"), [("inProgress", "paused", PAUSE), ("paused", "stopped", STOP)])
def test_a_legacy_move_whose_answer_is_lost_is_sent_again_and_its_refusal_understood(
    state: str, wanted: str, path: str
) -> None:
    world = legacy(state)
    world.apply(NOBODY, {4: "lost, done"}, state=wanted)
    assert world.changes == [path, path]
    assert world.remembered().header.control == path.removeprefix("control/")
    assert_settled(world, wanted)


@pytest.mark.parametrize("make", [current, legacy])
def test_a_move_whose_answers_are_all_lost_is_left_unknown(make: Callable[[str], World]) -> None:
    world = make("inProgress")
    with pytest.raises(OutcomeUnknown):
        world.apply(NOBODY, {f"post {PAUSE}": "lost, never"}, state="paused")
    assert world.power.effects.count(f"post {PAUSE}") == 4
    world.apply(NOBODY, state="paused")
    assert world.server.state == "paused"


@pytest.mark.parametrize("make", [current, legacy])
def test_a_move_cut_off_by_a_crash_is_made_by_the_next_apply(make: Callable[[str], World]) -> None:
    world = make("inProgress")
    with pytest.raises(Crash):
        world.apply(NOBODY, {f"post {PAUSE}": "crash before"}, state="paused")
    world.apply(NOBODY, state="paused")
    assert world.server.state == "paused"
    assert_settled(world, "paused")


def test_what_a_lost_move_on_a_legacy_server_led_to_is_remembered_as_doubtful() -> None:
    world = legacy()
    with pytest.raises(Crash):
        world.apply(NOBODY, {f"post {START}": "crash after"})
    world.server.refusals = {START: Answer(403, {"error": "no"})}
    with pytest.raises(CallsError):
        world.apply(NOBODY)
    assert world.remembered().header.control == DOUBTFUL


@pytest.mark.parametrize("make", [current, legacy])
def test_a_busy_server_gets_the_move_when_it_asks_for_it(make: Callable[[str], World]) -> None:
    world = make("new")
    world.server.refusals[START] = Answer(429, {})
    world.clock.later(0.5, world.server.refusals.clear)
    world.apply(NOBODY)
    assert world.changes == [START, START]
    assert world.server.state == "inProgress"
