"""Others add and cancel jobs of the same phones while a request is lost: theirs must not stand for it too early."""

from __future__ import annotations

import pytest

from reconciler.phones.model import Desired
from tests.apply.world import LATE_S, Crash, World, call, calls, phone

ADD = "post addPhones"
SERVERS = {"current": (True, True), "current, ignoring keys": (True, False), "legacy": (False, False)}
OVER = ("canceled", "notDone", "noAnswer", "longCallWithResult")


@pytest.fixture(params=SERVERS)
def world(request: pytest.FixtureRequest) -> World:
    """A process died, and its request to add the first person is still on its way."""
    is_current, honours_keys = SERVERS[request.param]
    made = World(is_current=is_current, honours_keys=honours_keys, state="paused")
    with pytest.raises(Crash):
        made.apply(calls(0), {ADD: "crash late"}, state="paused")
    return made


def ours(world: World) -> list[str]:
    """Ids of the jobs that we made for the first person and that count."""
    return [job_id for job_id in world.jobs_that_count(phone(0)) if not world.server.jobs[job_id].is_foreign]


@pytest.mark.parametrize("status", OVER)
@pytest.mark.parametrize("wave", ["1", "2"])
def test_a_job_that_is_over_does_not_stand_for_a_request_that_may_still_arrive(
    world: World, status: str, wave: str
) -> None:
    world.server.add_job(phone(0), status=status, is_foreign=True)
    world.apply(calls(0, wave=wave), state="paused", on_external_cancel="add", foreign="allow")
    world.clock.sleep(LATE_S)
    world.apply(calls(0, wave=wave), state="paused", on_external_cancel="add", foreign="allow")
    assert len([job_id for job_id in ours(world) if world.server.jobs[job_id].status == "planned"]) == 1


@pytest.mark.parametrize("wanted", [Desired((call(0, text="changed"),)), calls(0, wave="2")], ids=["changed", "wave"])
def test_live_then_edit(world: World, wanted: Desired) -> None:
    world.server.add_job(phone(0), is_foreign=True)
    world.apply(wanted, state="paused", foreign="allow")
    world.clock.sleep(LATE_S)
    world.apply(wanted, state="paused", foreign="allow")
    assert len(world.jobs_that_count(phone(0))) <= 2 and len(ours(world)) == 1
