"""Others add and cancel jobs of the same phones while a request is lost: theirs must not stand for it too early."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest

from reconciler.apply.book import Book
from reconciler.apply.clock import StopRequest
from reconciler.apply.resolve import adopt
from reconciler.apply.run import Options, Run, Tally
from reconciler.errors import Interrupted, OutcomeUnknown
from reconciler.lock.keyed import Keyer
from reconciler.phones.model import Desired
from reconciler.plan.diff import identify
from reconciler.read.remembered import read_remembered
from tests.apply.server import TOKEN, Answer
from tests.apply.world import (
    LATE_S,
    SETTLE_S,
    TIMEOUT_S,
    Crash,
    Power,
    PoweredClock,
    Script,
    World,
    call,
    calls,
    campaign,
    phone,
)

pytestmark = pytest.mark.usefixtures("both_ways")

ADD = "post addPhones"
DONE = 99
FIRST_JOB = "5665330001"
FIRST_ADD = "post addPhones#1"
SERVERS = {"current": (True, True), "current, ignoring keys": (True, False), "legacy": (False, False)}
REPORTS = ("getReport", "callJob/getReport", "callJob/getReportByDate")
STATUSES = ("canceled", "notDone", "noAnswer", "longCallWithResult", "planned")
MIXED = {"state": "paused", "foreign": "allow", "on_external_cancel": "add"}
"""A campaign to which others may add whom we add, and cancel what we added."""

WANTED = {
    "the same": calls(0),
    "changed": Desired((call(0, text="changed"),)),
    "in a new wave": calls(0, wave="2"),
}


@pytest.fixture(params=SERVERS)
def world(request: pytest.FixtureRequest) -> World:
    """A campaign in which one call is done."""
    is_current, honours_keys = SERVERS[request.param]
    made = World(is_current=is_current, honours_keys=honours_keys, state="paused")
    apply(made, calls(DONE))
    made.server.jobs[FIRST_JOB].status = "noAnswer"
    apply(made, Desired(()))
    made.changes.clear()
    return made


def apply(world: World, wanted: Desired, script: Script | None = None) -> None:
    """One run."""
    world.apply(wanted, script, **MIXED)


def die_while_adding(world: World) -> None:
    """A process dies, and its request to add the first person is still on its way."""
    with pytest.raises(Crash):
        apply(world, calls(0), {ADD: "crash late"})


def ours(world: World) -> list[str]:
    """Ids of the jobs that we made for the first person and that may ring."""
    jobs = world.server.jobs.values()
    return [job.id for job in jobs if job.phone == phone(0) and job.status == "planned" and not job.is_foreign]


def resolve(world: World) -> None:
    """`campaign resolve --adopt`."""
    world.power = world.disk.power = Power()
    remembered = read_remembered(world.disk, campaign(), None, TOKEN)
    clock = PoweredClock(world.clock, world.power, world.stop)
    with world.client() as client:
        options = Options(settle_s=SETTLE_S, timeout_s=TIMEOUT_S)
        book = Book(world.disk, remembered)
        adopt(Run(client, book, remembered.keyer, clock, world.stop, options, Tally()))


@contextmanager
def world_unread(world: World) -> Iterator[None]:
    """A server that gives no report that can be understood."""
    world.server.refusals = {path: Answer(200, "a page") for path in REPORTS}
    yield
    world.server.refusals.clear()


def jobs_known(world: World) -> set[str]:
    """Ids of the jobs in the lockfile."""
    return {locked.job_id for locked in world.remembered().calls.values()} - {FIRST_JOB}


def jobs_there(world: World) -> set[str]:
    """Ids of the jobs that were made since."""
    return set(world.server.jobs) - {FIRST_JOB}


@pytest.mark.parametrize("wanted", WANTED.values(), ids=WANTED)
@pytest.mark.parametrize("status", STATUSES)
def test_somebody_elses_job_does_not_stand_for_the_request_of_a_dead_process_while_it_may_arrive(
    world: World, status: str, wanted: Desired
) -> None:
    die_while_adding(world)
    world.server.add_job(phone(0), status=status, is_foreign=True)
    apply(world, wanted)
    world.clock.sleep(LATE_S)
    apply(world, wanted)
    assert len(ours(world)) == 1


@pytest.mark.parametrize("status", STATUSES)
def test_nor_for_one_whose_answer_was_lost(world: World, status: str) -> None:
    world.server.add_job(phone(0), status=status, is_foreign=True)
    apply(world, calls(0), {FIRST_ADD: "lost, late"})
    for wanted in (calls(0), WANTED["changed"], calls(0, wave="2")):
        apply(world, wanted)
        assert len(ours(world)) == 1


def test_once_the_request_cannot_arrive_any_more_the_job_that_is_there_is_taken_without_waiting(world: World) -> None:
    die_while_adding(world)
    world.clock.sleep(TIMEOUT_S + SETTLE_S)
    began_s = world.clock.now_s()
    apply(world, calls(0))
    assert world.clock.now_s() == began_s
    assert jobs_known(world) == jobs_there(world)


def test_of_a_live_job_and_a_newer_one_that_somebody_cancelled_the_live_one_is_taken(world: World) -> None:
    die_while_adding(world)
    world.clock.sleep(LATE_S + 1)
    world.server.add_job(phone(0), status="canceled", is_foreign=True)
    apply(world, calls(0))
    assert len(ours(world)) == 1
    assert jobs_known(world) == set(ours(world))


def test_a_run_whose_answers_are_lost_waits_once_at_its_end_however_many_they_are(world: World) -> None:
    began_s = world.clock.now_s()
    world.apply(calls(*range(24)), {ADD: "lost, done"}, allowed={"new-calls-percent": 2400}, **MIXED)
    assert world.clock.now_s() - began_s == 8 * TIMEOUT_S + SETTLE_S
    waits = [said for said in world.says if "waiting" in said]
    assert waits == ["9 calls found; waiting 30 s until no request is on its way (--settle)"]
    assert world.tally.added == 24
    assert jobs_known(world) == jobs_there(world)


def test_stopped_while_it_waits_the_calls_are_in_doubt_until_the_next_run(world: World) -> None:
    world.clock.later(TIMEOUT_S + 1, world.stop.ask)
    with pytest.raises(Interrupted) as raised:
        apply(world, calls(0, 1), {ADD: "lost, done"})
    assert raised.value.exit_code == 4
    world.stop = StopRequest()
    apply(world, calls(0, 1))
    assert jobs_known(world) == jobs_there(world)
    assert world.changes == ["addPhones"]


def test_what_was_found_and_no_longer_is_stays_in_doubt(world: World) -> None:
    def hides(path: str) -> None:
        world.server.shows_jobs = world.clock.now_s() < began_s + TIMEOUT_S + SETTLE_S

    began_s = world.clock.now_s()
    world.server.watch = hides
    with pytest.raises(OutcomeUnknown):
        apply(world, calls(0, 1), {ADD: "lost, done"})
    assert world.tally.unknown == 2
    world.server.watch = lambda path: None
    world.server.shows_jobs = True
    apply(world, calls(0, 1))
    assert jobs_known(world) == jobs_there(world)
    assert world.changes == ["addPhones"]


def test_an_operator_who_asks_again_is_not_given_somebody_elses_job_while_the_request_may_arrive(
    world: World,
) -> None:
    die_while_adding(world)
    world.server.add_job(phone(0), is_foreign=True)
    resolve(world)
    assert jobs_known(world) == set(ours(world))


def test_nor_is_a_call_whose_journal_is_gone(world: World) -> None:
    with world_unread(world), pytest.raises(OutcomeUnknown):
        apply(world, calls(0), {ADD: "lost, late"})
    world.disk.journal = b""
    world.server.add_job(phone(0), is_foreign=True)
    apply(world, calls(0))
    assert jobs_known(world) == set(ours(world))


def test_a_request_that_was_answered_has_arrived_so_what_is_found_counts_at_once(world: World) -> None:
    world.server.shows_jobs = False
    with pytest.raises(Crash):
        apply(world, calls(0), {"sleep#1": "after"})
    world.server.shows_jobs = True
    began_s = world.clock.now_s()
    resolve(world)
    assert world.clock.now_s() == began_s
    assert jobs_known(world) == jobs_there(world)


def test_jobs_of_two_requests_for_one_phone_are_not_taken_for_each_others_when_both_answers_are_lost(
    world: World,
) -> None:
    wanted = Desired((call(0, text="one", shares=True), call(0, key="another", text="two", shares=True)))
    world.apply(wanted, {ADD: "lost, done"}, allowed={"new-calls-percent": 200}, **MIXED)
    lock = world.remembered()
    for one in identify(wanted.calls, Keyer(None, lock.header.salt)):
        job = world.server.jobs[lock.calls[one.call_id].job_id]
        assert job.body == msgspec.json.decode(one.call.request)
