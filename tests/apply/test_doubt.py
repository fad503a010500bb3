"""Adds whose outcome is in doubt: what is found is adopted, what is certain not to be there is sent, all else waits."""

from __future__ import annotations

import httpx
import pytest

from reconciler.apply.readback import PROBES
from reconciler.errors import BadCall, CallsError, GuardTripped, OutcomeUnknown, Refused
from reconciler.lock.model import CallStatus
from reconciler.manifest.model import Guards
from reconciler.phones.model import Desired
from tests.apply.server import BUSY, Answer
from tests.apply.world import LATE_S, SETTLE_S, TIMEOUT_S, Crash, Script, World, call, calls, phone

pytestmark = pytest.mark.usefixtures("both_ways")

ADD = "post addPhones"
FIRST_ADD = "post addPhones#1"
REPORTS = ("getReport", "callJob/getReport", "callJob/getReportByDate")
THREE = calls(0, 1, 2)


def world_of(dialect: str, *, honours_keys: bool = True) -> World:
    return World(is_current=dialect == "current", honours_keys=honours_keys and dialect == "current", state="paused")


def counts(world: World, *numbers: int) -> list[int]:
    """How many jobs count against each person."""
    return [len(world.jobs_that_count(phone(n))) for n in numbers]


def adds(world: World) -> int:
    """How many addPhones took effect or were refused."""
    return world.changes.count("addPhones")


