"""What became of a cancel decides what may be added: nobody is called while an older job of theirs may still ring."""

from __future__ import annotations

import pytest

from reconciler.errors import CallsError, Refused
from reconciler.lock.model import CallStatus
from reconciler.phones.model import Desired
from reconciler.plan.model import Drifted, Frozen, Note
from tests.apply.server import Answer
from tests.apply.world import Crash, World, call, calls, phone

pytestmark = pytest.mark.usefixtures("both_ways")

FIRST_ID = "5665330001"
CANCEL = "post callJob/cancel"
CHANGED = Desired((call(0, text="new"), call(1)))


@pytest.fixture(params=["current", "legacy"])
def world(request: pytest.FixtureRequest) -> World:
    """Two queued calls."""
    made = World(is_current=request.param == "current", honours_keys=False, state="paused")
    made.apply(calls(0, 1), state="paused")
    made.changes.clear()
    return made


def meanwhile(world: World, **job: object) -> None:
    """Just as the cancel arrives, the first job becomes this."""

    def happens(path: str) -> None:
        if path == "callJob/cancel":
            for name, value in job.items():
                setattr(world.server.jobs[FIRST_ID], name, value)

    world.server.watch = happens


def status(world: World, n: int) -> CallStatus:
    (found,) = (one.status for one in world.remembered().calls.values() if one.mask.endswith(phone(n)[-4:]))
    return found


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        ({"status": "longCallWithResult"}, CallStatus.TALKED_WITH_RESULT),
        ({"status": "noAnswer"}, CallStatus.NO_ANSWER),
        ({"status": "canceled", "duration": 30}, CallStatus.CANCELLED_BY_OTHERS_REACHED),
        ({"status": "canceled"}, CallStatus.CANCELLED_BY_OTHERS),
        ({"status": "inProcess"}, CallStatus.CANCELLING),
        ({"status": "something new"}, CallStatus.CANCELLING),
    ],
    ids=lambda value: str(value),
)
def test_a_call_that_was_or_is_being_called_when_the_cancel_arrives_is_not_added_again(
    world: World, job: dict[str, object], expected: CallStatus
) -> None:
    meanwhile(world, **job)
    tally = world.apply(CHANGED, state="paused")
    assert world.changes == ["callJob/cancel"]
    assert status(world, 0) is expected
    assert (tally.added, tally.replaced, tally.deferred) == (0, 0, 1)


@pytest.mark.parametrize("fate", ["crash before", "crash after"])
def test_whoever_others_took_back_long_after_a_cancel_that_was_cut_off_is_left_alone(world: World, fate: str) -> None:
    with pytest.raises(Crash):
        world.apply(CHANGED, {CANCEL: fate}, state="paused")
    world.clock.sleep(86_400)
    job = world.server.jobs[FIRST_ID]
    if fate == "crash before":
        job.status, job.finished_ms = "canceled", int(1000 * world.clock.now_s())
    world.apply(CHANGED, state="paused")
    world.apply(CHANGED, state="paused")
    assert world.plan is not None
    assert not world.plan.actions
    if fate == "crash before":
        assert [type(note) for note in world.plan.notes] == [Drifted]
        assert world.changes == []  # nothing ever arrived
    else:
        assert not world.plan.notes
        assert world.changes == ["callJob/cancel", "addPhones"]


@pytest.mark.parametrize(("became", "note"), [("noAnswer", Frozen), ("canceled", Drifted)])
def test_whoever_was_called_or_taken_back_by_others_meanwhile_is_left_alone_from_then_on(
    world: World, became: str, note: type[Note]
) -> None:
    meanwhile(world, status=became)
    world.apply(CHANGED, state="paused")
    world.apply(CHANGED, state="paused")
    assert world.plan is not None
    assert [type(said) for said in world.plan.notes] == [note]
    assert world.changes == ["callJob/cancel"]


def test_a_call_in_process_is_replaced_once_it_is_over_and_nobody_was_reached(world: World) -> None:
    meanwhile(world, status="inProcess")
    world.apply(CHANGED, state="paused")
    world.server.watch = lambda path: None
    world.server.jobs[FIRST_ID].status = "canceled"
    world.apply(CHANGED, state="paused")
    assert world.changes == ["callJob/cancel", "addPhones"]
    assert len(world.jobs_that_count(phone(0))) == 1