@pytest.fixture(params=["current", "legacy"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_nothing_is_sent_again_before_the_deadline_and_the_settle_time_are_over(dialect: str) -> None:
    world = world_of(dialect, honours_keys=False)
    began_s = world.clock.now_s()
    with pytest.raises((CallsError, OutcomeUnknown)):
        world.apply(THREE, {ADD: "lost, never"}, state="paused")
    assert world.power.effects.count(ADD) == 4
    assert world.clock.now_s() - began_s >= 4 * (TIMEOUT_S + SETTLE_S)


def test_a_request_that_takes_effect_within_the_settle_time_is_found_and_not_sent_again(dialect: str) -> None:
    world = world_of(dialect, honours_keys=False)
    world.apply(THREE, {ADD: "lost, late"}, state="paused")
    assert LATE_S < TIMEOUT_S + SETTLE_S
    assert adds(world) == 1
    assert counts(world, 0, 1, 2) == [1, 1, 1]


def test_where_keys_are_honoured_the_identical_request_goes_out_again_under_the_same_key() -> None:
    world = world_of("current")
    with pytest.raises(Crash):
        world.apply(THREE, {ADD: "crash before"}, state="paused")
    world.apply(THREE, {FIRST_ADD: "lost, never"}, state="paused")
    world.apply(calls(0, 1, 2, 3), state="paused")
    intent_key, next_key = world.server.keys
    assert intent_key != next_key
    with pytest.raises(Crash):
        world.apply(calls(0, 1, 2, 3, 4), {ADD: "crash late"}, state="paused")
    world.clock.sleep(LATE_S)
    world.apply(calls(0, 1, 2, 3, 4), state="paused")
    assert counts(world, 0, 1, 2, 3, 4) == [1, 1, 1, 1, 1]


def test_where_keys_are_honoured_a_request_that_lingers_past_every_limit_is_still_done_once() -> None:
    world = world_of("current")
    lingering = TIMEOUT_S + SETTLE_S + 5
    world.late_s = lingering
    world.apply(THREE, {FIRST_ADD: "lost, late"}, state="paused")
    world.clock.sleep(lingering)
    assert adds(world) == 2
    assert len(set(world.server.keys)) == 1
    assert counts(world, 0, 1, 2) == [1, 1, 1]


def test_when_only_some_of_a_request_arrived_the_rest_is_sent_and_nobody_twice(dialect: str) -> None:
    world = world_of(dialect)
    world.clock.later(1, lambda: world.server.add_job(phone(1)))
    world.apply(THREE, {FIRST_ADD: "lost, never"}, state="paused")
    assert counts(world, 0, 1, 2) == [1, 1, 1]
    assert {locked.job_id for locked in world.remembered().calls.values()} == set(world.server.jobs)


def test_a_number_refused_in_the_rest_of_a_request_does_not_send_again_what_had_arrived(dialect: str) -> None:
    world = world_of(dialect)
    world.clock.later(1, lambda: world.server.add_job(phone(0)))
    world.server.rejects.add(phone(1))
    world.apply(THREE, {FIRST_ADD: "lost, never"}, state="paused")
    assert counts(world, 0, 1, 2) == [1, 0, 1]


def test_a_list_that_leaves_some_of_the_jobs_out_is_checked_by_phone() -> None:
    world = world_of("current", honours_keys=False)
    world.server.hidden = {"5665330002"}
    world.apply(THREE, {ADD: "lost, done"}, state="paused")
    assert adds(world) == 1
    assert counts(world, 0, 1, 2) == [1, 1, 1]


def test_a_report_that_leaves_somebody_out_does_not_say_that_nobody_calls_them(dialect: str) -> None:
    world = world_of(dialect, honours_keys=False)
    world.server.hidden = world.server.unreported = {"5665330002"}
    with pytest.raises(OutcomeUnknown, match="neither in the answer nor refused as unknown"):
        world.apply(THREE, {ADD: "lost, done"}, state="paused")
    assert adds(world) == 1
    world.server.hidden = world.server.unreported = set()
    world.apply(THREE, state="paused")
    assert adds(world) == 1
    assert counts(world, 0, 1, 2) == [1, 1, 1]


def test_of_two_jobs_of_a_phone_the_answered_one_is_ours() -> None:
    world = world_of("current")
    world.server.answered_ids = lambda ids: ids[:1]

    def somebody_adds_the_same(path: str) -> None:
        if path == "callJob/getReport" and len(world.server.jobs) == 3:
            for n in range(3):
                world.server.add_job(phone(n), is_foreign=True)

    world.server.watch = somebody_adds_the_same
    world.apply(THREE, state="paused")
    locked = {one.mask: one.job_id for one in world.remembered().calls.values()}
    assert locked["1650•••0002"] == "5665330003"


def test_an_answer_without_any_id_is_looked_into(dialect: str) -> None:
    world = world_of(dialect, honours_keys=False)
    world.server.answered_ids = lambda ids: []
    world.apply(THREE, state="paused")
    assert counts(world, 0, 1, 2) == [1, 1, 1]


@pytest.mark.parametrize("skew_s", [-1200, -300, 300, 1200])
def test_a_servers_wrong_clock_does_not_hide_its_jobs_even_where_the_dialect_is_pinned(
    dialect: str, skew_s: int
) -> None:
    world = world_of(dialect, honours_keys=False)
    world.apply(calls(9), state="paused", pinned=True)
    world.server.skew_s = skew_s
    with pytest.raises(Crash):
        world.apply(calls(0, 1, 2, 9), {ADD: "crash after"}, state="paused", pinned=True)
    world.apply(calls(0, 1, 2, 9), state="paused", pinned=True)
    assert counts(world, 0, 1, 2) == [1, 1, 1]


def put_right(world: World) -> None:
    """A machine whose clock was an hour ahead gets the right time."""
    world.clock.set_back(3600)
    world.server.skew_s = 0


@pytest.fixture
def ahead(dialect: str) -> World:
    """A world in which the clock of the machine is an hour ahead, and that of the server right."""
    world = world_of(dialect, honours_keys=False)
    world.clock.set_back(-3600)
    world.server.skew_s = -3600
    return world


def test_a_clock_that_was_ahead_when_a_request_was_written_and_is_right_by_now_hides_no_job(ahead: World) -> None:
    with pytest.raises(Crash):
        ahead.apply(THREE, {ADD: "crash after"}, state="paused")
    put_right(ahead)
    ahead.clock.sleep(600)
    ahead.apply(THREE, state="paused")
    assert adds(ahead) == 1
    assert {locked.job_id for locked in ahead.remembered().calls.values()} == set(ahead.server.jobs)


def test_nor_does_one_that_is_put_right_while_an_answer_is_awaited(ahead: World) -> None:
    ahead.clock.later(TIMEOUT_S, lambda: put_right(ahead))
    ahead.apply(THREE, {ADD: "lost, done"}, state="paused")
    assert adds(ahead) == 1
    assert {locked.job_id for locked in ahead.remembered().calls.values()} == set(ahead.server.jobs)


def test_after_a_crash_under_a_clock_that_was_ahead_the_wait_is_not_longer_than_a_request_can_travel(
    dialect: str,
) -> None:
    world = world_of(dialect)
    with pytest.raises(Crash):
        world.apply(THREE, {ADD: "crash before"}, state="paused")
    world.clock.set_back(600)
    began_s = world.clock.now_s()
    world.apply(THREE, state="paused")
    assert world.clock.now_s() - began_s <= TIMEOUT_S + SETTLE_S
    assert counts(world, 0, 1, 2) == [1, 1, 1]


def test_an_older_job_of_the_phone_that_is_somebody_elses_is_not_taken_for_the_requests() -> None:
    world = world_of("legacy")
    world.server.add_job(phone(0), is_foreign=True)
    world.clock.sleep(3600)
    world.apply(THREE, {FIRST_ADD: "lost, never"}, state="paused")
    assert counts(world, 0) == [2]
    assert "5665330001" not in {locked.job_id for locked in world.remembered().calls.values()}


def test_a_request_that_was_being_sent_again_when_the_run_died_is_asked_about_once() -> None:
    world = world_of("current")
    with pytest.raises(Crash):
        world.apply(THREE, {FIRST_ADD: "lost, never", "append#4": "before"}, state="paused")
    lists: list[str] = []
    world.server.watch = lambda path: lists.append(path) if path.endswith("ByDate") else None
    world.apply(THREE, state="paused")
    assert len(lists) == 2
    assert adds(world) == 1


def test_what_an_earlier_run_sent_is_sent_again_only_if_it_is_still_wanted_so() -> None:
    world = world_of("current")
    with pytest.raises(Crash):
        world.apply(THREE, {ADD: "crash before"}, state="paused")
    wanted = Desired((call(0), call(1, text="changed")))
    world.apply(wanted, state="paused")
    assert counts(world, 0, 1, 2) == [1, 1, 0]
    assert [job.body for job in world.server.jobs.values() if job.phone == phone(1)] == [
        {"payload": {"text": "changed"}, "phone": phone(1)}
    ]


def test_a_guard_that_holds_adds_back_lets_go_of_what_an_earlier_run_was_about_to_send() -> None:
    world = world_of("current")
    with pytest.raises(Crash):
        world.apply(THREE, {ADD: "crash before"}, state="paused")
    with pytest.raises(GuardTripped):
        world.apply(THREE, state="paused", guards=Guards(new_calls=2))
    assert adds(world) == 0
    assert world.disk.journal == b""


def test_calls_answered_but_never_reported_stay_in_doubt_over_several_runs(dialect: str) -> None:
    world = world_of(dialect)
    world.server.shows_jobs = False
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            world.apply(THREE, state="paused")
        assert world.tally.unknown == 3
        assert world.tally.added == 0
    world.server.shows_jobs = True
    world.apply(THREE, state="paused")
    assert counts(world, 0, 1, 2) == [1, 1, 1]
    assert world.tally.added == 3


def test_a_refusal_that_names_a_number_nobody_sent_is_an_error_and_leaves_nothing_open(dialect: str) -> None:
    world = world_of(dialect)
    world.server.refusals["addPhones"] = Answer(400, {"type": "phone.bad.format", "phone": "100"})
    with pytest.raises(BadCall):
        world.apply(THREE, state="paused")
    assert world.disk.journal == b""
    assert world.remembered().calls == {}


@pytest.mark.parametrize("status", [400, 401, 403, 413])
def test_a_refusal_of_the_whole_request_is_an_error_and_leaves_nothing_open(dialect: str, status: int) -> None:
    world = world_of(dialect)
    world.server.refusals["addPhones"] = Answer(status, {"error": "no"})
    with pytest.raises(Refused) as raised:
        world.apply(THREE, state="paused")
    assert raised.value.exit_code == 1
    assert world.disk.journal == b""


def test_a_page_of_a_firewall_that_kept_back_the_answer_does_not_send_anybody_twice(dialect: str) -> None:
    world = world_of(dialect, honours_keys=False)
    world.server.replaces_answer(httpx.Response(403, html="<html>blocked by policy</html>"))
    world.apply(THREE, state="paused")
    assert adds(world) == 1
    assert counts(world, 0, 1, 2) == [1, 1, 1]
    assert world.tally.added == 3


def turn_away(world: World, *answers: httpx.Response) -> None:
    """The next requests to add anybody do not reach the server: a proxy answers these."""
    receive, waiting = world._receive, [*answers]

    def answer(request: httpx.Request) -> httpx.Response:
        return waiting.pop(0) if waiting and request.url.path.endswith("addPhones") else receive(request)

    world._receive = answer  # type: ignore[method-assign]


def looks(world: World) -> list[str]:
    """The reports and lists that are asked for from now on."""
    asked: list[str] = []
    world.server.watch = lambda path: asked.append(path) if path in REPORTS else None
    return asked


def test_a_proxy_that_asks_to_come_later_for_a_server_at_work_has_nobody_called_twice(dialect: str) -> None:
    world = world_of(dialect, honours_keys=False)
    world.server.replaces_answer(BUSY)
    world.apply(THREE, state="paused")
    assert adds(world) == 1
    assert counts(world, 0, 1, 2) == [1, 1, 1]
    assert world.tally.added == 3


def test_nor_has_one_whose_run_dies_before_the_time_it_asks_for_is_over(dialect: str) -> None:
    world = world_of(dialect, honours_keys=False)
    world.server.replaces_answer(BUSY)
    with pytest.raises(Crash):
        world.apply(THREE, {"sleep#1": "before"}, state="paused")
    world.apply(THREE, state="paused")
    assert adds(world) == 1
    assert counts(world, 0, 1, 2) == [1, 1, 1]


def test_where_nothing_was_done_it_is_sent_again_after_one_look_and_no_more_waiting(dialect: str) -> None:
    world = world_of(dialect)
    began_s = world.clock.now_s()
    turn_away(world, BUSY, BUSY)
    world.apply(THREE, state="paused")
    assert world.clock.now_s() - began_s == 10
    assert world.tally.requests["addPhones"] == 3
    assert (adds(world), counts(world, 0, 1, 2)) == (1, [1, 1, 1])


def test_what_is_found_after_the_wait_is_adopted_and_only_the_rest_is_sent(dialect: str) -> None:
    world = world_of(dialect, honours_keys=False)
    turn_away(world, BUSY)
    world.clock.later(1, lambda: world.server.add_job(phone(1)))
    world.apply(THREE, state="paused")
    assert counts(world, 0, 1, 2) == [1, 1, 1]
    assert {locked.job_id for locked in world.remembered().calls.values()} == set(world.server.jobs)


def test_a_429_says_that_nothing_was_done_so_nobody_looks() -> None:
    told_to_wait = {}
    for status in (429, 503):
        world = world_of("current")
        asked = looks(world)
        turn_away(world, httpx.Response(status, headers={"Retry-After": "5"}))
        world.apply(THREE, state="paused")
        told_to_wait[status] = asked
    assert told_to_wait[429] == ["callJob/getReport"]
    assert told_to_wait[503] == ["callJob/getReportByDate", "callJob/getReport"]


def test_where_jobs_are_not_listed_a_look_asks_about_a_few_phones_only() -> None:
    world = world_of("legacy")
    asked = looks(world)
    turn_away(world, BUSY)
    world.apply(calls(*range(40)), batch=40, state="paused")
    assert len(asked) <= 2 * PROBES + 1  # one is about the jobs that were added then
    assert adds(world) == 1


def test_a_refused_number_is_remembered_with_the_job_it_had_before() -> None:
    world = world_of("current")
    world.apply(calls(0), state="paused")
    world.server.rejects.add(phone(0))
    world.apply(Desired((call(0, text="new"),)), state="paused")
    (locked,) = world.remembered().calls.values()
    assert (locked.status, locked.job_id) == (CallStatus.REJECTED, "")
    assert [former.job_id for former in locked.former] == ["5665330001"]


def test_calls_in_doubt_without_a_journal_are_found_by_the_lists_phones(dialect: str) -> None:
    world = world_of(dialect)
    world.apply(calls(9), state="paused")
    world.server.jobs["5665330001"].status = "noAnswer"
    world.apply(calls(9), state="paused")
    world.server.refusals = {path: Answer(200, "a page") for path in REPORTS}
    with pytest.raises(OutcomeUnknown):
        world.apply(calls(0, 1, 2, 9), state="paused")
    world.server.refusals.clear()
    world.disk.journal = b""  # the machine is gone, and the lockfile was pushed
    world.apply(calls(0, 1, 2, 9), state="paused")
    assert adds(world) == 2
    assert counts(world, 0, 1, 2, 9) == [1, 1, 1, 1]
    assert not any(locked.status.is_doubtful for locked in world.remembered().calls.values())


def test_calls_in_doubt_without_a_journal_that_are_not_found_stay_in_doubt(dialect: str) -> None:
    world = world_of(dialect)
    world.server.shows_jobs = False
    with pytest.raises(OutcomeUnknown):
        world.apply(THREE, state="paused")
    world.disk.journal = b""
    with pytest.raises(OutcomeUnknown):
        world.apply(THREE, state="paused")
    assert adds(world) == 1
    assert {locked.status for locked in world.remembered().calls.values()} == {CallStatus.IN_DOUBT}


def test_calls_in_doubt_without_a_journal_wait_while_the_server_cannot_be_asked(dialect: str) -> None:
    world = world_of(dialect)
    world.server.shows_jobs = False
    with pytest.raises(OutcomeUnknown):
        world.apply(THREE, state="paused")
    world.disk.journal = b""
    world.server.refusals = {path: Answer(200, "a page") for path in REPORTS}
    with pytest.raises(OutcomeUnknown, match="cannot be asked"):
        world.apply(calls(0, 1, 2, 3), state="paused")
    assert adds(world) == 1


def test_two_calls_of_one_phone_whose_answers_are_lost_are_not_given_each_others_job(dialect: str) -> None:
    world = world_of(dialect)
    two = (call(0, key="one", shares=True), call(0, key="other", shares=True))
    wanted = Desired((*two, call(2)))
    lost: Script = {FIRST_ADD: "lost, done", f"{ADD}#2": "lost, never"}
    for _ in range(3):
        try:
            world.apply(wanted, lost, state="paused", batch=2)
            break
        except OutcomeUnknown:
            lost = {}
    owned = {world.server.jobs[locked.job_id].phone for locked in world.remembered().calls.values()}
    assert owned == {phone(0), phone(2)}
    assert counts(world, 0, 2) == [2, 1]
    assert len({locked.job_id for locked in world.remembered().calls.values()}) == 3