def test_a_new_wave_waits_for_the_older_waves_call_in_process(world: World) -> None:
    meanwhile(world, status="inProcess")
    tally = world.apply(calls(0, 1, wave="2"), state="paused")
    assert (tally.added, tally.cancelled, tally.deferred) == (1, 1, 1)
    world.server.watch = lambda path: None
    world.server.jobs[FIRST_ID].status = "longCallWithResult"
    world.apply(calls(0, 1, wave="2"), state="paused")
    assert len(world.jobs_that_count(phone(0))) == 2


def test_a_cancel_that_is_acknowledged_and_shows_late_is_waited_for(world: World) -> None:
    job = world.server.jobs[FIRST_ID]

    def shows_late(path: str) -> None:
        if path.endswith("getReport") and job.status == "canceled":
            job.status = "planned"
            world.server.watch = lambda path: None
            world.clock.later(0.05, lambda: setattr(job, "status", "canceled"))

    world.server.watch = shows_late
    world.apply(CHANGED, state="paused")
    assert "sleep" in world.power.effects
    assert world.changes == ["callJob/cancel", "addPhones"]
    assert len(world.jobs_that_count(phone(0))) == 1


def test_a_cancel_that_is_acknowledged_and_never_shows_is_not_followed_by_an_add(world: World) -> None:
    job = world.server.jobs[FIRST_ID]
    world.server.watch = lambda path: setattr(job, "status", "planned") if path.endswith("getReport") else None
    tally = world.apply(CHANGED, state="paused")
    assert world.changes == ["callJob/cancel"]
    assert status(world, 0) is CallStatus.CANCELLING
    assert tally.deferred == 1


def test_a_job_the_server_will_not_cancel_ends_the_run_after_a_few_tries(world: World) -> None:
    world.server.cancels = False
    with pytest.raises(CallsError, match="1 call still queued"):
        world.apply(CHANGED, state="paused")
    assert world.changes == ["callJob/cancel"] * 4
    assert status(world, 0) is CallStatus.PLANNED


def test_a_job_that_vanishes_before_the_cancel_is_recorded_as_missing_and_the_others_are_cancelled(
    world: World,
) -> None:
    world.server.watch = lambda path: world.server.jobs.pop(FIRST_ID, None) if path == "callJob/cancel" else None
    world.apply(Desired(()), state="paused")
    assert (status(world, 0), status(world, 1)) == (CallStatus.MISSING, CallStatus.CANCELLED)
    assert world.changes == ["callJob/cancel", "callJob/cancel"]


def test_a_refused_cancel_adds_nobody(world: World) -> None:
    world.server.refusals["callJob/cancel"] = Answer(403, {"error": "no"})
    with pytest.raises(Refused):
        world.apply(CHANGED, state="paused")
    assert world.changes == ["callJob/cancel"]
    assert world.disk.journal == b""


def test_a_cancel_whose_outcome_cannot_be_read_ends_as_unknown_and_is_settled_by_the_next_apply(world: World) -> None:
    report = "callJob/getReport" if world.server.is_current else "getReport"
    world.server.watch = lambda path: (
        world.server.refusals.update({report: Answer(200, "a page")}) if path == "callJob/cancel" else None
    )
    with pytest.raises(CallsError) as raised:
        world.apply(CHANGED, state="paused")
    assert raised.value.exit_code == 4
    world.server.watch = lambda path: None
    world.server.refusals.clear()
    world.apply(CHANGED, state="paused")
    assert world.changes == ["callJob/cancel", "addPhones"]
    assert len(world.jobs_that_count(phone(0))) == 1


def test_more_cancels_than_a_batch_holds_go_in_several_requests(world: World) -> None:
    world.apply(Desired(()), state="paused", batch=1)
    assert world.changes == ["callJob/cancel"] * 2


def test_a_cancelled_call_that_is_wanted_again_is_added_and_keeps_its_history(world: World) -> None:
    world.apply(calls(1), state="paused")
    world.apply(calls(0, 1), state="paused")
    assert world.changes == ["callJob/cancel", "addPhones"]
    (locked,) = (one for one in world.remembered().calls.values() if one.former)
    assert [former.job_id for former in locked.former] == [FIRST_ID]
    assert world.disk.journal == b""
